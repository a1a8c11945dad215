"""Life of a job: asked for, leased, moved on, ended. The queue only wakes; the row decides."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from celery import current_app
from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.core.calendar import clock
from apps.core.crypto import encrypted_files, streams
from apps.core.database.locks import may_delete_files
from apps.core.errors import HeguiError, ServiceAway, StorageAway

from .models import LEASE, DutyRun, FileToDelete, Job

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 5
AWAY_FOR = timedelta(days=1)  # so long a job waits for a store or service that does not answer
RENEW = timedelta(seconds=30)  # how often the lease of a long file is renewed
LEAST_PAUSE, MOST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def ask_for(*, kind: str, task: str, owner: User, total: int = 0, here: bool = False) -> Job:
    """A job that starts once the caller's transaction is over. `here`: the caller does it itself, no worker
    is notified of it."""
    job = Job.objects.create(kind=kind, task=task, owner=owner, total=total)
    if not here:
        transaction.on_commit(lambda: wake(job), robust=True)
    return job


def wake(job: Job) -> None:
    """Tell a worker. When the queue is away the row waits, and `wake_forgotten` finds it later."""
    try:
        current_app.send_task(job.task, args=[job.pk])
    except OperationalError:
        log.warning("queue_away", job=job.pk)


class LeaseLost(Exception):
    """Another worker does the job by now, or it is over: what this one still wanted to write is rolled
    back."""


@contextmanager
def lease(job_id: int) -> Iterator[Job | None]:
    """The job while this worker holds it; None when it is over or another holds it.

    A refusal (an error of ours with a sentence for the person) ends it at once, with that sentence. Any other
    error frees it for another try; after the last one it has failed. What ended because a store or service
    was away counts as no try, for a day. Every write of the block carries this attempt: a worker that was
    given up changes nothing more, and its block ends quietly.
    """
    now = clock.now()
    free = Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, leased_until__lt=now)
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
        if job and job.attempts - job.aways >= MOST_ATTEMPTS:  # each of them died with its worker
            Job.objects.filter(pk=job.pk).update(
                state=Job.State.FAILED, sentence=_failed(), ended_at=now, leased_until=None
            )
            job = None
        if job:
            job.state, job.leased_until, job.attempts, job.wakes, job.wake_at = (
                Job.State.RUNNING,
                now + LEASE,
                job.attempts + 1,
                0,
                None,
            )
            job.save(update_fields=["state", "leased_until", "attempts", "wakes", "wake_at"])
    if job is None:
        yield None
        return
    try:
        yield job
    except LeaseLost:
        log.warning("lease_lost", job=job.pk, attempt=job.attempts)
    except Exception as error:
        with suppress(LeaseLost):
            if isinstance(error, HeguiError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                end(job, state=Job.State.REFUSED, sentence=str(error))
                log.info("job_refused", job=job.pk, code=error.code)
                return
            is_away = isinstance(error, ServiceAway) and clock.now() < job.created_at + AWAY_FOR
            if job.attempts - job.aways >= MOST_ATTEMPTS and not is_away:
                end(job, state=Job.State.FAILED, sentence=_failed())
            else:
                # Another try at once, then after growing pauses.
                _write(
                    job,
                    leased_until=now,
                    aways=job.aways + is_away,
                    wake_at=clock.now() + pause_after(job.attempts - 1),
                )
        raise


def _failed() -> str:
    return _("This did not work after several tries. What was done so far is kept.")


def _write(job: Job, **values: Any) -> None:
    """Raises `LeaseLost` when the job is no longer this attempt's."""
    if not Job.objects.filter(pk=job.pk, attempts=job.attempts, state=Job.State.RUNNING).update(**values):
        raise LeaseLost()
    for name, value in values.items():
        setattr(job, name, value)


def move_on(job: Job, *, done: int, total: int | None = None) -> None:
    """Note progress and keep the lease. Raises `LeaseLost`."""
    _write(job, done=done, total=job.total if total is None else total, leased_until=clock.now() + LEASE)


def keep_lease(pieces: Iterable[bytes], job: Job) -> Iterator[bytes]:
    """The pieces of a long file, while the lease is kept; `done` counts bytes. Raises `LeaseLost`."""
    done, until = 0, clock.now() + RENEW
    for piece in pieces:
        done += len(piece)
        if clock.now() >= until:
            move_on(job, done=done)
            until = clock.now() + RENEW
        yield piece


def end(job: Job, *, state: str, sentence: str) -> None:
    """Raises `LeaseLost`."""
    _write(job, state=state, sentence=sentence, ended_at=clock.now(), leased_until=None)


