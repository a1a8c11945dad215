"""Refusals under other names, in lists and forms, behind empty fields: none is lost for its form."""

import json
from typing import Any

import pytest

from apps.calls import services as calls
from tests.http import SecureClient
from tests.world import PHONE, World

FORM = "application/x-www-form-urlencoded"
OPT_OUTS = [
    {"phone_number": PHONE}, {"phoneNumber": PHONE, "evidence": "a"}, {"PHONE-NUMBER": PHONE},
    {"手机号": PHONE}, {"contact": PHONE},
    {"contact": {"phone": PHONE}}, {"data": {"phone": PHONE}}, {"data": {"customer": [{"tel": PHONE}]}},
    {"customer_no": PHONE},
    [{"phone": PHONE}], [{"phone": "13700001115", "evidence": "1"}, {"mobile": PHONE, "evidence": "2"}],
    [PHONE], {"phones": {"1": PHONE}},
    {"phone": "", "mobile": PHONE}, {"phone": "10690001", "mobile": PHONE},
]  # fmt: skip
MESSAGES = [
    {"from": PHONE, "text": "", "content": "TD"}, {"from": PHONE, "text": "您好", "content": "退订"},
    {"from": PHONE, "text": {}, "content": "退订"}, {"from": PHONE, "mo": "退订"},
    {"from": PHONE, "smsContent": "退订"},
    {"from": PHONE, "text": {"body": "TD"}}, {"from": PHONE, "message": {"text": "TD"}},
    {"from": PHONE, "text": [{"body": "TD"}]},
    {"from": "", "mobile": PHONE, "text": "TD"}, {"from": "10690001", "mobile": PHONE, "text": "TD"},
    {"from": PHONE, "内容": "退订"},
    {"from": PHONE, "words": "退订"},
    [{"from": "13700001115", "text": "您好"}, {"from": PHONE, "text": "退订"}],
    {"from": PHONE, "text": ["别再", "打电话了"]},
]  # fmt: skip
EVENTS = [
    {"event": "dtmf-9"}, {"event": "key_9"}, {"event": "KeyPress9"}, [{"event": "key", "digit": "9"}],
    [{"event": "ringing"}, {"event": "dtmf", "value": "9"}], {"event": "keypress", "data": {"key": "9"}},
]  # fmt: skip


def post(world: World, path: str, body: Any, kind: str = "application/json") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return SecureClient().post(
        f"/api/v1/{path}", raw, content_type=kind, headers={"Authorization": f"Bearer {world.key}"}
    )


def opted_out(world: World) -> bool:
    return "opted_out" in world.authorize(reserve=False).codes


@pytest.mark.parametrize("body", OPT_OUTS, ids=str)
def test_opt_outs(world: World, body: Any) -> None:
    answer = post(world, "opt-outs", body)
    assert answer.status_code == 201, answer.content
    assert opted_out(world)


@pytest.mark.parametrize("body", MESSAGES, ids=str)
def test_messages(world: World, body: Any) -> None:
    answer = post(world, "sms", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["reading"] in {"refusal", "near"}
    assert opted_out(world)


@pytest.mark.parametrize("body", EVENTS, ids=str)
def test_events(world: World, body: Any) -> None:
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    calls.claim_call(client=world.client)
    answer = post(world, f"calls/{made.public_id}/events", body)
    assert answer.status_code == 200, answer.content
    assert opted_out(world)


@pytest.mark.parametrize(
    "text", ["退订".encode(), "退订".encode("gb18030"), b"%E9%80%80%E8%AE%A2", b"%CD%CB%B6%A9"], ids=str
)
def test_messages_sent_as_forms(world: World, text: bytes) -> None:
    assert (
        post(world, "sms", b"from=" + PHONE.encode() + b"&text=" + text, FORM).json()["reading"] == "refusal"
    )
    assert opted_out(world)


def test_opt_outs_sent_as_forms(world: World) -> None:
    assert post(world, "opt-outs", f"phone={PHONE}&evidence=a".encode(), FORM).status_code == 201
    assert opted_out(world)


def test_who_wrote_something_else_in_the_same_list_is_not_blocked(world: World) -> None:
    post(
        world, "sms", [{"from": PHONE, "text": "您好，请问几点营业"}, {"from": "13700001115", "text": "退订"}]
    )
    assert not opted_out(world)
