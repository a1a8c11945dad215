"""One request that cannot be opened stops nothing that happens to requests by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.jobs.services import in_turn
from apps.rights import services as rights
from apps.rights import tasks
from apps.rights.models import SubjectRequest
from tests.world import World


def test_what_strangers_typed_is_forgotten_also_where_it_does_not_open(
    world: World, clock: Any, settings: Any
) -> None:
    settings.DEMO = True
    for phone in ("13900000001", "13900000002"):
        rights.ask_by_page(kind="see", phone=phone)
    first, second = SubjectRequest.objects.filter(state="unconfirmed").order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute("update rights_subjectrequest set phone = '\\x0102' where id = %s", [first.pk])
    clock.shift(timedelta(days=2))
    tasks.tidy()
    assert not SubjectRequest.objects.filter(pk__in=[first.pk, second.pk]).exists()


def test_a_step_that_fails_keeps_none_behind_it_and_is_raised() -> None:
    done: list[str] = []

    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        in_turn(lambda: done.append("a"), fails, lambda: done.append("b"))
    assert done == ["a", "b"]
