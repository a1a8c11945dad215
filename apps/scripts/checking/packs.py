"""Rule packs: data in YAML, read once into what the check runs.

Laws are those of the project's list of sources; an article that was not checked is not cited by number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import ahocorasick
import yaml
from pypinyin import lazy_pinyin

from .normalise import plain

FOLDER = Path(__file__).parent / "packs"
LAWS: Mapping[str, str] = {
    "ad-9": "《广告法》第9条",
    "ad-16": "《广告法》第16条",
    "ad-24": "《广告法》第24条",
    "ad-25": "《广告法》第25条",
    "ad-28": "《广告法》第28条",
    "ad-43": "《广告法》第43条",
    "consumer-29": "《消费者权益保护法》第29条",
    "pipl-6": "《个人信息保护法》第6条",
    "pipl-23": "《个人信息保护法》第23条",
    "pipl-31": "《个人信息保护法》第31条",
    "fraud": "《反电信网络诈骗法》",
    "suit": "《证券期货投资者适当性管理办法》",
    "norm": "《在线外呼规范》",
}
_NUMERALS = str.maketrans(dict(zip("〇零一二三四五六七八九两", "001234567892", strict=True)))
LEAST_PINYIN = 6  # letters: shorter ones occur in ordinary words
LEAST_HOMOPHONE = 4  # characters: shorter ones sound like ordinary words


@dataclass(frozen=True)
class PackRule:
    code: str
    level: str
    law: str
    kinds: frozenset[str]
    trades: frozenset[str]  # empty: every trade
    negatable: bool
    terms: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    allow: tuple[str, ...]
    required: tuple[re.Pattern[str], ...]
    denied: tuple[re.Pattern[str], ...]
    advice: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_requirement(self) -> bool:
        return bool(self.required)

    def holds_for(self, kind: str, trade: str) -> bool:
        return kind in self.kinds and (not self.trades or trade in self.trades)


@dataclass(frozen=True)
class Pack:
    """All rules, and the automata over their terms: as written, as Latin pinyin, as syllables."""

    rules: tuple[PackRule, ...]
    terms: Any
    pinyin: Any
    syllables: Any


def _patterns(texts: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text.translate(_NUMERALS)) for text in texts)


def _rule(raw: Mapping[str, Any]) -> PackRule:
    return PackRule(
        code=raw["code"],
        level=raw["level"],
        law=LAWS[raw["law"]],
        kinds=frozenset(raw["kinds"]),
        trades=frozenset(raw.get("trades", ())),
        negatable=raw.get("negatable", False),
        terms=tuple(dict.fromkeys(plain(str(term)) for term in raw.get("terms", ()))),
        patterns=_patterns(raw.get("patterns", [])),
        allow=tuple(plain(str(term)) for term in raw.get("allow", ())),
        required=_patterns(raw.get("required", [])),
        denied=_patterns(raw.get("denied", [])),
        advice=raw["advice"],
    )


def _automaton(words: dict[str, list[tuple[int, int]]]) -> Any:
    made = ahocorasick.Automaton()
    for word, found in words.items():
        made.add_word(word, (word, found))
    if words:
        made.make_automaton()
    return made


@cache
def syllable(char: str) -> str:
    """How a character sounds, without its tone; "" for what is no Chinese character."""
    told = lazy_pinyin(char, errors="ignore")
    return str(told[0]) if told else ""


@cache
def in_force() -> Pack:
    """The packs of the repository."""
    rules = tuple(_rule(raw) for path in sorted(FOLDER.glob("*.yaml")) for raw in yaml.safe_load(path.read_text()))
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
    return Pack(rules, _automaton(terms), _automaton(pinyin), _automaton(syllables))


def advice_of(code: str, language: str) -> str:
    """What to write instead, in "zh" or "en"."""
    return next(rule.advice[language] for rule in in_force().rules if rule.code == code)
