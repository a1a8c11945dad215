"""A time that no reader can read in every table that grows: each page answers, each duty ends."""

from collections.abc import Iterator
from typing import Any

import pgtrigger
import pytest
from celery import current_app
from django.apps import apps
from django.db import connection, models, transaction

from config.celery import SCHEDULE
from tests.security import matrix
from tests.world import World

pytestmark = pytest.mark.slow
ROLES = ("compliance", "admin", "supervisor", "agent")


def growing() -> list[type[models.Model]]:
    """Tables whose rows, or what they say, nobody changes: no hand can put a time right there."""
    return [
        model
        for model in apps.get_models()
        if any(
            isinstance(each, pgtrigger.Protect) and each.name != "never_deleted"
            for each in getattr(model._meta, "triggers", ())
        )
    ]


def plant() -> list[tuple[str, str, str]]:
    """In each of them the first row's times become 1 January of the year before the first, as before they
    were bounded. The constraints that would not have it, gone now: table, name, definition."""
    gone = []
    planted = 0
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set session_replication_role = replica")
        for model in growing():
            table, key = model._meta.db_table, model._meta.pk.column
            cursor.execute(
                "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass "
                "and contype = 'c'",
                [table],
            )
            for name, definition in cursor.fetchall():
                cursor.execute(f'alter table "{table}" drop constraint "{name}"')
                gone.append((table, name, definition))
            for field in model._meta.local_fields:
                if isinstance(field, models.DateTimeField):
                    cursor.execute(
                        f'update "{table}" set "{field.column}" = \'0001-01-01 00:00:00+00 BC\''
                        f' where "{field.column}" is not null and "{key}" = (select min("{key}") from '
                        f'"{table}")'
                    )
                    planted += cursor.rowcount
        cursor.execute("set session_replication_role = origin")
    assert planted > 5
    return gone


def empty_again(gone: list[tuple[str, str, str]]) -> None:
    """For a test that committed: without the rows, with the constraints."""
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for model in growing():
            cursor.execute(f'delete from "{model._meta.db_table}"')
        cursor.execute("set session_replication_role = origin")
        for table, name, definition in gone:
            cursor.execute(f'alter table "{table}" add constraint "{name}" {definition}')


@pytest.mark.parametrize("wanted", matrix.pages_by_object())
def test_each_page_answers(world: World, browse: Any, wanted: str) -> None:
    made = dict(matrix.objects(world, "own", wanted)[wanted])
    plant()
    for name in matrix.pages_by_object()[wanted]:
        role = next(
            each
            for each in ROLES
            if each in matrix.PAGES[name].roles and (name, each) not in matrix.NOT_THEIRS
        )
        with transaction.atomic():
            assert matrix.visit(world, name, role, "own", browse, dict(made)) in {200, 204, 206, 302}, name
            transaction.set_rollback(True)


@pytest.fixture
def planted_for_good(world: World) -> Iterator[None]:
    """Duties have connections of their own, so it is committed, and taken back."""
    for wanted in ("message", "incident", "grant"):
        matrix.objects(world, "own", wanted)
    gone = plant()
    yield
    empty_again(gone)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("planted_for_good")
def test_each_duty_ends() -> None:
    current_app.loader.import_default_modules()
    for task in sorted({entry["task"] for entry in SCHEDULE.values()}):
        current_app.tasks[task].run()
