"""Rule packs: data in YAML, and rules that compliance wrote, read into what the check runs.

Laws are those of the project's list of sources; an article that was not checked is not cited by number.
A rule written by compliance has plain phrases, no regular expressions: "…" stands for a few characters
between two words. One that changes a shipped rule keeps that rule's patterns, level and kinds, and has
to find that rule's own examples still, so that it can only tighten what the norm demands.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import ahocorasick
import yaml
from django.utils.translation import gettext as _

from apps.core.errors import BadInput
from apps.core.laws import LAWS

from .frames import NO_WORD, Frame, Lexicon, frame_of, lexicon
from .normalise import plain

FOLDER = Path(__file__).parent / "packs"
DUTIES = ("R1", "R14", "R16", "R17", "R18", "R23", "R24", "R25", "R26", "R28", "R38")
KINDS = ("marketing", "notification", "service", "sms")
LEVELS = ("blocking", "advisory")
CLAIMS = frozenset({
    "absolute_claim", "guaranteed_return", "high_risk_product", "guaranteed_result", "medical_claim",
    "disparages_rival", "free_bait",
})  # fmt: skip
GAP = "…"  # in a phrase of compliance: up to `MOST_BETWEEN` characters
MOST_BETWEEN = 8
MOST_PHRASES, MOST_LETTERS = 500, 60
LEAST_PINYIN = 6  # letters: shorter ones occur in ordinary words
LEAST_HOMOPHONE = 4  # characters: shorter ones sound like ordinary words
_NUMERALS = str.maketrans(dict(zip("〇零一二三四五六七八九两", "001234567892", strict=True)))


class RuleRefused(BadInput):
    """A rule that cannot be used: the sentence says which part and why."""

    code = "rule_refused"


@dataclass(frozen=True)
class PackRule:
    """One rule. `required`: ways to say what has to be there; `written`: the same for messages, over the text
    as written.

    `must_find` and `must_pass` are examples; of a rule that asks for a part, `must_find` are texts without
    it.
    """

    code: str
    level: str
    law: str
    duty: str
    kinds: frozenset[str]
    trades: frozenset[str]  # empty: every trade
    negatable: bool
    terms: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    allow: tuple[str, ...]
    frames: tuple[Frame, ...]
    required: tuple[re.Pattern[str], ...]
    written: tuple[re.Pattern[str], ...]
    denied: tuple[re.Pattern[str], ...]
    cleared: tuple[re.Pattern[str], ...] = ()  # near a find: it is none
    # that compliance adds to classes of its frames
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    voice: str = ""  # who speaks; "": whoever does
    within: int = 0  # characters of the beginning in which a required part has to be; 0: anywhere
    advice: Mapping[str, str] = field(default_factory=dict)
    name: Mapping[str, str] = field(default_factory=dict)
    must_find: tuple[str, ...] = ()
    must_pass: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)
    number: int = 0  # 0: as it comes with Hegui; else the version of compliance's

    @property
    def is_requirement(self) -> bool:
        return bool(self.required or self.written)

    @property
    def is_claim(self) -> bool:
        """Whether it is about what is claimed of goods: a question about that claims nothing."""
        return self.code in CLAIMS

    @property
    def example_kind(self) -> str:
        return next(kind for kind in KINDS if kind in self.kinds)

    @property
    def example_trade(self) -> str:
        return min(self.trades, default="general")

    def holds_for(self, kind: str, trade: str, voice: str = "human") -> bool:
        return kind in self.kinds and (not self.trades or trade in self.trades) and self.voice in {"", voice}


@dataclass(frozen=True)
class Pack:
    """All rules, and the automata over their terms: as written, as Latin pinyin, as syllables.

    `stamp` names what they are, for what was judged by them.
    """

    rules: tuple[PackRule, ...]
    stamp: str
    terms: Any
    pinyin: Any
    syllables: Any
    words: Lexicon
    frames: tuple[tuple[int, Frame], ...]  # with the number of their rule

    def rule(self, code: str) -> PackRule | None:
        return next((rule for rule in self.rules if rule.code == code), None)


def _patterns(texts: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text.translate(_NUMERALS)) for text in texts)


def _shipped_rule(raw: Mapping[str, Any]) -> PackRule:
    return PackRule(
        code=raw["code"],
        level=raw["level"],
        law=str(LAWS[raw["law"]]),
        duty=raw["duty"],
        kinds=frozenset(raw["kinds"]),
        trades=frozenset(raw.get("trades", ())),
        negatable=raw.get("negatable", False),
        terms=tuple(dict.fromkeys(plain(str(term)) for term in raw.get("terms", ()))),
        patterns=_patterns(raw.get("patterns", [])),
        allow=tuple(plain(str(term)) for term in raw.get("allow", ())),
        frames=tuple(frame_of(each) for each in _framing()["frames"].get(raw["code"], ())),
        required=_patterns(raw.get("required", [])),
        written=tuple(re.compile(text) for text in raw.get("written", ())),
        denied=_patterns(raw.get("denied", [])),
        cleared=_patterns(raw.get("cleared", [])),
        voice=raw.get("voice", ""),
        within=raw.get("within", 0),
        advice=raw["advice"],
        must_find=tuple(raw["must_find"]),
        must_pass=tuple(raw["must_pass"]),
        raw=raw,
    )


def _phrases(raw: Mapping[str, Any], part: str) -> list[str]:
    """The phrases of a part, normalised, gaps kept. Raises `RuleRefused`."""
    result = [str(phrase).strip() for phrase in raw.get(part, ()) if str(phrase).strip()]
    if len(result) > MOST_PHRASES:
        raise RuleRefused(
            _("%(part)s: %(count)s phrases; %(most)s are the most."),
            part=part,
            count=len(result),
            most=MOST_PHRASES,
        )
    phrases = []
    for phrase in result:
        pieces = [plain(piece) for piece in phrase.replace("...", GAP).split(GAP)]
        if len(phrase) > MOST_LETTERS or not all(pieces) or len("".join(pieces)) < 2:
            raise RuleRefused(
                _('"%(phrase)s": a phrase has from 2 to %(most)s characters, words around each gap, and more '
                    'than punctuation.'),
                phrase=phrase[:MOST_LETTERS], most=MOST_LETTERS,
            )  # fmt: skip
        phrases.append(GAP.join(pieces))
    return list(dict.fromkeys(phrases))


def _with_gap(phrase: str) -> re.Pattern[str]:
    return re.compile(f"[^|]{{0,{MOST_BETWEEN}}}?".join(re.escape(piece) for piece in phrase.split(GAP)))


def written_rule(code: str, raw: Mapping[str, Any], number: int = 0) -> PackRule:
    """A rule of compliance, over the shipped one of its code if there is one. Raises `RuleRefused`."""
    shipped = next((rule for rule in shipped_rules() if rule.code == code), None)
    if raw.get("level") not in LEVELS or raw.get("law") not in LAWS or raw.get("duty") not in DUTIES:
        raise RuleRefused(_("A rule has a level, a law and a duty of the lists."))
    kinds = frozenset(raw.get("kinds", ()))
    if not kinds or not kinds <= set(KINDS):
        raise RuleRefused(_("A rule holds for at least one kind of script."))
    if not all(
        str(raw.get(part, {}).get(language, "")).strip()
        for part in ("name", "advice")
        for language in ("zh", "en")
    ):
        raise RuleRefused(_("A rule has a name and an advice in both languages."))
    terms, required = _phrases(raw, "terms"), _phrases(raw, "required")
    if shipped is None and bool(terms) == bool(required):
        raise RuleRefused(
            _("A rule has either phrases that may not be said or phrases of which one has to be.")
        )
    examples = {
        part: tuple(str(text).strip() for text in raw.get(part, ()) if str(text).strip())
        for part in ("must_find", "must_pass")
    }
    if not all(examples.values()):
        raise RuleRefused(_("A rule has at least one example that it finds and one that it lets pass."))
    made = PackRule(
        code=code,
        level=raw["level"],
        law=str(LAWS[raw["law"]]),
        duty=raw["duty"],
        kinds=kinds,
        trades=frozenset(raw.get("trades", ())),
        negatable=bool(raw.get("negatable")),
        terms=tuple(term for term in terms if GAP not in term),
        patterns=tuple(_with_gap(term) for term in terms if GAP in term),
        allow=tuple(_phrases(raw, "allow")),
        frames=(),
        required=tuple(_with_gap(phrase) for phrase in required),
        written=(),
        denied=(),
        words=_words_of_classes(raw, shipped),
        advice=raw["advice"],
        name=raw["name"],
        raw=raw,
        number=number,
        must_find=examples["must_find"],
        must_pass=examples["must_pass"],
    )
    return _tightened(made, shipped) if shipped else made


def _words_of_classes(raw: Mapping[str, Any], shipped: PackRule | None) -> dict[str, tuple[str, ...]]:
    """What a rule adds to the classes of its frames, written as lines "class: word, word". Raises
    `RuleRefused`."""
    known = {name for frame in (shipped.frames if shipped else ()) for name in frame.classes}
    added: dict[str, tuple[str, ...]] = {}
    for line in raw.get("words", ()):
        name, _colon, listed = str(line).replace("：", ":").partition(":")
        words = tuple(dict.fromkeys(word.strip() for word in re.split(r"[,，、]", listed) if word.strip()))
        if name.strip() not in known:
            raise RuleRefused(
                _('"%(line)s": the frames of this rule have no such class. They have: %(known)s.'),
                line=str(line)[:MOST_LETTERS],
                known=", ".join(sorted(known)) or "-",
            )
        if (
            not words
            or any(not 2 <= len(plain(word)) <= MOST_LETTERS for word in words)
            or len(words) > MOST_PHRASES
        ):
            raise RuleRefused(
                _('"%(line)s": a class takes words of 2 to %(most)s characters, with commas between.'),
                line=str(line)[:MOST_LETTERS],
                most=MOST_LETTERS,
            )
        added[name.strip()] = (*added.get(name.strip(), ()), *words)
    return added


def _tightened(made: PackRule, shipped: PackRule) -> PackRule:
    """Over a shipped rule: its patterns stay and its examples are asked too. Raises `RuleRefused` where it
    would loosen it."""
    loosens = made.level != shipped.level or not made.kinds >= shipped.kinds
    if (
        loosens
        or (made.trades and not made.trades >= (shipped.trades or {""}))
        or (made.negatable and not shipped.negatable)
    ):
        raise RuleRefused(
            _("A rule that comes with Hegui keeps its level, and at least its kinds and trades.")
        )
    return replace(
        made,
        patterns=(*shipped.patterns, *made.patterns),
        frames=shipped.frames,
        required=(*shipped.required, *made.required),
        written=shipped.written,
        denied=shipped.denied,
        cleared=shipped.cleared,
        voice=shipped.voice,
        within=shipped.within,
        must_find=tuple(dict.fromkeys((*shipped.must_find, *made.must_find))),
        must_pass=tuple(dict.fromkeys((*shipped.must_pass, *made.must_pass))),
    )


def _automaton(words: Mapping[str, list[tuple[int, int]]]) -> Any:
    made = ahocorasick.Automaton()
    for word, found in {NO_WORD: [], **words}.items():
        made.add_word(word, (word, found))
    made.make_automaton()
    return made


@cache
def syllable(char: str) -> str:
    """How a character sounds, without its tone; "" for what is no Chinese character."""
    from pypinyin import lazy_pinyin  # a third of a second, which processes that check nothing need not spend

    result = lazy_pinyin(char, errors="ignore")
    return str(result[0]) if result else ""


@cache
def shipped_rules() -> tuple[PackRule, ...]:
    """The rules of the repository's packs."""
    return tuple(_shipped_rule(raw) for raw in yaml.safe_load((FOLDER / "base.yaml").read_text()))


