"""What retention does by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def purge_expired() -> None:
    services.purge()


@shared_task(acks_late=True)
def watch_ledger() -> None:
    services.watch_ledger()


@shared_task(acks_late=True)
def remind_of_holds() -> None:
    services.remind_of_holds()
