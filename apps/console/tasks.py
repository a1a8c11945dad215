"""The days of the overview are counted again. Each may run twice without harm; a night that is lost is
counted in the next."""

from celery import shared_task

from apps.core.database.locks import unless_running

from . import figures


@shared_task(acks_late=True)
@unless_running
def keep_figures() -> None:
    """Today and yesterday; every day of the overview before there are any."""
    figures.keep_up()


@shared_task(acks_late=False)
@unless_running
def keep_all_figures() -> None:
    """What was recorded, reviewed or deleted late changes the days before."""
    figures.keep_up(whole=True)
