"""Resident-ID and bank-card numbers are found wherever they hide; order numbers pass (R1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.privacy import forbidden_numbers

# Made here: a region that exists, a date, the check character.
ID = "110101188002045240"
ID_WITH_X = "11010118800101001X"
CARD = "6222029994056158046"


def with_check(first_17: str) -> str:
    total = sum(
        int(digit) * weight for digit, weight in zip(first_17, forbidden_numbers._ID_WEIGHTS, strict=True)
    )
    return first_17 + forbidden_numbers._ID_CHECK[total % 11]


def luhn(number: str) -> str:
    for last in "0123456789":
        digits = [int(digit) for digit in number + last][::-1]
        if (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0:
            return number + last
    raise AssertionError


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"身份证{ID}",
        f"王{ID}，请核对",
        f"{ID[:6]} {ID[6:14]} {ID[14:]}",
        f"{ID[:6]}-{ID[6:14]}-{ID[14:]}",
        "１１０１０１１８８００２０４５２４０",
        "\u200b".join(ID),
        " ".join(ID),
        f"备注:{ID};订单号202603150000001234",
        with_check("11010118800101001").lower(),
    ],
)
def test_an_id_number_is_found(text: str) -> None:
    assert forbidden_numbers.find(text) == "resident_id_found"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        f"卡{CARD}",
        "6222 0299 9405 6158 046",
        luhn("411111111111111"),
        luhn("37828224631000"),
        f"用户{luhn('622848000000000000')}。",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert forbidden_numbers.find(text) == "bank_card_found"


@pytest.mark.parametrize(
    "text",
    [
        "订单号202603150000001234",
        "13800001234",
        "+8613800001234",
        "2026-03-15 10:00:00",
        "13800001234 13900005678",
        ID[:-1] + ("1" if ID[-1] != "1" else "2"),
        CARD[:-1] + ("1" if CARD[-1] != "1" else "2"),
        "110101188013345240",  # the 33rd of a 13th month
        "",
        "工号8021",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert forbidden_numbers.find(text) is None


def test_an_id_wins_over_a_card_in_the_same_text() -> None:
    assert forbidden_numbers.find(f"{CARD} {ID}") == "resident_id_found"


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("身份证号", "resident_id_found"),
        ("银行卡号", "bank_card_found"),
        ("ID_Number", "resident_id_found"),
        ("Card No.", "bank_card_found"),
        ("会员卡", None),
        ("手机号", None),
        ("订单号", None),
        ("备注", None),
    ],
)
def test_headings(heading: str, found: str | None) -> None:
    assert forbidden_numbers.find_in_heading(heading) == found


@given(
    region=st.sampled_from(["110101", "440305", "310104", "650102"]),
    day=st.dates(
        min_value=__import__("datetime").date(1900, 1, 1), max_value=__import__("datetime").date(2025, 12, 31)
    ),
    order=st.integers(0, 999),
    gap=st.sampled_from(["", " ", "-", "\u200b", "·"]),
    around=st.tuples(st.sampled_from(["", "证件", "abc "]), st.sampled_from(["", "。", " x"])),
)
def test_every_id_number_is_found_however_it_is_written(
    region: str, day: object, order: int, gap: str, around: tuple[str, str]
) -> None:
    number = with_check(f"{region}{day:%Y%m%d}{order:03}")
    written = f"{around[0]}{number[:6]}{gap}{number[6:14]}{gap}{number[14:]}{around[1]}"
    assert forbidden_numbers.find(written) == "resident_id_found"
