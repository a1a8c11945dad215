"""Two texts side by side, by word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.scripts.difference import Row, compared, words


def pieces(row: Row) -> tuple[list[str], list[str]]:
    return [p.text for p in row.before if p.kind == "removed"], [
        p.text for p in row.after if p.kind == "added"
    ]


def test_a_sentence_that_stays_is_a_row_and_a_changed_word_is_marked_alone() -> None:
    rows = compared("续费一年可以享受九折。细则以页面为准。", "续费一年可以享受八折。细则以页面为准。")
    assert [row.is_same for row in rows] == [False, True]
    assert pieces(rows[0]) == (["九折"], ["八折"])


def test_chinese_is_cut_into_words_and_a_variable_is_one() -> None:
    assert words("我是{{ company }}的客服") == ["我", "是", "{{ company }}", "的", "客服"]


def test_a_new_sentence_stands_beside_nothing() -> None:
    rows = compared("您好。", "您好。本月另送清洁一次。")
    assert rows[1].before == ()
    assert rows[1].after[0].kind == "added"


def test_a_long_stretch_that_was_written_anew_is_shown_as_a_whole() -> None:
    before, after = "".join(f"续费{n}元，" for n in range(2000)), "".join(f"课程{n}节，" for n in range(2000))
    (row,) = compared(before, after)
    assert pieces(row) == ([before], [after])


TEXT = st.text(alphabet=st.sampled_from("续费一年可以享受九折。，！\n{{ company }}"), max_size=50)


@pytest.mark.parametrize("text", ["", "您好。"])
def test_the_same_text_has_no_difference(text: str) -> None:
    assert all(row.is_same for row in compared(text, text))


@given(TEXT, TEXT)
@settings(max_examples=300, deadline=None)
def test_both_sides_are_the_whole_texts(before: str, after: str) -> None:
    rows = compared(before, after)
    assert "".join(piece.text for row in rows for piece in row.before) == before
    assert "".join(piece.text for row in rows for piece in row.after) == after
