"""The hashes by which numbers are found come under a new key (R7): in one transaction, while the site is
stopped.

A hash is hashed again under the new key (`core.crypto.blind_index`), so rows whose number nobody knows any
more come along. A process that still hashed the old way would find nobody, and two that lock a number by
different hashes would both let a call through; so nobody else may be connected, and whoever comes meanwhile
waits until it is over. Cut short, nothing has happened. Decisions stay as they were signed: a request of
before that is sent again under its idempotency key is refused.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from apps.contacts.models import ContactImport
from apps.core.crypto import blind_index, keyring
from apps.core.errors import BadInput, KeyringError

from ..models import IndexTurn

BATCH = 5_000
Progress = Callable[[int, int], None]


def know_index_keys(connection: Any) -> None:
    """For a connection that was just opened: which keys the numbers of its database are found under. Waits
    while they turn."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('retention_indexturn') is not null")
        if cursor.fetchone()[0]:
            cursor.execute("select key_ids from retention_indexturn order by id desc limit 1")
            row = cursor.fetchone()
        else:
            row = None
    blind_index.stand_under(row[0] if row else ())


def turn_index(*, progress: Progress | None = None) -> int:
    """Make a new key of `index`, unless the keyring has one already that no row is hashed with, and bring
    every hash under it.

    Returns how many. Raises `BadInput` while the site runs, `KeyringError` when the keyring is not a file and
    has no further key.
    """
    _refuse_others()
    if not _keys_to_come():
        if settings.HEGUI_KEYRING:
            raise KeyringError(
                _("The keyring comes from the environment: add a key of index there, and run this again.")
            )
        keyring.change_file(settings.HEGUI_KEYRING_FILE, lambda text: keyring.with_new_key(text, "index"))
        keyring.reload()
    return bring_on_index(progress=progress)


def bring_on_index(*, progress: Progress | None = None) -> int:
    """Bring every hash under all keys of the keyring, also those of a backup from before the last was made.
    Returns how many."""
    if not _keys_to_come():
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("lock table retention_indexturn in access exclusive mode")
        _refuse_others()
        wanted = (*blind_index.index_keys(), *_keys_to_come())
        again = blind_index.brought_on(blind_index.index_keys(), wanted)
        places = list(_places())
        total, done = sum(_count(*place) for place in places), 0
        for place in places:
            for count in _turn(*place, again):
                done += count
                if progress:
                    progress(done, total)
        IndexTurn.objects.create(key_ids=list(wanted), rows=done)
    blind_index.stand_under(wanted)
    return done


def _keys_to_come() -> list[str]:
    here = blind_index.index_keys()
    return [key_id for key_id in keyring.keys("index").by_id if key_id not in here]


def _refuse_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and backend_type = 'client backend' and pid <> "
            "pg_backend_pid()"
        )
        if others := cursor.fetchone()[0]:
            raise BadInput(
                _(
                    "The key index turns while nobody else uses the database: stop the site first (%(count)s "
                    "connections)."
                ),
                count=others,
            )


def _places() -> Iterator[tuple[type[models.Model], str]]:
    """Every column that holds such hashes."""
    yield ContactImport, "digest"
    for model in apps.get_models():
        if any(field.name == "number_index" for field in model._meta.get_fields()):
            yield model, "number_index"


def _names(model: type[models.Model], column: str) -> dict[str, sql.Identifier]:
    return {"table": sql.Identifier(model._meta.db_table), "column": sql.Identifier(column)}


def _count(model: type[models.Model], column: str) -> int:
    return int(model._base_manager.filter(**{f"{column}__isnull": False}).count())


def _turn(model: type[models.Model], column: str, again: Callable[[bytes], bytes]) -> Iterator[int]:
    names, after = _names(model, column), 0
    read = sql.SQL(
        "select id, {column} from {table} where id > %s and {column} is not null order by id limit %s"
    ).format(**names)
    write = sql.SQL(
        "update {table} t set {column} = v.value from unnest(%s::bigint[], %s::bytea[]) v(id, value) where "
        "t.id = v.id"
    ).format(**names)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(read, [after, BATCH])
            rows = cursor.fetchall()
            if not rows:
                return
            after = rows[-1][0]
            cursor.execute(write, [[pk for pk, _value in rows], [again(bytes(value)) for _pk, value in rows]])
            yield len(rows)
