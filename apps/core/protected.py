"""The value that shows its mask everywhere.

A phone, a name or a note is never a `str` in Python. It is a `Protected`: text made of it by
any road (str, repr, format, JSON, templates, logs, tracebacks, pickles) is its mask. There are
two ways to the clear text. People come through `access.services.disclose`, which checks and
records. Machines (encryption, the blind index, the dialler hand-over) come through
`clear_for_machine`, and `tests/security/test_clear_callers.py` lists every caller.

Being a Django `Promise`, it is rendered by Django wherever lazy text is rendered.
"""

import hmac
from typing import Any, Literal

from django.utils.functional import Promise

from .masks import MASKS

Kind = Literal["phone", "name", "text"]


class Protected(Promise):
    """A clear text that only shows its mask. `kind` chooses the mask."""

    __slots__ = ("__clear", "kind")

    kind: Kind

    def __init__(self, clear: str, kind: Kind) -> None:
        if not isinstance(clear, str):
            raise TypeError("Protected wraps text.")
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

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

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


def _clear(value: Protected) -> str:
    clear: str = object.__getattribute__(value, "_Protected__clear")
    return clear


def clear_for_machine(value: Protected) -> str:
    """The clear text, for code that hands it to a machine and to nobody else.

    Every caller is listed in `tests/security/test_clear_callers.py`; a new one fails there
    until it has been argued for.
    """
    return _clear(value)
