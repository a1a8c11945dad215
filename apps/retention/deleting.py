"""Rows deleted in bulk as their foreign keys say, without loading them: the trail of a purge is its
certificate.

Keys go to PostgreSQL as one array: a parameter for each costs more than the deletion.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from psycopg import sql


def delete_where(
    model: type[models.Model], column: str, keys: Sequence[Any], *, returning: str = ""
) -> list[Any]:
    """Delete the rows whose column is among the keys; gives what `returning` names of each."""
    names = {"table": sql.Identifier(model._meta.db_table), "column": sql.Identifier(column)}
    statement = sql.SQL("delete from {table} where {column} = any(%s)").format(**names)
    if returning:
        statement += sql.SQL(" returning {}").format(sql.Identifier(returning))
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(keys)])
        return [value for (value,) in cursor.fetchall()] if returning else []


def cut(model: type[models.Model], column: str, keys: Sequence[Any], *, by: str = "") -> None:
    """Set the column to null in the rows where it (or the column `by`) is among the keys."""
    names = {
        "table": sql.Identifier(model._meta.db_table),
        "column": sql.Identifier(column),
        "by": sql.Identifier(by or column),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("update {table} set {column} = null where {by} = any(%s)").format(**names), [list(keys)]
        )


def _pk(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def _keys_of(model: type[models.Model], column: str, keys: Sequence[Any]) -> list[Any]:
    table, wanted, by = map(sql.Identifier, (model._meta.db_table, _pk(model), column))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("select {} from {} where {} = any(%s)").format(wanted, table, by), [list(keys)]
        )
        return [key for (key,) in cursor.fetchall()]


@cache
def _hanging(model: type[models.Model]) -> list[tuple[type[models.Model], str, bool]]:
    """What depends on a model: the model, its column, and whether it goes (CASCADE) or is cut (SET_NULL)."""
    found = []
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete in {
            models.CASCADE,
            models.SET_NULL,
        }:
            found.append(
                (relation.related_model, relation.field.column, relation.on_delete is models.CASCADE)
            )
    return found


def delete_rows(model: type[models.Model], keys: Sequence[Any]) -> None:
    """Delete rows and what depends on them by CASCADE; cut what hangs by SET_NULL. PROTECT is the database's
    to refuse."""
    if not keys:
        return
    delete_hanging(model, keys)
    delete_where(model, _pk(model), keys)


def delete_hanging(
    model: type[models.Model], keys: Sequence[Any], *, but: tuple[type[models.Model], ...] = ()
) -> None:
    """What depends on rows that themselves stay; rows of the models `but` stay too."""
    for related, column, goes in _hanging(model):
        if related in but:
            continue
        if not goes:
            cut(related, column, keys)
        elif _hanging(related):
            delete_rows(related, _keys_of(related, column, keys))
        else:
            delete_where(related, column, keys)
