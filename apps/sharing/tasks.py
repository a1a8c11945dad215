"""What happens to shares by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def end_due() -> None:
    services.end_due_shares()
