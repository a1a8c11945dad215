"""Messages that are due, and notices by e-mail."""

from celery import shared_task

from . import services


@shared_task(acks_late=True)
def send_due() -> None:
    services.send_due()


@shared_task(acks_late=True)
def mail_now() -> None:
    services.mail_now()


@shared_task(acks_late=True)
def mail_in_the_morning() -> None:
    services.mail_in_the_morning()
