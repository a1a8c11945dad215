"""Prepared statements on Django's connection, inside its transaction.

Django binds parameters on the client, so PostgreSQL plans each statement anew. For the few
statements that run on every call that costs more than running them. Here they are sent with
server-side binding and prepared at first use, and inside `pipelined` they are sent without waiting
for the answer of the one before.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def pipelined() -> Iterator[None]:
    """Inside the block statements go out at once and answers come when they are asked for.

    It wraps `transaction.atomic`, so that BEGIN and COMMIT travel with their neighbours. An error
    of any statement is raised where an answer is next waited for, at the latest by the commit.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class Sent:
    """A statement on its way."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor

    def first(self) -> Any:
        """Wait for its first row; None when there is none. Errors are Django's."""
        with connection.wrap_database_errors:
            return self._cursor.fetchone()


def send(statement: str, values: Mapping[str, Any]) -> Sent:
    """Send a statement, prepared. Outside of a pipeline this waits for it to be done."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    with connection.wrap_database_errors:
        cursor.execute(statement, values, prepare=True)
    return Sent(cursor)


def fetch_one(statement: str, values: Mapping[str, Any]) -> Any:
    """Send a statement that gives rows, wait, and give its first row or None."""
    return send(statement, values).first()
