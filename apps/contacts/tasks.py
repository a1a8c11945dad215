"""Imports, run by the queue."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def run_import(job_id: int) -> None:
    services.run_import(job_id)
