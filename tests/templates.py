"""The database that those of the workers are copied from: migrations take longer than any test."""

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg import sql

from apps.audit.trail_tables import streams

ROOT = Path(__file__).resolve().parent.parent


def make_template() -> None:
    """Have the databases of the tests copied from a migrated one, which the first who comes makes for all."""
    name = f"hegui_template_{state_of_code()}"
    with (settings.HEGUI_HOME / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name not in _forget_others(name):
            _make(name)
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def state_of_code() -> str:
    """Tells one from another by all that may have a say in what migrations make."""
    result = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in [Path(__file__), *sorted((ROOT / "apps").rglob("*.py"))]:
        result.update(path.read_bytes())
    return result.hexdigest()[:16]


def _forget_others(name: str) -> list[str]:
    """Which templates are there, those of other states of the code being dropped."""
    with connection.cursor() as cursor:
        cursor.execute("select datname from pg_database where datname like %s", ["hegui\\_template\\_%"])
        there = [row[0] for row in cursor.fetchall()]
        for other in there:
            if other != name:
                cursor.execute(sql.SQL("drop database {}").format(sql.Identifier(other)))
    connection.close()
    return there


def _keep_vacuum_from_the_trail() -> None:
    """Signing waits for nobody: what the server's own vacuum holds is signed a minute later. No test has that
    minute."""
    with connection.cursor() as cursor:
        for stream in streams():
            cursor.execute(
                sql.SQL("alter table {} set (autovacuum_enabled = false)").format(
                    sql.Identifier(stream.table)
                )
            )


def _make(name: str) -> None:
    """Under another name until it is whole."""
    real, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    draft = f"{name}_draft"
    connection.settings_dict["TEST"]["NAME"] = draft
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    _keep_vacuum_from_the_trail()
    connection.close()
    connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"] = real, test
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(draft), sql.Identifier(name))
        )
    connection.close()
