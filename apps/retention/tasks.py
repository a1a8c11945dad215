"""The nightly purge."""

from celery import shared_task

from . import services


@shared_task
def purge_expired() -> None:
    services.purge()
