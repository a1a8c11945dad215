"""What went against the rules, and what is done about it until another person has seen that it is corrected
(R30)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.core.database.base_models import Dated, named
from apps.core.privacy.fields import FileNameField, GuardedCharField

from .reviews import Review


class Violation(Dated):
    """Found in a review or a complaint; never changed: what is wrong about it is said in its action."""

    NOT_TYPED = ("law",)

    class Kind(models.TextChoices):
        IDENTITY = "identity", _("company or purpose not said first")
        PROMISE = "promise", _("forbidden promise or false statement")
        SECRETS = "secrets", _("asked for secrets: ID, card, code")
        PRIVACY = "privacy", _("spoke of personal data to others")
        AFTER_NO = "after_no", _("went on after a refusal")
        WAY_OUT = "way_out", _("no way out offered, or refused")
        SCRIPT = "script", _("left the approved script")
        MANNER = "manner", _("pressure, insult, interruption")
        PRODUCT = "product", _("product that may not be sold by telephone")
        OTHER = "other", _("something else")

    class Gravity(models.TextChoices):
        MINOR = "minor", pgettext_lazy("gravity of a violation", "minor")
        SERIOUS = "serious", _("serious")
        GRAVE = "grave", _("grave")

    review = models.ForeignKey(Review, models.SET_NULL, null=True, related_name="violations")
    complaint = models.ForeignKey("quality.Complaint", models.SET_NULL, null=True, related_name="violations")
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="violations")
    agent = named(User, related_name="violations")
    campaign = named(Campaign, related_name="+")
    called_at = models.DateTimeField(_("time of the call"))
    kind = models.CharField(_("violation"), max_length=10, choices=Kind)
    gravity = models.CharField(_("gravity"), max_length=8, choices=Gravity)
    start_ms = models.PositiveIntegerField(pgettext_lazy("label of a beginning", "from"), null=True)
    end_ms = models.PositiveIntegerField(pgettext_lazy("label or column of an end", "until"), null=True)
    note = GuardedCharField(_("what happened"), max_length=500)
    law = models.CharField(_("law"), max_length=80)
    found_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(note="") & ~Q(law=""), name="violation_says_what_and_why"),
            models.CheckConstraint(condition=~Q(found_by=F("agent")), name="violation_found_by_another"),
            models.CheckConstraint(
                condition=Q(start_ms__isnull=True) | Q(end_ms__gte=F("start_ms")), name="evidence_has_an_end"
            ),
        ]
        indexes = [models.Index(fields=["agent", "-created_at"], name="violation_by_agent")]
        triggers = [
            pgtrigger.Protect(
                name="finding_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__gravity__df=pgtrigger.F("new__gravity"))
                | pgtrigger.Q(old__kind__df=pgtrigger.F("new__kind"))
                | pgtrigger.Q(old__agent__df=pgtrigger.F("new__agent"))
                | pgtrigger.Q(old__note__df=pgtrigger.F("new__note")),
            )
        ]

    @property
    def is_grave(self) -> bool:
        return self.gravity == self.Gravity.GRAVE


class CorrectiveAction(Dated):
    """What has to be done about a violation, by whom and by when; closed by another person who has checked
    it."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("corrective action", "open")
        DONE = "done", _("done, to be checked")
        CLOSED = "closed", _("checked and closed")

    violation = models.OneToOneField(Violation, models.CASCADE, related_name="action")
    owner = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("owner"), related_name="corrective_actions"
    )
    due_on = models.DateField(pgettext_lazy("corrective action", "due on"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    measures = GuardedCharField(
        pgettext_lazy("corrective action", "what was done"), max_length=1000, blank=True
    )
    proof = GuardedCharField(_("proof"), max_length=300, blank=True)
    proof_file = FileNameField(blank=True, default="")
    done_at = models.DateTimeField(null=True)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    escalated = models.PositiveSmallIntegerField(default=0)  # 1: supervisors were notified, 2: compliance

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(checked_by=F("owner")), name="action_checked_by_another"),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(checked_by__isnull=False, closed_at__isnull=False),
                name="closed_is_checked",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(measures="") & Q(done_at__isnull=False), name="done_says_what"
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=~Q(state="closed"), name="action_not_closed")]


class ActionEvent(Dated):
    """What happened to an action, in order."""

    IN_TRAIL = False

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("corrective action", "opened")
        DONE = "done", _("reported as done")
        CLOSED = "closed", _("checked and closed")
        REOPENED = "reopened", _("sent back")
        MOVED = "moved", _("given to another owner")
        ESCALATED = "escalated", _("escalated: overdue")

    action = models.ForeignKey(CorrectiveAction, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = GuardedCharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["pk"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]
