"""Rights that end by themselves, and the weekly audit."""

from celery import shared_task

from apps.core.database.locks import unless_running

from . import services


@shared_task(acks_late=True)
def end_lapsed_grants() -> None:
    services.end_lapsed_grants()


@shared_task(acks_late=False)
@unless_running
def audit_permissions() -> None:
    services.audit_permissions()


@shared_task(acks_late=True)
@unless_running
def close_due_reviews() -> None:
    services.close_due_reviews()
