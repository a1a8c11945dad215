"""What happens to requests by itself."""

from celery import shared_task

from apps.core.database.locks import unless_running
from apps.jobs.services import in_turn

from . import services
from .services.copying import let_copies_lapse


@shared_task(acks_late=True)
@unless_running
def watch() -> None:
    services.watch_deadlines()


@shared_task(acks_late=True)
@unless_running
def tidy() -> None:
    """What a hold released is deleted; what strangers did not confirm, and copies that nobody fetched,
    too."""
    in_turn(services.drop_unconfirmed, let_copies_lapse, services.finish_remainders)


@shared_task(acks_late=False)
def make_copy(job_id: int) -> None:
    services.make_copy(job_id)
