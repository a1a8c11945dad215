"""Sharing between departments (R32): which fields of which campaign, with whom, under which agreement, until
when."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import FileNameField, GuardedCharField
from apps.core.web import ids


class Share(Dated):
    """A right to look, asked for by whoever will look, approved by compliance. Masked unless `is_clear`.

    `file` is a file that was made and not fetched yet: encrypted, and gone within a day.
    """

    class Field(models.TextChoices):
        PHONE = "phone", _("phone")
        NAME = "name", _("full name")
        TAGS = "tags", _("tags")
        STATE = "state", _("state in the campaign")

    class Form(models.TextChoices):
        VIEW = "view", _("looked at in the console")
        FILE = "file", _("encrypted file")

    class State(models.TextChoices):
        ASKED = "asked", _("awaiting approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("share", "withdrawn")
        EXPIRED = "expired", pgettext_lazy("consent, share", "expired")

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name=_("campaign"), related_name="shares")
    fields = ArrayField(models.CharField(max_length=8, choices=Field), verbose_name=_("fields"))
    form = models.CharField(_("how"), max_length=4, choices=Form)
    is_clear = models.BooleanField(_("in clear"), default=False)
    purpose = GuardedCharField(_("what it is needed for"), max_length=300)
    agreement = GuardedCharField(_("confidentiality agreement"), max_length=200)
    agreement_file = FileNameField(_("signed agreement"))
    agreement_sha256 = models.BinaryField(max_length=32)
    ends_on = models.DateField(pgettext_lazy("right or share, column", "until"), help_text=_("the last day"))
    asked_by = models.ForeignKey(
        User,
        models.PROTECT,
        verbose_name=pgettext_lazy("share, grant, lift, audit", "asked by"),
        related_name="shares",
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.ASKED)
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided on"), null=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("withdrawn by"), null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("withdrawn on"), null=True)
    reason = GuardedCharField(_("why it was refused or withdrawn"), max_length=300, blank=True)
    file = FileNameField(_("encrypted file"), blank=True)
    file_made_at = models.DateTimeField(_("file made on"), null=True)
    file_rows = models.PositiveIntegerField(_("persons in the file"), default=1, db_default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(fields=[]), name="share_names_fields"),
            models.CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="share_four_eyes"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(decided_by__isnull=False),
                name="share_approved_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(agreement_file=""), name="share_under_an_agreement"),
            models.CheckConstraint(
                condition=Q(file="") | Q(state="approved", form="file"), name="share_file_while_approved"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="terms_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__fields__df=pgtrigger.F("new__fields"))
                | pgtrigger.Q(old__is_clear__df=pgtrigger.F("new__is_clear"))
                | pgtrigger.Q(old__ends_on__df=pgtrigger.F("new__ends_on"))
                | pgtrigger.Q(old__campaign__df=pgtrigger.F("new__campaign")),
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.encode("sh", self.pk)

    @property
    def field_labels(self) -> list[str]:
        return [str(self.Field(each).label) for each in self.fields]
