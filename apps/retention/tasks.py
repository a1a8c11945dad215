"""What retention does by itself."""

from celery import shared_task

from apps.accounts.models import User
from apps.core.database.locks import unless_running

from . import services


@shared_task(acks_late=False)
@unless_running
def purge_expired() -> None:
    services.purge()


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
    services.back_up_by_schedule()


@shared_task(acks_late=False)
@unless_running
def drill() -> None:
    services.run_drill()


@shared_task(acks_late=True)
def watch_backups() -> None:
    services.watch_backups()


@shared_task(acks_late=False)
@unless_running
def repair_files() -> None:
    """Files that no row names, left by a crash between storing and committing; what cannot be repaired is said."""
    services.watch_consistency()
