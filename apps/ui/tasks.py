"""What happens to drafts by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def drop_drafts() -> None:
    """Drafts that nobody went on with."""
    services.drop_drafts()
