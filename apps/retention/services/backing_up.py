"""A backup: one snapshot of the database and the files that its rows name, sealed (R9)."""

import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import Notice
from apps.audit.services import tell
from apps.core import clock, keyring
from apps.core.errors import HeguiError
from apps.core.fields import file_fields
from apps.core.locks import keep_files

from .. import ledger
from ..archive import BackupRefused, Secrets, verify_archive, writing
from ..databases import count_all_rows, dump
from ..models import BackupRun
from .remembering import write_register

log = structlog.get_logger(__name__)
Progress = Callable[[int, int], None]
KEPT_DAYS = 35
FULL_EVERY = timedelta(days=7)
TOO_OLD = timedelta(hours=26)


def back_up(path: Path, *, secrets: Secrets, base: Path | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Write a backup to `path`; returns its manifest. With `base`, files that an earlier backup holds are only named.

    The database is read in one snapshot, and no file that the snapshot names is deleted until they are all read. A file
    that is missing is named in the manifest of what is missing, and the backup is made all the same. Raises
    `BackupRefused` when the path is taken, `ProgramFailed` when the database could not be read.
    """
    if path.exists():
        raise BackupRefused(_("%(path)s is there already. A backup is never overwritten."), path=path)
    path.parent.mkdir(parents=True, exist_ok=True)
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
        with writing(path, head=head, secrets=secrets) as archive:
            archive.add("manifest.json", json.dumps(manifest).encode())
            with dump(snapshot) as source:
                archive.add_pieces("database", source)
            missing = []
            for place, name in enumerate(manifest["files"]):
                if not default_storage.exists(name):
                    missing.append(name)
                    continue
                with default_storage.open(name) as file:
                    archive.add_file(f"files/{name}", file, file.size)
                if progress:
                    progress(place + 1, len(manifest["files"]))
            archive.add("missing.json", json.dumps(missing).encode())
    return manifest | {"missing": missing, "size": path.stat().st_size}


def files_in_use() -> Iterator[str]:
    """The files that rows name."""
    for model in apps.get_models():
        for name in file_fields(model):
            rows = model._default_manager.exclude(**{name: ""}).values_list(name, flat=True)
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
        "postgres": connection.pg_version,  # type: ignore[attr-defined]  # of the PostgreSQL backend
        "migrations": sorted(MigrationRecorder(connection).applied_migrations()),
        "keys": canaries(),
        "rows": count_all_rows(),
        "files": [name for name in in_use if name not in earlier],
        "files_before": {name: earlier[name] for name in in_use if name in earlier},
        "ledger": {"line": known[0], "mac": known[1], "at": str(ledger.ledger_file())},
        "demo": _demo_mark(),
    }


def canaries() -> dict[str, dict[str, str]]:
    """What tells a key without telling it: so a restore knows beforehand that this keyring reads what it brings."""
    return {
        purpose: {name: hmac.digest(key, b"hegui backup canary", "sha256").hex() for name, key in keyring.keys(purpose).by_id.items()}
        for purpose in keyring.PURPOSES
    }


def _demo_mark() -> str:
    mark = settings.HEGUI_HOME / "demo"
    return keyring.read_private_file(mark) if settings.DEMO and mark.exists() else ""


# -- by itself, every night


def secrets_of_site() -> Secrets:
    return Secrets.of_files(key_file=settings.HEGUI_BACKUP_KEY_FILE)


def back_up_by_schedule() -> BackupRun:
    """Tonight's backup into the folder of backups: whole once a week, otherwise with the files since. Older ones go."""
    now = clock.now()
    name = f"hegui-{timezone.localtime(now):%Y%m%d-%H%M%S}.backup"
    base = _last_whole(now)
    run = BackupRun.objects.create(kind=BackupRun.Kind.BACKUP, name=name, base=base.name if base else "", created_at=now)
    try:
        folder = Path(settings.HEGUI_BACKUPS)
        manifest = back_up(folder / name, secrets=secrets_of_site(), base=folder / base.name if base else None)
        verify_archive(folder / name, secrets=secrets_of_site())
    except (HeguiError, OSError) as error:
        log.exception("backup_failed", run=run.pk)
        return _ended(run, BackupRun.State.FAILED, sentence=sentence_of(error))
    run.size = manifest["size"]
    run.facts = {"files": len(manifest["files"]), "missing": len(manifest["missing"]), "keys": _key_ids(manifest)}
    _ended(run, BackupRun.State.DONE)
    _let_old_ones_go(now)
    return run


def sentence_of(error: Exception) -> str:
    """What is said of a failure: our own sentences, of other errors the kind alone."""
    return str(error) if isinstance(error, HeguiError) else type(error).__name__


def _key_ids(manifest: dict[str, Any]) -> dict[str, list[str]]:
    return {purpose: sorted(keys) for purpose, keys in manifest["keys"].items()}


def _ended(run: BackupRun, state: str, *, sentence: str = "") -> BackupRun:
    run.state, run.sentence, run.ended_at = state, sentence[:300], clock.now()
    run.save()
    return run


def kept() -> Any:
    """The backups of the schedule that are there and good, newest first."""
    return BackupRun.objects.filter(kind=BackupRun.Kind.BACKUP, state=BackupRun.State.DONE, deleted_at__isnull=True).order_by("-created_at")


def _last_whole(now: datetime) -> BackupRun | None:
    last: BackupRun | None = kept().filter(base="", created_at__gt=now - FULL_EVERY).first()
    return last if last and (Path(settings.HEGUI_BACKUPS) / last.name).exists() else None


def _let_old_ones_go(now: datetime) -> None:
    """Backups go after 35 days; one on which a later one stands goes with the last of those."""
    old = kept().filter(created_at__lte=now - timedelta(days=KEPT_DAYS))
    needed = set(kept().filter(created_at__gt=now - timedelta(days=KEPT_DAYS)).values_list("base", flat=True))
    for run in old:
        if run.name not in needed:
            (Path(settings.HEGUI_BACKUPS) / run.name).unlink(missing_ok=True)
            run.deleted_at = now
            run.save(update_fields=["deleted_at"])


def watch_backups(*, at: datetime | None = None) -> bool:
    """Tell the admins, once a day, when the last good backup is older than 26 hours. Returns whether it is."""
    at = at or clock.now()
    if kept().filter(created_at__gt=at - TOO_OLD).exists():
        return False
    if not Notice.objects.filter(code="backup_old", created_at__gt=at - timedelta(days=1)).exists():
        tell(User.objects.filter(role=Role.ADMIN, is_active=True), "backup_old")
    return True
