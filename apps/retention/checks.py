"""A new class of personal data without a storage period does not pass (R8)."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models

from apps.core.privacy.fields import file_fields, protected_fields

_NO_PERIOD_OF_ITS_OWN: dict[str, str] = {}


def no_period_of_its_own(model: str, why: str) -> None:
    """Say of a table of a room above why it belongs to no class: its rows go with something that has a
    period, or hold no person's data."""
    _NO_PERIOD_OF_ITS_OWN[model] = why


def everything_has_a_period(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What has protected values, hashes of numbers, encrypted files or depends on a contact belongs to a
    class, or says why not."""
    from .storage_classes import CLASSES, WITHOUT_PERIOD

    known = (
        {name for each in CLASSES for name in each.models} | set(WITHOUT_PERIOD) | set(_NO_PERIOD_OF_ITS_OWN)
    )
    return [
        Error(
            f"{model._meta.label} holds personal data and has no storage period.",
            hint="Add it to a class in apps/retention/storage_classes.py, or to WITHOUT_PERIOD with the "
            "reason.",
            id="hegui.E031",
        )
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        and not model._meta.proxy
        and _is_personal(model)
        and model._meta.label_lower not in known
    ]


def _is_personal(model: type[models.Model]) -> bool:
    names = {field.name for field in model._meta.concrete_fields}
    hangs = any(
        field.related_model is apps.get_model("contacts.Contact") for field in model._meta.concrete_fields
    )
    return bool(
        protected_fields(model)
        or file_fields(model)
        or hangs
        or names & {"number_index", "number_hash", "number_hashes", "last4_index"}
    )
