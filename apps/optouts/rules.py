"""Whether a message refuses further contact, or says that the number is another person's. Pure: text in,
reading out.

Two readers, each for what it is good at: frames (`frames`) are precise and explained; what nobody wrote down
is learned from what other hands wrote (`learned`). The second only adds.
"""

from . import learned_reader
from .frames import REFUSALS, plain, read_by_frames, says_wrong_person

__all__ = ["REFUSALS", "plain", "reading_of", "says_wrong_person"]


def reading_of(text: str) -> str:
    """ "refusal" (blocks), "near" (blocks, and a person reads it) or "other"."""
    reading = read_by_frames(text)
    if reading == "other" and plain(text) and learned_reader.refuses(text):
        return "near"
    return reading
