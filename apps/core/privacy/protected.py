"""The value that shows its mask everywhere.

A phone, a name or a note is never a `str` in Python. It is a `Protected`: text made of it by
any road (str, repr, format, JSON, templates, logs, tracebacks) is its mask, and it cannot be
pickled: what came back would be the mask, taken for the value.
There are two ways to
the clear text. People come through `access.services.disclose`, which checks and
records. Machines (encryption, the blind index, the dialler hand-over) come through
`clear_for_machine`, and `tests/security/test_clear_callers.py` lists every caller.

Being a Django `Promise`, it is rendered by Django wherever lazy text is rendered.
"""

import hmac
import re
from typing import Any, Literal, NoReturn

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..errors import BadInput
from .masks import MASKS, is_mask

Kind = Literal["phone", "name", "text"]
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")  # ITU-T E.164: at most 15 digits


class NotCanonical(BadInput):
    """A phone that is not in its one form would be another person to every hash: it is never held (R15)."""

    code = "phone_invalid"
    sentence = _("A phone is held in its international form alone: a plus sign and ASCII digits.")


class MaskGiven(BadInput):
    """A mask came back as if it were the value that it hides."""

    code = "mask_given"
    sentence = _("This is a mask, not the value behind it. Send the value, or leave it out.")


def is_canonical(phone: str) -> bool:
    """Whether a text is the one form in which a phone is stored and hashed: E.164 in ASCII."""
    return _E164.fullmatch(phone) is not None


class Protected(Promise):
    """A clear text that only shows its mask. `kind` chooses the mask. Raises `NotCanonical`, `MaskGiven`."""

    __slots__ = ("__clear", "kind")

    kind: Kind

    def __init__(self, clear: str, kind: Kind) -> None:
        if not isinstance(clear, str):
            raise TypeError("Protected wraps text.")
        if kind == "phone" and not is_canonical(clear):
            raise NotCanonical()
        if kind != "phone" and is_mask(clear, kind):
            raise MaskGiven()
        object.__setattr__(self, "_Protected__clear", clear)
        object.__setattr__(self, "kind", kind)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A protected value cannot be changed.")

    def __str__(self) -> str:
        return MASKS[self.kind](_clear(self))

    def __repr__(self) -> str:
        return f"<{self.kind} {self}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __html__(self) -> str:
        from django.utils.html import escape

        return escape(str(self))

    def _proxy____cast(self) -> str:
        return str(self)

    def __json__(self) -> str:
        return str(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A protected value is not pickled: hand on the id of its row.")

    def __copy__(self) -> "Protected":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Protected":
        return self

    def __bool__(self) -> bool:
        return bool(_clear(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Protected):
            return NotImplemented
        mine, theirs = _clear(self).encode(), _clear(other).encode()
        return self.kind == other.kind and hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((self.kind, _clear(self)))


class Unreadable(Protected):
    """A stored text that is not in the form its column asks for. It shows nothing and equals no proper
    value."""

    __slots__ = ()

    def __init__(self, clear: str) -> None:
        object.__setattr__(self, "_Protected__clear", clear)
        object.__setattr__(self, "kind", "text")


def _clear(value: Protected) -> str:
    clear: str = object.__getattribute__(value, "_Protected__clear")
    return clear


def clear_for_machine(value: Protected) -> str:
    """The clear text, for code that hands it to a machine and to nobody else.

    Every caller is listed in `tests/security/test_clear_callers.py`; a new one fails there
    until it has been argued for.
    """
    return _clear(value)
