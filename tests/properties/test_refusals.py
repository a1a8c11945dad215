"""No refusal is lost for its form: key presses, messages and requests with wrong types, other names,
impossible times, foreign fields.

At full size (`make prove`) 700 of each kind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.calls.rules import EVENTS, PRESSED
from tests.http import Api
from tests.proofs import sized
from tests.world import World

HOW_MANY = settings(
    max_examples=sized(60, 700), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
times = anything | st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-13-45",
        "2026-11-24 10:00",
        "2026/11/24 10:00:05",
        "infinity",
        1764036000,
    ]
)
NINES = st.sampled_from(
    [9, 9.0, "9", "９", "9#", "99", " 9 ", "٩", "九", ["9"], [1, 9], {"digit": "9"}, "\u202a9"]
)
PERSON = st.sampled_from(
    [
        "13800001234",
        13800001234,
        "+86 138-0000-1234",
        "１３８００００１２３４",
        "tel:+8613800001234",
        "13800001234。",
        ["13800001234"],
        "008613800001234",
    ]
)


@st.composite
def spelled(draw: st.DrawFn, names: list[str]) -> str:
    """One of the names, in any case and with whatever separates its words."""
    name = draw(st.sampled_from(names))
    return draw(st.sampled_from([name, name.upper(), name.title(), f"{name[:1].upper()}{name[1:]}"]))


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def foreign(draw: st.DrawFn, taken: set[str]) -> dict[str, Any]:
    found = draw(
        st.dictionaries(
            st.sampled_from(["channel", "uuid", "Duration", "leg", "x-trace", "客户", "vendor"]),
            anything,
            max_size=3,
        )
    )
    return {name: value for name, value in found.items() if name.lower() not in taken}


@st.composite
def key_presses(draw: st.DrawFn) -> dict[str, Any]:
    said: dict[str, Any] = {draw(spelled(sorted(PRESSED))): draw(NINES)}
    for shell in draw(st.lists(st.sampled_from(["data", "payload", "body"]), max_size=2, unique=True)):
        said = {shell: said, **foreign(draw, set())}
    event = draw(
        st.sampled_from([*EVENTS, "KEY", "dtmf", "ChannelDtmfReceived", "ＫＥＹ", "unheard of", "", None, 7])
    )
    if draw(st.booleans()):
        said = {"event": event, **said}
    if draw(st.booleans()):
        said["at"] = draw(times)
    return {**foreign(draw, {name.lower() for name in said}), **said}


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    word = draw(
        st.sampled_from(
            [
                "TD",
                "退订",
                "ｔｄ",
                "退 订",
                "别再打了",
                "stop calling me",
                "撤回我的同意",
                0,
                ["好的", "退订"],
                "TD\x00",
            ]
        )
    )
    said = {
        draw(spelled(["from", "sender", "phone", "mobile"])): draw(PERSON),
        draw(spelled(["text", "content", "body"])): word,
    }
    if draw(st.booleans()):
        said["message_id"] = draw(anything)
    if draw(st.booleans()):
        said["sent_at"] = draw(times)
    return {**foreign(draw, {name.lower() for name in said}), **said}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    said: dict[str, Any] = {draw(spelled(["phone", "mobile", "number", "msisdn"])): draw(PERSON)}
    for name, values in (
        ("evidence", anything),
        ("said_at", times),
        ("scope", anything),
        ("scope_value", anything),
        ("contact", anything),
    ):
        if draw(st.booleans()):
            said[name] = draw(values)
    return {**foreign(draw, {name.lower() for name in said}), **said}


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.key)


@given(body=key_presses())
@HOW_MANY
def test_every_key_press_that_holds_a_nine_blocks(world: World, api: Api, body: dict[str, Any]) -> None:
    with undone():
        made = world.authorize(client=world.client, hands_over=True).call
        answer = api.post(f"calls/{made.public_id}/events", body)
        assert answer.status_code == 200, answer.content
        assert "opted_out" in world.authorize(reserve=False).codes


@given(body=messages())
@HOW_MANY
def test_every_message_that_refuses_blocks(world: World, api: Api, body: dict[str, Any]) -> None:
    with undone():
        answer = api.post("sms", body)
        assert answer.status_code == 200, answer.content
        assert world.authorize(reserve=False).codes == ["opted_out"]


@given(body=requests())
@HOW_MANY
def test_every_request_that_names_the_number_blocks(world: World, api: Api, body: dict[str, Any]) -> None:
    with undone():
        answer = api.post("opt-outs", body)
        assert answer.status_code == 201, answer.content
        assert world.authorize(reserve=False).codes == ["opted_out"]
