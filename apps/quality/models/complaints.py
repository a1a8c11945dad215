"""Complaints and disputes: who, about which call, how long it took, what came of it, and what that is
compared with (R31)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.contacts.models import Contact
from apps.core.calendar.timestamps import is_possible
from apps.core.database.base_models import Dated, is_hash, named
from apps.core.privacy.fields import GuardedCharField, ProtectedTextField
from apps.core.web import ids
from apps.scripts.models import ScriptVersion


class Complaint(Dated):
    """From any channel. The complainant is known by the hash of the number; `handled_seconds` leaves pauses
    out."""

    class Channel(models.TextChoices):
        TELEPHONE = "telephone", _("telephone")
        AGENT = "agent", _("said to an agent")
        LETTER = "letter", _("letter or e-mail")
        WEB = "web", _("web")
        SHOP = "shop", _("in person")
        REGULATOR = "regulator", _("regulator (12300, 12321, 12345)")
        API = "api", _("another system")

    class Kind(models.TextChoices):
        UNWANTED = "unwanted", _("unwanted calls")
        AFTER_NO = "after_no", _("called after an opt-out")
        FALSE = "false", _("false or misleading words")
        MANNER = "manner", _("manner")
        PRIVACY = "privacy", _("personal data")
        MONEY = "money", _("money: fees, refunds")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("complaint", "open")
        PAUSED = "paused", _("waits for the client")
        CLOSED = "closed", pgettext_lazy("complaint", "closed")

    class Outcome(models.TextChoices):
        JUSTIFIED = "justified", _("justified")
        PARTLY = "partly", _("partly justified")
        UNJUSTIFIED = "unjustified", _("not justified")
        WITHDRAWN = "withdrawn", pgettext_lazy("complaint by the client", "withdrawn")

    channel = models.CharField(_("came by"), max_length=10, choices=Channel)
    kind = models.CharField(_("about"), max_length=10, choices=Kind)
    is_dispute = models.BooleanField(_("dispute: the client claims something"), default=False)
    reference = GuardedCharField(_("reference of the sender"), max_length=80, blank=True)
    text = ProtectedTextField(_("what the client says"), kind="text")
    number_index = models.BinaryField(max_length=32, null=True)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="complaints")
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="complaints")
    campaign = named(Campaign, null=True, related_name="+")
    script_version = named(ScriptVersion, null=True, related_name="+")
    agent = named(User, null=True, related_name="+")
    received_at = models.DateTimeField(pgettext_lazy("label of a time", "received"))
    answer_due = models.DateTimeField(_("first answer by"))
    due_at = models.DateTimeField(_("to be closed by"))
    answered_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="complaints")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    outcome = models.CharField(_("outcome"), max_length=11, choices=Outcome, blank=True)
    remedy = ProtectedTextField(_("remedy"), kind="text", null=True)
    closed_at = models.DateTimeField(null=True)
    handled_seconds = models.PositiveBigIntegerField(null=True)
    has_opted_out = models.BooleanField(default=False)
    escalated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number_index__isnull=True) | is_hash("number_index"), name="complaint_has_hash"
            ),
            models.CheckConstraint(condition=is_possible("received_at"), name="complaint_time_is_possible"),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | ~Q(outcome="") & Q(closed_at__isnull=False, handled_seconds__isnull=False),
                name="closed_has_outcome",
            ),
            models.CheckConstraint(condition=Q(answer_due__lte=F("due_at")), name="answered_before_closed"),
            models.UniqueConstraint(
                fields=["channel", "reference"], condition=~Q(reference=""), name="complaint_once"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=~Q(state="closed"), name="complaint_not_closed"),
            models.Index(fields=["received_at"], name="complaint_by_time"),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("co", self.pk)


class ComplaintEvent(Dated):
    """What happened to a complaint, in order: the handling clock is read from here."""

    IN_TRAIL = False

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("complaint", "opened")
        ANSWERED = "answered", _("first answer")
        NOTE = "note", _("note")
        PAUSED = "paused", _("waits for the client")
        RESUMED = "resumed", _("taken up again")
        MOVED = "moved", _("given to another owner")
        CLOSED = "closed", pgettext_lazy("complaint", "closed")
        REOPENED = "reopened", _("opened again")
        ESCALATED = "escalated", _("escalated: overdue")

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = GuardedCharField(max_length=500, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]


class BasePeriod(Dated):
    """What complaints are compared with: a time before, or the first months with Hegui. Figures, no
    people."""

    name = GuardedCharField(_("name"), max_length=80)
    since = models.DateField(pgettext_lazy("label of a beginning", "from"))
    until = models.DateField(_("until, included"))
    calls = models.PositiveIntegerField(_("connected calls"))
    complaints = models.PositiveIntegerField(_("complaints"))
    handling_hours = models.DecimalField(_("mean handling time, hours"), max_digits=8, decimal_places=2)
    origin = GuardedCharField(_("where the figures come from"), max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since"), calls__gt=0),
                name="base_period_makes_sense",
                violation_error_message=_("The base period has calls, and ends after it begins."),
            ),
            models.CheckConstraint(
                condition=~Q(origin=""),
                name="base_period_has_origin",
                violation_error_message=_("Say where the figures come from."),
            ),
        ]
        ordering = ["-pk"]
