"""Every operation of the API, with a call of each."""

from typing import Any

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from tests.quality.sounds import wav
from tests.world import LINE, PHONE, World

REPORT = {
    "is_answering": True, "open_calls": 0, "events_waiting": 0, "recordings_waiting": 0, "oldest_seconds": 0,
    "spool_bytes": 0,
    "spool_free": 1_000_000_000, "set_aside": 0,
}  # fmt: skip


# operation → (scope that it wants or None, body, status for a foreign campaign or call)
OPERATIONS: dict[tuple[str, str], tuple[str | None, Any, int]] = {
    ("post", "calls/authorize"): ("authorize", {"campaign": "spring", "phone": PHONE, "line": LINE}, 404),
    ("post", "calls/claim"): ("dial", {}, 204),
    ("get", "calls/{call_id}"): (None, None, 404),
    ("post", "calls/{call_id}/events"): ("events", {"event": "ringing"}, 404),
    # a refusal is taken from anybody with the scope
    ("post", "opt-outs"): ("optouts", {"phone": PHONE, "evidence": "m1"}, 201),
    ("post", "opt-outs/links"): ("optouts", {"phone": PHONE}, 201),
    ("post", "sms"): ("optouts", {"from": PHONE, "text": "TD", "message_id": "m1"}, 200),
    ("get", "opt-outs/changes"): ("feed", None, 200),  # hashes under the client's own key
    ("post", "opt-outs/hashes"): ("feed", {"numbers": [PHONE]}, 200),
    ("post", "scrubs"): (
        "scrub",
        {"numbers": [f"1380000{number:04}" for number in range(100)], "purpose": "clean up"},
        202,
    ),
    ("get", "scrubs/{scrub_id}"): ("scrub", None, 404),
    # a text of the client's own; nothing is read or stored
    ("post", "scripts/check"): (None, {"text": "您好"}, 200),
    ("put", "calls/{call_id}/recording"): ("recordings", wav(5), 404),
    ("post", "calls/{call_id}/transcript"): (
        "recordings",
        {"segments": [{"start": 0, "end": 1, "speaker": "agent", "text": "您好"}]},
        404,
    ),
    ("post", "complaints"): (
        "complaints",
        {"kind": "unwanted", "text": "x", "phone": PHONE, "reference": "1"},
        201,
    ),
    ("get", "contacts"): ("contacts", None, 200),
    ("post", "contacts"): (
        "contacts",
        {"items": [{"external_id": "crm-1", "phone": PHONE, "source": "members"}]},
        200,
    ),
    ("get", "contacts/{external_id}"): ("contacts", None, 404),
    # one of its own
    ("put", "contacts/{external_id}"): ("contacts", {"phone": "13700001111", "source": "members"}, 201),
    ("patch", "contacts/{external_id}"): ("contacts", {"note": "x"}, 404),
    ("delete", "contacts/{external_id}"): ("contacts", None, 404),
    ("post", "contacts/{external_id}/withdrawals"): ("contacts", {"how": "x"}, 404),
    # taken in for whoever it is
    ("post", "requests"): ("requests", {"kind": "withdraw", "phone": PHONE, "reference": "r1"}, 201),
    ("get", "requests/{request_id}"): ("requests", None, 404),
    # refused
    ("post", "telephony/ask"): (
        "telephony",
        {"dialler": "dl_1", "ask": "1", "sip_call": "1", "to": PHONE, "line": LINE},
        200,
    ),
    # the diallers of the site: a gateway leads them all
    ("get", "telephony/configuration"): ("telephony", None, 200),
    ("get", "telephony/calls-to-end"): ("telephony", None, 200),  # its own
    ("post", "telephony/report"): ("telephony", REPORT, 204),
    ("get", "campaigns"): (None, None, 200),
    ("get", "campaigns/{code}/queue"): ("authorize", None, 404),
}


def call_of(world: World, client: ApiClient, *, is_over: bool = False) -> str:
    made = world.authorize(client=client).call
    assert made is not None
    if is_over:
        Call.objects.filter(pk=made.pk).update(
            state="ended", answered_at=made.reserved_at, ended_at=made.reserved_at
        )
    return made.public_id


def is_about_its_end(operation: tuple[str, str]) -> bool:
    return operation[1].endswith(("recording", "transcript"))
