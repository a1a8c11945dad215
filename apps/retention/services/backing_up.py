"""A backup: one snapshot of the database and the files that its rows name, encrypted (R9)."""

import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.crypto import keyring
from apps.core.database.locks import keep_files
from apps.core.errors import StorageAway
from apps.core.privacy.fields import file_fields

from .. import ledger
from ..archive import Address, BackupRefused, Secrets, verify_archive, writing
from ..backup_places import place
from ..databases import count_all_rows, dump
from .writing_ledger import write_register

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]


def back_up(
    to: Address, *, secrets: Secrets, base: Address | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Write a backup to a file or a bucket; returns its manifest. With `base`, files that an earlier backup
    holds are only named.

    The database is read in one snapshot, and no file that the snapshot names is deleted until they are all
    read. A file that is missing is named in the manifest of what is missing, and the backup is made all the
    same. Raises `BackupRefused` when the place is taken, `ProgramFailed` when the database could not be read.
    """
    where = place(to)
    if where.exists():
        raise BackupRefused(_("%(path)s is there already. A backup is never overwritten."), path=where)
    before = verify_archive(base, secrets=secrets) if base else None
    write_register()
    known = ledger.head()  # before the snapshot: what stands in the ledger now is in the backup too
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            cursor.execute("select pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        keep_files()
        manifest = _manifest(before, known)
        head = {name: manifest[name] for name in ("id", "made_at", "base")}
        with writing(where, head=head, secrets=secrets) as archive:
            archive.add("manifest.json", json.dumps(manifest).encode())
            with dump(snapshot) as source:
                archive.add_pieces("database", source)
            missing = []
            for done, name in enumerate(manifest["files"], 1):
                if not default_storage.exists(name):
                    missing.append(name)
                    continue
                try:
                    opened = default_storage.open(name)
                    opened.read(1)
                    opened.seek(0)
                except StorageAway:
                    raise
                # this one alone: the others are backed up, and the check of consistency names it
                except OSError as error:
                    log.error("file_unreadable", why=type(error).__name__)
                    missing.append(name)
                    continue
                with opened as file:
                    archive.add_file(f"files/{name}", file, file.size)
                if progress:
                    progress(done, len(manifest["files"]))
            archive.add("missing.json", json.dumps(missing).encode())
    return manifest | {"missing": missing, "size": where.size()}


def files_in_use() -> Iterator[str]:
    """The files that rows name."""
    for model in apps.get_models():
        for name in file_fields(model):
            rows = model._base_manager.exclude(**{name: ""}).values_list(name, flat=True)
            yield from rows.iterator(chunk_size=10_000)


def _manifest(before: dict[str, Any] | None, known: tuple[int, str]) -> dict[str, Any]:
    earlier: dict[str, str] = {}
    if before is not None:
        earlier = dict.fromkeys(before["files"], before["id"]) | before["files_before"]
    in_use = sorted(set(files_in_use()))
    return {
        "id": uuid.uuid4().hex,
        "base": before["id"] if before else "",
        "made_at": clock.now().isoformat(),
        "migrations": sorted(MigrationRecorder(connection).applied_migrations()),
        "keys": canaries(),
        "rows": count_all_rows(),
        "files": [name for name in in_use if name not in earlier],
        "files_before": {name: earlier[name] for name in in_use if name in earlier},
        "ledger": {"line": known[0], "mac": known[1], "at": str(ledger.ledger_file())},
        "demo": _demo_mark(),
    }


def canaries() -> dict[str, dict[str, str]]:
    """What tells a key without telling it: so a restore knows beforehand that this keyring reads what it
    brings."""
    return {
        purpose: {
            name: hmac.digest(key, b"hegui backup canary", "sha256").hex()
            for name, key in keyring.keys(purpose).by_id.items()
        }
        for purpose in keyring.PURPOSES
    }


def _demo_mark() -> str:
    mark = settings.HEGUI_HOME / "demo"
    return keyring.read_private_file(mark) if settings.DEMO and mark.exists() else ""
