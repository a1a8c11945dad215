"""What retention does by itself."""

from celery import shared_task
from celery.exceptions import Ignore

from apps.accounts.models import User
from apps.core.database.locks import unless_running

from . import services
from .models import BackupRun, PurgeRun


def _unless_failed(run: BackupRun | PurgeRun) -> None:
    """A run that ended as failed has said so; the duty is not done, and an alarm is raised when it stays so
    (`jobs.note_duty`)."""
    if run.state == "failed":
        raise Ignore()


@shared_task(acks_late=False)
@unless_running
def purge_expired() -> None:
    _unless_failed(services.purge())


@shared_task(acks_late=False)
@unless_running
def purge_by_hand(person_id: int) -> None:
    services.purge(started_by=User.objects.get(pk=person_id))


@shared_task(acks_late=True)
def watch_ledger() -> None:
    services.watch_ledger()


@shared_task(acks_late=True)
def remind_of_holds() -> None:
    services.remind_of_holds()


@shared_task(acks_late=False)
@unless_running
def back_up() -> None:
    _unless_failed(services.back_up_by_schedule())


@shared_task(acks_late=False)
@unless_running
def drill() -> None:
    _unless_failed(services.run_drill())


@shared_task(acks_late=True)
def watch_backups() -> None:
    services.watch_backups()


@shared_task(acks_late=False)
@unless_running
def repair_files() -> None:
    """Files that no row names, left by a crash between storing and committing; what cannot be repaired is
    said."""
    services.watch_consistency()
