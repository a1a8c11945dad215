"""The ledger outside the database: what a restore may not forget (R9, R15).

A backup brings back yesterday. What was erased since, and who opted out since, has to be known from somewhere else: from
this file, which stands outside the database and its backups. It is append-only; each line is a MAC and JSON, the MAC over
the JSON and the MAC of the line before, so a line that is changed, removed or put in between shows. It holds keyed hashes and no
numbers. A line that a crash cut off was never acknowledged and is taken away by the next writer.

| kind | says |
|---|---|
| `erasing` | these people are about to be erased (written before the first delete) |
| `erased` | they are gone, and that was checked |
| `refused` | an opt-out took effect |
| `lifted` | fresh consent lifted what was said before it |
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core import keyring
from apps.core.errors import HeguiError

START = "0" * 64


class LedgerBroken(HeguiError):
    code = "ledger_broken"
    status = 500
    sentence = _("The ledger of erasures and opt-outs was changed at line %(line)s. Put its copy back before you go on.")


class LedgerAhead(HeguiError):
    code = "ledger_ahead"
    status = 500
    sentence = _("The ledger knows opt-outs that this database does not: restore a backup beside it, or set a foreign ledger aside.")


@dataclass(frozen=True)
class Line:
    """One entry. `position` is that of the feed of opt-outs up to which everything is written here."""

    number: int
    kind: str
    position: int
    facts: dict[str, Any]
    mac: str


def ledger_file() -> Path:
    return Path(settings.HEGUI_LEDGER) / "ledger.jsonl"


def _secret() -> bytes:
    keys = keyring.keys("ledger").by_id
    return hmac.digest(keys[min(keys)], b"ledger outside the database", "sha256")


def _mac(secret: bytes, before: str, body: bytes) -> str:
    return hmac.digest(secret, before.encode() + body, "sha256").hex()


class Writer:
    """The ledger, held for writing: nobody else writes until it is let go."""

    def __init__(self, file: BufferedRandom) -> None:
        self._file = file
        self._secret = _secret()
        self._waiting: list[bytes] = []
        last = _last_line(file)
        self.number: int = last["n"] if last else 0
        self.mac: str = last["mac"] if last else START
        self.position: int = last["p"] if last else 0

    def append(self, kind: str, facts: dict[str, Any], *, position: int | None = None) -> None:
        """Add an entry. It counts once `sync` has returned."""
        self.number += 1
        self.position = self.position if position is None else position
        body = json.dumps({"n": self.number, "kind": kind, "p": self.position, "facts": facts}, separators=(",", ":")).encode()
        self.mac = _mac(self._secret, self.mac, body)
        self._waiting.append(self.mac.encode() + b" " + body + b"\n")

    def flush(self) -> None:
        """Hand everything to the operating system: it survives the process, not the machine."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(b"".join(self._waiting))
        self._waiting.clear()
        self._file.flush()

    def sync(self) -> None:
        """Have everything on the disk."""
        self.flush()
        os.fsync(self._file.fileno())


@contextmanager
def writing(*, sync: bool = True) -> Iterator[Writer]:
    """Hold the ledger; what was added is on the disk when the block ends (without `sync`: with the next that syncs).

    Raises `OSError` when it cannot be written, `LedgerBroken` when its last line is not ours.
    """
    path = ledger_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        book = Writer(file)
        yield book
        if sync:
            book.sync()
        else:
            book.flush()


def _last_line(file: BufferedRandom) -> dict[str, Any] | None:
    """The last whole line; what a crash left behind it is taken away."""
    end = file.seek(0, os.SEEK_END)
    tail, start = b"", end
    while start > 0 and tail.count(b"\n") < 2:
        start = max(0, start - 64 * 1024)
        file.seek(start)
        tail = file.read(end - start)
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        file.truncate(start + whole)
    lines = tail[:whole].splitlines()
    if not lines:
        return None
    try:
        mac, body = lines[-1].split(b" ", 1)
        line: dict[str, Any] = json.loads(body)
        return {"n": line["n"], "mac": mac.decode(), "p": line["p"]}
    except (ValueError, KeyError, TypeError):
        raise LedgerBroken(line="?") from None


def read_ledger(path: Path | None = None) -> Iterator[Line]:
    """Every line, each checked. Raises `LedgerBroken` naming the first that is not as it was written."""
    path = path or ledger_file()
    if not path.exists():
        return
    secret, before = _secret(), START
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return  # cut off by a crash: never acknowledged
            try:
                told, body = raw[:-1].split(b" ", 1)
                mac = _mac(secret, before, body)
                right = hmac.compare_digest(told, mac.encode())
                line = json.loads(body) if right else {}
            except ValueError:
                right = False
            if not right or line["n"] != number:
                raise LedgerBroken(line=number)
            before = mac
            yield Line(number, line["kind"], line["p"], line["facts"], mac)


def set_aside() -> None:
    """Begin a new ledger, for a database that begins anew; the old one stays beside it."""
    path = ledger_file()
    if path.exists():
        path.rename(path.with_name(f"ledger-until-{path.stat().st_mtime_ns}.jsonl"))


def head() -> tuple[int, str]:
    """How many lines there are, and the MAC of the last: what a certificate names."""
    path = ledger_file()
    if not path.exists():
        return 0, START
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last = _last_line(file)
    return (last["n"], last["mac"]) if last else (0, START)
