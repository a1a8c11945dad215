"""core has no tables. This holds the base that every table of ours stands on."""

from typing import Any

from django.db import models
from django.db.models.lookups import Exact
from django.utils import timezone

from ..calendar import clock


class MadeAt(models.DateTimeField):
    """When a row is made, by the clock that services read; to migrations an ordinary field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": timezone.now, "editable": False, **kwargs})

    def get_default(self) -> Any:
        return clock.now()

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs


class Dated(models.Model):
    """Knows when it was made. Times are aware and stored in UTC."""

    created_at = MadeAt()

    class Meta:
        abstract = True


class NotBlocked(models.Manager[Any]):
    """Rows of a model with `blocked_until`, without those that are kept only because the law demands their
    record (R34).

    It is the default manager, so that no page, export or task comes upon a blocked row; deletion, keys and
    backups, which have to, use `everyone`.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(blocked_until__isnull=True)


class AnyOf(models.Lookup):
    """`id__any=[…]`: like `in`, with the keys as one array instead of a parameter for each."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = any(%s)", [*params, list(self.rhs)]


models.BigAutoField.register_lookup(AnyOf)
models.BinaryField.register_lookup(AnyOf)


def named(model: Any, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A reference to a row that is never deleted (a trigger of its table sees to that): not checked again, no
    index of its own."""
    return models.ForeignKey(model, models.PROTECT, db_constraint=False, db_index=False, **options)


def is_hash(field: str) -> models.Q:
    """The condition of a check constraint: the column holds a 32-byte hash."""
    return models.Q(
        Exact(models.Func(field, function="octet_length", output_field=models.IntegerField()), 32)
    )