@cache
def _framing() -> Mapping[str, Any]:
    """The classes of words and the frames that come with Hegui."""
    framing: Mapping[str, Any] = yaml.safe_load((FOLDER / "frames.yaml").read_text())
    unknown = {
        name for frames in framing["frames"].values() for each in frames for name in each["classes"]
    } - set(framing["classes"])
    if unknown:
        raise ValueError(f"frames of unknown classes: {sorted(unknown)}")
    return framing


def words_of_class(name: str) -> Sequence[str]:
    """The words that come with Hegui for a class of the frames."""
    words: Sequence[str] = _framing()["classes"].get(name, ())
    return words


@cache
def shipped() -> Pack:
    return compiled(())


def compiled(written: Iterable[PackRule]) -> Pack:
    """The shipped rules with those of compliance over them, ready to run."""
    own = {rule.code: rule for rule in written}
    rules = [own.pop(rule.code, rule) for rule in shipped_rules()]
    return pack_of([*rules, *own.values()])


def pack_of(rules: Iterable[PackRule]) -> Pack:
    rules = tuple(rules)
    terms: dict[str, list[tuple[int, int]]] = {}
    pinyin: dict[str, list[tuple[int, int]]] = {}
    syllables: dict[str, list[tuple[int, int]]] = {}
    for number, rule in enumerate(rules):
        for term in rule.terms:
            terms.setdefault(term, []).append((number, len(term)))
            sounds = [syllable(char) for char in term]
            if not all(sounds):
                continue
            if len("".join(sounds)) >= LEAST_PINYIN:
                pinyin.setdefault("".join(sounds), []).append((number, len("".join(sounds))))
            if len(term) >= LEAST_HOMOPHONE:
                syllables.setdefault(f" {' '.join(sounds)} ", []).append((number, len(term)))
    classes = {name: list(words) for name, words in _framing()["classes"].items()}
    for rule in rules:
        for name, words in rule.words.items():
            classes[name] += words
    frames = tuple((number, frame) for number, rule in enumerate(rules) for frame in rule.frames)
    return Pack(
        rules,
        _stamp(rules),
        _automaton(terms),
        _automaton(pinyin),
        _automaton(syllables),
        lexicon(classes),
        frames,
    )


def _stamp(rules: tuple[PackRule, ...]) -> str:
    """A digest of all rules, and the versions of those that compliance wrote."""
    text = json.dumps(
        [[[rule.code, rule.raw] for rule in rules], _framing()], sort_keys=True, ensure_ascii=False
    )
    own = " ".join(f"{rule.code}.{rule.number}" for rule in rules if rule.number)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:12]} {own}".strip()[:200]
