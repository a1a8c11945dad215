"""Lines outside the database that only grow: one writer at a time, kept for good before it counts.

They are kept in a file, or in a table of another PostgreSQL, for a site of several hosts: a lock on a file is
not kept over a shared folder. A line that a crash cut off was never acknowledged; the next writer takes it
away.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import psycopg

from ..errors import StorageAway

_PIECE = 64 * 1024
SECONDS = 10  # to connect
PATIENCE = "30s"  # for whoever else writes


class Growing(Protocol):
    """A place of lines, held for writing."""

    def last_line(self) -> bytes | None:
        """The last whole line, without its end; what a crash left behind it is taken away."""

    def append(self, line: bytes) -> None:
        """Add a line. It counts once `sync` has returned."""

    def flush(self) -> None:
        """Hand everything over: it survives the process, not the machine."""

    def sync(self) -> None:
        """Have everything on the disk."""


@dataclass(frozen=True)
class LineTable:
    """Lines of that name in the table `hegui_lines` of a PostgreSQL, which grows and is never changed (a
    trigger sees to it).

    Of each name the latest life counts: what was set aside stays as an earlier one.
    """

    url: str
    name: str

    def __str__(self) -> str:
        """Where they stand, without a password."""
        about = psycopg.conninfo.conninfo_to_dict(self.url)
        return f"postgresql://{about.get('host', '')}/{about.get('dbname', '')} ({self.name})"

    def exists(self) -> bool:
        with self.reached() as link:
            row = link.execute(
                "select max(position) from hegui_lines where name = %s and life = %s",
                [self.name, self._life(link)],
            ).fetchone()
        return bool(row and row[0])

    @contextmanager
    def reached(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to it; the table is made when it is missing. Raises `StorageAway`."""
        try:
            with psycopg.connect(
                self.url, autocommit=True, connect_timeout=SECONDS, tcp_user_timeout=SECONDS * 1000
            ) as link:
                link.execute(f"set lock_timeout = '{PATIENCE}'")
                if link.execute("select to_regclass('hegui_lines')").fetchone() == (None,):
                    link.execute(_MAKE)
                yield link
        except psycopg.Error as error:
            raise StorageAway(why=type(error).__name__) from error

    def _life(self, link: "psycopg.Connection[Any]") -> int:
        row = link.execute(
            "select coalesce(max(life), 1) from hegui_lines where name = %s", [self.name]
        ).fetchone()
        return int(row[0]) if row else 1


_MAKE = """
create table if not exists hegui_lines (
    name text not null, life int not null, position bigint not null, line bytea not null,
        written_at timestamptz not null default now(),
    primary key (name, life, position)
);
create or replace function hegui_lines_stay() returns trigger language plpgsql as
    $$ begin raise exception 'these lines only grow' using errcode = 'check_violation'; end $$;
create or replace trigger hegui_lines_stay before update or delete
    or truncate on hegui_lines execute function hegui_lines_stay();
"""
Location = Path | LineTable


def location_of(root: Path | str, name: str) -> Location:
    """The location of lines of that name: in a folder, or in a database."""
    return LineTable(root, name) if isinstance(root, str) else root / f"{name}.jsonl"


class _File:
    def __init__(self, file: BufferedRandom) -> None:
        self._file = file
        self._waiting: list[bytes] = []

    def last_line(self) -> bytes | None:
        end = self._file.seek(0, os.SEEK_END)
        tail, start = b"", end
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - _PIECE)
            self._file.seek(start)
            tail = self._file.read(end - start)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            self._file.truncate(start + whole)
        lines = tail[:whole].split(b"\n")
        return lines[-2] if len(lines) > 1 else None

    def append(self, line: bytes) -> None:
        self._waiting.append(line + b"\n")

    def flush(self) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(b"".join(self._waiting))
        self._waiting.clear()
        self._file.flush()

    def sync(self) -> None:
        self.flush()
        os.fsync(self._file.fileno())


class _Rows:
    def __init__(self, link: "psycopg.Connection[Any]", name: str, life: int) -> None:
        self._link, self._name, self._life = link, name, life
        self._waiting: list[bytes] = []
        row = link.execute(
            "select coalesce(max(position), 0) from hegui_lines where name = %s and life = %s", [name, life]
        ).fetchone()
        self._last = int(row[0]) if row else 0

    def last_line(self) -> bytes | None:
        found = self._link.execute(
            "select line from hegui_lines where name = %s and life = %s and position = %s and position > 0",
            [self._name, self._life, self._last],
        ).fetchone()
        return bytes(found[0]) if found else None

    def append(self, line: bytes) -> None:
        self._waiting.append(line)

    def flush(self) -> None:
        with self._link.transaction(), self._link.cursor() as cursor:
            rows = [
                (self._name, self._life, position, line)
                for position, line in enumerate(self._waiting, self._last + 1)
            ]
            cursor.executemany(
                "insert into hegui_lines (name, life, position, line) values (%s, %s, %s, %s)", rows
            )
        self._last += len(rows)
        self._waiting.clear()

    def sync(self) -> None:
        """PostgreSQL answers a commit when it is on the disk."""
        self.flush()


@contextmanager
def growing(location: Location) -> Iterator[Growing]:
    """Hold the lines; their location is made when it is missing. What is not flushed is not written. Raises
    `OSError`."""
    if isinstance(location, LineTable):
        with location.reached() as link:
            # until the connection ends
            link.execute("select pg_advisory_lock(hashtext('hegui_lines'), hashtext(%s))", [location.name])
            yield _Rows(link, location.name, location._life(link))
        return
    location.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(location, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_still(location, handle):
                # it was set aside while we waited: what is written from now on belongs into the new one
                continue
            yield _File(file)
            return


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def whole_lines(location: Location) -> Iterator[bytes]:
    """The lines, without their ends; nothing when there are none."""
    if isinstance(location, LineTable):
        with location.reached() as link, link.transaction(), link.cursor(name="hegui_lines") as cursor:
            cursor.execute(
                "select line from hegui_lines where name = %s and life = %s and position > 0 order by "
                "position",
                [location.name, location._life(link)],
            )
            yield from (bytes(line) for (line,) in cursor)
        return
    if not location.exists():
        return
    with location.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def set_aside(location: Location) -> None:
    """Begin anew; the old lines stay beside them."""
    if isinstance(location, LineTable):
        with location.reached() as link:
            link.execute("select pg_advisory_lock(hashtext('hegui_lines'), hashtext(%s))", [location.name])
            life = location._life(link) + 1
            link.execute(
                "insert into hegui_lines (name, life, position, line) values (%s, %s, 0, '')",
                [location.name, life],
            )
    elif location.exists():
        location.rename(location.with_name(f"{location.stem}-until-{time.time_ns()}{location.suffix}"))


def copy_lines(source: Location, target: Location) -> None:
    """Put the lines of one place into another, whose own are set aside once the first of the new ones was
    read."""
    found = whole_lines(source)
    first = next(found, None)
    if target.exists():
        set_aside(target)
    with growing(target) as lines:
        for line in chain([] if first is None else [first], found):
            lines.append(line)
        lines.sync()
