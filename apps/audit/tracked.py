"""Which models django-auditlog records: every one of ours that people change (R10).

Left out are models that say `IN_TRAIL = False`: rows that are themselves a record (decisions, events, entries of the trail and the
ledger), queue and job rows, which machines move many times a second, and how a person likes their lists. Of a protected field the
trail says that it changed, never from what to what. What points at a row is not part of it.
"""

from auditlog.registry import auditlog
from django.apps import apps
from django.db import models

from apps.core.privacy.fields import protected_fields
from apps.core.privacy.protected import Protected

SECRET = [
    "password", "key_hash", "previous_key_hash", "last_used_at", "number_index", "number_hash", "last4_index", "last_login", "peaks",
    "silences", "channel_peaks", "by_channel",
    "sha256", "agreement_sha256", "evidence_sha256", "archive_sha256", "archive_word", "code_word", "digest", "token_hash",
]  # fmt: skip


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def is_tracked(model: type[models.Model]) -> bool:
    return getattr(model, "IN_TRAIL", True)


def register_all() -> None:
    for model in filter(is_tracked, ours()):
        fields = model._meta.get_fields()
        names = {field.name for field in fields}
        auditlog.register(
            model,
            exclude_fields=[name for name in SECRET if name in names]
            + [field.name for field in fields if not field.concrete or isinstance(field, models.BinaryField)],  # hashes say nothing
            mask_fields=protected_fields(model),
            mask_callable=f"{__name__}.changed",
        )


def changed(value: object) -> str:
    """What the trail says of a protected value: that there is one. Not even its mask."""
    return "changed" if isinstance(value, Protected) else str(value)
