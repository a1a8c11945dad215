"""How a protected value looks to people: 138****5678, 王*.

Pure text in, text out. A mask never shows more than the first three and the last four
digits of a number, and never the last character of a name (R5).
"""

import re

HIDDEN = "****"
_NAME_MASK = re.compile(r".?[*＊]+")


def mask_phone(e164: str) -> str:
    """`+8613812345678` → `138****5678`; a landline `+861067431234` → `106****1234`;
    abroad `+85291234567` → `+852****4567`. Shorter than eleven characters: two last digits."""
    if e164.startswith("+86"):
        number = e164[3:]
        return number[:3] + HIDDEN + number[-4:] if len(number) >= 10 else HIDDEN + number[-2:]
    if len(e164) >= 11:
        return e164[:4] + HIDDEN + e164[-4:]
    return HIDDEN + e164[-2:]


def mask_name(name: str) -> str:
    """`王小明` → `王*`; `Ann Lee` → `A*`."""
    name = name.strip()
    return name[:1] + "*" if name else ""


def mask_text(text: str) -> str:
    """A note shows that it is there and nothing of what it says."""
    return HIDDEN if text else ""


MASKS = {"phone": mask_phone, "name": mask_name, "text": mask_text}


def is_mask(text: str, kind: str) -> bool:
    """Whether a text is what a mask looks like, ours or another system's: `王*`, `王**`, `****`. Of a phone
    its form says so already."""
    return bool(_NAME_MASK.fullmatch(text.strip())) if kind == "name" else text == HIDDEN
