"""What of the trail is signed: tables that only grow, and how a row of each is written down to be hashed.

A row is a JSON array of its columns, made by PostgreSQL, with times in UTC: readable without Hegui, and the
same text for the same row. `FORM` is the number of this way of writing; tree heads name it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from django.db import connection, transaction
from psycopg import sql

FORM = 1
_AS_WRITTEN = "select set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true)"


@dataclass(frozen=True)
class Stream:
    """One table of the trail. Of an `erasable` one rows go by themselves, with what they are about; of the
    others in whole stretches."""

    name: str
    table: str
    columns: tuple[str, ...]
    erasable: bool = False

    def rows(self, after: int, upto: int, *, most: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The ids above `after`, up to `upto`, in order, and the rows as they are hashed. In a transaction of
        the caller's."""
        statement = sql.SQL(
            "copy (select id::bigint as pk, {} from {} where id > {} and id <= {} order by id limit {}) to "
            "stdout (format binary)"
        ).format(
            self._text(), sql.Identifier(self.table), sql.Literal(after), sql.Literal(upto), sql.Literal(most)
        )
        with connection.cursor() as cursor:
            cursor.execute(_AS_WRITTEN)
            with cursor.copy(statement) as copy:
                copy.set_types(("int8", "bytea"))
                yield from copy.rows()

    def rows_of(self, keys: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The rows with these ids as they are hashed, in order; those that are gone are left out. In a
        transaction of the caller's."""
        statement = sql.SQL("select id::bigint, {} from {} where id = any(%s) order by id").format(
            self._text(), sql.Identifier(self.table)
        )
        with connection.cursor() as cursor:
            cursor.execute(_AS_WRITTEN)
            cursor.execute(statement, [list(keys)])
            for pk, text in cursor.fetchall():
                yield pk, bytes(text)

    def hashes(self, after: int, upto: int, link: Any, *, most: int | None = None) -> tuple[bytes, bytes]:
        """The ids above `after`, up to `upto`, in order, 8 bytes each, and the hashes of their rows
        (`rules.leaf`), 32 bytes each.

        PostgreSQL makes both: of a row only its hash travels. In a transaction of the caller's, on its
        connection of psycopg.
        """
        statement = sql.SQL(
            "select coalesce(string_agg(int8send(pk), '' order by pk), ''), coalesce(string_agg(hash, '' "
            "order by pk), '') from"
            " (select id::bigint pk, sha256('\\x00'::bytea || {}) hash from {} where id > {} and id <= {} "
            "order by id limit {}) found"
        ).format(
            self._text(), sql.Identifier(self.table), sql.Literal(after), sql.Literal(upto), sql.Literal(most)
        )
        with psycopg.Cursor(link) as cursor:
            cursor.execute(_AS_WRITTEN, prepare=False)
            ids, hashes = cursor.execute(statement, binary=True, prepare=False).fetchone() or (b"", b"")
        return bytes(ids), bytes(hashes)

    def _text(self) -> sql.Composed:
        """A row as it is hashed."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL("convert_to(json_build_array({})::text, 'UTF8')").format(columns)

    def last_id(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("select coalesce(max(id), 0) from {}").format(sql.Identifier(self.table)))
            return int(cursor.fetchone()[0])

    def count_upto(self, upto: int) -> int:
        return self._count("select count(*) from {} where id <= %s", upto)

    def count_above(self, upto: int) -> int:
        return self._count("select count(*) from {} where id > %s", upto)

    def _count(self, statement: LiteralString, upto: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(self.table)), [upto])
            return int(cursor.fetchone()[0])


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything that is read in the block is of one moment."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield


@contextmanager
def connections_sharing_snapshot(count: int) -> Iterator[list[Any]]:
    """Connections of psycopg that see what the caller's `one_snapshot` sees: so many of their own, so that
    PostgreSQL works for each at once; the caller's alone where its transaction began before the snapshot and
    may have written."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('transaction_isolation') = 'repeatable read'")
        if not cursor.fetchone()[0]:
            yield [connection.connection]
            return
        cursor.execute("select pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    helpers = [connection.copy() for _each in range(count)]
    try:
        for helper in helpers:
            helper.set_autocommit(False)
            with helper.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute("set transaction snapshot %s", [snapshot])
        yield [helper.connection for helper in helpers]
    finally:
        for helper in helpers:
            helper.close()


_streams: dict[str, Stream] = {}


def register(stream: Stream) -> None:
    """Have a table signed. Rooms above say it of theirs when they are ready."""
    _streams[stream.name] = stream


def streams() -> list[Stream]:
    return list(_streams.values())


CHANGES, READS = "changes", "reads"

register(
    Stream(
        CHANGES, "auditlog_logentry",
        ("id", "content_type_id", "object_pk", "object_id", "object_repr", "serialized_data", "action",
        "changes_text", "changes",
         "actor_id", "cid", "remote_addr", "remote_port", "timestamp", "additional_data", "actor_email"),
    )
)  # fmt: skip
register(
    Stream(
        READS, "audit_accessevent",
        ("id", "created_at", "kind", "actor_id", "client_id", "subject", "field", "count", "purpose",
        "address"),
    )
)  # fmt: skip
