"""From what people type to E.164 and to time zones."""

from pathlib import Path

import phonenumbers
import pytest
import yaml
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.core.privacy import phones
from apps.core.privacy.protected import is_canonical
from tests.core.written import DIGITS, written

STRANGERS = yaml.safe_load((Path(__file__).parent.parent / "data" / "strangers.yaml").read_text())


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("13800001234", "+8613800001234"),
        ("+86 138-0000-1234", "+8613800001234"),
        ("008613800001234", "+8613800001234"),
        ("8613800001234", "+8613800001234"),
        ("'13800001234", "+8613800001234"),
        ("13800001234.0", "+8613800001234"),
        ("138 0000 1234", "+8613800001234"),
        ("１３８００００１２３４", "+8613800001234"),
        ("（138）0000-1234", "+8613800001234"),
        ("\ufeff13800001234\u200b", "+8613800001234"),
        ("010-85550101", "+861085550101"),
        ("(021) 5555 0102", "+862155550102"),
        ("0571-85550104", "+8657185550104"),
        ("+852 9123 4567", "+85291234567"),
        ("0085291234567", "+85291234567"),
        ("+1 212 555 0123", "+12125550123"),
        ("1380000123４", "+8613800001234"),
        ("138٠٠٠٠١٢٣٤", "+8613800001234"),
        ("𝟏𝟑𝟖𝟎𝟎𝟎𝟎𝟏𝟐𝟑𝟒", "+8613800001234"),
        ("1\ufe0f\u20e33800001234", "+8613800001234"),
        ("\u202d13800001234\u202c", "+8613800001234"),
        ("138\u00ad00001234", "+8613800001234"),
        ("tel:+86-138-0000-1234", "+8613800001234"),
        ("手机：13800001234。", "+8613800001234"),
        ('="13800001234"', "+8613800001234"),
    ],
)
def test_what_people_write(typed: str, e164: str) -> None:
    assert phones.normalise(typed) == e164


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1380000123", "10 digits; a mainland mobile has 11"),
        ("138000012345", "12 digits; a mainland mobile has 11"),
        ("12345678901", "no mainland mobile begins with these digits"),
        ("abc", "something other than the digits"),
        ("13800001234; drop table", "something other than the digits"),
        ("", "something other than the digits"),
        ("+999123", "not a phone number"),
        ("٠١٢٣٤٥٦٧٨٩", "not a phone number"),
        ("14155552671", "write the country code"),
        ("010-85550101转801", "an extension"),
        ("010-85550101-802", "an extension"),
        ("13800001234 ext 5", "an extension"),
        ("4008001234", "a service number"),
        ("95588", "a service number"),
        ("96110", "a service number"),
        ("10086", "a service number"),
        ("010-95588", "a service number"),
        ("106575001234", "a service number"),
        ("+1 800 555 0199", "a service number"),
        ("14000123456", "a number of a machine"),
        ("1064812345678", "a number of a machine"),
        ("13800001234/13900001234", "more than one number"),
        ("13800001234、13900001234", "more than one number"),
    ],
)
def test_what_is_no_number_is_said_without_repeating_it(typed: str, says: str) -> None:
    with override("en"), pytest.raises(phones.PhoneInvalid) as caught:
        phones.normalise(typed)
    with override("en"):
        result = str(caught.value)
    assert says in result
    assert not typed or typed not in result


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+8613800001234", ("Asia/Shanghai",)),
        ("+85291234567", ("Asia/Hong_Kong",)),
        ("+12125550123", ("America/New_York",)),
        ("+88216123456", ()),
    ],
)
def test_zones(number: str, zones: tuple[str, ...]) -> None:
    assert phones.zones_of(number) == zones


def test_a_toll_free_number_abroad_may_be_anywhere() -> None:
    assert len(phones.zones_of("+18005550123")) > 3


