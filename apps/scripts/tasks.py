"""Approvals that end, by the clock."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def expire_due() -> None:
    services.expire_due()


@shared_task(acks_late=True)
def remind_of_expiry() -> None:
    services.remind_of_expiry()
