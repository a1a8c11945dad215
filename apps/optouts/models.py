"""The register of those who asked to be left alone: keyed hashes, no numbers (R14, R15)."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.core import ids
from apps.core.models import Dated, is_hash


class OptOut(Dated):
    """One word of refusal. Entries are never changed and never deleted."""

    class Channel(models.TextChoices):
        KEY = "key", _("key 9 in the call")
        AGENT = "agent", _("told the agent")
        API = "api", _("another system")

    number_hash = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=32)
    channel = models.CharField(max_length=6, choices=Channel)
    said_at = models.DateTimeField()
    evidence = models.CharField(max_length=80)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number_hash", "evidence"], name="opt_out_once_per_evidence"),
            models.CheckConstraint(condition=is_hash("number_hash"), name="opt_out_hash_is_32_bytes"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @property
    def public_id(self) -> str:
        return ids.encode("oo", self.pk)
