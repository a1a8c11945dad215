"""Refusals under other names, in lists and forms, behind empty fields: none is lost for its form."""

import gzip
import io
import json
import threading
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from apps.calls import services as calls
from apps.core.crypto import blind_index
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web.bodies import SMALL, Bodies
from apps.optouts.queries import entries_in_force
from tests.http import SecureClient
from tests.world import PHONE, World

PLAIN = "15900004260"
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
    {"from": PHONE, "text": "TD", "history": [{"text": "您好，会员续费九折"}]},
    {"mobile": PHONE, "content": "退订", "quoted": [{"text": "您好"}]},
    {"from": PHONE, "text": "TD", "history": [{"from": "10690001", "text": "您好"}]},
]  # fmt: skip
ODD_NUMBERS = [
    "159,0000,4260", "一五九零零零零四二六零", "9015900004260", "01186 159 0000 4260", "9-159-0000-4260",
]  # fmt: skip
EVENTS = [
    {"event": "dtmf-9"},
    {"event": "key_9"},
    {"event": "KeyPress9"},
    [{"event": "key", "digit": "9"}],
    [{"event": "ringing"}, {"event": "dtmf", "value": "9"}],
    {"event": "keypress", "data": {"key": "9"}},
    {"event": "key", "key_code": "9"},
    {"event": "answered", "pressed_key": "9"},
    {"dtmfKey": "9"},
    [{"event": "bogus"}, {"event": "key", "digit": "9"}],
    {"events": [{"event": "bogus"}, {"event": "key", "digit": "9"}]},
    {"event": "ended", "digits": "9", "log": [{"digit": "1"}]},
    {"event": "key", "digit": "9", "presses": [{"digit": "1"}]},
    {"event": "ended", "dtmf": "9", "keys": [{"key": "1"}, {"key": "2"}]},
    {"event": "key", "按键": "9"},
    {"event": "按键", "按键": "9"},
    {"event": "key", "keyValue": "9"},
    {"event": "key", "code": "9"},
    {"event": "key", "char": "9"},
    {"event": "key", "result": {"val": 9}},
    {"event": "key", "params": "digit=9"},
    {"event": "answered", "userInput": "9"},
    {"event": "ended", "ivr_input": "9"},
    {"event": "key", "digit": "玖"},
    {"event": "key", "digit": "Nine"},
    {"event": "dtmf", "keyNum": "9"},
]
# Of each, everybody who is named refused.
OF_TWO = [
    ("sms", {"from": [PHONE, PLAIN], "text": "TD"}), ("sms", {"from": PHONE, "mobile": PLAIN, "text": "TD"}),
    ("sms", {"from": [PHONE, PLAIN], "text": ["好的", "TD"]}),
    ("sms", {"items": [[{"from": PHONE, "text": "TD"}], [{"from": PLAIN, "text": "TD"}]]}),
    ("sms", {"m1": {"from": PHONE, "text": "TD"}, "m2": {"from": PLAIN, "text": "TD"}}),
    ("sms", {"a": {"list": [{"from": PHONE, "text": "TD"}]}, "b": {"list": [{"from": PLAIN, "text": "TD"}]}}),
    ("opt-outs", {"phone": PHONE, "others": [{"phone": PLAIN}]}),
    ("opt-outs", {"a": [{"phone": PHONE}], "b": {"c": [{"mobile": PLAIN}]}}),
    ("opt-outs", {"mobile": PHONE, "agent": [{"tel": PLAIN}]}),
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


@pytest.mark.parametrize(("path", "body"), OF_TWO, ids=str)
def test_nobody_is_lost_beside_another(world: World, path: str, body: Any) -> None:
    answer = post(world, path, body)
    assert answer.status_code in {200, 201}, answer.content
    assert (register_of(world, PHONE), register_of(world, PLAIN)) == (True, True)


def test_several_fields_of_a_form_that_name_senders(world: World) -> None:
    assert post(world, "sms", f"from={PHONE}&from={PLAIN}&text=TD".encode(), FORM).status_code == 200
    assert (register_of(world, PHONE), register_of(world, PLAIN)) == (True, True)


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


def register_of(world: World, number: str) -> bool:
    hashes = blind_index.register_hashes(Protected(phones.normalise(number), "phone"))
    return bool(entries_in_force(hashes.values()))


@pytest.mark.parametrize("odd", ODD_NUMBERS)
@pytest.mark.parametrize("path", ["opt-outs", "sms"])
def test_a_number_of_somebody_who_refused_is_read_however_it_is_dialled(
    world: World, path: str, odd: str
) -> None:
    answer = post(world, path, {"phone": odd, "text": "TD"})
    assert answer.status_code in {200, 201}, answer.content
    assert register_of(world, PLAIN)


def test_of_several_opt_outs_each_is_taken_by_itself(world: World) -> None:
    answer = post(world, "opt-outs", [{"phone": "12"}, {"phone": PHONE, "evidence": "a"}, {"mobile": PLAIN}])
    assert answer.status_code == 201
    assert len(answer.json()["opt_outs"]) == 2
    assert "phone" in answer.json()["ignored"]
    assert register_of(world, PHONE)
    assert register_of(world, PLAIN)


def test_a_number_that_cannot_be_read_is_named_beside_one_that_can(world: World) -> None:
    answer = post(world, "opt-outs", {"phone": [PHONE, "1380000"], "evidence": "a"})
    assert answer.status_code == 201
    assert answer.json()["ignored"] == ["phone"]


def test_of_several_messages_each_is_taken_by_itself(world: World) -> None:
    answer = post(world, "sms", [{"from": "bad", "text": "TD"}, {"from": PHONE, "text": "TD"}])
    assert answer.status_code == 200
    assert [each["code"] for each in answer.json()["messages"]] == ["phone_invalid", None]
    assert answer.json()["reading"] == "refusal"
    assert register_of(world, PHONE)


def test_who_did_not_refuse_is_not_opted_out_by_another_s_message(world: World) -> None:
    body = {"to": "10690001", "messages": [{"from": PLAIN, "text": "您好"}, {"from": PHONE, "text": "TD"}]}
    assert post(world, "sms", body).status_code == 200
    assert register_of(world, PHONE)
    assert not register_of(world, PLAIN)


XML = f"<?xml version='1.0'?><sms><from>{PHONE}</from><content>退订</content></sms>"
MULTIPART = (
    "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("from", PHONE), ("text", "TD"))
    )
    + "--b--\r\n"
)
BESIDE_A_KEY = [
    {"event": "ringing", "pressed_at": "2026-11-24T09:09:09+08:00"},
    {"event": "answered", "dtmf_duration": 900, "key_count": 9},
    {"event": "key", "digit": "1", "agent": "9"},
    {"event": "key", "digit": "1", "log": [{"digit": "2"}]},
    {"event": "key", "offset_ms": 9, "device_id": "9"},
]


