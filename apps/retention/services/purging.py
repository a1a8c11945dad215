"""The purge: what is due goes, what is held stays, in batches, and neither a crash nor a failure leaves
anything half done.

Every batch is a transaction of its own. A batch of contacts is written into the ledger first, outside the
database and in it, and marked done once its rows were seen to be gone; whatever a crash left open is finished
by the next run. Files are scheduled for deletion in the transaction of their rows (`jobs.discard`) and
deleted afterwards.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from celery import current_app
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit import services as audit
from apps.audit.heads import current_heads
from apps.calls.models import Call
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.database.locks import AlreadyRunning, ExclusiveRun, ExclusiveRunLost, run_exclusively
from apps.core.errors import DecryptionFailed, HeguiError
from apps.jobs.models import FileToDelete
from apps.jobs.services import delete_discarded, files_may_go, noting
from apps.notifications.services import notify
from apps.policies import queries as policies
from apps.policies.models import DataClass, RetentionPolicy
from apps.webhooks.models import EventKind
from apps.webhooks.services import emit

from .. import certificates, ledger
from ..hold_locks import share_holds
from ..holds import HeldRows, held
from ..models import CallTally, Erasure, PurgeRun
from ..storage_classes import CLASSES, Class, record_kept
from .erasures import OF_A_ROW, RowsRefused, begin_erasure, close_erasure, erase_each, finish_erasures

log = structlog.get_logger(__name__)
BATCH = 500
PAUSE = 0.05  # of the time that a batch took: other work gets its turn
SMALL_GROUP = 10
CONTACTS = (DataClass.CONTACT, DataClass.UNCALLED)
Progress = Callable[[str, int], None]


def count_due(*, at: datetime) -> dict[str, dict[str, Any]]:
    """What a purge at `at` would delete, by class: `due`, `held` (due and kept by a hold), `policy`,
    `days`."""
    versions, holds, result = policies.retention_policies(at), held(), dict[str, dict[str, Any]]()
    for each in CLASSES:
        policy = versions[each.code]
        rows = _due(each, policy, at)
        kept = rows.filter(each.held(holds)).count()
        known = result.setdefault(
            each.code,
            {"due": 0, "held": 0, "policy": policy.number, "days": policy.days_at(timezone.localdate(at))},
        )
        known["due"] += rows.count() - kept
        known["held"] += kept
    policy = versions[DataClass.TRAIL]
    days = policy.days_at(timezone.localdate(at))
    due = audit.count_due(before=at - timedelta(days=days))
    result[DataClass.TRAIL] = {"due": due, "held": 0, "policy": policy.number, "days": days}
    return result


def _due(each: Class, policy: RetentionPolicy, at: datetime) -> QuerySet[Any]:
    return each.due(at, policy.days_at(timezone.localdate(at)))


def purge(
    *,
    at: datetime | None = None,
    started_by: User | None = None,
    progress: Progress | None = None,
    pause: float = PAUSE,
) -> PurgeRun:
    """Delete what is due. May be killed anywhere and run again: what is gone is no longer due, and what was
    begun is finished.

    A class that fails is named in the run, the others go on, and the run ends as failed: admins and
    compliance are notified. Raises `AlreadyRunning` beside another purge: two would both certify what they
    find gone.
    """
    with run_exclusively("purge") as only, noting() as files:
        return _purge(at or clock.now(), started_by, progress, pause, only, files)


def end_killed() -> bool:
    """End what says that it purges though nobody does: it was killed. Returns whether there was such a run;
    people are notified."""
    if not PurgeRun.objects.filter(state=PurgeRun.State.RUNNING).exists():
        return False
    with suppress(AlreadyRunning), run_exclusively("purge"):
        if _cut_short(clock.now()):
            _tell_of(["run"])
            return True
    return False


def _cut_short(at: datetime, but: int = 0) -> int:
    """The caller is the only one that purges, so what says that it runs was killed."""
    running = PurgeRun.objects.filter(state=PurgeRun.State.RUNNING).exclude(pk=but)
    return running.update(state=PurgeRun.State.FAILED, failures={"run": "cut short"}, ended_at=at)


def _tell_of(failures: Iterable[str]) -> None:
    notify(
        User.objects.filter(role__in=[Role.ADMIN, Role.COMPLIANCE], is_active=True),
        "purge_failed",
        classes=sorted(failures),
    )


def _purge(
    at: datetime,
    started_by: User | None,
    progress: Progress | None,
    pause: float,
    only: ExclusiveRun,
    files: list[str],
) -> PurgeRun:
    """`files`: the names of those that go with the rows are noted there; what earlier runs left is added."""
    files.extend(FileToDelete.objects.values_list("name", flat=True))
    versions = policies.retention_policies(at)
    run = PurgeRun.objects.create(
        at=at,
        policies={code: policy.number for code, policy in versions.items()},
        started_by=started_by,
        created_at=clock.now(),
    )
    _cut_short(run.created_at, but=run.pk)
    counts: dict[str, int] = {}
    failures: dict[str, str] = {}
    try:
        if gone := finish_erasures(run):
            counts[str(DataClass.CONTACT)] = gone
    except (DatabaseError, OSError, HeguiError) as error:
        log.exception("erasures_not_finished")
        failures["erasures"] = type(error).__name__
    for each in CLASSES:
        try:
            only.check()
            for deleted in _batches(each, versions[each.code], run, pause):
                counts[str(each.code)] = counts.get(each.code, 0) + deleted
                if progress:
                    progress(str(each.code), counts[each.code])
                only.check()
        except ExclusiveRunLost:
            raise  # another purge runs by now: the certificate of this one is its to write
        except (DatabaseError, OSError, HeguiError) as error:
            log.exception("purge_failed", data_class=each.code)
            failures[each.code] = type(error).__name__
    try:
        _merge_small_groups(at, versions[DataClass.CALL])
    except (DatabaseError, OSError, HeguiError) as error:
        log.exception("small_groups_not_merged")
        failures["small_groups"] = type(error).__name__
    try:
        if gone := _drop_trail(run, versions[DataClass.TRAIL]):
            counts[str(DataClass.TRAIL)] = gone
    except (DatabaseError, OSError, HeguiError) as error:
        log.exception("purge_failed", data_class=DataClass.TRAIL)
        failures[str(DataClass.TRAIL)] = type(error).__name__
    only.check()
    return _end(run, counts, failures, frozenset(files))


def _drop_trail(run: PurgeRun, policy: RetentionPolicy) -> int:
    """Whole stretches of the trail whose time is over; what came since the last minute is signed, for the
    certificate's heads."""
    gone = audit.drop_trail(
        before=run.at - timedelta(days=policy.days_at(timezone.localdate(run.at))), reason=f"purge:{run.pk}"
    )
    audit.sign_trail()
    return gone


