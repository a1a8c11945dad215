"""Rows deleted in bulk as their foreign keys say, without loading them: the trail of a purge is its certificate."""

from collections.abc import Sequence
from typing import Any

from django.db import models


def delete_rows(model: type[models.Model], keys: Sequence[Any]) -> None:
    """Delete rows and what hangs on them by CASCADE; cut what hangs by SET_NULL. PROTECT is the database's to refuse."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        related, field = relation.related_model, relation.field
        hanging = related._base_manager.filter(**{f"{field.name}__in": keys})
        if relation.on_delete is models.CASCADE:
            if inner := list(hanging.values_list("pk", flat=True)):
                delete_rows(related, inner)
        elif relation.on_delete is models.SET_NULL:
            hanging.update(**{field.name: None})
    rows = model._base_manager.filter(pk__in=keys)
    rows._raw_delete(rows.db)
