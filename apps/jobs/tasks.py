"""The safety net under the queue."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def pick_up() -> None:
    services.wake_forgotten()


@shared_task(acks_late=False)
def delete_discarded() -> None:
    services.delete_discarded()