@pytest.mark.parametrize("case", STRANGERS["phones"]["cases"], ids=lambda case: case["input"])
def test_what_strangers_wrote(case: dict[str, str]) -> None:
    if case["right"].startswith("+"):
        assert phones.normalise(case["input"]) == case["right"]
        return
    with override("en"), pytest.raises(phones.PhoneInvalid) as caught:
        phones.normalise(case["input"])
    with override("en"):
        sentence = str(caught.value)
    word = next(word for word in ("extension", "country code", "service number", "machine", "more than one")
                if word in sentence)  # fmt: skip
    assert (
        word.split()[0] in case["right"] or "two numbers" in case["right"] or "same sentence" in case["right"]
    )


@given(written())
@example("008613800001-234")
@settings(max_examples=500, deadline=None)
def test_one_person_is_one_number(text: str) -> None:
    assert phones.normalise(text) == "+8613800001234"
    assert phones.numbers_in(text) in (["+8613800001234"], [])


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from(DIGITS), st.sampled_from("+-() .转x/;、"), st.characters()),
        max_size=30,
    )
)
@settings(max_examples=1_000, deadline=None)
def test_whatever_is_written_gives_ascii_e164_or_a_refusal(text: str) -> None:
    try:
        found = phones.normalise(text)
    except phones.PhoneInvalid:
        return
    assert is_canonical(found)
    assert all(is_canonical(number) for number in phones.numbers_in(text))


@given(st.integers(min_value=10**10, max_value=2 * 10**10 - 1))
@settings(max_examples=500, deadline=None)
def test_the_fast_path_agrees_with_the_library(number: int) -> None:
    parsed = phonenumbers.parse(f"+86{number}")
    is_mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    assert (phones.mobile_of(str(number)) is not None) == is_mobile


@pytest.mark.parametrize(
    "text",
    [
        "13800001234/13900005678",
        "13800001234、13900005678",
        '="13800001234" 13900005678',
        "138 0000 1234（妻子 139-0000-5678）",
    ],
)
def test_every_number_in_a_cell_is_found(text: str) -> None:
    assert phones.numbers_in(text) == ["+8613800001234", "+8613900005678"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("13800001234-13900005678", ["+8613800001234", "+8613900005678"]),
        ("13800001234--13900005678", ["+8613800001234", "+8613900005678"]),
        ("138 0000 1234 13900005678", ["+8613800001234", "+8613900005678"]),
        ("138-0000-1234-139-0000-5678", ["+8613800001234", "+8613900005678"]),
        ("13800001234 139 0000 5678 (021)66667777", ["+8613800001234", "+8613900005678", "+862166667777"]),
        ("010-85550101-13800001234", ["+861085550101", "+8613800001234"]),
        ("010-85550101、85550102", ["+861085550101", "+861085550102"]),
        ("010-85550101 85550102", ["+861085550101", "+861085550102"]),
        ("010-85550101 20261124", ["+861085550101"]),
        ("2026-11-24 13800001234", ["+8613800001234"]),
        ("+44 20 7946 0958, 13800001234", ["+442079460958", "+8613800001234"]),
    ],
)
def test_no_number_of_a_cell_vanishes(text: str, numbers: list[str]) -> None:
    assert phones.numbers_in(text) == numbers
    assert not phones.has_unread(text)


@pytest.mark.parametrize(
    "text",
    [
        "13800001234 139000056",
        "1380000123",
        "138 0000 1234 5",
        "13800001234-139000056789",
        "1 " * 20_000,
        "0755-8555010",
    ],
)
def test_what_looks_like_a_number_and_is_none_is_said(text: str) -> None:
    assert phones.has_unread(text)


@pytest.mark.parametrize("text", ["010-85550101转801", "010-85550101-802"])
def test_behind_an_extension_the_line_is_found(text: str) -> None:
    assert phones.numbers_in(text) == ["+861085550101"]


def test_a_line_of_ours_may_be_a_service_number() -> None:
    assert phones.normalise_line("９５５８８") == "+8695588"
    assert phones.normalise_line("400-800-1234") == "+864008001234"
    assert phones.normalise_line("010-85550101") == "+861085550101"
