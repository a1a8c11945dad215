"""Holds and the purge: a hold that is placed waits for the batch that is under way, the next batch sees
it."""

from django.db import connection

_HOLDS = 3  # first key of the two-key form, beside those of `core.database.locks`


def share_holds() -> None:
    """Until the end of the transaction no hold is placed or ended."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, 0)", [_HOLDS])


def change_holds() -> None:
    """Wait until nobody deletes."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, 0)", [_HOLDS])
