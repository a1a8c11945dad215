"""What agents say. A version that was submitted is never changed: a change is a new version."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.accounts.models import User
from apps.core import ids
from apps.core.models import Dated
from apps.policies.triggers import NEVER_DELETED, RENEWS_TERMS


class CallKind(models.TextChoices):
    """The kind of call; the gate's rules say which of them they hold for."""

    MARKETING = "marketing", _("marketing")
    NOTIFICATION = "notification", _("notification")
    SERVICE = "service", _("service")


class Script(Dated):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of call"), max_length=12, choices=CallKind)
    trade = models.CharField(_("trade"), max_length=12)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode("sc", self.pk)


class ScriptVersion(Dated):
    """One text of a script: opening (who calls), purpose, body, way out, what is forbidden."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("awaiting review")
        RETURNED = "returned", _("sent back")
        APPROVED = "approved", _("approved")
        RETIRED = "retired", _("retired")

    script = models.ForeignKey(Script, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    company = models.CharField(_("company as said"), max_length=80)
    opening = models.TextField(_("opening: company and person"))
    purpose = models.TextField(_("purpose of the call"))
    body = models.TextField(_("body"))
    way_out = models.TextField(_("way out: how to opt out"))
    forbidden = models.TextField(_("forbidden behaviours"), blank=True)
    state = FSMField(default=State.DRAFT, choices=State.choices, protected=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    review_note = models.CharField(max_length=400, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="script_version_number"),
            models.UniqueConstraint(fields=["script"], condition=Q(state="approved"), name="one_approved_version"),
            models.CheckConstraint(condition=~Q(reviewed_by=F("author")), name="script_four_eyes"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(reviewed_by__isnull=False, approved_at__isnull=False, expires_at__isnull=False),
                name="approved_script_has_reviewer_and_end",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="submitted_text_is_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["submitted", "approved", "retired"])
                & (
                    pgtrigger.Q(old__opening__df=pgtrigger.F("new__opening"))
                    | pgtrigger.Q(old__purpose__df=pgtrigger.F("new__purpose"))
                    | pgtrigger.Q(old__body__df=pgtrigger.F("new__body"))
                    | pgtrigger.Q(old__way_out__df=pgtrigger.F("new__way_out"))
                    | pgtrigger.Q(old__forbidden__df=pgtrigger.F("new__forbidden"))
                ),
            ),
            NEVER_DELETED,
            RENEWS_TERMS,
        ]

    def __str__(self) -> str:
        return f"{self.script} v{self.number}"

    @transition(field=state, source=[State.DRAFT, State.RETURNED], target=State.SUBMITTED)
    def submit(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.RETURNED)
    def send_back(self) -> None: ...

    @transition(field=state, source=State.APPROVED, target=State.RETIRED)
    def retire(self) -> None: ...
