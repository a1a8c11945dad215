"""The outbox is emptied when something is put in, and looked through in between."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def deliver_due() -> None:
    services.deliver_due()
