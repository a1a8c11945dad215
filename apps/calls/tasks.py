"""The clock of reservations."""

from celery import shared_task

from . import services


@shared_task
def expire_reservations() -> None:
    services.expire_reservations()
    services.end_lost_calls()
