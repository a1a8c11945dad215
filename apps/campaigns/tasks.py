"""Campaigns that lost what they stand on, paused by the clock."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def pause_lapsed() -> None:
    services.pause_lapsed()
