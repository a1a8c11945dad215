"""The trail of reads. Changes are django-auditlog's; both are append-only by trigger (R10)."""

import pgtrigger
from auditlog.models import LogEntry
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.core.models import Dated


class AccessEvent(Dated):
    """One reading of personal data: who, what, why, from where. Ids and masks, no clear text."""

    class Kind(models.TextChoices):
        VIEWED = "viewed", _("viewed")
        SEARCHED = "searched", _("searched")
        DISCLOSED = "disclosed", _("disclosed")
        HANDED_OVER = "handed_over", _("handed to a dialler")
        IMPORTED = "imported", _("imported")

    kind = models.CharField(max_length=12, choices=Kind)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=40)
    field = models.CharField(max_length=40, blank=True)
    count = models.PositiveIntegerField(default=1)
    purpose = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["actor", "-created_at"], name="access_event_by_actor")]
        constraints = [
            models.CheckConstraint(condition=models.Q(actor__isnull=False) | models.Q(client__isnull=False), name="access_event_has_reader")
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Change(LogEntry):
    """django-auditlog's row of a change, made append-only."""

    class Meta:
        proxy = True
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
