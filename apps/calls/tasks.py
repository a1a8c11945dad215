"""The clock of reservations, forecasts and measures."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def expire_reservations() -> None:
    services.expire_reservations()
    services.end_lost_calls()


@shared_task(acks_late=False)
def run_forecast(job_id: int) -> None:
    services.run_forecast(job_id)


@shared_task(acks_late=True)
def measure() -> None:
    services.measure()


@shared_task(acks_late=True)
def end_forgotten_breaks() -> None:
    services.end_forgotten_breaks()
