"""Counters of sign-in attempts stay for as long as they count, whatever else is tried, and no longer."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from apps.accounts.tasks import forget_attempts

pytestmark = pytest.mark.django_db


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from cache")
        return int(cursor.fetchone()[0])


def test_nobody_pushes_out_a_counter_by_trying_other_names(clock: Any) -> None:
    cache.set("!", 5, timeout=300)  # the first to go, were there too many
    for name in range(400):
        cache.set(f"name-{name}", 1, timeout=300)
    assert cache.get("!") == 5


def test_a_counter_goes_when_its_time_is_over(clock: Any) -> None:
    before = rows()
    cache.set("a", 1, timeout=60)
    cache.set("b", 1, timeout=600)
    forget_attempts()
    assert rows() == before + 2
    clock.shift(timedelta(seconds=61))
    forget_attempts()
    assert rows() == before + 1
    assert cache.get("b") == 1
