"""Keys turn while the site runs: a new key, every value encrypted anew under it, the old one let go when
nothing needs it (R7).

Every process reads the keyring again within seconds, and at once when it meets a key that it does not know.
So a new key is first known to all, then used by all, and values are encrypted anew in batches beside the
traffic. Cut short anywhere, the next run goes on with the values that are left: no second new key is made
while any is.
"""

import time
from collections.abc import Callable, Collection, Iterator
from functools import reduce

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from psycopg import sql

from apps.contacts.models import Contact
from apps.core.crypto import blind_index, cipher, encrypted_files, keyring, streams
from apps.core.database.locks import keep_files
from apps.core.errors import BadInput, KeyringError
from apps.core.privacy.fields import bound_to, protected_fields

from .scheduling import kept

TURNED = ("fields", "files", "last4")
# Of these a new key is made on request, and older ones stay: what is made with them names no number to be
# hashed anew, or is signed.
KEPT = ("register", "ledger", "seal")
BATCH = 1_000
Progress = Callable[[int, int], None]


def rotate_keys(
    *, progress: Progress | None = None, wait: Callable[[float], None] = time.sleep
) -> dict[str, int]:
    """Bring every value, file and index of last digits under the current key; with a new key first, unless an
    earlier run was cut short.

    Returns how many values and files were encrypted anew. Raises `KeyringError` when the keyring is not a
    file: then a key is added to the environment by hand, and this encrypts what is under older ones.
    """
    waiting = count_waiting()
    if not sum(waiting.values()):
        if settings.HEGUI_KEYRING:
            raise KeyringError(
                _(
                    "The keyring comes from the environment: add a key there, make it current, restart, and "
                    "run this again."
                )
            )
        keyring.change_file(settings.HEGUI_KEYRING_FILE, _with_new_keys)
        keyring.reload()
        wait(2 * keyring.FRESH_SECONDS)  # until then others may still encrypt under the key before
        waiting = count_waiting()
    total, done = sum(waiting.values()), {"values": 0, "files": 0, "last4": 0}
    while count_waiting():
        before = sum(done.values())
        for kind, steps in (("values", _values()), ("files", _files()), ("last4", _last4())):
            for count in steps:
                done[kind] += count
                if progress:
                    progress(min(sum(done.values()), total), total)
        if sum(done.values()) == before:
            wait(keyring.FRESH_SECONDS)  # somebody holds the rows that are left
    return done


def add_keys(purposes: Collection[str]) -> None:
    """New keys for purposes whose older keys stay. Raises `BadInput` for another purpose, `KeyringError`
    without a keyring file."""
    if unknown := sorted(set(purposes) - set(KEPT)):
        raise BadInput(_('Keys of "%(purpose)s" are not added by themselves.'), purpose=unknown[0])
    if settings.HEGUI_KEYRING:
        raise KeyringError(
            _(
                "The keyring comes from the environment: add a key there, make it current, restart, and run "
                "this again."
            )
        )
    keyring.change_file(
        settings.HEGUI_KEYRING_FILE, lambda text: reduce(keyring.with_new_key, purposes, text)
    )
    keyring.reload()


def _with_new_keys(text: str) -> str:
    for purpose in TURNED:
        text = keyring.with_new_key(text, purpose)
    return text


def count_waiting() -> dict[str, int]:
    """How many values and files are encrypted under another key than the current, by table and `files`;
    without the zeros."""
    found = {}
    with connection.cursor() as cursor:
        for model, name in _columns():
            cursor.execute(
                sql.SQL("select count(*) from {table} where {column} is not null and {key} <> %s").format(
                    **_names(model, name)
                ),
                [keyring.keys("fields").current_id],
            )
            if count := cursor.fetchone()[0]:
                found[f"{model._meta.db_table}.{name}"] = count
    if files := sum(1 for _name in _old_files()):
        found["files"] = files
    if rows := _last4_waiting():
        found["last4"] = rows
    return found


def _columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        if not model._meta.proxy:
            for name in protected_fields(model):
                yield model, name


def _names(model: type[models.Model], name: str) -> dict[str, sql.Composable]:
    column = sql.Identifier(name)
    # An encrypted value begins with its version, the length of its key's id, and the id
    # (`core.crypto.cipher`).
    key = sql.SQL("convert_from(substring({column} from 3 for get_byte({column}, 1)), 'UTF8')").format(
        column=column
    )
    return {"table": sql.Identifier(model._meta.db_table), "column": column, "key": key}


def _values() -> Iterator[int]:
    for model, name in _columns():
        after: int | None = 0
        while after is not None:
            count, after = _turn_batch(model, name, after)
            yield count


