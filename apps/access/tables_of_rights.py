"""The tables in which rights stand, those of rooms above included, found through Django's registry."""

from typing import Any

from django.apps import apps
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


def of_people() -> list[Any]:
    """Models of rights given to a person on an object."""
    return _ours(UserObjectPermissionBase)


def of_groups() -> list[Any]:
    """Models of rights given to a group on an object."""
    return _ours(GroupObjectPermissionBase)


def _ours(base: type) -> list[Any]:
    return [
        model
        for model in apps.get_models()
        if issubclass(model, base) and model.__module__.startswith("apps.")
    ]


def row_of(label: str, pk: int) -> Any | None:
    """The row of a right, by its table's label; None when it is gone."""
    model: Any = apps.get_model(label)
    return model.objects.filter(pk=pk).first()
