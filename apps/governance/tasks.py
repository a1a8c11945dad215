"""What governance does by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def determine_scope(job_id: int) -> None:
    services.determine_scope(job_id)


@shared_task(acks_late=False)
def send_messages(job_id: int) -> None:
    services.send_messages(job_id)


@shared_task(acks_late=True)
def watch_incidents() -> None:
    services.watch_incidents()
    services.remind_of_nonconformities()


@shared_task(acks_late=False)
def make_month() -> None:
    """The month before, where it has no report yet; and whether a compliance audit is due."""
    services.remind_of_audit()
    services.make_due_report()