def _end(run: PurgeRun, counts: dict[str, int], failures: dict[str, str], files: frozenset[str]) -> PurgeRun:
    """`files`: those that had to go; the certificate says how many are gone, and how many wait for a backup
    that reads them."""
    while delete_discarded():
        pass
    left = FileToDelete.objects.filter(name__in=files)
    waiting = left.count()
    run.files = len(files) - waiting
    if waiting and (left.filter(tries__gt=0).exists() or files_may_go()):
        failures["files"], waiting = str(waiting), 0
    try:
        for erasure in run.erasures.filter(done_at__isnull=True):
            close_erasure(erasure, run)
        run.ledger_line, run.ledger_mac = ledger.head()
    except (DatabaseError, OSError, HeguiError) as error:
        log.exception("purge_without_ledger")
        failures["ledger"] = type(error).__name__
    after = count_due(at=run.at)
    run.held = {code: result["held"] for code, result in after.items() if result["held"]}
    if waiting:
        run.held["files"] = waiting
    run.counts, run.failures, run.ended_at = counts, failures, clock.now()
    run.state = PurgeRun.State.FAILED if failures else PurgeRun.State.DONE
    run.trail_heads = {name: list(head) for name, head in current_heads().items()}
    run.signature = certificates.signature_of(run)
    run.save()
    emit(
        EventKind.RETENTION_COMPLETED,
        {"run": run.pk, "state": run.state, "at": run.at.isoformat(), "deleted": counts, "held": run.held},
    )
    if failures:
        _tell_of(failures)
    log.info("purged", run=run.pk, state=run.state, **counts)
    return run


def _batches(each: Class, policy: RetentionPolicy, run: PurgeRun, pause: float) -> Any:
    """How many rows each batch deleted, in the order of their keys; a row that somebody works with is left
    for the next run.

    Raises at the end `DecryptionFailed` for people whose number cannot be opened, and `RowsRefused` for rows
    that the database does not let go: they stay, the others go.
    """
    after: Any = None
    unopened: list[Any] = []
    refused: list[Any] = []
    # Those whose erasure was begun before are `finish_erasures`' to delete.
    in_erasure = [
        key
        for keys in Erasure.objects.filter(done_at__isnull=True).values_list("contact_ids", flat=True)
        for key in keys
    ]
    while True:
        begun = time.monotonic()
        if each.code in CONTACTS:
            deleted, after = _contact_batch(each, policy, run, after, in_erasure, unopened, refused)
        else:
            deleted, after = _batch(each, policy, run, after, refused)
        if after is None:
            break
        yield deleted
        time.sleep(pause * (time.monotonic() - begun))
    if unopened:
        log.error("numbers_not_opened", data_class=each.code, contacts=unopened)
        raise DecryptionFailed()
    if refused:
        log.error("rows_not_deleted", data_class=each.code, rows=refused[:20], count=len(refused))
        raise RowsRefused()


