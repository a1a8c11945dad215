"""Whether what belongs together is there together: rows and files, hashes and numbers, the ledger and the
register."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.apps import apps
from django.db import connection
from django.db.models import DateTimeField, Max, Q
from django.utils import timezone
from psycopg import sql

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.services import broken_chains
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.calendar.timestamps import EARLIEST, LATEST
from apps.core.crypto import blind_index, encrypted_files
from apps.core.errors import DecryptionFailed
from apps.jobs.models import FileToDelete
from apps.jobs.services import discard
from apps.notifications.services import notify
from apps.optouts.models import Change

from .. import ledger
from ..holds import in_force
from ..models import Erasure
from ..repairing_numbers import misstored_numbers, repair_numbers
from .backing_up import files_in_use
from .erasures import free_now, people_left

log = structlog.get_logger(__name__)

# A file is stored before the row that names it is committed; one that is younger may be on its way.
YOUNG = timedelta(hours=1)
PATIENCE = timedelta(days=1)
FRESH = timedelta(minutes=5)  # the task writes each minute


def check_consistency(*, repair: bool = False) -> dict[str, Any]:
    """What is not as it has to be, by kind; empty when all is well. `repair` has files without rows deleted
    and brings numbers to their one form."""
    found: dict[str, Any] = {}
    named = set(files_in_use())
    stored = set(encrypted_files.names())
    let_go = set(FileToDelete.objects.values_list("name", flat=True))
    if missing := sorted(named - stored):
        found["rows_without_files"] = missing
    if orphans := sorted(name for name in stored - named - let_go if _is_old(name)):
        found["files_without_rows"] = orphans
        if repair:
            for name in orphans:
                discard(name)
    if misstored := misstored_numbers():
        found["numbers_not_canonical"] = misstored
        if repair:
            repair_numbers()
    if times := _impossible_times():
        found["times_impossible"] = times
    if contacts := _dangling_hashes():
        found["dangling_hashes"] = contacts
    if stuck := FileToDelete.objects.filter(created_at__lt=clock.now() - PATIENCE).count():
        found["files_not_deleted"] = stuck
    if open_ones := [erasure.pk for erasure in _waiting_too_long() if _is_free(erasure)]:
        found["erasures_not_done"] = open_ones
    if overdue := list(
        in_force()
        .filter(review_on__lt=timezone.localdate(clock.now()) - timedelta(days=30))
        .values_list("pk", flat=True)
    ):
        found["holds_not_reviewed"] = overdue
    if unsigned := broken_chains():
        found["tree_heads_missing"] = unsigned
    return found | _ledger_state()


REPAIRED = {"files_without_rows", "numbers_not_canonical"}


def watch_consistency() -> bool:
    """Repair what can be repaired, and tell the admins of the rest. Returns whether there is none."""
    rest = sorted(check_consistency(repair=True).keys() - REPAIRED)
    if rest:
        log.error("not_consistent", found=rest)
        notify(User.objects.filter(role=Role.ADMIN, is_active=True), "not_consistent", count=len(rest))
    return not rest


def _waiting_too_long() -> Iterable[Erasure]:
    return Erasure.objects.filter(done_at__isnull=True, created_at__lt=clock.now() - PATIENCE)


def _is_free(erasure: Erasure) -> bool:
    """Whether nothing keeps the people of an erasure."""
    return not people_left(erasure) or free_now(erasure).exists()


def _is_old(name: str) -> bool:
    try:
        return bool(encrypted_files.stored_at(name) < clock.now() - YOUNG)
    except FileNotFoundError:
        return False


def _dangling_hashes() -> list[str]:
    """Contacts whose hash is not that of their number; "?" when a number does not open at all."""
    try:
        of_number, _of_last4 = blind_index.indexers()
        rows = (
            Contact.everyone.order_by("pk")
            .values_list("pk", "phone", "number_index")
            .iterator(chunk_size=5_000)
        )
        return [
            Contact(pk=pk).public_id
            for pk, phone, index in rows
            if phone.kind == "phone" and bytes(index) != of_number(phone)
        ]
    except DecryptionFailed:
        return ["?"]


def _impossible_times() -> list[str]:
    """Rows with a time that no reader can read, or that lies before 2000: `table.column id`."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.concrete_fields if model._meta.managed and not model._meta.proxy else ():
                if isinstance(field, DateTimeField):
                    names = {
                        "table": sql.Identifier(model._meta.db_table),
                        "column": sql.Identifier(str(field.column)),
                    }
                    pk = sql.Identifier(str(model._meta.pk.column))
                    cursor.execute(
                        sql.SQL(
                            "select {pk}::text from {table} where {column} < %s or {column} >= %s limit 100"
                        ).format(pk=pk, **names),
                        [EARLIEST, LATEST],
                    )
                    found += [f"{model._meta.db_table}.{field.column} {row[0]}" for row in cursor.fetchall()]
    return found


def _ledger_state() -> dict[str, Any]:
    """Whether the ledger is as it was written, and how many changes of the register it lacks that are not of
    this moment."""
    try:
        position = max((line.position for line in ledger.read_ledger()), default=0)
    except ledger.LedgerBroken as error:
        return {"ledger": str(error)}
    if position > (Change.objects.aggregate(last=Max("position"))["last"] or 0):
        return {"ledger": str(ledger.LedgerAhead())}
    lacking = Change.objects.filter(
        Q(position__isnull=True) | Q(position__gt=position), created_at__lt=clock.now() - FRESH
    )
    return {"ledger_behind": count} if (count := lacking.count()) else {}
