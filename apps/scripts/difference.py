"""Two texts side by side, by sentence and within a sentence by word. Pure.

Chinese has no blanks between words, so words are those of a dictionary (jieba's, by `rjieba`); a
variable is one word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import rjieba

from .checking import VARIABLE
from .rules import passages

MOST_PAIRS = 4_000_000  # words by words: beyond it a stretch was written anew, and is shown as a whole
_VARIABLE = re.compile(f"({VARIABLE.pattern.replace('(', '(?:')})")


@dataclass(frozen=True)
class Piece:
    """Some words; `kind` is same, removed or added."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        return self.before == self.after


def words(text: str) -> list[str]:
    """The words of a text; together they are the text again."""
    result: list[str] = []
    for number, piece in enumerate(_VARIABLE.split(text)):
        result += [piece] if number % 2 else rjieba.cut(piece)
    return [word for word in result if word]


def compared(before: str, after: str) -> list[Row]:
    """Row by row: sentences that stay, and beside each other those that changed."""
    olds = [before[start:end] for start, end in passages(before)]
    news = [after[start:end] for start, end in passages(after)]
    rows: list[Row] = []
    for step, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if step == "equal":
            rows += [Row((Piece("same", text),), (Piece("same", text),)) for text in olds[a:b]]
        else:
            rows += _changed("".join(olds[a:b]), "".join(news[c:d]))
    return rows


def _changed(before: str, after: str) -> Iterator[Row]:
    olds, news = words(before), words(after)
    if len(olds) * len(news) > MOST_PAIRS:
        yield Row((Piece("removed", before),), (Piece("added", after),))
        return
    left: list[Piece] = []
    right: list[Piece] = []
    for step, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if a < b:
            left.append(Piece("same" if step == "equal" else "removed", "".join(olds[a:b])))
        if c < d:
            right.append(Piece("same" if step == "equal" else "added", "".join(news[c:d])))
    yield Row(tuple(left), tuple(right))
