"""From what people type to E.164 and to time zones."""

import pytest
from django.utils.translation import override

from apps.core import phones


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
    ],
)
def test_what_people_write(typed: str, e164: str) -> None:
    assert phones.normalise(typed) == e164


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1380000123", "10 digits; a mainland mobile has 11"),
        ("138000012345", "12 digits; a mainland mobile has 11"),
        ("12345678901", "not a phone number"),
        ("abc", "something other than the digits"),
        ("13800001234; drop table", "something other than the digits"),
        ("", "something other than the digits"),
        ("+999123", "not a phone number"),
        ("٠١٢٣٤٥٦٧٨٩", "digits"),
    ],
)
def test_what_is_no_number_is_said_without_repeating_it(typed: str, says: str) -> None:
    with override("en"), pytest.raises(phones.PhoneInvalid) as caught:
        phones.normalise(typed)
    with override("en"):
        told = str(caught.value)
    assert says in told
    assert not typed or typed not in told


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
