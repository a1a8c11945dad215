"""Prepared statements on Django's connection, inside its transaction.

Django binds parameters on the client, so PostgreSQL plans each statement anew. For the few
statements that run on every call that costs more than running them. Here they are sent with
server-side binding and prepared at first use.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def fetch_one(statement: str, values: Mapping[str, Any]) -> Any:
    """Run a statement, prepared, and give its first row or None; errors are Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        # Asked of the result itself: `description` would build an object for each column.
        return cursor.fetchone() if cursor.pgresult and cursor.pgresult.nfields else None
