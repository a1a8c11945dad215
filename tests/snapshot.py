"""The world, made once in each worker and put back into every test as rows: its services take longer than
most tests do.

Rows go back as they were, with their ids, while triggers rest: they have done their work when the rows were
made.
"""

import copy
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import sql

from .world import World


@dataclass(frozen=True)
class _Rows:
    table: sql.Identifier
    columns: sql.Composed
    # rows that migrations had made and the world changed: what replaces them stands in `data`
    changed: list[int]
    data: bytes


@dataclass(frozen=True)
class _Taken:
    world: World
    rows: list[_Rows]


_taken: dict[Any, _Taken] = {}


def world() -> World:
    """The smallest legal world, in this test's transaction; without one (its rows are to be committed) it is
    made anew."""
    if not connection.in_atomic_block:
        return World()
    ground = _ground()
    if ground not in _taken:
        before = _before()
        made = World()
        if before is not None:
            _taken[ground] = _Taken(copy.deepcopy(made), _rows_since(*before))
        return made
    taken = _taken[ground]
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        for rows in taken.rows:
            if rows.changed:
                cursor.execute(
                    sql.SQL("delete from {} where id = any(%s)").format(rows.table), [rows.changed]
                )
            with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(rows.table, rows.columns)) as into:
                into.write(rows.data)
        cursor.execute("set local session_replication_role = origin")
        # as each of its triggers does
        cursor.execute("update policies_termstoken set token = nextval('policies_termstoken_token')")
    return copy.deepcopy(taken.world)


def _ground() -> Any:
    """What stands in the database before: groups, kinds and the norm come with migrations, and anew after a
    test that committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select array_agg(id order by id) from auth_group), (select array_agg(id order by id) "
            "from policies_callingpolicy),"
            " (select array_agg(id order by id) from django_content_type), (select max(id) from "
            "auth_permission)"
        )
        return str(cursor.fetchone())


def _tables() -> list[tuple[str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, array_agg(column_name::text order by ordinal_position) from "
            "information_schema.columns"
            " where table_schema = 'public' and is_generated = 'NEVER' and table_name in"
            " (select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) "
            "group by 1 order by 1"
        )
        return cursor.fetchall()


def _before() -> tuple[int, dict[str, list[int]]] | None:
    """The number of this transaction, and the rows of each table; None if it has written something
    already."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text::bigint")
        (first,) = cursor.fetchone()
        there: dict[str, list[int]] = {}
        for table, columns in _tables():
            name = sql.Identifier(table)
            cursor.execute(
                sql.SQL("select exists (select from {} where xmin::text::bigint >= %s)").format(name), [first]
            )
            if cursor.fetchone()[0]:
                return None
            if "id" in columns:
                cursor.execute(sql.SQL("select coalesce(array_agg(id), '{{}}') from {}").format(name))
                (there[table],) = cursor.fetchone()
        return first, there


def _rows_since(first: int, there: dict[str, list[int]]) -> list[_Rows]:
    found = []
    with connection.cursor() as cursor:
        for table, columns in _tables():
            name, names = sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
            where = sql.SQL("from {} where xmin::text::bigint >= {}").format(name, first)
            with cursor.copy(sql.SQL("copy (select {} {}) to stdout").format(names, where)) as out:
                data = b"".join(bytes(piece) for piece in out)
            if data:
                changed = []
                if there.get(table):
                    cursor.execute(
                        sql.SQL("select coalesce(array_agg(id), '{{}}') {} and id = any(%s)").format(where),
                        [there[table]],
                    )
                    (changed,) = cursor.fetchone()
                found.append(_Rows(name, names, changed, data))
    return found
