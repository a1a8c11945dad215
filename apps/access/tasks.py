"""Rights that end by themselves, and the weekly audit."""

from celery import shared_task

from . import services


@shared_task
def end_lapsed_grants() -> None:
    services.end_lapsed_grants()


@shared_task
def audit_permissions() -> None:
    services.audit_permissions()


@shared_task
def close_due_reviews() -> None:
    services.close_due_reviews()
