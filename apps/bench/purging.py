"""`purge`: 500 k contacts with consents, places in a queue and calls with decisions go. Floor: the same rows
deleted by bare batched DELETEs of the same size. Beside both the gate is asked, and its slowest answers
beside ours are printed.

`backup`, `restore`: a million contacts and 5 GB of encrypted files. Floor: `pg_dump`, `tar` and AES-256-GCM
over what they say, written to the same disk; the other way round for the restore.
"""

import io
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import override_settings

from apps.calls import services as calls
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files
from apps.core.privacy.protected import Protected
from apps.retention import databases, services
from apps.retention.archive import Secrets
from apps.retention.services.purging import BATCH

from .gate import numbers_of, seed
from .measure import Comparison, Scale, in_processes

PEOPLE = 500_000
ASKED = 400
SLOWEST = 0.1  # seconds that the gate may wait beside a purge, 99 of 100
BACKED_UP, FILES, FILE_BYTES = 1_000_000, 80, 64 * 1024 * 1024


def bench_purge(scale: Scale) -> list[Comparison]:
    with (
        tempfile.TemporaryDirectory(dir=settings.HEGUI_HOME) as place,
        override_settings(HEGUI_LEDGER=Path(place)),
    ):
        return _measured_purge(scale)


def _measured_purge(scale: Scale) -> list[Comparison]:
    at = seed(scale, 2 * PEOPLE)
    half = scale.of(PEOPLE)
    with connection.cursor() as cursor:
        cursor.execute(_QUEUED)
        cursor.execute(_CALLED, {"at": at - timedelta(days=400)})
        cursor.execute("select id from contacts_contact order by id offset %s limit 1", [half])
        (middle,) = cursor.fetchone()
        # The last hundredth stays, for the gate to be asked about.
        cursor.execute(
            "select id from contacts_contact order by id desc offset %s limit 1",
            [max(half // 100, 2 * ASKED)],
        )
        (end,) = cursor.fetchone()
        cursor.execute("update contacts_contact set expires_at = %s where id < %s", [clock.now(), end])
        cursor.execute("vacuum analyze")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from contacts_contact where id < %s", [middle])
        (floor_people,) = cursor.fetchone()
    numbers = numbers_of(2 * half)[-2 * ASKED :]
    took, _waits = in_processes(
        _either, [("bare", numbers[:ASKED], at, middle), ("gate", numbers[:ASKED], at, middle)]
    )
    floor = floor_people / took
    (deleted, took), waits = in_processes(
        _either, [("purge", [], at, middle), ("gate", numbers[ASKED:], at, middle)]
    )
    p99 = statistics.quantiles(waits, n=100)[98]
    notes = {"contacts": deleted, "gate_p99_ms": round(1000 * p99, 1), "gate_goal_ms": 1000 * SLOWEST}
    return [Comparison("purge", "people/s", [deleted / took], [floor], 0.3, notes)]


_QUEUED = """
insert into campaigns_queueentry (created_at, campaign_id, contact_id, priority, state)
select now(), (select min(id) from campaigns_campaign), id, 0, 'called' from contacts_contact
"""
_CALLED = """
with decided as (
    insert into calls_decision
        (id, at, created_at, allowed, reserves, codes, not_applicable, facts, retry_at, campaign_id, policy,
            line_asked, contact_id)
    select id, %(at)s, %(at)s, true, true, '{}', '{}', '{}', '{}', (select min(id) from campaigns_campaign),
        1, '', id from contacts_contact
)
insert into calls_call (created_at, decision_id, contact_id, campaign_id, line_id, script_version_id,
    number_index, slot_day, slot_number,
                        state, reserved_at, reserved_until)
select %(at)s, id, id, (select min(id) from campaigns_campaign), (select min(id) from campaigns_line),
       (select min(id) from scripts_scriptversion), number_index, %(at)s::date, 1, 'ended', %(at)s, %(at)s
from contacts_contact
"""


def _bare_deletes(until: int) -> None:
    """What anybody would have to do: the rows of so many people, those that depend on others first, a batch a
    transaction."""
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(
                    "select array_agg(id) from (select id from contacts_contact where id < %s order by id "
                    "limit %s) c",
                    [until, BATCH],
                )
                (people,) = cursor.fetchone()
                if not people:
                    return
                cursor.execute("delete from contacts_consent where contact_id = any(%s)", [people])
                cursor.execute("delete from campaigns_queueentry where contact_id = any(%s)", [people])
                cursor.execute(
                    "delete from calls_call where contact_id = any(%s) returning decision_id", [people]
                )
                decisions = [decision for (decision,) in cursor.fetchall()]
                cursor.execute("delete from calls_decision where id = any(%s)", [decisions])
                cursor.execute("delete from contacts_contact where id = any(%s)", [people])


def _either(which: str, numbers: list[str], at: datetime, middle: int) -> Any:
    """The two sides, each beside the same traffic of the gate."""
    if which == "bare":
        begun = time.monotonic()
        _bare_deletes(middle)
        return time.monotonic() - begun
    return _purge() if which == "purge" else _ask(numbers, at)


def _purge() -> tuple[int, float]:
    begun = time.monotonic()
    run = services.purge()
    if run.failures or run.counts.get("call", 0) < run.counts["contact"]:
        raise RuntimeError(f"The purge did not do its work: {run.failures} {run.counts}")
    return run.counts["contact"], time.monotonic() - begun


def _ask(numbers: list[str], at: datetime) -> list[float]:
    """How long the gate takes for each, a hundred a second."""
    connection.ensure_connection()
    waits = []
    for number in numbers:
        begun = time.monotonic()
        calls.authorize(campaign="bench", phone=Protected(number, "phone"), line="+861085550101", at=at)
        waits.append(time.monotonic() - begun)
        time.sleep(0.01)
    return waits


# -- backup and restore


def bench_backup(scale: Scale) -> list[Comparison]:
    seed(scale, BACKED_UP)
    with tempfile.TemporaryDirectory(dir=settings.HEGUI_HOME) as place:
        folder = Path(place)
        with override_settings(MEDIA_ROOT=folder / "media", HEGUI_LEDGER=folder / "ledger"):
            return _measured_backup(folder, scale)


def _measured_backup(folder: Path, scale: Scale) -> list[Comparison]:
    _name(
        [
            encrypted_files.put(os.urandom(FILE_BYTES), folder="uploads")
            for _place in range(max(1, int(FILES * scale.factor)))
        ]
    )
    services.write_register()  # as the site does all the time
    size = sum(path.stat().st_size for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
    notes = {"contacts": scale.of(BACKED_UP), "files_mb": size // 2**20}
    return [*_there(folder, size, notes), *_and_back(folder, size, notes)]


def _name(names: list[str]) -> None:
    """Rows that name the files, so that they are backed up."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(
                "insert into contacts_contactimport (created_at, source_id, file_name, upload, "
                "report, layout, mapping, counts,"
                " consented, stored_rows, corrected_rows, state, started_by_id)"
                " select now(), min(s.id), '', %s, '', '{}', '{}', '{}', 0, 0, '{}', 'preview', min(u.id)"
                " from contacts_datasource s, accounts_user u",
                [name],
            )


def _there(folder: Path, size: int, notes: dict[str, Any]) -> list[Comparison]:
    begun = time.monotonic()
    _encrypt_into(folder / "floor", _dumped(), _tarred())
    floor = size / (time.monotonic() - begun) / 2**20
    begun = time.monotonic()
    services.back_up(folder / "ours.backup", secrets=Secrets())
    return [Comparison("backup", "MB/s", [size / (time.monotonic() - begun) / 2**20], [floor], 0.5, notes)]


def _and_back(folder: Path, size: int, notes: dict[str, Any]) -> list[Comparison]:
    """Ours reads and checks everything before it touches anything, so it reads twice; the floor reads
    once."""
    name = f"{connection.settings_dict['NAME']}_again"
    databases.create(f"{name}_floor")
    databases.create(name)
    begun = time.monotonic()
    _open_from(folder / "floor", f"{name}_floor", folder / "floor-media")
    floor = size / (time.monotonic() - begun) / 2**20
    databases.drop(f"{name}_floor")
    shutil.rmtree(settings.MEDIA_ROOT)
    begun = time.monotonic()
    with databases.working_on(name):
        services.restore(folder / "ours.backup", secrets=Secrets())
    took = time.monotonic() - begun
    databases.drop(name)
    return [Comparison("restore", "MB/s", [size / took / 2**20], [floor], 0.5, notes)]


def _dumped() -> Iterator[bytes]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        with databases.dump(snapshot) as source:
            yield from iter(lambda: source.read(2**20), b"")


def _tarred() -> Iterator[bytes]:
    command = ["tar", "-C", str(settings.MEDIA_ROOT), "-cf", "-", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
        source = tar.stdout or io.BytesIO()
        yield from iter(lambda: source.read(2**20), b"")


def _encrypt_into(path: Path, *parts: Iterator[bytes]) -> None:
    """Each part: its encrypted pieces with their lengths, ended by a length of nothing."""
    aead = AESGCM(b"k" * 32)
    with path.open("wb") as out:
        for part in parts:
            for piece in part:
                nonce = os.urandom(12)
                encrypted = aead.encrypt(nonce, piece, None)
                out.write(len(encrypted).to_bytes(4, "big") + nonce + encrypted)
            out.write(bytes(4))
        out.flush()
        os.fsync(out.fileno())


def _open_from(path: Path, database: str, media: Path) -> None:
    media.mkdir()
    with path.open("rb") as source:
        with databases.load(database) as into:
            for piece in _pieces(source):
                into.write(piece)
        command = ["tar", "-C", str(media), "-xf", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as tar:
            for piece in _pieces(source):
                if tar.stdin:
                    tar.stdin.write(piece)


def _pieces(source: Any) -> Iterator[bytes]:
    """The opened pieces of one part."""
    aead = AESGCM(b"k" * 32)
    while length := int.from_bytes(source.read(4), "big"):
        encrypted = source.read(12 + length)
        yield aead.decrypt(encrypted[:12], encrypted[12:], None)
