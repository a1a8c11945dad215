"""Texts that people write: whole or refused, never cut."""

import pytest
from django.utils.translation import override

from apps.core.errors import BadInput, PersonalDataFound
from apps.core.privacy.free_text import checked_text, whole_text


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