@pytest.mark.parametrize("body", BESIDE_A_KEY, ids=str)
def test_what_stands_beside_a_key_is_no_key(world: World, body: Any) -> None:
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    calls.claim_call(client=world.client)
    assert post(world, f"calls/{made.public_id}/events", body).status_code == 200
    assert not register_of(world, PHONE)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
(XML, "text/xml"), (MULTIPART, "multipart/form-data; boundary=b")
    ], ids=["xml", "multipart"],
)  # fmt: skip
def test_a_message_in_another_form_is_read(world: World, body: str, kind: str) -> None:
    assert post(world, "sms", body.encode(), kind).json()["reading"] == "refusal"
    assert opted_out(world)


@pytest.mark.parametrize("body", [f"phone={PHONE}, sorry", f'{{"phone": "{PHONE}"'], ids=str)
def test_an_opt_out_that_is_no_json_is_read_as_text(world: World, body: str) -> None:
    assert post(world, "opt-outs", body.encode()).status_code == 201
    assert opted_out(world)


def in_chunks(world: World, path: str, body: bytes) -> tuple[str, bytes]:
    """What the program answers to a body that comes in chunks, as a server hands it in."""
    environ = (
        RequestFactory().generic("POST", f"/api/v1/{path}", body, "application/json", secure=True).environ
    )
    del environ["CONTENT_LENGTH"]
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "HTTP_AUTHORIZATION": f"Bearer {world.key}"}
    environ["wsgi.input"] = io.BufferedReader(io.BytesIO(body))
    begun: list[str] = []
    program = Bodies(WSGIHandler(), most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, at_once=2)
    request_started.disconnect(close_old_connections)  # as Django's own client does it
    try:
        answer = program(environ, lambda status, _headers, *_rest: begun.append(status))
    finally:
        request_started.connect(close_old_connections)
    return begun[0], b"".join(answer)


def test_a_body_in_chunks_is_read(world: World) -> None:
    status, _answer = in_chunks(world, "opt-outs", json.dumps({"phone": PHONE}).encode())
    assert status.startswith("201")
    assert opted_out(world)


