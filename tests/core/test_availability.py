"""A database that is away, or that cannot write for the moment: 503 with a word when to ask again, never
500."""

from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import DataError, InterfaceError, InternalError, OperationalError, connection

from apps.core.database.availability import is_away
from tests.world import PHONE, World


def read_only() -> InternalError:
    try:
        raise InternalError(
            "cannot execute nextval() in a read-only transaction"
        ) from psycopg.errors.ReadOnlySqlTransaction()
    except InternalError as error:
        return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError(), True),
        (InterfaceError(), True),
        (read_only(), True),
        (InternalError(), False),
        (DataError(), False),
        (None, False),
    ],
)
def test_what_says_that_it_is_away(error: Any, away: bool) -> None:
    assert is_away(error) is away


@pytest.mark.django_db(transaction=True)
def test_a_replica_that_is_being_made_the_primary_is_asked_again(world: World, client: Any) -> None:
    """Seen when a primary was killed: the new one takes connections a moment before it writes."""
    with connection.cursor() as cursor:
        cursor.execute("set session characteristics as transaction read only")
    try:
        answer = client.post(
            "/api/v1/calls/authorize",
            {"campaign": "spring", "phone": PHONE, "line": world.line.number},
            content_type="application/json",
            headers={"authorization": f"Bearer {world.key}"},
            secure=True,
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("set session characteristics as transaction read write")
    assert (answer.status_code, answer.headers["content-type"], answer.headers["retry-after"]) == (
        503,
        "application/problem+json",
        "5",
    )
    assert answer.json()["code"] == "service_away"


@pytest.mark.django_db(transaction=True)
def test_a_session_that_cannot_be_saved_is_no_session_that_was_deleted() -> None:
    """Django answers 400 to the latter; the former is a database that is away."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store.save(must_create=True)
    store["seen_at"] = 1
    with connection.cursor() as cursor:
        cursor.execute("set session characteristics as transaction read only")
    try:
        with pytest.raises(InternalError):
            store.save()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("set session characteristics as transaction read write")
    store.delete()
    with pytest.raises(UpdateError):
        store.save()
