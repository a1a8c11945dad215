"""A request that timed out is sent again: under the same Idempotency-Key it makes nothing a second time, and
gets the same answer."""

from typing import Any

import pytest
from django.apps import apps

from apps.accounts.models import ApiClient
from apps.contacts.models import ExternalRef
from tests.http import Api
from tests.security.api_operations import OPERATIONS, call_of, is_about_its_end
from tests.world import World

# What is noted of each request, whatever it asks: the trail, how many were read, which numbers a key asked
# for.
OF_EACH_REQUEST = {"audit.TrailEntry", "audit.AccessEvent", "access.NumberSearch"}
# Two answers say in so many words what this request did; the second did nothing.
SAYS_WHAT_IT_DID = {
    "contacts": ("created", "unchanged"),
    "contacts/{external_id}/withdrawals": ('"withdrawn": 1', '"withdrawn": 0'),
}


def counts() -> dict[str, int]:
    return {
        each._meta.label: each._default_manager.count()
        for each in apps.get_models()
        if each._meta.label not in OF_EACH_REQUEST
    }


@pytest.mark.parametrize("path", [path for method, path in OPERATIONS if method == "post"])
def test_the_same_again_makes_nothing_and_answers_the_same(world: World, path: str) -> None:
    client, key = world.api_client("again", *ApiClient.Scope.values)
    world.campaign.clients.add(client)
    body: Any = OPERATIONS["post", path][1]
    if "{external_id}" in path:
        ExternalRef.objects.create(client=client, external_id="crm-7", contact=world.contact)
    if "{call_id}" in path:
        path_asked = path.replace(
            "{call_id}", call_of(world, client, is_over=is_about_its_end(("post", path)))
        )
    else:
        path_asked = path.replace("{external_id}", "crm-7")
    first = Api(key).post(path_asked, body, **{"idempotency-key": "k-1"})
    assert first.status_code < 300, first.content
    made = counts()
    second = Api(key).post(path_asked, body, **{"idempotency-key": "k-1"})
    assert counts() == made
    # "it was there"
    assert second.status_code == first.status_code or (first.status_code, second.status_code) == (201, 200)
    assert second.content.decode() == first.content.decode().replace(*SAYS_WHAT_IT_DID.get(path, ("", "")))
