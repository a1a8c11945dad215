"""Prepared statements on Django's connection: one round trip, Django's errors, Django's transactions."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from apps.core.database.prepared_statements import Prepared, run_together
from tests.world import have_norm

ONE = Prepared("test_one", "select %(value)s::int, %(word)s::text")
TOKEN = Prepared(
    "test_token", "update policies_termstoken set token = %(token)s where id = 1 returning token"
)
WRONG = Prepared("test_wrong", "select 1 / %(value)s::int")
NOT_SQL = Prepared("test_not_sql", "selekt %(value)s")


@pytest.fixture(params=[False, True], ids=["named", "pooled"], autouse=True)
def pooled(request: pytest.FixtureRequest, settings: Any) -> None:
    """Every test both ways: with names, and without them for a pooler by transaction."""
    settings.POOLED_BY_TRANSACTION = request.param


def read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select token from policies_termstoken")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_row_comes_back_in_pythons_types() -> None:
    assert ONE.run({"value": 7, "word": "外呼"}) == (7, "外呼")
    assert ONE.run({"value": None, "word": None}) == (None, None)


@pytest.mark.django_db
def test_statements_run_in_their_order_in_one_round_trip() -> None:
    have_norm()
    rows = run_together((TOKEN, {"token": 11}), (ONE, {"value": 1, "word": "x"}), (TOKEN, {"token": 12}))
    assert rows == [(11,), (1, "x"), (12,)]
    assert read() == 12


@pytest.mark.django_db(transaction=True)
def test_an_error_is_djangos_and_undoes_the_transaction() -> None:
    before = _row()
    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        run_together((TOKEN, {"token": 99}), (WRONG, {"value": 0}), (TOKEN, {"token": 98}), commit=True)
    assert read() == before
    assert ONE.run({"value": 1, "word": "the connection is fit for use"}) is not None


@pytest.mark.django_db(transaction=True)
def test_commit_ends_the_outermost_transaction_only() -> None:
    _row()
    with transaction.atomic():
        run_together((TOKEN, {"token": 21}), commit=True)
    assert read() == 21
    with transaction.atomic():
        with transaction.atomic():
            run_together((TOKEN, {"token": 22}), commit=True)
        transaction.set_rollback(True)
    assert read() == 21


@pytest.mark.django_db
def test_a_broken_statement_is_not_taken_for_prepared() -> None:
    for _twice in range(2):
        with pytest.raises(ProgrammingError), transaction.atomic():
            NOT_SQL.run({"value": 1})


@pytest.mark.django_db
def test_a_constraint_is_an_integrity_error() -> None:
    twice = Prepared("test_twice", "insert into policies_termstoken (id, token) values (%(id)s, 1)")
    with pytest.raises(IntegrityError), transaction.atomic():
        twice.run({"id": 2})


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_made_anew() -> None:
    assert ONE.run({"value": 1, "word": "x"}) == (1, "x")
    before = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [before])
    other.close()
    assert ONE.run({"value": 2, "word": "y"}) == (2, "y")
    assert connection.connection.info.backend_pid != before


def _row() -> int:
    """Other tests may have emptied the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into policies_termstoken (id, token) values (1, 5) on conflict (id) do update set token "
            "= 5"
        )
    return read()


@pytest.mark.django_db(transaction=True)
def test_a_value_without_a_form_in_sql_leaves_the_connection_fit_for_use() -> None:
    before = _row()
    with pytest.raises(ProgrammingError, match="cannot adapt"), transaction.atomic():
        run_together((TOKEN, {"token": 99}), (ONE, {"value": object(), "word": "x"}))
    with pytest.raises(KeyError):
        ONE.run({"value": 1})
    assert (read(), ONE.run({"value": 1, "word": "x"})) == (before, (1, "x"))
