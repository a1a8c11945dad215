"""Which models django-auditlog records: every one of ours that people change (R10).

Left out are models that say `IN_TRAIL = False`: rows that are themselves a record (decisions, events, entries
of the trail and the ledger), queue and job rows, which machines move many times a second, and how a person
likes their lists. Of a protected field the trail says that it changed, never from what to what. What points
at a row is not part of it.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

import structlog
from auditlog import registry
from auditlog.diff import model_instance_diff
from auditlog.models import LogEntry
from auditlog.receivers import check_disable
from django.apps import apps
from django.db import connections, models
from django.db.models.signals import pre_save
from psycopg import sql

from apps.core.errors import DecryptionFailed
from apps.core.privacy.fields import protected_fields
from apps.core.privacy.protected import Protected

log = structlog.get_logger(__name__)
CHANGED = "changed"
SECRET = [
    "password", "key_hash", "previous_key_hash", "last_used_at", "number_index", "number_hash", "last4_index",
    "last_login", "peaks",
    "silences", "channel_peaks", "by_channel",
    "sha256", "agreement_sha256", "evidence_sha256", "archive_sha256", "archive_word", "code_word", "digest",
    "token_hash",
]  # fmt: skip


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def is_tracked(model: type[models.Model]) -> bool:
    return getattr(model, "IN_TRAIL", True)


def register_all() -> None:
    registry.auditlog = registry.AuditlogModelRegistry(custom={pre_save: log_update})
    for model in filter(is_tracked, ours()):
        fields = model._meta.get_fields()
        names = {field.name for field in fields}
        registry.auditlog.register(
            model,
            exclude_fields=[name for name in SECRET if name in names]
            # hashes say nothing
            + [field.name for field in fields if not field.concrete or isinstance(field, models.BinaryField)],
            mask_fields=protected_fields(model),
            mask_callable=f"{__name__}.changed",
        )


def changed(value: object) -> str:
    """What the trail says of a protected value: that there is one. Not even its mask."""
    return CHANGED if isinstance(value, Protected) else str(value)


@check_disable
def log_update(
    sender: type[models.Model],
    instance: models.Model,
    using: str,
    update_fields: Collection[str] | None = None,
    **_signal: Any,
) -> None:
    """django-auditlog's receiver of a change, which reads of the old row only the columns that are about to
    be written.

    It would read the whole row: twice the cost of the change, and no entry where any protected value of the
    row cannot be opened.
    """
    names = _written(sender, update_fields)
    if instance._state.adding or instance.pk is None or not names:
        return
    try:
        changes = model_instance_diff(_before(instance, names, using), instance, fields_to_check=names)
    except DecryptionFailed:
        log.error("row_unreadable", model=sender._meta.label_lower, row=instance.pk)
        hidden = set(protected_fields(sender)).intersection(names)
        changes = dict.fromkeys(sorted(hidden), (CHANGED, CHANGED))
        if others := names - hidden:
            changes |= (
                model_instance_diff(_before(instance, others, using), instance, fields_to_check=others) or {}
            )
    if changes:
        LogEntry.objects.db_manager(using).log_create(
            instance, action=LogEntry.Action.UPDATE, changes=changes
        )


def _before(row: models.Model, names: frozenset[str], using: str) -> models.Model | None:
    """These columns of a row as they are stored; None where it is gone. Raises `DecryptionFailed`.

    Read by one statement of the model's, not built anew for each change by the ORM, which takes as long as
    the change itself.
    """
    model, link = type(row), connections[using]
    fields = [field for field in model._meta.concrete_fields if field.name in names]
    with link.cursor() as cursor:
        cursor.execute(_statement(model, tuple(field.column for field in fields)), [row.pk])
        stored = cursor.fetchone()
    if stored is None:
        return None
    values = [_opened(value, field, link) for value, field in zip(stored, fields, strict=True)]
    return model.from_db(using, [field.attname for field in fields], values)


@cache
def _statement(model: type[models.Model], columns: tuple[str, ...]) -> str:
    key = sql.Identifier(str(model._meta.pk.column))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return (
        sql.SQL("select {} from {} where {} = %s")
        .format(names, sql.Identifier(model._meta.db_table), key)
        .as_string()
    )


def _opened(value: Any, field: Any, link: Any) -> Any:
    for convert in field.get_db_converters(link):
        value = convert(value, None, link)
    return value


def _written(model: type[models.Model], update_fields: Collection[str] | None) -> frozenset[str]:
    """The names of the columns that a save writes and the trail records. `update_fields` has names of fields
    or of columns, or is None for all."""
    left_out = registry.auditlog.get_model_fields(model)["exclude_fields"]
    return frozenset(
        field.name
        for field in model._meta.concrete_fields
        if field.name not in left_out and not field.primary_key
        if update_fields is None or not {field.name, field.attname}.isdisjoint(update_fields)
    )