def pause_after(times: int) -> timedelta:
    """How long to wait after so many vain tries: half a minute, doubled each time, an hour at most."""
    return min(LEAST_PAUSE * 2 ** min(times, 10), MOST_PAUSE)


def wake_forgotten() -> int:
    """Wake jobs that wait unheard or whose worker is gone, each after a growing pause: a queue with much
    before them is not filled with the same job. Returns how many."""
    now = clock.now()
    waits = Q(state=Job.State.WAITING, created_at__lt=now - LEASE / 8) | Q(
        state=Job.State.RUNNING, leased_until__lt=now
    )
    with transaction.atomic():
        due = Job.objects.select_for_update(skip_locked=True).filter(
            waits, Q(wake_at__isnull=True) | Q(wake_at__lte=now)
        )
        jobs = list(due.order_by("pk")[:100])
        for job in jobs:
            job.wakes, job.wake_at = job.wakes + 1, now + pause_after(job.wakes)
            job.save(update_fields=["wakes", "wake_at"])
    for job in jobs:
        wake(job)
    return len(jobs)


_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[str]]:
    """The names of the files that are scheduled for deletion inside the block; a block around it notes them
    too, once this one ended well: around a transaction, what was rolled back is not noted."""
    names: list[str] = []
    around, token = _noted.get(), _noted.set(names)
    try:
        yield names
    finally:
        _noted.reset(token)
    if around is not None:
        around.extend(names)


def discard(name: str) -> None:
    """Have an encrypted file deleted once the caller's transaction is over: after a crash, by the next
    `delete_discarded`."""
    if name:
        FileToDelete.objects.get_or_create(name=name)
        if (noted := _noted.get()) is not None:
            noted.append(name)
        transaction.on_commit(delete_discarded, robust=True)


class OneTimeDownload(Iterator[bytes]):
    """The clear content of a stored stream that is given away once: it is deleted when the last piece was
    taken, or nobody takes more (`close`).

    The row that named it drops it in the caller's transaction; after a crash in between `check_consistency`
    finds the file. Raises `FileNotFoundError`, `StorageAway`, `DecryptionFailed` before anything is handed
    out.
    """

    def __init__(self, name: str, *, belongs_to: str) -> None:
        self._name, self._is_over = name, False
        self._stream = streams.DecryptedFile(name, belongs_to=belongs_to)
        self._pieces = self._stream.between(0, self._stream.size)

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            raise

    @transaction.atomic
    def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._stream.close()
            discard(self._name)


def count_not_deleted(names: Iterable[str]) -> int:
    """How many of these files were scheduled for deletion and not yet seen to be gone."""
    return FileToDelete.objects.filter(name__in=list(names)).count()


_elsewhere: ContextVar[bool] = ContextVar("elsewhere", default=False)


@contextmanager
def keeping_files() -> Iterator[None]:
    """Work on another database than the site's: its rows are no reason to delete a file of the site."""
    before = _elsewhere.set(True)
    try:
        yield
    finally:
        _elsewhere.reset(before)


@transaction.atomic
def files_may_go() -> bool:
    """Whether no backup reads them."""
    return may_delete_files()


@transaction.atomic
def delete_discarded(most: int = 1_000) -> int:
    """Delete the files that were scheduled for deletion and see them gone. Returns how many; none while a
    backup reads them.

    A file that cannot be deleted keeps its row, which counts the tries; the others go on, unless the storage
    as a whole is away.
    """
    if _elsewhere.get() or not FileToDelete.objects.exists() or not may_delete_files():
        return 0
    gone = 0
    for row in FileToDelete.objects.select_for_update(skip_locked=True).order_by("tries", "pk")[:most]:
        try:
            encrypted_files.delete(row.name)
            left = encrypted_files.exists(row.name)
        except StorageAway as error:
            log.error("storage_away", row=row.pk, why=str(error))
            FileToDelete.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
            return gone
        except (OSError, SuspiciousFileOperation, ValueError) as error:  # away, refused, or no name of a file
            log.error("file_not_deleted", row=row.pk, why=type(error).__name__)
            left = True
        if left:
            row.tries += 1
            row.save(update_fields=["tries"])
        else:
            row.delete()
            gone += 1
    return gone


def in_turn(*steps: Callable[[], object]) -> None:
    """Steps of a task that do not need each other: one that fails keeps none behind it. The first error is
    raised at the end."""
    failed: Exception | None = None
    for step in steps:
        try:
            step()
        except Exception as error:
            log.exception("step_failed", step=step.__name__)
            failed = failed or error
    if failed is not None:
        raise failed


def note_duty(task: str) -> None:
    """A task of the schedule has ended well."""
    DutyRun.objects.update_or_create(task=task, defaults={"ended_at": clock.now()})
