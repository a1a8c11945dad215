"""Times that come from outside: read where they can be read, and bounded.

A time before 2000 or more than a day ahead is never stored: PostgreSQL keeps moments that Python cannot read
back, and one of them in an append-only table stops every reader. Tables say the same by `is_possible`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import DurationField, F, Q, Value
from django.utils.dateparse import parse_datetime

from ..privacy.canonical_text import even

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MOST_AHEAD = timedelta(days=1)
_MILLISECONDS = 10**11  # seconds since 1970 stay below this until the year 5138


def read_timestamp(value: Any, *, now: datetime) -> datetime | None:
    """The aware time that a program meant, or None when it is none, or lies outside what may be stored.

    RFC 3339 as it should be; without a zone that of the site; seconds or milliseconds since 1970.
    """
    if isinstance(value, datetime):
        read: datetime | None = value
    elif isinstance(value, bool) or value is None:
        read = None
    else:
        read = _from_number(value) if isinstance(value, int | float) else _from_text(even(str(value)).strip())
    if read is None:
        return None
    if read.tzinfo is None:
        read = read.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
    try:
        read = read.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return read if EARLIEST <= read <= now + MOST_AHEAD else None


def possible_or(at: datetime | None, now: datetime) -> datetime:
    """When something was said that cannot lie ahead: the time that was given, or now when there is none or it
    cannot be true."""
    return at if at is not None and EARLIEST <= at <= now else now


def _from_text(text: str) -> datetime | None:
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= 20:
        return _from_number(float(text))
    try:
        return parse_datetime(text.replace("/", "-"))
    except ValueError:
        return None


def _from_number(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) >= _MILLISECONDS else number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def is_possible(*fields: str) -> Q:
    """The condition of a check constraint: each column holds no time, or one from 2000 on and at most a day
    after the row was made."""
    latest = F("created_at") + Value("1 day", output_field=DurationField())
    return _bounded(fields, {"gte": EARLIEST, "lte": latest})


def is_readable(*fields: str) -> Q:
    """The same for times that may lie long after the row was made: from 2000 on, within what every reader can
    read."""
    return _bounded(fields, {"gte": EARLIEST, "lt": LATEST})


def _bounded(fields: tuple[str, ...], bounds: dict[str, Any]) -> Q:
    condition = Q()
    for field in fields:
        within = Q(**{f"{field}__{lookup}": bound for lookup, bound in bounds.items()})
        condition &= Q(**{f"{field}__isnull": True}) | within
    return condition