def test_a_body_in_chunks_that_is_too_large_says_how_to_send_it(world: World) -> None:
    status, answer = in_chunks(world, "opt-outs", b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert status.startswith("411")
    assert json.loads(answer)["code"] == "length_required"


def test_large_bodies_leave_threads_for_refusals() -> None:
    """Two threads wait for large bodies that do not come on; a third large one is turned away, a small one is
    not."""
    waiting, go_on = threading.Barrier(3), threading.Event()
    answers: list[str] = []

    def slow(_environ: Any, start_response: Any) -> list[bytes]:
        if int(_environ["CONTENT_LENGTH"]) > SMALL:
            waiting.wait(10)
            go_on.wait(10)
        start_response("200 OK", [])
        return []

    program = Bodies(slow, most=1_000_000, at_once=2)

    def send(length: int) -> None:
        program({"CONTENT_LENGTH": str(length)}, lambda status, _headers: answers.append(status[:3]))

    threads = [threading.Thread(target=send, args=(SMALL + 1,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    waiting.wait(10)
    send(SMALL + 1)
    send(SMALL)
    assert answers == ["503", "200"]
    go_on.set()
    for thread in threads:
        thread.join()
    send(0)
    assert answers == ["503", "200", "200", "200", "200"]


KEY_9, REFUSED = {"event": "key", "digit": "9"}, {"phone": PHONE}
BOUNDARY = "multipart/form-data; boundary=b"


def multipart(name: str, text: str, *, file: str = "") -> bytes:
    about = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    return f"--b\r\nContent-Disposition: {about}\r\n\r\n{text}\r\n--b--\r\n".encode()


def wrapped(said: dict[str, str]) -> list[tuple[bytes, str]]:
    text = json.dumps(said)
    return [
        (text.encode(), FORM),  # as `curl -d` sends it
        (f"[{text}]".encode(), FORM),
        (b"\xef\xbb\xbf" + text.encode(), FORM),
        (quote(text).encode(), FORM),
        (urlencode({"data": text}).encode(), FORM),
        (text.encode(), "multipart/form-data"),
        (multipart("data", text), BOUNDARY),
        (multipart("report", text, file="report.json"), BOUNDARY),
    ]


@pytest.mark.parametrize(("body", "kind"), wrapped(KEY_9))
def test_a_key_is_read_whatever_its_body_announces(world: World, body: bytes, kind: str) -> None:
    call = world.authorize(agent="agent", checklist_done=True).call
    assert call is not None
    calls.claim_call(client=world.client)
    answer = post(world, f"calls/{call.public_id}/events", body, kind)
    assert answer.status_code == 200, answer.content
    assert answer.json()["opted_out"]


@pytest.mark.parametrize(("body", "kind"), wrapped(REFUSED))
def test_an_opt_out_is_read_whatever_its_body_announces(world: World, body: bytes, kind: str) -> None:
    assert post(world, "opt-outs", body, kind).status_code == 201
    assert opted_out(world)


def test_a_form_whose_first_name_is_in_brackets_is_a_form(world: World) -> None:
    assert post(world, "opt-outs", f"[client]={PHONE}&evidence=a".encode(), FORM).status_code == 201
    assert opted_out(world)


def packed(world: World, body: bytes, encoding: str) -> Any:
    return SecureClient().post(
        "/api/v1/opt-outs", body, content_type="application/json",
        headers={"Authorization": f"Bearer {world.key}", "Content-Encoding": encoding},
    )  # fmt: skip


def test_a_packed_body_is_read_or_refused_by_name(world: World) -> None:
    body = gzip.compress(json.dumps(REFUSED).encode())
    assert packed(world, body, "gzip").status_code == 201
    for wrong, encoding in (
        (body, "br"),
        (body[:20], "gzip"),
        (b"x", "gzip"),
        (gzip.compress(b" " * 3 * 2**20), "gzip"),
    ):
        answer = packed(world, wrong, encoding)
        assert (answer.status_code, answer.json()["code"]) == (415, "encoding_refused")


def test_a_key_without_a_digit_is_named(world: World) -> None:
    call = world.authorize(agent="agent", checklist_done=True).call
    assert call is not None
    calls.claim_call(client=world.client)
    answer = post(world, f"calls/{call.public_id}/events", {"event": "key"}).json()
    assert (answer["opted_out"], answer["ignored"]) == (False, ["digit"])


@pytest.mark.parametrize("body", [{}, {"phone": ""}])
def test_an_opt_out_that_names_nobody_says_so(world: World, body: Any) -> None:
    answer = post(world, "opt-outs", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


def test_more_than_can_be_waited_for_is_refused_whole(world: World) -> None:
    many = [{"phone": PHONE}, *({"phone": f"1380001{place:04}"} for place in range(1_000))]
    assert post(world, "opt-outs", many).status_code == 422
    assert post(world, "opt-outs", {"phones": [each["phone"] for each in many]}).status_code == 422
    assert not opted_out(world)
