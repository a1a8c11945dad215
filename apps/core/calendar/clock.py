"""What time it is: the one clock that services read. Rules are handed the time.

Only a demo may run at another hour (`make run CLOCK=10:00`), so that it can be tried at night.
"""

from datetime import date, datetime, time

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return timezone.now() + settings.DEMO_CLOCK_OFFSET


def start_of_day(day: date) -> datetime:
    """The midnight at which a day begins in the default zone, aware."""
    return datetime.combine(day, time.min, timezone.get_default_timezone())
