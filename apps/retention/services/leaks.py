"""Looking for what may stand nowhere in clear: numbers and names of contacts, in whatever is stored or
written (R5, R7).

Numbers are recognised without being known: what looks like one is hashed and looked up, so nothing is
decrypted. Names are decrypted to be searched for, inside this process alone; what is reported is where
something stands, never what.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ahocorasick
from django.conf import settings

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.core.crypto import blind_index
from apps.core.database.redis_server import redis_server
from apps.core.privacy.protected import clear_for_machine

from ..databases import plain_dump

CHUNK = 4 * 1024 * 1024
OVERLAP = 256  # no number or name is longer, in any of the forms looked for
# A mainland mobile as text, and as the hexadecimal form in which PostgreSQL writes bytes.
_NUMBER = re.compile(rb"(?<![0-9])(?:86)?(1[3-9][0-9]{9})(?![0-9])")
_IN_HEX = re.compile(rb"31(?:3[3-9])(?:3[0-9]){9}")
LEAST_NAME = 2


class Search:
    """The numbers and names of the database, to be looked for."""

    def __init__(self) -> None:
        self._indexes = {
            bytes(each)
            for each in Contact.everyone.values_list("number_index", flat=True).iterator(chunk_size=10_000)
        }
        self._names = ahocorasick.Automaton()
        # A name that stands in a colleague's would be found wherever the colleague is named: it is not
        # searched for.
        colleagues = "\n".join(User.objects.values_list("display_name", flat=True))
        for contact in Contact.everyone.filter(name__isnull=False).only("name").iterator(chunk_size=5_000):
            name = clear_for_machine(contact.name)
            if len(name) >= LEAST_NAME and name not in colleagues:
                for form in (name.encode(), name.encode().hex().encode()):
                    self._names.add_word(form.decode("latin-1"), len(form))
        if len(self._names):
            self._names.make_automaton()

    def count(self, pieces: Iterable[bytes]) -> Counter[str]:
        """How many numbers and names stand in a stream."""
        found: Counter[str] = Counter()
        tail = b""
        for piece in pieces:
            window = tail + piece
            # What begins in the overlap is counted with the piece that follows it.
            last = len(window) - OVERLAP
            self._count(window, max(last, 0), found)
            tail = window[max(last, 0) :]
        self._count(tail, len(tail), found)
        return found

    def _count(self, window: bytes, until: int, found: Counter[str]) -> None:
        for match in _NUMBER.finditer(window):
            found["numbers"] += match.start() < until and self._is_known(match[1])
        for match in _IN_HEX.finditer(window):
            found["numbers"] += match.start() < until and self._is_known(bytes.fromhex(match[0].decode()))
        if len(self._names):
            for end, length in self._names.iter(window.decode("latin-1")):
                found["names"] += end - length + 1 < until

    def _is_known(self, number: bytes) -> bool:
        return blind_index.number_index(f"+86{number.decode()}") in self._indexes


def leak_scan(paths: Iterable[Path] = ()) -> dict[str, dict[str, int]]:
    """Where numbers or names stand in clear: {place: {"numbers", "names"}}; empty when nowhere.

    Without paths: the whole home folder (encrypted files, logs, backups, the ledger), the database as it is
    stored, and what lies in Redis (messages of tasks).
    """
    search = Search()
    places = list(paths)
    found: dict[str, Counter[str]] = {}
    if not places:
        places = [settings.HEGUI_HOME / "run", Path(settings.MEDIA_ROOT)]
        if isinstance(settings.HEGUI_LEDGER, Path):
            places.append(settings.HEGUI_LEDGER)
        if not settings.HEGUI_BACKUPS.startswith("s3://"):
            places.append(Path(settings.HEGUI_BACKUPS))
        with plain_dump() as source:
            found["database"] = search.count(iter(lambda: source.read(CHUNK), b""))
        found["redis"] = search.count(_redis())
    for path in _files(places):
        found[str(path)] = search.count(_pieces(path))
    return {
        place: {kind: count for kind, count in counted.items() if count}
        for place, counted in found.items()
        if counted.total()
    }


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _redis() -> Iterator[bytes]:
    if not settings.REDIS_URL:
        return
    with redis_server() as server:
        for key in server.scan_iter(count=1_000):
            yield bytes(key) + b"\n" + _value(server, key) + b"\n"


def _value(server: Any, key: bytes) -> bytes:
    kind = server.type(key)
    if kind == b"list":
        return b"\n".join(server.lrange(key, 0, -1))
    if kind == b"hash":
        return b"\n".join(piece for pair in server.hgetall(key).items() for piece in pair)
    if kind == b"set":
        return b"\n".join(server.smembers(key))
    if kind == b"zset":
        return b"\n".join(server.zrange(key, 0, -1))
    return server.get(key) or b""
