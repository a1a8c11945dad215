"""What governance does by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def determine_scope(job_id: int) -> None:
    services.determine_scope(job_id)


@shared_task(acks_late=True)
def send_messages(job_id: int) -> None:
    services.send_messages(job_id)


@shared_task(acks_late=True)
def watch_incidents() -> None:
    services.watch_incidents()
