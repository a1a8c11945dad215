"""Evidence packs: what leaves the organisation as proof. The room `evidence` makes them; retention and
complaints have to know of them."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated, is_hash
from apps.core.privacy.fields import FileNameField, GuardedCharField, ProtectedCharField
from apps.core.web import ids
from apps.jobs.models import Job

from .complaints import Complaint


class EvidencePack(Dated):
    """Asked for by one person; one with clear values approved by another; made by a worker, fetched once,
    gone after a week (R17, R33).

    `subject_id` is the key of what it is about, by `kind`; a pack of a period has `since` and `until`
    instead. `number_index` is of the person whom it is about, where it is about one: with them it goes.
    """

    NOT_TYPED = ("language",)

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", pgettext_lazy("evidence pack", "a complaint")
        CONTACT = "contact", pgettext_lazy("evidence pack", "a person: why they were called")
        CALL = "call", pgettext_lazy("evidence pack", "a call")
        CAMPAIGN = "campaign", pgettext_lazy("evidence pack", "a campaign")
        OPT_OUT = "opt_out", pgettext_lazy("evidence pack", "an opt-out: that it took effect")
        PERIOD = "period", pgettext_lazy("evidence pack", "a period")

    class Recipient(models.TextChoices):
        CLIENT = "client", _("the client")
        REGULATOR = "regulator", _("a regulator")
        COURT = "court", _("a court or arbitration")

    class State(models.TextChoices):
        ASKED = "asked", _("awaiting a second person")
        MAKING = "making", _("being made")
        APPROVED = "approved", _("ready to be fetched")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")
        FETCHED = "fetched", _("fetched")
        LAPSED = "lapsed", _("not fetched in time")
        FAILED = "failed", pgettext_lazy("job, run", "failed")

    kind = models.CharField(
        _("about what"), max_length=9, choices=Kind, default=Kind.COMPLAINT, db_default=Kind.COMPLAINT
    )
    complaint = models.ForeignKey(Complaint, models.CASCADE, null=True, related_name="packs")
    subject_id = models.BigIntegerField(null=True)
    since = models.DateField(pgettext_lazy("label of a beginning", "from"), null=True)
    until = models.DateField(_("until, included"), null=True)
    number_index = models.BinaryField(max_length=32, null=True)
    in_clear = models.BooleanField(_("with recordings and clear values"), default=True, db_default=True)
    language = models.CharField(max_length=10, default="zh-hans", db_default="zh-hans")
    recipient = models.CharField(_("for whom"), max_length=9, choices=Recipient)
    reason = GuardedCharField(_("reason: the file number, the request"), max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    # until the worker has made it
    passphrase: Any = ProtectedCharField(kind="text", max_length=80, null=True)
    file = FileNameField(blank=True, default="")
    sha256 = models.BinaryField(max_length=32, null=True)
    contents = models.JSONField(default=list)
    made_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("decided_by")), name="pack_four_eyes"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "lapsed"]) | Q(decided_by__isnull=False) | Q(in_clear=False),
                name="pack_in_clear_by_two",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pack_has_reason"),
            models.CheckConstraint(
                condition=Q(kind="complaint", complaint__isnull=False)
                | Q(kind="period", since__isnull=False, until__gte=F("since"))
                | ~Q(kind__in=["complaint", "period"]) & Q(subject_id__isnull=False),
                name="pack_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(number_index__isnull=True) | is_hash("number_index"), name="pack_has_hash"
            ),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.encode("ep", self.pk)
