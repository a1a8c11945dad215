"""The dialler's API: keys and scopes, the gate's answer, events, opt-outs, problems."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from django.db import connection
from django.utils import timezone

from apps.accounts import rate_limit
from apps.accounts.models import ApiClient, User
from apps.audit.models import AccessEvent
from apps.calls import services
from apps.calls.api import DecisionOut
from apps.calls.models import Call, Decision
from apps.campaigns import services as campaigns
from apps.contacts import services as contacts
from apps.core.calendar import clock as our_clock
from apps.optouts.models import OptOut
from tests.conftest import MOMENT
from tests.http import Api, SecureClient, problem
from tests.world import LINE, OTHER_PHONE, PHONE, World

STRANGERS = yaml.safe_load((Path(__file__).parent.parent / "data" / "strangers.yaml").read_text())
# The case that stands for several.
READ_AS = {
    '{"event": "key", "digit": "99"} or "９" or "9#"': [
        f'{{"event": "key", "digit": "{digit}"}}' for digit in ("99", "９", "9#")
    ]
}
ASKED = {"campaign": "spring", "phone": PHONE, "line": LINE}


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.key)


# -- who asks


def test_without_a_key_nothing_is_answered(world: World) -> None:
    answer = Api("hg_wrong").post("calls/authorize", ASKED)
    assert problem(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"ends_at": None}])
def test_a_key_that_ended_is_no_key(world: World, api: Api, change: dict[str, Any]) -> None:
    ApiClient.objects.update(**({"ends_at": our_clock.now()} if "ends_at" in change else change))
    assert problem(api.post("calls/authorize", ASKED)) == (401, "unauthorized")


def test_a_key_whose_owner_left_is_no_key(world: World, api: Api) -> None:
    owner = world.people["admin"]
    owner.is_active = False
    owner.save()
    assert problem(api.post("calls/authorize", ASKED)) == (401, "unauthorized")


def test_the_key_is_stored_hashed(world: World) -> None:
    assert world.key.encode() not in bytes(ApiClient.objects.get().key_hash)


@pytest.mark.parametrize(
    ("path", "body", "scope"),
    [
        ("calls/authorize", ASKED, "authorize"),
        ("calls/claim", {}, "dial"),
        ("opt-outs", {"phone": PHONE, "evidence": "m1"}, "optouts"),
    ],
)
def test_each_operation_wants_its_scope(world: World, path: str, body: Any, scope: str) -> None:
    others = [each for each in ApiClient.Scope.values if each != scope]
    _client, key = world.api_client("other", *others)
    assert problem(Api(key).post(path, body)) == (403, "not_allowed")


def test_a_client_sees_only_its_campaigns(world: World) -> None:
    _client, key = world.api_client("other", "authorize", "events")
    other = Api(key)
    assert problem(other.post("calls/authorize", ASKED)) == (404, "not_found")
    assert other.get("campaigns").json() == []
    assert problem(other.get("campaigns/spring/queue")) == (404, "not_found")


# -- the gate


def test_allow_tells_call_script_policy_and_the_number_to_a_client_that_dials(world: World, api: Api) -> None:
    answer = api.post("calls/authorize", ASKED)
    body = answer.json()
    assert answer.status_code == 200
    assert body["decision"] == "allow"
    assert body["number"] == "+8613800001234"
    assert body["expires_at"].startswith("2026-11-24T02:01:00")
    assert body["policy"] == 1
    assert body["call"].startswith("cl_")
    assert body["script"].startswith("sv_")
    assert AccessEvent.objects.filter(kind="handed_over", client=world.client).count() == 1


def test_the_answers_are_as_the_description_says(world: World, api: Api) -> None:
    for asked in (ASKED, {**ASKED, "line": "02155550199"}):
        body = api.post("calls/authorize", asked).json()
        assert DecisionOut.model_validate(body).model_dump(mode="json").keys() == body.keys()


def test_without_the_scope_dial_no_number_is_reported(world: World) -> None:
    client, key = world.api_client("other", "authorize")
    world.campaign.clients.add(client)
    body = Api(key).post("calls/authorize", ASKED).json()
    assert body["decision"] == "allow"
    assert body["number"] is None


def test_refuse_is_an_answer_with_reasons(world: World, api: Api) -> None:
    world.opt_out()
    answer = api.post("calls/authorize", ASKED)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["decision"], body["call"], body["number"]) == ("refuse", None, None)
    assert [reason["code"] for reason in body["reasons"]] == ["opted_out"]
    assert {"en", "zh"} == set(body["reasons"][0]["message"])


def test_a_contact_may_be_named_by_its_id(world: World, api: Api) -> None:
    body = api.post(
        "calls/authorize", {"campaign": "spring", "contact": world.contact.public_id, "line": LINE}
    ).json()
    assert body["decision"] == "allow"


def test_a_retry_under_the_same_key_is_the_same_call(world: World, api: Api) -> None:
    first = api.post("calls/authorize", ASKED, **{"Idempotency-Key": "r1"}).json()
    second = api.post("calls/authorize", ASKED, **{"Idempotency-Key": "r1"}).json()
    assert first == second
    assert Call.objects.count() == 1
    assert problem(
        api.post("calls/authorize", {**ASKED, "phone": OTHER_PHONE}, **{"Idempotency-Key": "r1"})
    ) == (422, "idempotency_key_reused")


def _opts_out(world: World, clock: Any) -> None:
    world.opt_out()


def _withdraws(world: World, clock: Any) -> None:
    contacts.withdraw_consents(contact=world.contact, how="来电")


def _pauses(world: World, clock: Any) -> None:
    campaigns.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)


def _a_minute_passes(world: World, clock: Any) -> None:
    clock.shift(60)


def _a_night_passes(world: World, clock: Any) -> None:
    clock.shift(13 * 3600)


def _is_dialled(world: World, clock: Any) -> None:
    services.record_event(call_id=Call.objects.get().pk, event="ringing", client=None)


@pytest.mark.parametrize("scopes", [["authorize"], ["authorize", "dial"]])
@pytest.mark.parametrize(
    "happens", [_opts_out, _withdraws, _pauses, _a_minute_passes, _a_night_passes, _is_dialled]
)
def test_a_retry_is_not_allowed_once_the_call_may_no_longer_be_made(
    world: World, clock: Any, scopes: list[str], happens: Any
) -> None:
    client, key = world.api_client("retrying", *scopes)
    world.campaign.clients.add(client)
    assert Api(key).post("calls/authorize", ASKED, **{"Idempotency-Key": "r1"}).json()["decision"] == "allow"
    happens(world, clock)
    assert problem(Api(key).post("calls/authorize", ASKED, **{"Idempotency-Key": "r1"})) == (
        409,
        "wrong_state",
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "bad_request"),
        ("[]", 422, "bad_input"),
        ({}, 422, "bad_input"),
        ({**ASKED, "phone": "123"}, 422, "phone_invalid"),
        ({**ASKED, "phone": None}, 422, "bad_input"),
        ({**ASKED, "contact": "ct_zzz"}, 422, "bad_input"),
        ({"campaign": "spring", "contact": "ct_zzz", "line": LINE}, 404, "not_found"),
        ({"campaign": "spring", "contact": "x", "line": LINE}, 404, "not_found"),
        ({**ASKED, "campaign": "none"}, 404, "not_found"),
        ({**ASKED, "line": "x" * 500}, 422, "bad_input"),
        ({**ASKED, "line": "a\x00b"}, 422, "bad_input"),
        ({**ASKED, "agent": "nobody"}, 422, "bad_input"),
        ({**ASKED, "extra": 1}, 422, "bad_input"),
        ({**ASKED, "phone": 13800001234}, 422, "bad_input"),
    ],
)
def test_bad_input_is_a_problem_that_does_not_repeat_the_number(
    world: World, api: Api, body: Any, status: int, code: str
) -> None:
    answer = api.post("calls/authorize", body)
    assert problem(answer) == (status, code)
    assert PHONE not in answer.content.decode()
    assert not Decision.objects.exists()


# -- calls


def test_a_desks_call_from_claim_to_key_9(world: World, api: Api) -> None:
    world.authorize(agent="agent", checklist_done=True)
    claimed = api.post("calls/claim", {}).json()
    assert claimed["number"] == "+8613800001234"
    call = claimed["call"]
    for event in ("ringing", "answered"):
        assert (
            api.post(f"calls/{call}/events", {"event": event, "at": "2026-11-24T10:00:00+08:00"}).json()[
                "state"
            ]
            == event
        )
    payload = api.post(f"calls/{call}/events", {"event": "key", "digit": "9"}).json()
    assert payload["opted_out"] is True
    assert payload["end_requested"] is True
    assert api.get(f"calls/{call}").json() == {
        name: value for name, value in payload.items() if name != "ignored"
    }
    assert api.post("calls/authorize", ASKED).json()["reasons"][0]["code"] == "opted_out"


def test_with_nobody_waiting_there_is_nothing_to_claim(world: World, api: Api) -> None:
    answer = api.post("calls/claim", {})
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_foreign_call_is_not_there(world: World, api: Api) -> None:
    call = world.authorize().call
    assert call is not None
    assert problem(api.get(f"calls/{call.public_id}")) == (404, "not_found")
    assert problem(api.post(f"calls/{call.public_id}/events", {"event": "ringing"})) == (404, "not_found")


@pytest.mark.parametrize(
    "body", [{"event": "exploded"}, {"event": None}, {"event": ["ringing"], "digit": "8"}, "[]", "nothing"]
)
def test_a_bad_event_is_a_problem(world: World, api: Api, body: Any) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    assert problem(api.post(f"calls/{made}/events", body))[0] in {400, 422}


BODIES = [
    body for case in STRANGERS["events"]["cases"][:4] for body in READ_AS.get(case["input"], [case["input"]])
]


@pytest.mark.parametrize("body", BODIES)
def test_what_strangers_reported_opts_out(world: World, api: Api, body: str) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    answer = api.post(f"calls/{made}/events", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["opted_out"]
    assert ("at" in answer.json()["ignored"]) == ('"at"' in body), (
        "all of these lie ahead, or before everything"
    )
    assert "opted_out" in world.authorize(reserve=False).codes


@pytest.mark.parametrize(
    "body",
    [
        {"event": "KEY", "digit": 9}, {"event": "dtmf", "digits": "9"}, {"digit": "９#"},
        {"event": "answered", "digit": "9"},
        {"event": "key", "digit": "9", "at": {"never": 1}, "channel": "x"},
        {"event": "key", "dtmf": ["1", "9"]}, {"event": 7, "key": 9},
        {"event": "key", "digit": "9", "at": 1e300}, {"event": "key", "digit": 9, "at": "2026-13-45"},
        '{"event": "key", "digit": "9", "digit": "1"}', '{"event": "\\ud800", "digit": "9", "\\udfff": "x"}',
        {"event": "ＫＥＹ", "digit": "9"}, {"event": "key", "Digits": "9"},
        {"Event": "answered", "Digit": "9"}, {"DTMF": "9"},
        {"event": "key", "DTMF-Digit": "9"}, {"event": "ChannelDtmfReceived", "Digit": "9"},
        {"event": "dtmf", "value": "9"},
        {"event": "key", "data": {"digit": "9"}}, {"event": "dtmf", "data": [{"value": {"key": "9"}}]},
        {"event": "key", "digit": "九"},
        {"event": "key", "payload": {"dtmf": {"Digits": "19"}}}, {"event": "KEY_PRESSED", "input": "9"},
    ],
)  # fmt: skip
def test_a_nine_blocks_in_whatever_report(world: World, api: Api, body: Any) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    assert api.post(f"calls/{made}/events", body).json()["opted_out"], body
    assert "opted_out" in world.authorize(reserve=False).codes


@pytest.mark.parametrize(
    "body",
    [
        {"event": "answered", "value": 9},
        {"event": "key", "data": {"digit": "1", "duration": 90}},
        {"event": "ended", "channel": "SIP/9"},
    ],
)
def test_a_nine_that_nobody_pressed_opts_nobody_out(world: World, api: Api, body: Any) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    assert not api.post(f"calls/{made}/events", body).json()["opted_out"], body


def test_a_report_is_read_to_some_depth_and_answered_at_any(world: World, api: Api) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    deep = '{"data":' * 400 + '{"digit": "9"}' + "}" * 400
    assert api.post(f"calls/{made}/events", deep).status_code in {200, 422}
    assert not api.post(f"calls/{made}/events", {"event": "ringing"}).json()["opted_out"]
    assert api.post(f"calls/{made}/events", '{"data":' * 5 + '{"digit": "9"}' + "}" * 5).json()["opted_out"]


def test_what_of_a_report_cannot_be_used_is_named(world: World, api: Api) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    answer = api.post(f"calls/{made}/events", {"event": "ringing", "at": "yesterday", "duration": 4}).json()
    assert answer["ignored"] == ["at", "duration"]
    assert answer["state"] == "ringing"


def test_answered_and_ended_without_ringing_is_a_call_that_counts(world: World, api: Api, clock: Any) -> None:
    made = api.post("calls/authorize", ASKED).json()["call"]
    for event in ("answered", "ended"):
        assert api.post(f"calls/{made}/events", {"event": event}).json()["state"] == event
    clock.shift(60)
    assert "daily_cap" in [reason["code"] for reason in api.post("calls/authorize", ASKED).json()["reasons"]]


# -- opt-outs and lists


@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        ({"phone": 13800001234, "evidence": "x"}, []),
        ({"phone": 13800001234.0, "evidence": "x"}, []),
        ({"phone": "手机：138 0000 1234（妻子）", "evidence": "x"}, []),
        ({"phone": ["13800001234"], "evidence": 17}, []),
        ({"phone": PHONE}, ["evidence"]),
        ({"phone": PHONE, "evidence": "x", "said_at": "0001-01-01T00:00:00+14:00"}, ["said_at"]),
        ({"phone": PHONE, "evidence": "x", "said_at": "2026-11-24 09:00:05"}, []),
        ({"phone": PHONE, "evidence": "x", "said_at": 1e300, "reason": "客户"}, ["reason", "said_at"]),
        ({"phone": PHONE, "evidence": "x", "scope": "all"}, ["scope"]),
        ({"phone": PHONE, "evidence": "x", "scope": "purpose", "scope_value": "no-such"}, ["scope"]),
        ({"phone": PHONE, "evidence": "x", "scope": "brand"}, ["scope"]),
        ({"phone": PHONE, "contact": "ct_zzz", "evidence": "x" * 500}, ["contact"]),
        ({"Mobile": PHONE, "Evidence": "x", "SAID_AT": "never"}, ["said_at"]),
        ({"phone": OTHER_PHONE, "mobile": PHONE, "evidence": "x"}, []),
        ({"numbers": [PHONE, OTHER_PHONE], "evidence": "x"}, []),
        ('{"phone": "13800001234", "evidence": "\\ud800"}', []),
    ],
)
def test_no_opt_out_is_lost_for_its_form(world: World, api: Api, body: Any, ignored: list[str]) -> None:
    answer = api.post("opt-outs", body)
    assert answer.status_code == 201, answer.content
    assert sorted(answer.json()["ignored"]) == ignored
    assert "opted_out" in world.authorize(reserve=False).codes


def test_every_number_of_an_opt_out_counts(world: World, api: Api) -> None:
    answer = api.post("opt-outs", {"phone": f"{PHONE}/{OTHER_PHONE}", "evidence": "x"}).json()
    assert len(answer["opt_outs"]) == 2
    world.add_contact(OTHER_PHONE)
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes


def test_a_contact_and_the_number_of_somebody_else_both_count(world: World, api: Api) -> None:
    world.add_contact(OTHER_PHONE)
    answer = api.post(
        "opt-outs", {"contact": world.contact.public_id, "phone": OTHER_PHONE, "evidence": "x"}
    ).json()
    assert len(answer["opt_outs"]) == 2
    assert "opted_out" in world.authorize(reserve=False).codes
    assert "opted_out" in world.authorize(phone=OTHER_PHONE, reserve=False).codes
    unusable = api.post(
        "opt-outs", {"contact": world.contact.public_id, "phone": "none", "evidence": "y"}
    ).json()
    assert unusable["ignored"] == ["phone"]


def test_evidence_that_is_too_long_is_not_mistaken_for_another(world: World, api: Api) -> None:
    answer = [
        api.post("opt-outs", {"phone": PHONE, "evidence": "x" * 100 + end}).json()["opt_out"] for end in "112"
    ]
    assert answer[0] == answer[1] != answer[2]


def test_an_impossible_time_stops_no_later_opt_out(world: World, api: Api, browse: Any) -> None:
    for phone, said_at in ((PHONE, "0001-01-01T00:00:00+14:00"), (OTHER_PHONE, "2026-11-24T09:00:00+08:00")):
        assert api.post("opt-outs", {"phone": phone, "evidence": "x", "said_at": said_at}).status_code == 201
    assert browse("compliance").get("/opt-outs/").status_code == 200


def test_an_opt_out_by_another_system(world: World, api: Api) -> None:
    answer = api.post(
        "opt-outs", {"phone": PHONE, "evidence": "sms-17", "said_at": "2026-11-24T09:59:00+08:00"}
    )
    again = api.post("opt-outs", {"phone": PHONE, "evidence": "sms-17"})
    assert answer.status_code == again.status_code == 201
    assert answer.json() == again.json()
    assert OptOut.objects.get().channel == "api"


def test_an_opt_out_of_a_number_that_is_no_contact_counts_too(world: World, api: Api) -> None:
    api.post("opt-outs", {"phone": OTHER_PHONE, "evidence": "sms-18"})
    assert "opted_out" in world.authorize(phone=OTHER_PHONE).codes


def test_the_queue_is_masked(world: World, api: Api) -> None:
    answer = api.get("campaigns/spring/queue")
    assert answer.json() == [{"contact": world.contact.public_id, "phone": "138****1234", "priority": 0}]
    assert AccessEvent.objects.filter(client=world.client, kind="viewed").count() == 1


def test_campaigns_with_their_lines(world: World, api: Api) -> None:
    (row,) = api.get("campaigns").json()
    assert (row["code"], row["state"], row["lines"]) == ("spring", "running", [LINE])


def test_the_description_of_the_api_is_open(world: World) -> None:
    client = SecureClient()
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/calls/authorize" in schema["paths"]
    assert client.get("/api/v1/docs").status_code == 200


def test_every_field_of_the_description_has_an_example(world: World) -> None:
    schemas = SecureClient().get("/api/v1/openapi.json").json()["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, result in schema.get("properties", {}).items()
        if "examples" not in result and not result.get("items", {}).get("$ref")
    ]
    assert bare == []


def test_times_have_an_offset(world: World, api: Api) -> None:
    body = api.post("calls/authorize", ASKED).json()
    assert body["expires_at"].endswith(("+00:00", "Z", "+08:00"))
    assert our_clock.now() + timedelta(minutes=1) == datetime.fromisoformat(body["expires_at"])


def test_a_client_that_asks_too_much_is_reported_when_to_go_on(world: World, clock: Any) -> None:
    world.client.requests_per_second = 3
    world.client.save()
    api = Api(world.key)
    clock.shift(17)  # a second of which no other test has taken permits
    statuses = [api.get("campaigns").status_code for _request in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = api.get("campaigns")
    assert problem(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "1"
    clock.shift(1)
    assert api.get("campaigns").status_code == 200


def test_a_refusal_is_not_turned_away_for_too_many_requests(world: World, clock: Any) -> None:
    world.client.requests_per_second = 1
    world.client.save()
    api = Api(world.key)
    clock.shift(23)
    call = api.post("calls/authorize", ASKED).json()["call"]
    assert api.get("campaigns").status_code == 429
    assert api.post("opt-outs", {"phone": OTHER_PHONE, "evidence": "x"}).status_code == 201
    assert api.post("sms", {"from": OTHER_PHONE, "text": "TD"}).status_code == 200
    assert api.post(f"calls/{call}/events", {"event": "key", "digit": "9"}).json()["opted_out"]


def test_a_blank_key_makes_no_two_questions_one(world: World, api: Api) -> None:
    blank = {"Idempotency-Key": " "}
    assert api.post("calls/authorize", ASKED, **blank).json()["decision"] == "allow"
    assert api.post("calls/authorize", {**ASKED, "phone": OTHER_PHONE}, **blank).status_code == 200


@pytest.mark.parametrize("path", ["campaigns/%00/queue", "calls/cl_%00", "contacts/%00"])
def test_an_address_with_a_zero_byte_is_not_there(world: World, api: Api, path: str) -> None:
    assert problem(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/", 404, "not_found"), ("get", "/api/nothing", 404, "not_found"),
        ("patch", "/api/v2/x", 404, "not_found"),
        ("put", "/api/v1/openapi.json", 405, "method_not_allowed"),
        ("post", "/api/v1/docs", 405, "method_not_allowed"),
    ],
)  # fmt: skip
def test_every_answer_to_a_program_is_a_problem(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = getattr(SecureClient(), method)(path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_address_that_does_not_exist_and_a_strange_host_are_refused(world: World, api: Api) -> None:
    assert api.get("no-such-thing").status_code == 404
    assert SecureClient().get("/api/v1/campaigns", headers={"host": "evil.example"}).status_code == 400


def test_without_redis_requests_go_through(world: World, monkeypatch: Any) -> None:
    world.client.requests_per_second = 1
    world.client.save()
    monkeypatch.setattr(rate_limit, "_store", lambda: redis.Redis(unix_socket_path="/nowhere/redis.sock"))
    api = Api(world.key)
    try:
        assert [api.get("campaigns").status_code for _request in range(3)] == [200, 200, 200]
    finally:
        rate_limit._redis.away_until = 0.0


def test_a_claim_repeated_under_its_key_is_the_same_call(world: World, api: Api, clock: Any) -> None:
    world.authorize(agent="agent")
    first = api.post("calls/claim", {}, **{"Idempotency-Key": "k1"}).json()
    again = api.post("calls/claim", {}, **{"Idempotency-Key": "k1"}).json()
    assert (again["call"], again["number"]) == (first["call"], first["number"])
    assert api.post("calls/claim", {}, **{"Idempotency-Key": "k2"}).status_code == 204
    clock.shift(timedelta(seconds=61))
    assert problem(api.post("calls/claim", {}, **{"Idempotency-Key": "k1"})) == (409, "wrong_state")


def test_a_key_that_holds_a_number_is_kept_as_its_hash(world: World, api: Api) -> None:
    first = api.post("calls/authorize", ASKED, **{"Idempotency-Key": "call-13800001234-1"}).json()
    second = api.post("calls/authorize", ASKED, **{"Idempotency-Key": "call-13800001234-1"}).json()
    assert first == second
    assert "13800001234" not in str(Decision.objects.values_list("idempotency_key", flat=True))


# -- a key that a process remembers


def _remembered(world: World, clock: Any) -> tuple[ApiClient, Api]:
    """A key that was used before, so that the process remembers its client; the next question is its own."""
    client, key = world.api_client("remembered", "authorize", "dial")
    world.campaign.clients.add(client)
    api = Api(key)
    for _again in range(2):  # the first notes that it is used
        assert api.post("calls/authorize", {**ASKED, "phone": "13900000000"}).status_code == 200
        clock.shift(1)
    return client, api


@pytest.mark.django_db(transaction=True)
def test_a_decision_costs_no_statement_that_only_looks_at_the_connection(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As each request finds it, whose first act is to begin the transaction of the decision."""
    _client, api = _remembered(world, clock)
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("a round trip for nothing"))
    connection.health_check_done = False  # as at the end of each request
    assert api.post("calls/authorize", ASKED).status_code == 200


