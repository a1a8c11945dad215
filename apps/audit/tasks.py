"""What the trail does by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def seal_trail() -> None:
    services.watch_seals()


@shared_task(acks_late=True)
def check_trail() -> None:
    services.check_trail()
