"""Opting out by a number and a code: for whoever has no link, silent about who is known."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils.translation import override

from apps.core.errors import BadInput, ServiceAway
from apps.optouts import services
from apps.optouts.models import Code, OptOut
from tests.http import SecureClient
from tests.optouts.codes import code_in
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def test_the_code_that_was_sent_opts_the_number_out(world: World, sent: list[tuple[str, str]]) -> None:
    word = services.ask_code(phone=PHONE)
    assert sent[0][0] == f"+86{PHONE}"
    assert services.use_code(word=word, code=f" {code_in(sent)} ").channel == "web"
    assert world.authorize().codes == ["opted_out"]
    services.use_code(word=word, code=code_in(sent))
    assert OptOut.objects.count() == 1


def test_five_wrong_codes_end_it(world: World, sent: list[tuple[str, str]]) -> None:
    word = services.ask_code(phone=PHONE)
    wrong = "000000" if code_in(sent) != "000000" else "000001"
    for _try in range(5):
        with pytest.raises(BadInput):
            services.use_code(word=word, code=wrong)
    with pytest.raises(BadInput):
        services.use_code(word=word, code=code_in(sent))
    assert Code.objects.get().tries == 5
    assert not OptOut.objects.exists()


def test_a_code_ends_after_ten_minutes_and_belongs_to_its_word(
    world: World, sent: list[tuple[str, str]], clock: Any
) -> None:
    word = services.ask_code(phone=PHONE)
    first = code_in(sent)
    other = services.ask_code(phone=OTHER_PHONE)
    for result in ({"word": other, "code": first}, {"word": "x", "code": first}):
        if code_in(sent) != first:
            with pytest.raises(BadInput):
                services.use_code(**result)
    clock.shift(timedelta(minutes=10))
    with pytest.raises(BadInput):
        services.use_code(word=word, code=first)


def test_a_number_gets_one_code_a_minute_and_five_a_day(
    world: World, sent: list[tuple[str, str]], clock: Any
) -> None:
    for _time in range(5):
        services.ask_code(phone=PHONE)
        with pytest.raises(BadInput, match="just now"):
            services.ask_code(phone=PHONE)
        clock.shift(timedelta(minutes=2))
    with pytest.raises(BadInput):
        services.ask_code(phone=PHONE)
    assert len(sent) == 5


def test_an_address_asks_thirty_times_an_hour(world: World, sent: list[tuple[str, str]]) -> None:
    for number in range(30):
        services.ask_code(phone=f"1390000{number:04}", address="192.0.2.7")
    with pytest.raises(BadInput):
        services.ask_code(phone=PHONE, address="192.0.2.7")
    services.ask_code(phone=PHONE, address="192.0.2.8")


def test_neither_number_nor_code_is_stored(world: World, sent: list[tuple[str, str]]) -> None:
    services.ask_code(phone=PHONE, address="192.0.2.7")
    with connection.cursor() as cursor:
        # moments have digits of their own
        cursor.execute("select (to_jsonb(c) - 'created_at' - 'ends_at')::text from optouts_code c")
        (text,) = cursor.fetchone()
    for secret in (PHONE, code_in(sent), "192.0.2.7"):
        assert secret not in text


def test_without_a_gateway_it_is_said_and_nothing_is_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HEGUI_SMS_URL", "")
    with pytest.raises(ServiceAway):
        services.ask_code(phone=PHONE)
    assert not Code.objects.exists()


def test_the_page_says_the_same_of_every_number(world: World, sent: list[tuple[str, str]]) -> None:
    stranger, page = SecureClient(), reverse("leave_by_code")
    answers = []
    for number in (PHONE, "13700000001"):
        answer = stranger.post(page, {"phone": number}).content.decode()
        answers.append(re.sub(r"[A-Za-z0-9]{64}|value=\"[^\"]*\"", "", answer))
    assert answers[0] == answers[1]
    assert PHONE not in answers[0]


def test_the_page_takes_number_then_code(world: World, sent: list[tuple[str, str]]) -> None:
    stranger, page = SecureClient(), reverse("leave_by_code")
    assert stranger.get(page).status_code == 200
    asked = stranger.post(page, {"phone": PHONE})
    word = asked.context["word"]
    wrong = stranger.post(page, {"word": word, "code": "x"})
    assert wrong.status_code == 200
    assert not OptOut.objects.exists()
    done = stranger.post(page, {"word": word, "code": code_in(sent)})
    assert done.context["is_done"]
    assert world.authorize(reserve=False).codes == ["opted_out"]
    assert stranger.post(page, {"phone": "123"}).context["error"]


def test_without_a_gateway_there_is_no_such_page(world: World) -> None:
    assert SecureClient().get(reverse("leave_by_code")).status_code == 404
