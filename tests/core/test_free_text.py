"""Texts that people write: whole or refused, never cut."""

import pytest
from django.utils.translation import override

from apps.core.errors import BadInput, PersonalDataFound
from apps.core.privacy.free_text import checked_text, has_number, whole_text


def test_a_text_is_kept_whole_or_refused_with_its_length() -> None:
    assert whole_text(" 好\x00的 ", 2) == "好的"
    with override("en"), pytest.raises(BadInput, match="3 characters; 2 are the most"):
        whole_text("好的呀", 2)
    with override("en"), pytest.raises(BadInput, match="501 characters; 500"):
        checked_text("长" * 501)


def test_an_empty_text_and_one_with_a_number_are_refused() -> None:
    with pytest.raises(BadInput, match="Say why"):
        checked_text("  ", "Say why.")
    with pytest.raises(PersonalDataFound):
        checked_text("请回拨 138 0000 1234")
    assert checked_text("") == ""


@pytest.mark.parametrize(
    "text",
    ["1380 000 1234", "138 000 01234", "138*0000*1234", "138(0000)1234", "138—0000—1234", "138:0000:1234",
     "138 00001234", "13800 001234", "1380000 1234"],
)  # fmt: skip
def test_a_mobile_is_found_however_it_is_grouped(text: str) -> None:
    assert has_number(f"请回电 {text} 谢谢")


@pytest.mark.parametrize("text", ["13:00-14:00 110", "2026-11-30 13:45:10", "单号 1380-22-19", "18:30—19:30"])
def test_times_and_orders_are_no_numbers_of_persons(text: str) -> None:
    assert not has_number(text)
