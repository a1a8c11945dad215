"""Compliance audits (R35) and the month's report, with what they found not to conform."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import FileNameField, GuardedCharField, GuardedTextField
from apps.core.web import ids
from apps.policies.triggers import NEVER_DELETED


class MonthReport(Dated):
    """What was measured of a month, duty by duty, and what the officers say of it; signed by two, then it
    stays.

    `measured` is {duty: {"state", "figures", "source": name of the query}}, `notes` {duty: text}.
    """

    NOT_TYPED = ("notes",)

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SIGNED_ONCE = "once", _("awaiting a second signature")
        SIGNED = "signed", _("signed")

    month = models.DateField(_("month"), unique=True)  # its first day
    measured: Any = models.JSONField(default=dict)
    notes: Any = models.JSONField(_("notes"), default=dict)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.DRAFT)
    signed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("signed by"), null=True, related_name="+"
    )
    countersigned_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("countersigned by"), null=True, related_name="+"
    )
    signed_at = models.DateTimeField(_("signed on"), null=True)
    signature: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(condition=~Q(signed_by=F("countersigned_by")), name="month_signed_by_two"),
            models.CheckConstraint(
                condition=~Q(state="signed")
                | Q(signed_by__isnull=False, countersigned_by__isnull=False, signed_at__isnull=False),
                name="month_signed_by_somebody",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="month_begins_on_the_first"),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="signed_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="signed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ComplianceAudit(Dated):
    """An audit of how personal information is handled: plan, answers, report, two signatures."""

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("audit", "planned")
        RUNNING = "running", pgettext_lazy("audit", "being carried out")
        REPORTED = "reported", _("awaiting a second signature")
        SIGNED = "signed", _("signed")

    title = GuardedCharField(_("title"), max_length=120)
    scope = GuardedTextField(_("scope"), max_length=2000)
    since = models.DateField(pgettext_lazy("label of a beginning", "from"))
    until = models.DateField(_("until, included"))
    auditor = GuardedCharField(_("auditor"), max_length=120, help_text=_("a person of ours, or an agency"))
    is_outside = models.BooleanField(_("by an outside agency"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PLANNED)
    planned_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("planned by"), related_name="+")
    conclusion = GuardedTextField(_("conclusion"), max_length=4000, blank=True)
    signed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("signed by"), null=True, related_name="+"
    )
    countersigned_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("countersigned by"), null=True, related_name="+"
    )
    signed_at = models.DateTimeField(_("signed on"), null=True)
    signature: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")),
                name="audit_ends_after_it_begins",
                violation_error_message=_("The time that is audited ends before it begins."),
            ),
            models.CheckConstraint(condition=~Q(signed_by=F("countersigned_by")), name="audit_signed_by_two"),
            models.CheckConstraint(
                condition=~Q(state="signed")
                | Q(signed_by__isnull=False, countersigned_by__isnull=False, signed_at__isnull=False)
                & ~Q(conclusion=""),
                name="audit_signed_by_somebody",
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="signed_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="signed")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return ids.encode("au", self.pk)


class AuditAnswer(Dated):
    """One point of an audit: what Hegui measured when the audit began, what a person found, the verdict."""

    NOT_TYPED = ("point",)

    class Verdict(models.TextChoices):
        OPEN = "open", _("not judged yet")
        CONFORMS = "conforms", _("conforms")
        PARTLY = "partly", _("conforms in part")
        NOT = "not", _("does not conform")
        NOT_APPLICABLE = "na", _("does not apply")

    audit = models.ForeignKey(ComplianceAudit, models.PROTECT, related_name="answers")
    point = models.CharField(max_length=40)
    measured: Any = models.JSONField(default=dict)  # {duty: {"state", "figures"}}
    found = GuardedTextField(_("what was found"), max_length=4000, blank=True)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict, default=Verdict.OPEN)
    file = FileNameField(_("evidence file"), blank=True)
    file_sha256 = models.BinaryField(max_length=32, null=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("answered by"), null=True, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["audit", "point"], name="audit_point_once"),
            models.CheckConstraint(
                condition=Q(verdict="open") | Q(answered_by__isnull=False), name="audit_verdict_of_somebody"
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Trigger(
                name="of_an_open_audit",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                if exists (select from governance_complianceaudit where id = old.audit_id and state in ('reported', 'signed'))
                then raise exception 'the answers of an audit that was reported stay' using errcode = 'check_violation'; end if;
                return new;""",
            ),
        ]


class Nonconformity(Dated):
    """What an audit or a month's report found not to conform: somebody resolves it by a day, another person
    checks that."""

    NOT_TYPED = ("duty",)

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("nonconformity", "open")
        DONE = "done", _("done, to be checked")
        CLOSED = "closed", pgettext_lazy("nonconformity", "closed")

    duty = models.CharField(_("duty"), max_length=3, blank=True)
    text = GuardedCharField(_("what does not conform"), max_length=500)
    report = models.ForeignKey(MonthReport, models.PROTECT, null=True, related_name="nonconformities")
    answer = models.ForeignKey(AuditAnswer, models.PROTECT, null=True, related_name="nonconformities")
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+")
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    measures = GuardedCharField(_("what was done"), max_length=500, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed"), null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name = _("nonconformity")
        constraints = [
            models.CheckConstraint(
                condition=Q(report__isnull=True) ^ Q(answer__isnull=True), name="nonconformity_of_one"
            ),
            models.UniqueConstraint(
                fields=["duty"],
                condition=Q(report__isnull=False) & ~Q(state="closed"),
                name="nonconformity_of_a_duty_once",
            ),
            models.CheckConstraint(
                condition=~Q(closed_by=F("done_by")), name="nonconformity_checked_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | Q(closed_by__isnull=False, done_by__isnull=False) & ~Q(measures=""),
                name="nonconformity_closed_by_somebody",
            ),
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.text
