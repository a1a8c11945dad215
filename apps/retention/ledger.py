"""The ledger outside the database: what a restore may not forget (R9, R15).

A backup brings back yesterday. What was erased since, and who opted out since, has to be known from somewhere
else: from this file, which stands outside the database and its backups. It is append-only; each line is a MAC
and JSON, the MAC over the JSON and the MAC of the line before, so a line that is changed, removed or put in
between shows. It holds keyed hashes and no numbers. A line that a crash cut off was never acknowledged and is
taken away by the next writer.

| kind | says |
|---|---|
| `erasing` | these people are about to be erased (written before the first delete) |
| `erased` | they are gone, and that was checked |
| `refused` | an opt-out took effect |
| `lifted` | fresh consent lifted what was said before it |
| `word` | consents given before it do not count, or somebody is under age |
| `doubt` | a number is in doubt, or what was decided about that |
"""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import keyring
from apps.core.documents.append_only import Growing, Location, growing, location_of, whole_lines
from apps.core.errors import HeguiError

START = "0" * 64


class LedgerBroken(HeguiError):
    code = "ledger_broken"
    status = 500
    sentence = _(
        "The ledger of erasures and opt-outs was changed at line %(line)s. Put its copy back before you go "
        "on."
    )


class LedgerAhead(HeguiError):
    code = "ledger_ahead"
    status = 500
    sentence = _(
        "The ledger knows opt-outs that this database does not: restore a backup beside it, or set a foreign "
        "ledger aside."
    )


@dataclass(frozen=True)
class LedgerEntry:
    """One entry. `position` is that of the feed of opt-outs up to which everything is written here."""

    number: int
    kind: str
    position: int
    facts: dict[str, Any]
    mac: str


def ledger_file() -> Location:
    """Where its lines stand: a file, or a table of another PostgreSQL."""
    return location_of(settings.HEGUI_LEDGER, "ledger")


def _secret() -> bytes:
    return hmac.digest(keyring.keys("ledger").first, b"ledger outside the database", "sha256")


def _mac(secret: bytes, before: str, body: bytes) -> str:
    return hmac.digest(secret, before.encode() + body, "sha256").hex()


class Writer:
    """The ledger, held for writing: nobody else writes until it is let go."""

    def __init__(self, file: Growing) -> None:
        self._file = file
        self._secret = _secret()
        last = _parsed(file.last_line())
        self.number: int = last["n"] if last else 0
        self.mac: str = last["mac"] if last else START
        self.position: int = last["p"] if last else 0

    def append(self, kind: str, facts: dict[str, Any], *, position: int | None = None) -> None:
        """Add an entry. It counts once `sync` has returned."""
        self.number += 1
        self.position = self.position if position is None else position
        body = json.dumps(
            {"n": self.number, "kind": kind, "p": self.position, "facts": facts}, separators=(",", ":")
        ).encode()
        self.mac = _mac(self._secret, self.mac, body)
        self._file.append(self.mac.encode() + b" " + body)

    def sync(self) -> None:
        """Have everything on the disk."""
        self._file.sync()


@contextmanager
def writing(*, sync: bool = True) -> Iterator[Writer]:
    """Hold the ledger; what was added is on the disk when the block ends (without `sync`: with the next that
    syncs).

    Raises `OSError` when it cannot be written, `LedgerBroken` when its last line is not ours.
    """
    with growing(ledger_file()) as file:
        yield Writer(file)
        if sync:
            file.sync()
        else:
            file.flush()


def _parsed(line: bytes | None) -> dict[str, Any] | None:
    if line is None:
        return None
    try:
        mac, body = line.split(b" ", 1)
        payload: dict[str, Any] = json.loads(body)
        return {"n": payload["n"], "mac": mac.decode(), "p": payload["p"]}
    except (ValueError, KeyError, TypeError):
        raise LedgerBroken(line="?") from None


def read_ledger(path: Location | None = None) -> Iterator[LedgerEntry]:
    """Every line, each checked. Raises `LedgerBroken` naming the first that is not as it was written."""
    secret, before = _secret(), START
    for number, raw in enumerate(whole_lines(path or ledger_file()), 1):
        try:
            result, body = raw.split(b" ", 1)
            mac = _mac(secret, before, body)
            right = hmac.compare_digest(result, mac.encode())
            line = json.loads(body) if right else {}
        except ValueError:
            right = False
        if not right or line["n"] != number:
            raise LedgerBroken(line=number)
        before = mac
        yield LedgerEntry(number, line["kind"], line["p"], line["facts"], mac)


def head() -> tuple[int, str]:
    """How many lines there are, and the MAC of the last: what a certificate names."""
    if not ledger_file().exists():
        return 0, START
    with growing(ledger_file()) as file:
        last = _parsed(file.last_line())
    return (last["n"], last["mac"]) if last else (0, START)
