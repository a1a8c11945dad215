"""Life of a job: asked for, leased, moved on, ended. The queue only wakes; the row decides."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.core import clock, vault
from apps.core.locks import may_delete_files

from .models import LEASE, FileToDelete, Job

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 5


def ask_for(*, kind: str, task: str, owner: User, total: int = 0, here: bool = False) -> Job:
    """A job that starts once the caller's transaction is over. `here`: the caller does it itself, no worker is told of it."""
    job = Job.objects.create(kind=kind, task=task, owner=owner, total=total)
    if not here:
        transaction.on_commit(lambda: wake(job), robust=True)
    return job


def wake(job: Job) -> None:
    """Tell a worker. When the queue is away the row waits, and `pick_up` finds it later."""
    try:
        current_app.send_task(job.task, args=[job.pk])
    except OperationalError:
        log.warning("queue_away", job=job.pk)


@contextmanager
def lease(job_id: int) -> Iterator[Job | None]:
    """The job while this worker holds it; None when it is over or another holds it.

    An error inside the block frees the job for another try; after the last one it has failed.
    """
    now = clock.now()
    free = Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, leased_until__lt=now)
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
        if job:
            job.state, job.leased_until, job.attempts = Job.State.RUNNING, now + LEASE, job.attempts + 1
            job.save(update_fields=["state", "leased_until", "attempts"])
    if job is None:
        yield None
        return
    try:
        yield job
    except Exception:
        if job.attempts >= MOST_ATTEMPTS:
            end(job, state=Job.State.FAILED, sentence=_("This did not work after several tries. What was done so far is kept."))
        else:
            Job.objects.filter(pk=job.pk).update(leased_until=now)
        raise


def move_on(job: Job, *, done: int, total: int | None = None) -> None:
    """Note progress and keep the lease."""
    job.done = done
    job.total = job.total if total is None else total
    job.leased_until = clock.now() + LEASE
    job.save(update_fields=["done", "total", "leased_until"])


def end(job: Job, *, state: str, sentence: str) -> None:
    job.state, job.sentence, job.ended_at, job.leased_until = state, sentence, clock.now(), None
    job.save(update_fields=["state", "sentence", "ended_at", "leased_until"])


def wake_forgotten() -> int:
    """Wake jobs that wait unheard or whose worker is gone. Returns how many."""
    now = clock.now()
    forgotten = Job.objects.filter(
        Q(state=Job.State.WAITING, created_at__lt=now - LEASE / 8) | Q(state=Job.State.RUNNING, leased_until__lt=now)
    )[:100]
    jobs = list(forgotten)
    for job in jobs:
        wake(job)
    return len(jobs)


def discard(name: str) -> None:
    """Have a sealed file deleted once the caller's transaction is over: after a crash, by the next `delete_discarded`."""
    if name:
        FileToDelete.objects.get_or_create(name=name)
        transaction.on_commit(delete_discarded, robust=True)


@transaction.atomic
def delete_discarded(most: int = 1_000) -> int:
    """Delete the files that were let go of and see them gone. Returns how many; none while a backup reads them.

    A file that cannot be deleted keeps its row, which counts the tries; the others go on.
    """
    if not FileToDelete.objects.exists() or not may_delete_files():
        return 0
    gone = 0
    for row in FileToDelete.objects.select_for_update(skip_locked=True).order_by("tries", "pk")[:most]:
        try:
            vault.delete(row.name)
            left = vault.exists(row.name)
        except OSError as error:
            log.error("file_not_deleted", row=row.pk, why=type(error).__name__)
            left = True
        if left:
            row.tries += 1
            row.save(update_fields=["tries"])
        else:
            row.delete()
            gone += 1
    return gone
