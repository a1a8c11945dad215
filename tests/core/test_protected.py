"""A protected value shows its mask by every road that turns it into text."""

import copy
import json
import logging
import pickle
import traceback
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context, Template
from django.utils.html import format_html
from kombu.utils.json import dumps as celery_dumps

from apps.core.privacy.dialling import number_to_dial
from apps.core.privacy.protected import MaskGiven, NotCanonical, Protected, Unreadable, clear_for_machine

NUMBER = "+8613800001234"
PHONE = Protected(NUMBER, "phone")


@pytest.mark.parametrize(
    "shown",
    [
        str(PHONE),
        f"{PHONE}",
        f"{PHONE!r}",
        f"{PHONE:>20}",
        "%s" % PHONE,  # noqa: UP031  (this road too)
        "{}".format(PHONE),  # noqa: UP032
        repr([PHONE]),
        json.dumps({"phone": PHONE}, cls=DjangoJSONEncoder),
        celery_dumps({"phone": PHONE}),
        Template("{{ phone }}").render(Context({"phone": PHONE})),
        Template("{{ phone|upper }}{{ phone|default:'' }}").render(Context({"phone": PHONE})),
        str(format_html("<b>{}</b>", PHONE)),
        str(copy.deepcopy(PHONE)),
    ],
)
def test_every_road_to_text_gives_the_mask(shown: str) -> None:
    assert "138****1234" in shown
    assert "0000" not in shown.replace("****", "")


def test_a_traceback_with_the_value_shows_the_mask(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(PHONE)
    except ValueError as error:
        result = "".join(traceback.format_exception(error))
        logging.getLogger("test").exception("failed for %s", PHONE)
    assert NUMBER not in result
    assert "13800001234" not in caplog.text


def test_the_clear_text_is_no_attribute() -> None:
    with pytest.raises(AttributeError):
        PHONE.clear  # type: ignore[attr-defined]  # noqa: B018
    assert vars(PHONE) == {}


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PHONE.kind = "name"


def test_equal_values_are_equal_and_text_never_is() -> None:
    assert Protected(NUMBER, "phone") == PHONE
    assert hash(Protected(NUMBER, "phone")) == hash(PHONE)
    assert Protected("+8613800009999", "phone") != PHONE
    assert PHONE != NUMBER


def test_the_machine_gets_the_clear_text() -> None:
    assert clear_for_machine(PHONE) == NUMBER


def test_only_text_can_be_protected() -> None:
    with pytest.raises(TypeError):
        Protected(13800001234, "phone")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "kind", "mask"),
    [
        ("+8613800005678", "phone", "138****5678"),
        ("+861067431234", "phone", "106****1234"),
        ("+85291234567", "phone", "+852****4567"),
        ("+12125550123", "phone", "+121****0123"),
        ("+8695555", "phone", "****55"),
        ("王小明", "name", "王*"),
        ("Ann Lee", "name", "A*"),
        ("", "name", ""),
        ("明天下午联系", "text", "****"),
        ("", "text", ""),
    ],
)
def test_masks(value: str, kind: str, mask: str) -> None:
    assert str(Protected(value, kind)) == mask  # type: ignore[arg-type]


def test_it_is_not_pickled_since_its_mask_would_come_back_as_the_value() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps([PHONE])


@pytest.mark.parametrize(
    "text",
    [
        "13800001234",
        "+861380000123４",
        "138****1234",
        "+86 13800001234",
        "+0861380000123",
        "",
        "+86138000012341234",
    ],
)
def test_a_phone_is_held_in_its_one_form_alone(text: str) -> None:
    with pytest.raises(NotCanonical):
        Protected(text, "phone")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("王*", "name"),
        ("王**", "name"),
        ("王＊", "name"),
        ("*", "name"),
        ("****", "name"),
        ("A*** ", "name"),
        ("****", "text"),
    ],
)
def test_a_mask_is_no_value(text: str, kind: Any) -> None:
    with pytest.raises(MaskGiven):
        Protected(text, kind)


@pytest.mark.parametrize("name", ["王", "王小明", "Ann*Lee", "M*A*S*H"])
def test_a_star_within_a_name_makes_no_mask(name: str) -> None:
    assert str(Protected(name, "name")) == f"{name[0]}*"


def test_what_was_stored_in_another_form_shows_nothing_and_is_nobody() -> None:
    stored = Unreadable("+861390000827１")
    assert str(stored) == "****"
    assert stored != Protected("+8613900008271", "phone")
    with pytest.raises(NotCanonical):
        number_to_dial(stored)
