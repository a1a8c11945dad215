"""The automatic check of what is said to clients: scripts before they are approved, transcripts afterwards (R23-R28)."""

from .checking import MOST_CHARACTERS, Finding, TextRefused, check
from .packs import advice_of

__all__ = ["MOST_CHARACTERS", "Finding", "TextRefused", "advice_of", "check"]
