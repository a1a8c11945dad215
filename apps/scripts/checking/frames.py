"""Frames: classes of words that stand together mean what no list of phrases reaches. Pure: normalised text
in, finds out.

"本金一分不少" and "老本掉不了" are one frame: money × what happens to it. Words of all classes are looked for
in one pass; a frame is found where each of its classes is, close enough, in one sentence. A word of one
character counts only as a word of the cut sentence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import ahocorasick
import rjieba

from .normalise import Normal, plain

WITHIN = 18  # characters from the first word of a frame to its last
MOST_FINDS = 12  # of one class in a text: more say nothing new
NO_WORD = "\uffff"  # no text holds it: an automaton of no words cannot be run


@dataclass(frozen=True)
class Frame:
    """What has to stand together. `across`: in neighbouring sentences too."""

    classes: tuple[str, ...]
    within: int = WITHIN
    across: bool = False
    ordered: bool = False


@dataclass(frozen=True)
class Lexicon:
    """The words of all classes, as an automaton."""

    words: Any

    def finds(self, normal: Normal) -> dict[str, list[tuple[int, int]]]:
        """Of each class the places of its words, the longest word at each place."""
        found: dict[str, dict[int, int]] = {}
        tokens: set[tuple[int, int]] | None = None
        for last, (word, classes) in self.words.iter(normal.text):
            start, end = last + 1 - len(word), last + 1
            if len(word) == 1:
                tokens = tokens if tokens is not None else _tokens(normal.text)
                if (start, end) not in tokens:
                    continue
            for name in classes:
                places = found.setdefault(name, {})
                places[start] = max(end, places.get(start, 0))
        return {name: sorted(places.items())[:MOST_FINDS] for name, places in found.items()}


def lexicon(classes: Mapping[str, Iterable[str]]) -> Lexicon:
    words: dict[str, list[str]] = {NO_WORD: []}
    for name, listed in classes.items():
        for word in listed:
            if evened := plain(str(word)):
                words.setdefault(evened, []).append(name)
    made = ahocorasick.Automaton()
    for word, names in words.items():
        made.add_word(word, (word, tuple(names)))
    made.make_automaton()
    return Lexicon(made)


def frame_of(raw: Mapping[str, Any]) -> Frame:
    return Frame(
        tuple(raw["classes"]),
        raw.get("within", WITHIN),
        across=raw.get("across", False),
        ordered=raw.get("ordered", False),
    )


Place = tuple[int, int]


def frame_finds(
    frames: Sequence[tuple[int, Frame]], found: Mapping[str, list[Place]], normal: Normal
) -> Iterator[tuple[int, tuple[Place, ...]]]:
    """Of each frame that is there its rule and the places of its words; `frames` with the number of their
    rule."""
    for number, frame in frames:
        if not all(name in found for name in frame.classes):
            continue
        for places in product(*(found[name] for name in frame.classes)):
            start, end = min(place[0] for place in places), max(place[1] for place in places)
            if (
                end - start > frame.within
                or not _together(normal, start, end, frame.across)
                or _overlap(places)
            ):
                continue
            if frame.ordered and list(places) != sorted(places):
                continue
            yield number, places


def _overlap(places: Sequence[tuple[int, int]]) -> bool:
    """Whether two classes took the same word."""
    in_order = sorted(places)
    return any(before[1] > after[0] for before, after in pairwise(in_order))


def _together(normal: Normal, start: int, end: int, across: bool) -> bool:
    first, last = normal.sentences[normal.clauses[start]], normal.sentences[normal.clauses[end - 1]]
    return last - first <= across


def _tokens(text: str) -> set[tuple[int, int]]:
    places, at = set(), 0
    for token in rjieba.cut(text):
        places.add((at, at + len(token)))
        at += len(token)
    return places
