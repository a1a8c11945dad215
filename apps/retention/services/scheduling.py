"""Backups by themselves: one each night, watched by the hour, proven by a drill each month, gone after their
time."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import AlreadyRunning, ExclusiveRun, run_exclusively
from apps.core.errors import HeguiError, sentence_of
from apps.notifications.models import Notice
from apps.notifications.services import notify

from ..archive import BackupRefused, Secrets, verify_archive
from ..backup_places import BackupPlace, PlaceAway, forget_unfinished, within
from ..models import BackupRun
from .backing_up import back_up
from .purging import end_killed, purge_soon
from .restoring import drop_copy, try_out

log = structlog.get_logger(__name__)
KEPT_DAYS = 35
FULL_EVERY = timedelta(days=7)
TOO_OLD = timedelta(hours=26)
DRILL_EVERY = timedelta(days=32)
MOST_TRIES = 3  # of a backup or drill that failed, within a day
Kind, State = BackupRun.Kind, BackupRun.State


def secrets_of_site() -> Secrets:
    return Secrets.of_files(key_file=settings.HEGUI_BACKUP_KEY_FILE)


def _place(name: str) -> BackupPlace:
    return within(settings.HEGUI_BACKUPS, name)


def kept() -> QuerySet[BackupRun]:
    """The backups of the schedule that were good and were not deleted, newest first."""
    return BackupRun.objects.filter(kind=Kind.BACKUP, state=State.DONE, deleted_at__isnull=True).order_by(
        "-created_at"
    )


def last_good() -> BackupRun | None:
    """The newest that is still there: a row is no backup when its file is gone."""
    return next((run for run in kept() if _is_there(run)), None)


def _is_there(run: BackupRun) -> bool:
    """A bucket that cannot be asked has no backup for us: the alarm is right to ring."""
    try:
        return _place(run.name).exists()
    except PlaceAway as error:
        log.error("backups_away", why=str(error))
        return False


def back_up_by_schedule() -> BackupRun:
    """Tonight's backup into the folder of backups: whole once a week, otherwise with the files since. Older
    ones go.

    A whole one that no longer opens is no base: then this one is whole. Raises `AlreadyRunning` beside
    another one.
    """
    with run_exclusively("backup") as only:
        return _back_up_now(clock.now(), only)


def _back_up_now(now: datetime, only: ExclusiveRun) -> BackupRun:
    _end_cut_short(Kind.BACKUP)
    base = _last_whole(now)
    name = f"hegui-{timezone.localtime(now):%Y%m%d-%H%M%S}.backup"
    run = BackupRun.objects.create(
        kind=Kind.BACKUP, name=name, base=base.name if base else "", created_at=now
    )
    try:
        forget_unfinished(settings.HEGUI_BACKUPS, at=now)
        manifest = back_up(_place(name), secrets=secrets_of_site(), base=_place(base.name) if base else None)
        verify_archive(_place(name), secrets=secrets_of_site())
        only.check()
    except Exception as error:  # the same
        log.exception("backup_failed", run=run.pk)
        _delete_failed(run)
        return _ended(run, State.FAILED, sentence=sentence_of(error))
    keys = {purpose: sorted(named) for purpose, named in manifest["keys"].items()}
    run.size, run.facts = (
        manifest["size"],
        {"files": len(manifest["files"]), "missing": len(manifest["missing"]), "keys": keys},
    )
    _ended(run, State.DONE)
    _let_old_ones_go(now)
    return run


def _ended(run: BackupRun, state: str, *, sentence: str = "") -> BackupRun:
    run.state, run.sentence, run.ended_at = state, sentence[:300], clock.now()
    run.save()
    return run


def _end_cut_short(kind: str) -> int:
    """Runs that were killed, and the one that a restored database remembers as being made, whose file may be
    what was restored: it stays for its 35 days. The caller is the only one that runs. Returns how many."""
    killed = list(BackupRun.objects.filter(kind=kind, state=State.RUNNING))
    for run in killed:
        _ended(run, State.FAILED, sentence=_("It was cut short."))
    return len(killed)


def _delete_failed(run: BackupRun) -> None:
    """The file of a backup that is none, where there is one."""
    try:
        _place(run.name).delete()
    except (HeguiError, OSError) as error:
        log.error("backup_not_deleted", run=run.pk, why=type(error).__name__)


def _last_whole(now: datetime) -> BackupRun | None:
    for run in kept().filter(base="", created_at__gt=now - FULL_EVERY):
        try:
            verify_archive(_place(run.name), secrets=secrets_of_site())
        except (HeguiError, OSError) as error:
            log.error("backup_is_no_base", run=run.pk, why=type(error).__name__)
        else:
            return run
    return None


def _let_old_ones_go(now: datetime) -> None:
    """Backups go after 35 days; one on which a later one stands goes with the last of those. One that cannot
    be deleted keeps none of the others; its error is raised at the end, so the duty stays undone while it is
    there."""
    young = kept().filter(created_at__gt=now - timedelta(days=KEPT_DAYS))
    needed = set(young.values_list("base", flat=True))
    failed: Exception | None = None
    every = BackupRun.objects.filter(kind=Kind.BACKUP, deleted_at__isnull=True).exclude(state=State.RUNNING)
    for run in every.filter(created_at__lte=now - timedelta(days=KEPT_DAYS)).exclude(name__in=needed):
        try:
            _place(run.name).delete()
        except (HeguiError, OSError) as error:
            log.error("backup_not_deleted", run=run.pk, why=type(error).__name__)
            failed = error
        else:
            run.deleted_at = now
            run.save(update_fields=["deleted_at"])
    if failed is not None:
        raise failed


def is_late(at: datetime) -> bool:
    """Whether the last good backup is older than 26 hours, or there is none."""
    good = last_good()
    return good is None or good.created_at <= at - TOO_OLD


def watch_backups(*, at: datetime | None = None) -> bool:
    """Tell the admins, once a day, when the last good backup is late, and try again one that failed. Returns
    whether it is late."""
    at = at or clock.now()
    _end_killed()
    _try_again(at)
    if not is_late(at):
        return False
    if not Notice.objects.filter(code="backup_old", created_at__gt=at - timedelta(days=1)).exists():
        notify(User.objects.filter(role=Role.ADMIN, is_active=True), "backup_old")
    return True


def _end_killed() -> None:
    """A purge, backup or drill whose process died is ended as failed, within the hour, and people hear of it;
    the copy of the database that a killed drill left goes."""
    if end_killed():
        purge_soon()
    for kind, lock in ((Kind.BACKUP, "backup"), (Kind.DRILL, "drill")):
        with suppress(AlreadyRunning), run_exclusively(lock):
            if _end_cut_short(kind) and kind == Kind.DRILL:
                notify(User.objects.filter(role=Role.ADMIN, is_active=True), "drill_failed")
            if kind == Kind.DRILL:
                drop_copy()


def _try_again(at: datetime) -> None:
    """A backup or drill that failed is tried again within the hour, a few times: the storage may have been
    away for a minute."""
    for kind, task in ((Kind.BACKUP, "back_up"), (Kind.DRILL, "drill")):
        lately = BackupRun.objects.filter(kind=kind, created_at__gt=at - timedelta(days=1)).order_by("-pk")
        newest = list(lately.values_list("state", flat=True)[: MOST_TRIES + 1])
        failed = next((place for place, state in enumerate(newest) if state != State.FAILED), len(newest))
        is_due = kind == Kind.DRILL and not newest and _drill_is_due(at)
        if 0 < failed <= MOST_TRIES or is_due:
            with suppress(OperationalError):  # the queue is away: within the next hour
                current_app.send_task(f"apps.retention.tasks.{task}", expires=3_600)


def _drill_is_due(at: datetime) -> bool:
    """Whether the month's drill did not come about: there are backups, and none of them was tried for
    `DRILL_EVERY`."""
    tried = BackupRun.objects.filter(kind=Kind.DRILL, created_at__gt=at - DRILL_EVERY)
    return not tried.exists() and kept().filter(created_at__lte=at - DRILL_EVERY).exists()


def run_drill() -> BackupRun:
    """Restore the newest backup beside the running site, replay, check, and throw it away. Ends as done or
    failed. Raises `AlreadyRunning` beside another drill."""
    with run_exclusively("drill"):
        _end_cut_short(Kind.DRILL)
        return _drill()


def _drill() -> BackupRun:
    run = BackupRun.objects.create(kind=Kind.DRILL, name="", created_at=clock.now())
    try:
        run.facts = _drilled(run)
    except Exception as error:  # whatever it is, the run ends and people hear of it
        log.exception("drill_failed", run=run.pk)
        notify(User.objects.filter(role=Role.ADMIN, is_active=True), "drill_failed")
        return _ended(run, State.FAILED, sentence=sentence_of(error))
    return _ended(run, State.DONE)


def _drilled(run: BackupRun) -> dict[str, Any]:
    newest = last_good()
    if newest is None:
        raise BackupRefused(_("There is no backup to drill with."))
    run.name = newest.name
    return try_out(
        _place(newest.name), secrets=secrets_of_site(), bases=[_place(newest.base)] if newest.base else []
    )