@transaction.atomic
def _turn_batch(model: type[models.Model], name: str, after: int) -> tuple[int, int | None]:
    """One batch of a column, after a key; how many, and the key to go on after. What somebody holds is left
    for the next round."""
    names = _names(model, name)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "select id, {column} from {table} where id > %s and {column} is not null and {key} <> %s"
                " order by id limit %s for update skip locked"
            ).format(**names),
            [after, keyring.keys("fields").current_id, BATCH],
        )
        rows = [(pk, _re_encrypted(bytes(value), bound_to(model, name))) for pk, value in cursor.fetchall()]
        if rows:
            change = (
                "update {table} t set {column} = v.value from unnest(%s::bigint[], %s::bytea[]) v(id, "
                "value) where t.id = v.id"
            )
            cursor.execute(
                sql.SQL(change).format(**names), [[pk for pk, _value in rows], [value for _pk, value in rows]]
            )
    return len(rows), rows[-1][0] if rows else None


def _last4_waiting() -> int:
    return Contact.everyone.exclude(
        last4_index__any=blind_index.last4_table(keyring.keys("last4").current_id)
    ).count()


def _old_last4() -> list[str]:
    """Older keys, the newest first: under it most rows stand."""
    keys = keyring.keys("last4")
    return [key_id for key_id in reversed(keys.by_id) if key_id != keys.current_id]


_LAST4 = """
update contacts_contact c set last4_index = turn.after
from (
    select c.id, pair.after from contacts_contact c
        join unnest(%s::bytea[], %s::bytea[]) pair(before, after) on c.last4_index = pair.before
    limit %s for update of c skip locked
) turn where c.id = turn.id
"""


def _last4() -> Iterator[int]:
    """Last digits under the current key, by the table of all ten thousand: no number is opened for it."""
    after = blind_index.last4_table(keyring.keys("last4").current_id)
    for key_id in _old_last4():
        if not _last4_waiting():
            return
        before = blind_index.last4_table(key_id)
        count = BATCH
        while count:
            with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
                cursor.execute(_LAST4, [before, after, BATCH], binary=True, prepare=False)
                count = cursor.rowcount
            yield count


def _re_encrypted(encrypted: bytes, column: bytes) -> bytes:
    return cipher.encrypt(
        cipher.decrypt(encrypted, purpose="fields", bound_to=column), purpose="fields", bound_to=column
    )


def _old_files() -> Iterator[str]:
    current = keyring.keys("files").current_id
    for name in encrypted_files.names():
        try:
            if encrypted_files.key_id(name) != current:
                yield name
        except FileNotFoundError:
            continue


def _files() -> Iterator[int]:
    for name in list(_old_files()):
        with transaction.atomic():
            keep_files()  # what is encrypted anew is not deleted meanwhile, and does not come back
            if encrypted_files.exists(name):
                (streams.re_encrypt_key if streams.is_stream(name) else encrypted_files.re_encrypt)(name)
                yield 1


def retire_key(*, purpose: str, key_id: str) -> None:
    """Take an older key out of the keyring. Raises `BadInput` while a value, a file, an entry of the register
    or a backup that is kept needs it."""
    if purpose in TURNED and count_waiting():
        raise BadInput(_("Values are still encrypted under older keys: run rotate_keys first."))
    if purpose == "register" and (named := _models_with_key(key_id)):
        raise BadInput(
            _("Rows were made with this key (%(models)s): it is never taken away while they are there."),
            models=", ".join(named),
        )
    if purpose not in (*TURNED, "register"):
        raise BadInput(_('Keys of "%(purpose)s" are not taken away.'), purpose=purpose)
    if needed := [run.name for run in kept() if key_id in run.facts.get("keys", {}).get(purpose, [])]:
        raise BadInput(
            _("Backups that are kept were made under this key: %(names)s."), names=", ".join(needed[:3])
        )
    keyring.change_file(settings.HEGUI_KEYRING_FILE, lambda text: keyring.without_key(text, purpose, key_id))
    keyring.reload()


def _models_with_key(key_id: str) -> list[str]:
    """Every table whose rows name this key of the register: entries, lifts, links in letters, codes on their
    way."""
    named = [model for model in apps.get_models() if not model._meta.proxy and _has_key(model)]
    return [str(model._meta.label) for model in named if model._base_manager.filter(key_id=key_id).exists()]


def _has_key(model: type[models.Model]) -> bool:
    columns = {field.name for field in model._meta.concrete_fields}
    return {"key_id", "number_hash"} <= columns
