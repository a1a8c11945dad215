"""Approvals that end, by the clock; and what the third reader reads."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def expire_due() -> None:
    services.expire_due()


@shared_task(acks_late=True)
def remind_of_expiry() -> None:
    services.remind_of_expiry()


@shared_task(acks_late=False)  # a reading that is lost is asked for again by the next submission
def read_by_third(version_id: int) -> None:
    services.read_by_third(version_id)
