"""The counters of sign-in attempts, which django-allauth keeps in the cache: a table, so that pages go on
when Redis is away."""

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from psycopg import sql

from apps.core.calendar import clock

_DELETE = sql.SQL("delete from {} where expires < %s").format(
    sql.Identifier(str(settings.CACHES["default"]["LOCATION"]))
)


def forget_attempts() -> int:
    """Delete the counters whose time is over, which the cache by itself does only when it is full, and
    sessions that have ended. Returns how many counters."""
    SessionStore.clear_expired()
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [clock.now()])
        return int(cursor.rowcount)
