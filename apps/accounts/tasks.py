"""What happens to sign-ins by itself."""

from celery import shared_task

from .services.attempts import forget_attempts as forget


@shared_task(acks_late=True)
def forget_attempts() -> None:
    forget()
