"""What the trail does by itself."""

from celery import shared_task

from apps.core.database.locks import unless_running

from . import services


@shared_task(acks_late=False)
def sign_trail() -> None:
    services.watch_tree_heads()


@shared_task(acks_late=False)
@unless_running
def check_trail() -> None:
    services.check_trail()


@shared_task(acks_late=True)
@unless_running
def look_for_alarms() -> None:
    services.look_for_alarms()
