"""The safety net under the queue."""

from celery import shared_task

from . import services


@shared_task
def pick_up() -> None:
    services.wake_forgotten()
