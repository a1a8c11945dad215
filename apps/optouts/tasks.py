"""Lists on their way in and out, and what is erased afterwards."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def run_scrub(job_id: int) -> None:
    services.run_scrub(job_id)


@shared_task(acks_late=False)
def run_list(job_id: int) -> None:
    services.run_list(job_id)


@shared_task(acks_late=True)
def remind_of_messages() -> None:
    services.remind_of_messages()
