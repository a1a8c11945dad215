"""What was deleted when, and the ledger of erased people: keyed hashes that outlive them (R8)."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Dated


class PurgeRun(Dated):
    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")

    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    policy = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)


class ErasureEntry(Dated):
    """One erased contact. Written in the transaction that deletes, before the first delete."""

    number_hash = models.BinaryField(max_length=32)
    run = models.ForeignKey(PurgeRun, models.PROTECT, related_name="entries")

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
