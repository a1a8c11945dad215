"""core has no tables. This holds the base that every table of ours stands on."""

from django.db import models
from django.db.models.lookups import Exact
from django.utils import timezone


class Dated(models.Model):
    """Knows when it was made. Times are aware and stored in UTC."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


def is_hash(field: str) -> models.Q:
    """The condition of a check constraint: the column holds a 32-byte hash."""
    return models.Q(Exact(models.Func(field, function="octet_length", output_field=models.IntegerField()), 32))
