"""The calendar's warning, run by the queue."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def warn_of_unknown_year() -> None:
    services.warn_of_unknown_year()