def test_a_remembered_key_is_asked_for_in_the_statement_that_decides(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _client, api = _remembered(world, clock)

    def never(*args: Any, **named: Any) -> None:
        raise AssertionError("the table of keys was asked by itself")

    monkeypatch.setattr("apps.accounts.api_auth.client_of_key", never)
    assert api.post("calls/authorize", ASKED).json()["decision"] == "allow"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"is_active": False}, 401), ({"ends_at": MOMENT}, 401), ({"addresses": ["192.0.2.0/24"]}, 401),
        ({"scopes": ["events"]}, 403),
        ({"key_hash": b"x" * 32}, 401), ({"requests_per_second": 100}, 200), ({"last_used_at": MOMENT}, 200),
    ],
)  # fmt: skip
def test_a_change_of_a_remembered_key_counts_from_its_commit(
    world: World, clock: Any, change: dict[str, Any], status: int
) -> None:
    client, api = _remembered(world, clock)
    ApiClient.objects.filter(pk=client.pk).update(**change)
    answer = api.post("calls/authorize", ASKED)
    assert answer.status_code == status, answer.content
    assert Call.objects.exists() == (status == 200)


def test_a_remembered_key_of_somebody_who_left_is_none(world: World, clock: Any) -> None:
    client, api = _remembered(world, clock)
    User.objects.filter(pk=client.owner_id).update(is_active=False)
    assert problem(api.post("calls/authorize", ASKED))[0] == 401
    assert not Call.objects.exists()


def test_a_remembered_key_ends_at_its_time(world: World, clock: Any) -> None:
    client, api = _remembered(world, clock)
    ApiClient.objects.filter(pk=client.pk).update(ends_at=timezone.now() + timedelta(seconds=20))
    assert api.post("calls/authorize", {**ASKED, "phone": "13900000001"}).status_code == 200
    clock.shift(20)
    assert problem(api.post("calls/authorize", ASKED))[0] == 401


def test_a_remembered_key_tells_an_ended_one_nothing_of_contacts(world: World, clock: Any) -> None:
    client, api = _remembered(world, clock)
    ApiClient.objects.filter(pk=client.pk).update(is_active=False)
    asked = {"campaign": "spring", "line": LINE}
    for contact in (world.contact.public_id, "ct_zzzz"):
        assert problem(api.post("calls/authorize", {**asked, "contact": contact}))[0] == 401


def test_a_key_that_is_too_long_says_how_long_it_may_be(api: Api) -> None:
    answer = api.post("calls/authorize", ASKED, **{"Idempotency-Key": "k" * 81})
    assert answer.status_code == 422
    assert "80 个字符" in answer.json()["detail"]
