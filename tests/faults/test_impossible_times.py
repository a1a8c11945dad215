"""Times from outside that cannot be true: no refusal and no request is lost for them, nothing answers 5xx,
everything is read again."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import ApiClient
from tests.http import Api
from tests.security.api_operations import call_of
from tests.world import PHONE, World

IMPOSSIBLE = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T23:59:59Z", "2031-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-4713-01-01T00:00:00Z", "2026-02-30T10:00:00+08:00", "2026-11-24T10:00:00+99:99", "2026-11-24 10:00",
    "tomorrow", "", " ", 0, -1, 7,
    10**30, 1e308, True, [], {}, ["2026-11-24T10:00:00+08:00"],
]  # fmt: skip
# operation → body with the time at its place; what holds a refusal or a request of a person must be taken
TAKEN = {
    "requests": lambda at: {"kind": "withdraw", "phone": PHONE, "reference": "r1", "received_at": at},
    "complaints": lambda at: {
        "kind": "unwanted",
        "text": "x",
        "phone": PHONE,
        "reference": "c1",
        "received_at": at,
    },
    "opt-outs": lambda at: {"phone": PHONE, "evidence": "e1", "said_at": at},
    "sms": lambda at: {"from": PHONE, "text": "TD", "message_id": "m1", "sent_at": at},
    "calls/{call}/events": lambda at: {"event": "ringing", "at": at},
}
PAGES = ("opt_outs", "complaints", "requests")


@pytest.mark.parametrize("path", TAKEN)
def test_what_a_person_said_is_taken_whatever_the_time_beside_it(
    world: World, browse: Any, path: str
) -> None:
    for place, at in enumerate(IMPOSSIBLE):
        client, key = world.api_client(f"sender-{place}", *ApiClient.Scope.values)
        world.campaign.clients.add(client)
        asked = path.replace("{call}", call_of(world, client)) if "{call}" in path else path
        answer = Api(key).post(asked, TAKEN[path](at))
        assert answer.status_code in {200, 201}, (at, answer.content)
        world.contact.call_set.all().delete()
    for page in PAGES:
        assert browse("compliance").get(reverse(page)).status_code == 200


def test_a_consent_with_such_a_time_is_refused_with_a_sentence(world: World) -> None:
    _client, key = world.api_client("crm", *ApiClient.Scope.values)
    for at in IMPOSSIBLE:
        consent = {"purpose": "marketing", "channel": "web", "evidence": "form 7", "given_at": at}
        body = {"external_id": "crm-1", "phone": PHONE, "source": "members", "consents": [consent]}
        one = Api(key).send(
            "put", "contacts/crm-1", {name: value for name, value in body.items() if name != "external_id"}
        )
        many = Api(key).post("contacts", {"items": [body]})
        assert (one.status_code, many.status_code) in {(422, 422), (422, 200)}, (
            at,
            one.content,
            many.content,
        )
        assert one.status_code == 422
        assert many.status_code == 422 or many.json()["results"][0]["status"] == "refused"
