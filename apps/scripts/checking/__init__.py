"""The automatic check of what is said to clients: scripts before they are approved, transcripts afterwards
(R23-R28)."""

from .advising import mode
from .checking import MOST_CHARACTERS, ScriptFinding, TextRefused, check, denied_codes, failed_examples, read
from .normalise import VARIABLE, normalise
from .packs import (
    DUTIES,
    KINDS,
    LEVELS,
    Pack,
    PackRule,
    RuleRefused,
    compiled,
    pack_of,
    shipped,
    shipped_rules,
    words_of_class,
    written_rule,
)

__all__ = [
    "DUTIES",
    "KINDS",
    "LEVELS",
    "MOST_CHARACTERS",
    "VARIABLE",
    "Pack",
    "PackRule",
    "RuleRefused",
    "ScriptFinding",
    "TextRefused",
    "check",
    "compiled",
    "denied_codes",
    "failed_examples",
    "mode",
    "normalise",
    "pack_of",
    "read",
    "shipped",
    "shipped_rules",
    "words_of_class",
    "written_rule",
]
