"""The heads of the trail, written outside the database: who rewrites everything inside, tree heads and all,
is still found out.

A file beside the ledger, one line of JSON for each time that something was signed: the last tree head of
every stream (number and SHA-256 of its document), signed. After a restore a line says so, with the heads of
what was restored: tree heads above them are lost with the rows that they covered, and their numbers are given
again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.documents.append_only import Location, growing, location_of, whole_lines
from apps.core.errors import HeguiError

from .models import TreeHead
from .trail_tables import streams


class HeadsAhead(HeguiError):
    code = "heads_ahead"
    status = 500
    sentence = _(
        "The file of heads knows tree heads that this database does not: verify the trail, or set a foreign "
        "file aside."
    )


@dataclass(frozen=True)
class Heads:
    """One line: of each stream the number of its last tree head, and the SHA-256 of that tree head's document
    in hex."""

    line: int
    at: datetime
    heads: dict[str, tuple[int, str]]
    is_restore: bool
    is_signed: bool


def heads_file() -> Location:
    return location_of(settings.HEGUI_LEDGER, "heads")


def current_heads() -> dict[str, tuple[int, str]]:
    """The last tree head of each stream that has one."""
    found = {}
    for stream in streams():
        tree_head = TreeHead.last_of(stream.name)
        if tree_head is not None:
            found[stream.name] = (tree_head.number, signatures.digest(tree_head.document()).hex())
    return found


def write_heads() -> bool:
    """Bring the file up to the tree heads; whether there was anything to write. Raises `HeadsAhead`,
    `OSError`."""
    with growing(heads_file()) as file:
        last = _parsed(0, file.last_line())
        known, heads = last.heads if last else {}, current_heads()
        if any(name not in heads or not _follows(heads[name], head) for name, head in known.items()):
            raise HeadsAhead
        if heads == known:
            return False
        file.append(_line(heads))
        file.sync()
    return True


def _follows(head: tuple[int, str], before: tuple[int, str]) -> bool:
    """Whether one head may come after another: a later tree head, or the same one."""
    return head[0] > before[0] or head == before


def note_restore() -> None:
    """Say that a backup was restored: what was signed after it was made is lost, and is not missed from here
    on."""
    with growing(heads_file()) as file:
        file.last_line()
        file.append(_line(current_heads(), restored=True))
        file.sync()


def _line(heads: dict[str, tuple[int, str]], **more: Any) -> bytes:
    payload = {
        "at": clock.now().isoformat(),
        "heads": {name: list(head) for name, head in sorted(heads.items())},
        **more,
    }
    return json.dumps(
        {"heads": payload, "signature": signatures.signature_of(payload)}, separators=(",", ":")
    ).encode()


def read_heads() -> Iterator[Heads]:
    """Every line of the file, in order."""
    for number, line in enumerate(whole_lines(heads_file()), 1):
        read = _parsed(number, line)
        if read is not None:
            yield read


def last_heads() -> dict[str, tuple[int, str]]:
    """What the last line says; nothing when there is no file."""
    if not heads_file().exists():
        return {}
    with growing(heads_file()) as file:
        last = _parsed(0, file.last_line())
    return last.heads if last else {}


def _parsed(number: int, line: bytes | None) -> Heads | None:
    if line is None:
        return None
    try:
        read = json.loads(line)
        result = read["heads"]
        heads = {name: (int(head[0]), str(head[1])) for name, head in result["heads"].items()}
        at = datetime.fromisoformat(result["at"])
        return Heads(
            number, at, heads, bool(result.get("restored")), signatures.is_valid(result, read["signature"])
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Heads(number, clock.now(), {}, is_restore=False, is_signed=False)
