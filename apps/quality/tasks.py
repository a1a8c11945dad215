"""Recordings are measured, days are sampled, what is late is reported. Each may run twice without harm."""

from celery import shared_task

from apps.core.database.locks import unless_running

from . import services


@shared_task(acks_late=False)
def measure_recording(recording_id: int) -> None:
    services.measure_recording(recording_id)


@shared_task(acks_late=False)
@unless_running
def measure_received() -> None:
    """The net under the queue: what nobody was notified of is measured within the minute."""
    services.measure_received()


@shared_task(acks_late=False)
def transcribe_due() -> None:
    """In a queue of its own: hearing takes a core for a tenth of the time that was spoken. Each of its
    workers takes another recording."""
    services.transcribe_due()


@shared_task(acks_late=True)
def write_plays() -> None:
    services.write_plays()


@shared_task(acks_late=True)
@unless_running
def sample_due() -> None:
    services.sample_due()


@shared_task(acks_late=True)
def free_forgotten() -> None:
    services.free_forgotten()


@shared_task(acks_late=True)
@unless_running
def escalate() -> None:
    services.escalate_overdue()
    services.escalate_complaints()


@shared_task(acks_late=True)
def report_missing() -> None:
    services.report_missing()


@shared_task(acks_late=True)
def watch_lines() -> None:
    services.watch_lines()