def _chosen(
    each: Class, policy: RetentionPolicy, run: PurgeRun, holds: HeldRows, after: Any
) -> QuerySet[Any]:
    rows = _due(each, policy, run.at).exclude(each.held(holds)).order_by("pk")
    return rows if after is None else rows.filter(pk__gt=after)


def _batch(
    each: Class, policy: RetentionPolicy, run: PurgeRun, after: Any, refused: list[Any]
) -> tuple[int, Any]:
    keys = list(_chosen(each, policy, run, held(), after).values_list("pk", flat=True)[:BATCH])
    if not keys:
        return 0, None
    try:
        return _erase_rows(keys, each, policy, run), keys[-1]
    except OF_A_ROW:
        log.exception("batch_not_deleted", data_class=each.code)
    gone = 0
    for key in keys:  # one of them is refused
        try:
            gone += _erase_rows([key], each, policy, run)
        except OF_A_ROW:
            refused.append(key)
    return gone, keys[-1]


def _erase_rows(keys: list[Any], each: Class, policy: RetentionPolicy, run: PurgeRun) -> int:
    with noting(), transaction.atomic():
        share_holds()
        rows = (
            _chosen(each, policy, run, held(), None)
            .filter(pk__in=keys)
            .select_for_update(skip_locked=True, of=("self",))
        )
        if found := list(rows.values_list("pk", flat=True)):
            each.erase(found, policy)
        return len(found)


def _contact_batch(
    each: Class,
    policy: RetentionPolicy,
    run: PurgeRun,
    after: Any,
    in_erasure: list[int],
    unopened: list[Any],
    refused: list[Any],
) -> tuple[int, Any]:
    """People: into the ledger, then deleted under the locks of their numbers, then checked."""
    keys = list(
        _chosen(each, policy, run, held(), after)
        .exclude(id__any=in_erasure)
        .values_list("pk", flat=True)[:BATCH]
    )
    if not keys:
        return 0, None
    try:
        return _erase_people(keys, each, policy, run, refused), keys[-1]
    except DecryptionFailed:
        gone = 0
    for key in keys:  # one of them cannot be opened
        try:
            gone += _erase_people([key], each, policy, run, refused)
        except DecryptionFailed:
            unopened.append(Contact(pk=key).public_id)
    return gone, keys[-1]


def _erase_people(
    keys: list[int], each: Class, policy: RetentionPolicy, run: PurgeRun, refused: list[Any]
) -> int:
    people = list(
        _chosen(each, policy, run, held(), None)
        .filter(pk__in=keys)
        .values_list("pk", "phone", "number_index")
    )
    called = {
        bytes(index)
        for index in Call.objects.filter(
            record_kept(clock.now()), number_index__any=[row[2] for row in people]
        ).values_list("number_index", flat=True)
    }
    gone = 0
    # Those of whom the record of a call stays are an erasure of their own: it is not done before their day.
    for stays in (False, True):
        if group := [(key, phone) for key, phone, index in people if (bytes(index) in called) is stays]:
            gone += _erase(begin_erasure(group, run=run), each, policy, run, refused)
    return gone


def _erase(erasure: Erasure, each: Class, policy: RetentionPolicy, run: PurgeRun, refused: list[Any]) -> int:
    def still_due(keys: list[int]) -> list[int]:
        rows = _chosen(each, policy, run, held(), None).filter(id__any=keys)
        return list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))

    gone = erase_each(erasure, still_due, refused)
    close_erasure(erasure, run)
    return gone


def purge_soon() -> None:
    """Ask for a purge now. When the queue is away, tonight's does the same."""
    try:
        current_app.send_task("apps.retention.tasks.purge_expired", expires=3_600)
    except OperationalError:
        log.warning("queue_away", task="purge")


def _merge_small_groups(at: datetime, policy: RetentionPolicy) -> None:
    """Groups so small that somebody could be recognised by them are put together, once their month is over
    and gone."""
    over = timezone.localdate(at - timedelta(days=policy.days_at(timezone.localdate(at))))
    with transaction.atomic():
        small = CallTally.objects.select_for_update().filter(
            month__lt=date(over.year, over.month, 1), count__lt=SMALL_GROUP, campaign_id__isnull=False
        )
        for tally in small:
            merged, _is_new = CallTally.objects.get_or_create(
                month=tally.month, campaign_id=None, outcome="other", defaults={"count": 0}
            )
            merged.count += tally.count
            merged.save()
            tally.delete()
