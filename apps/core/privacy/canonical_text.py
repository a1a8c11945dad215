"""Text made even before anything is looked for in it: one form for what looks the same.

NFKC folds widths and styles, invisible marks are taken out, and a decimal digit of any script becomes the ASCII digit of its
value. Patterns over even text say `[0-9]`: `\\d` in Python takes every digit of Unicode.
"""

import unicodedata
from functools import cache
from typing import Any

_INVISIBLE = frozenset({"Cf", "Mn", "Me"})  # format characters (zero width, bidi, soft hyphen), combining marks, enclosing marks


def even(text: str) -> str:
    """The text in its even form. Letters and punctuation of other scripts stay."""
    if text.isascii():
        return text
    return "".join(map(_even_character, unicodedata.normalize("NFKC", text)))


def _even_character(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


@cache
def _converter() -> Any:
    from opencc import OpenCC  # its tables take a while, which processes that read no Chinese need not spend

    return OpenCC("t2s")


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones."""
    return text if text.isascii() else str(_converter().convert(text))
