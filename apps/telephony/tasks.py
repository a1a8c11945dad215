"""The clock of the gateways."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def watch() -> None:
    services.watch()
