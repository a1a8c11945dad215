"""PostgreSQL's own programs for a whole database, and databases beside the one in use (dump, restore,
drill)."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from apps.core.errors import HeguiError
from apps.jobs.services import keeping_files

TRIES, WAIT = 10, 0.3
# Nobody's data: sessions end with a restore, counters of attempts begin anew.
NOT_DUMPED = ("django_session", "usersessions_usersession", "cache")
OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
}


class ProgramFailed(HeguiError):
    code = "database_program_failed"
    status = 500


def _program(name: str) -> str:
    if settings.EMBEDDED is not None:
        return str(settings.EMBEDDED.program(name))
    found = shutil.which(name)
    if found is None:
        raise ProgramFailed(
            _("The program %(name)s of PostgreSQL is not installed on this machine."), name=name
        )
    return found


def client_version() -> int:
    """The major version of the pg_dump at hand. Raises `ProgramFailed` where there is none."""
    asked = [_program("pg_dump"), "--version"]
    output = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(output.split()[2].split(".")[0])


def _surroundings(database: str) -> dict[str, str]:
    """Where the database is, as environment: an address on the command line could be read by others."""
    known = connection.settings_dict
    payload = {
        "PGHOST": known["HOST"],
        "PGPORT": str(known["PORT"] or ""),
        "PGUSER": known["USER"],
        "PGPASSWORD": known["PASSWORD"],
    }
    payload |= {
        name: known["OPTIONS"][option] for option, name in OPTIONS.items() if option in known["OPTIONS"]
    }
    return {
        **os.environ,
        **{name: value for name, value in payload.items() if value},
        "PGDATABASE": database,
        "LC_ALL": "C.UTF-8",
    }


@contextmanager
def dump(snapshot: str) -> Iterator[IO[bytes]]:
    """The database as it is in an exported snapshot, in pg_dump's custom form. Raises `ProgramFailed` at the
    end if it did not end well."""
    left_out = [f"--exclude-table-data={table}" for table in NOT_DUMPED]
    command = [
        _program("pg_dump"),
        "-Fc",
        "-Z1",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        *left_out,
    ]
    with _run(command, connection.settings_dict["NAME"], stdout=subprocess.PIPE) as running:
        yield cast(IO[bytes], running.stdout)


@contextmanager
def plain_dump() -> Iterator[IO[bytes]]:
    """Every table as text, as PostgreSQL stores it: what whoever has the database can read."""
    with _run(
        [_program("pg_dump"), "--data-only"], connection.settings_dict["NAME"], stdout=subprocess.PIPE
    ) as running:
        yield cast(IO[bytes], running.stdout)


@contextmanager
def load(database: str) -> Iterator[IO[bytes]]:
    """What is written goes into an empty database, all or nothing."""
    command = [
        _program("pg_restore"),
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={database}",
    ]
    with _run(command, database, stdin=subprocess.PIPE) as running:
        yield cast(IO[bytes], running.stdin)


@contextmanager
def _run(
    command: list[str], database: str, *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is ended with the block, and whose failure is reported by its last words (they hold no
    clear value)."""
    name = Path(command[0]).name
    surroundings = _surroundings(database)
    running = subprocess.Popen(command, env=surroundings, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)  # noqa: S603  (our words, no shell)
    said = cast(IO[bytes], running.stderr)
    try:
        yield running
        for pipe in (running.stdin, running.stdout):
            if pipe is not None:
                pipe.close()
        last_words = said.read()
        if running.wait():
            raise _failure(name, last_words)
    except BrokenPipeError:
        raise _failure(name, said.read()) from None
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()
        for pipe in (running.stdin, running.stdout, running.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _failure(name: str, said: bytes) -> ProgramFailed:
    last = said.decode(errors="replace").strip().splitlines()[-1:] or ["?"]
    return ProgramFailed(_("%(name)s failed: %(said)s"), name=name, said=last[0][:200])


def count_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
        return int(cursor.fetchone()[0])


def count_all_rows() -> dict[str, int]:
    """The rows of every table that is dumped."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    return {table: count_rows(table) for table in sorted(tables) if table not in NOT_DUMPED}


def advance_sequences(by: int = 1_000_000) -> None:
    """Begin new ids far after those of the backup: ids that were given to others since are not given to other
    things."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + "
            "%s)"
            " from pg_sequences where schemaname = current_schema() and data_type = 'bigint'::regtype",
            [by],
        )


# -- databases beside the one in use


class MayNotCreate(HeguiError):
    code = "may_not_create_databases"
    status = 422
    sentence = _(
        "The role %(role)s may not create databases. As a superuser of PostgreSQL: alter role %(role)s "
        "createdb."
    )


def require_createdb() -> None:
    """What restores or drills works in a database beside the one in use. Raises `MayNotCreate`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, rolcreatedb or rolsuper from pg_roles where rolname = current_user"
        )
        role, may = cursor.fetchone()
    if not may:
        raise MayNotCreate(role=role)


def create(name: str) -> None:
    """An empty database; one of that name that was left behind goes, also one that a killed process is still
    having made."""
    for _try in range(TRIES):
        drop(name)
        try:
            with connection._nodb_cursor() as cursor:
                cursor.execute(
                    sql.SQL("create database {} template template0 encoding 'UTF8'").format(
                        sql.Identifier(name)
                    )
                )
        except DatabaseError:
            if _try == TRIES - 1:
                raise
            time.sleep(WAIT)
        else:
            return


def exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_database where datname = %s)", [name])
        return bool(cursor.fetchone()[0])


def drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def put_in_place(name: str, *, of: str) -> None:
    """Give `name` the place of `of`, in one step; what was there is dropped afterwards."""
    aside = f"{of}_aside"
    drop(aside)
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname in (%s, %s)", [name, of]
        )
        cursor.execute(
            sql.SQL("begin; alter database {} rename to {}; alter database {} rename to {}; commit").format(
                *map(sql.Identifier, (of, aside, name, of))
            )
        )
    drop(aside)


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """Everything inside the block goes to another database of the same server. The files stay those of the
    site: none is deleted."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()
    try:
        with keeping_files():
            yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        ContentType.objects.clear_cache()
