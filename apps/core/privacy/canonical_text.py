"""Text made even before anything is looked for in it: one form for what looks the same.

NFKC folds widths and styles, invisible marks are taken out, and a decimal digit of any script becomes the
ASCII digit of its value. Patterns over even text say `[0-9]`: `\\d` in Python takes every digit of Unicode.
"""

import re
import unicodedata
from functools import cache
from typing import Any

_BLANK = frozenset("\u2800\u3164\u115f\u1160\uffa0")  # letters by their category that show nothing
# format characters (zero width, bidi, soft hyphen), combining marks, enclosing marks
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})


# Ids that machines make (RFC 9562, digests): what looks like a number in one is none.
_OF_MACHINES = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]{0,40}[A-Fa-f])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}){0,4})(?![0-9A-Za-z])"
)


def without_machine_ids(text: str) -> str:
    return _OF_MACHINES.sub("", text)


def even(text: str) -> str:
    """The text in its even form. Letters and punctuation of other scripts stay."""
    if text.isascii():
        return text
    return "".join(map(_even_character, unicodedata.normalize("NFKC", text)))


def _even_character(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.category(character) in _INVISIBLE or character in _BLANK:
        return ""
    digit = unicodedata.digit(character, None)  # ❶ and ⓵ too, which NFKC leaves
    return character if digit is None else str(digit)


@cache
def _converter() -> Any:
    from opencc import OpenCC  # its tables take a while, which processes that read no Chinese need not spend

    return OpenCC("t2s")


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones."""
    return text if text.isascii() else str(_converter().convert(text))
