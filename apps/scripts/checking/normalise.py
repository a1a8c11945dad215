"""A script's text as the check reads it, with the way back to what was written.

Width, case, traditional forms, look-alikes, numerals written as words and everything between the
characters (spaces, punctuation, zero-width characters) are evened out, so that none of them hides a
phrase. Every character that is left knows where in the original it came from.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from opencc import OpenCC

_TO_SIMPLIFIED = OpenCC("t2s")
# Numerals as words and as formal characters are digits, on both sides of every comparison.
_ALIKE = {
    **dict(zip("〇零一二三四五六七八九", "00123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
    **{
        "两": "2",
        "佰": "百",
        "囯": "国",
        "蕞": "最",
        "葆": "保",
        "険": "险",
        "収": "收",
        "転": "转",
        "価": "价",
        "効": "效",
        "総": "总",
    },
    # Letters of other scripts that look like Latin ones.
    **dict(zip("аеорсухіѕ", "aeopcyxis", strict=True)),
}
_SENTENCE = frozenset("。！？；!?;\n\r")
_CLAUSE = _SENTENCE | frozenset(",，、：:")
_QUOTES = {"「": "」", "『": "』", "“": "”", "‘": "’", "《": "》", '"': '"'}


@dataclass(frozen=True)
class Normal:
    """`text` is what is compared; character i came from `starts[i]` to `ends[i]` and stands in clause
    `clauses[i]`.

    `quoted[i]`: it stands within quotation marks. Of each clause: `stops`, the mark that ends it, and
    `sentences`, its sentence.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    clauses: tuple[int, ...]
    quoted: tuple[bool, ...]
    stops: tuple[str, ...]
    sentences: tuple[int, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the normal text stands in the original: start and end, as slices have them."""
        return self.starts[start], self.ends[end - 1]


@cache
def _evened(char: str) -> str:
    """What a character counts as; "" when it does not count."""
    kept = []
    for each in unicodedata.normalize("NFKC", char).lower():
        alike = (_ALIKE.get(one, one) for one in _TO_SIMPLIFIED.convert(each))
        kept += [one for one in alike if unicodedata.category(one)[0] in "LN"]
    return "".join(kept)


VARIABLE = re.compile(r"\{\{ *([a-z_]{1,20}) *\}\}")


def _pieces(text: str, said: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Start, end and what stands there: character by character, and variables with what they stand for."""
    place = 0
    for found in VARIABLE.finditer(text):
        if found[1] not in said:
            continue
        yield from ((at, at + 1, text[at]) for at in range(place, found.start()))
        yield from ((found.start(), found.end(), char) for char in said[found[1]])
        place = found.end()
    yield from ((at, at + 1, text[at]) for at in range(place, len(text)))


def normalise(text: str, said: Mapping[str, str] = MappingProxyType({})) -> Normal:
    """`said`: what the variables in the text, as `{{ company }}`, stand for."""
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    clauses: list[int] = []
    quoted: list[bool] = []
    stops: list[str] = []
    sentences: list[int] = [0]
    closing = ""
    for start, end, char in _pieces(text, said):
        if char in _CLAUSE:
            stops.append(char)
            sentences.append(sentences[-1] + (char in _SENTENCE))
            continue
        if char in _QUOTES:
            closing = _QUOTES[char] if not closing else "" if char == closing else closing
            continue
        if char == closing:
            closing = ""
            continue
        for one in _evened(char):
            kept.append(one)
            starts.append(start)
            ends.append(end)
            clauses.append(len(stops))
            quoted.append(bool(closing))
    return Normal(
        "".join(kept),
        tuple(starts),
        tuple(ends),
        tuple(clauses),
        tuple(quoted),
        (*stops, ""),
        tuple(sentences),
    )


def plain(term: str) -> str:
    """A listed term in the same form."""
    return "".join(_evened(char) for char in term)
