"""Find what a text may not say and what it lacks. Pure: text in, findings out.

Terms and patterns of the packs are looked for in the normalised text; a find counts unless its words
make it innocent: a longer phrase that is allowed, a negation that governs it ("不保证收益"), a warning
about others who say so ("凡承诺保本的都是诈骗"). Findings point at the original text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from apps.core.errors import BadInput

from . import advising
from .frames import frame_finds
from .negation import is_negated, is_said
from .normalise import Normal, normalise
from .packs import Pack, PackRule, pack_of, shipped, syllable

MOST_CHARACTERS = 20_000
VERDICT = "disparages_rival"  # what it finds is a verdict on others
_AROUND = 30  # characters around a find in which a rule's `cleared` is looked for
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class TextRefused(BadInput):
    code = "text_refused"


@dataclass(frozen=True, order=True)
class ScriptFinding:
    """Where in the original text (as slices have it) which rule finds what. A missing part stands at 0, 0."""

    start: int
    end: int
    code: str
    level: str
    law: str
    strength: int = 0  # of advice, in percent
    like: tuple[str, ...] = ()  # known passages that it reads like
    why: str = ""  # of advice by the third reader

    @property
    def is_blocking(self) -> bool:
        return self.level == "blocking"

    @property
    def place(self) -> tuple[str, int, int]:
        return self.code, self.start, self.end


def check(
    text: str,
    *,
    kind: str = "marketing",
    trade: str = "general",
    voice: str = "human",
    needs_parts: bool = True,
    pack: Pack | None = None,
    said: Mapping[str, str] = MappingProxyType({}),
) -> list[ScriptFinding]:
    """All findings, in the order of the text, under `pack` (by default the rules that come with Hegui).

    `voice`: who speaks it, "human" or "synthetic". `needs_parts` is off for a piece of a script or a
    transcript. `said`: what variables stand for; a find within one points at the variable. Raises
    `TextRefused` for a text that is too long or holds control characters.
    """
    return _checked(text, kind, trade, voice, needs_parts, pack or shipped(), said)[0]


def _checked(
    text: str, kind: str, trade: str, voice: str, needs_parts: bool, pack: Pack, said: Mapping[str, str]
) -> tuple[list[ScriptFinding], frozenset[str]]:
    """The findings of the bans, and the codes whose words are only denied."""
    if len(text) > MOST_CHARACTERS:
        raise TextRefused(
            _("The text has %(count)s characters; %(most)s are the most."),
            count=len(text),
            most=MOST_CHARACTERS,
        )
    if control := _CONTROL.search(text):
        raise TextRefused(
            _("A control character stands at position %(place)s. Remove it."), place=control.start() + 1
        )
    normal = normalise(text, said)
    holding = {number for number, rule in enumerate(pack.rules) if rule.holds_for(kind, trade, voice)}
    finds, denied = _judged(pack, normal, holding)
    found = {_finding(pack.rules[number], normal, start, end) for number, start, end in finds}
    if needs_parts:
        asks = (pack.rules[number] for number in holding if pack.rules[number].is_requirement)
        spoken, written = _by_clauses(normal), unicodedata.normalize("NFKC", text) if kind == "sms" else ""
        found |= {_missing(rule) for rule in asks if _lacks(rule, normal, spoken, written)}
    return sorted(_merged(found)), denied


def read(
    text: str,
    *,
    kind: str = "marketing",
    trade: str = "general",
    voice: str = "human",
    needs_parts: bool = True,
    pack: Pack | None = None,
    said: Mapping[str, str] = MappingProxyType({}),
    thorough: bool = True,
) -> list[ScriptFinding]:
    """Both readers: what `check` finds, and where nothing is found the advice of the trained reader. Raises
    like `check`.

    `thorough` is off where it has to be quick: then the trained reader reads by characters alone.
    """
    pack = pack or shipped()
    found, denied = _checked(text, kind, trade, voice, needs_parts, pack, said)
    rules = {rule.code: rule for rule in pack.rules if kind in rule.kinds and not rule.is_requirement}
    advice = [
        ScriptFinding(
            each.start, each.end, each.code, "advisory", rules[each.code].law, each.strength, each.like
        )
        for each in advising.advise(text, rules.keys(), thorough=thorough)
        if not (each.code in denied and each.strength < advising.OVERRIDES_DENIAL)
        and not any(ban.start < each.end and each.start < ban.end for ban in found)
    ]
    return sorted([*found, *advice])


def denied_codes(
    text: str, *, kind: str = "marketing", trade: str = "general", pack: Pack | None = None
) -> frozenset[str]:
    """The rules whose words stand in the text, but only where they are denied, asked about, reported or
    warned of."""
    pack = pack or shipped()
    return _judged(
        pack,
        normalise(text),
        {number for number, rule in enumerate(pack.rules) if rule.holds_for(kind, trade)},
    )[1]


def _judged(
    pack: Pack, normal: Normal, holding: set[int]
) -> tuple[set[tuple[int, int, int]], frozenset[str]]:
    """What is found (rule, start, end), and the codes of rules that are only denied there."""
    finds = _all_finds(pack, normal, holding)
    said = set(_said(pack, normal, finds))
    numbers = {number for number, _start, _end in finds} - {number for number, _start, _end in said}
    return said, frozenset(pack.rules[number].code for number in numbers)


def failed_examples(rule: PackRule) -> list[tuple[str, str]]:
    """The examples of a rule that it judges wrongly: ("must_find" or "must_pass", the text)."""
    alone = pack_of([rule])

    def finds(text: str) -> bool:
        return bool(
            check(
                text,
                kind=rule.example_kind,
                trade=rule.example_trade,
                voice=rule.voice or "human",
                pack=alone,
            )
        )

    wrong = [("must_find", text) for text in rule.must_find if not finds(text)]
    return wrong + [("must_pass", text) for text in rule.must_pass if finds(text)]


def _finding(rule: PackRule, normal: Normal, start: int, end: int) -> ScriptFinding:
    return ScriptFinding(*normal.origin(start, end), rule.code, rule.level, rule.law)


def _missing(rule: PackRule) -> ScriptFinding:
    return ScriptFinding(0, 0, rule.code, rule.level, rule.law)


def _merged(found: Iterable[ScriptFinding]) -> Iterator[ScriptFinding]:
    """Finds of one rule that overlap are one, from the first's start to the last's end."""
    last: ScriptFinding | None = None
    for each in sorted(found, key=lambda finding: (finding.code, finding.start, finding.end)):
        if last and each.code == last.code and each.start < last.end:
            last = replace(last, end=max(last.end, each.end))
            continue
        if last:
            yield last
        last = each
    if last:
        yield last


def _said(pack: Pack, normal: Normal, finds: set[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """The finds without the innocent ones, and without whatever lies within these."""
    innocent = {find for find in finds if _is_innocent(pack.rules[find[0]], normal, find[1], find[2])}
    for number, start, end in finds:
        if not any(other == number and first <= start and end <= last for other, first, last in innocent):
            yield number, start, end


def _all_finds(pack: Pack, normal: Normal, holding: set[int]) -> set[tuple[int, int, int]]:
    return {
        find
        for find in {*_terms(pack, normal), *_patterns(pack, normal, holding), *_framed(pack, normal)}
        if find[0] in holding
    }


def _framed(pack: Pack, normal: Normal) -> Iterator[tuple[int, int, int]]:
    """Frames none of whose words is negated."""
    for number, places in frame_finds(pack.frames, pack.words.finds(normal), normal):
        if not any(is_negated(normal, start) for start, _end in places):
            yield number, min(start for start, _end in places), max(end for _start, end in places)


def _terms(pack: Pack, normal: Normal) -> Iterator[tuple[int, int, int]]:
    for last, (_word, rules) in pack.terms.iter(normal.text):
        for number, length in rules:
            yield number, last + 1 - length, last + 1
    for last, (_word, rules) in pack.pinyin.iter(normal.text):
        for number, length in rules:
            start, end = last + 1 - length, last + 1
            if not _is_letter(normal.text[start - 1 : start]) and not _is_letter(normal.text[end : end + 1]):
                yield number, start, end
    sounds, places = _sounds(normal)
    for last, (word, rules) in pack.syllables.iter(sounds):
        first = places[last - len(word) + 1]
        for number, length in rules:
            if first is not None:
                yield number, first, first + length


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" if char else False


def _sounds(normal: Normal) -> tuple[str, list[int | None]]:
    """The text as syllables between spaces, and for each space the character that follows it."""
    text, places = [" "], []
    for place, char in enumerate(normal.text):
        said = syllable(char) or char
        places += [place] + [None] * len(said)
        text += [said, " "]
    return "".join(text), [*places, None]


def _patterns(pack: Pack, normal: Normal, holding: set[int]) -> Iterator[tuple[int, int, int]]:
    for number in holding:
        for pattern in pack.rules[number].patterns:
            for found in pattern.finditer(normal.text):
                yield number, found.start(), found.end()


def _is_innocent(rule: PackRule, normal: Normal, start: int, end: int) -> bool:
    if _is_allowed(rule, normal.text, start, end):
        return True
    nearby = normal.text[max(0, start - _AROUND) : end + _AROUND]
    if any(pattern.search(nearby) for pattern in rule.cleared):
        return True
    if not rule.negatable:
        return False
    return not is_said(normal, start, end, is_claim=rule.is_claim, is_verdict=rule.code == VERDICT)


def _is_allowed(rule: PackRule, text: str, start: int, end: int) -> bool:
    """Whether the find lies within an innocent phrase, or begins with one."""
    for phrase in rule.allow:
        at = text.find(phrase, max(0, start - len(phrase)), end + len(phrase))
        while at != -1:
            if at <= start < at + len(phrase):
                return True
            at = text.find(phrase, at + 1, end + len(phrase))
    return False


def _lacks(rule: PackRule, normal: Normal, spoken: str, written: str) -> bool:
    """Whether a part that has to be there is not, in any of the ways to say it; of a message (`written`), to
    write it."""
    if any(pattern.search(normal.text) for pattern in rule.denied):
        return True
    if rule.within:
        spoken = spoken[: rule.within]
    if written and rule.written:
        return not any(pattern.search(written) for pattern in rule.written)
    return not any(pattern.search(spoken) for pattern in rule.required)


def _by_clauses(normal: Normal) -> str:
    """The normalised text with a bar between clauses: nobody introduces themselves across a full stop."""
    parts = []
    for place, char in enumerate(normal.text):
        if place and normal.clauses[place] != normal.clauses[place - 1]:
            parts.append("|")
        parts.append(char)
    return "".join(parts)
