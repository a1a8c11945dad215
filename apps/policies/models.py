"""Policies as versions: a version may tighten the norm and never loosen it; the tables hold that.

A draft (`PolicyDraft`) becomes a version when a second person approves it. Every decision keeps the
number of the version it was made under, so a version is never changed and never deleted.
"""

import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.audit.alarms import RULES
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, GuardedJSONField, GuardedSlugField

from .triggers import RENEWS_TERMS


class Trade(models.TextChoices):
    """The trades whose packs come with Hegui; compliance adds others as rows."""

    GENERAL = "general", _("general")
    RETAIL = "retail", _("retail")
    FINANCE = "finance", _("finance")
    EDUCATION = "education", _("education")
    MEDICAL = "medical", _("medical")


TWO_APPROVERS = [Trade.FINANCE, Trade.EDUCATION, Trade.MEDICAL]
FROZEN = pgtrigger.Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)
FOUR_EYES = ~Q(written_by=F("approved_by")) | Q(written_by__isnull=True, approved_by__isnull=True)


class PolicyVersion(Dated):
    """`number` counts within the table. Nobody wrote the versions that are the norm itself."""

    number = models.PositiveIntegerField(unique=True)
    in_force_from = models.DateTimeField(_("in force from"))
    reason = GuardedCharField(_("reason"), max_length=300, blank=True)
    written_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
        get_latest_by = "number"


class CallingPolicy(PolicyVersion):
    """Hours (local to the client), caps and the life of a reservation. R11, R13."""

    window_start = models.TimeField(
        pgettext_lazy("window of a day", "calls from"), default=datetime.time(8, 0)
    )
    window_end = models.TimeField(
        pgettext_lazy("window of a day", "calls until"), default=datetime.time(21, 0)
    )
    calls_per_day = models.PositiveSmallIntegerField(_("calls a day"), default=1)
    calls_per_week = models.PositiveSmallIntegerField(_("calls in 7 days"), default=3)
    reservation_seconds = models.PositiveSmallIntegerField(_("seconds that a reservation holds"), default=60)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    window_start__gte=datetime.time(8, 0),
                    window_end__lte=datetime.time(21, 0),
                    window_start__lt=F("window_end"),
                    calls_per_day__lte=1,
                    calls_per_week__lte=3,
                    reservation_seconds__lte=60,
                ),
                name="calling_policy_within_norm",
                violation_error_message=_(
                    "A policy may only tighten the norm: hours within 08:00-21:00, at most 1 call a day and "
                    "3 in 7 days (R11, R13)."
                ),
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="calling_policy_four_eyes"),
        ]
        triggers = [FROZEN, RENEWS_TERMS]


class DataClass(models.TextChoices):
    """What has a storage period of its own. `retention.storage_classes` says what belongs to each and how it
    goes."""

    CONTACT = "contact", _("contacts")
    UNCALLED = "uncalled", _("contacts that were never called")
    CALL = "call", _("calls, with their results and tickets")
    DECISION = "decision", _("decisions of the gate that led to no call")
    RECORDING = "recording", _("recordings")
    TRANSCRIPT = "transcript", _("transcripts")
    REVIEW = "review", _("reviews, violations and corrective actions")
    COMPLAINT = "complaint", _("complaints and disputes")
    REQUEST = "request", _("requests of persons about their data")
    IMPORT_FILE = "import_file", _("files and reports of imports")
    LIST_FILE = "list_file", _("lists held against the register, and their results")
    CODE = "code", _("one-time codes")
    WEBHOOK = "webhook", _("messages to other systems")
    NOTICE = "notice", _("lines of the inbox")
    SESSION = "session", _("sessions that are over")
    TRAIL = "trail", _("the access log")


MOST_DAYS = 365  # R8
LEAST_TRAIL_DAYS = 180  # R10
RECORD_CLASSES = ["contact", "call", "decision", "recording"]
# R34: recordings, numbers, times and evidence of consent of a call (MIIT notice of 2020-06-19)
LEAST_RECORD_DAYS = 30


class RetentionPolicy(PolicyVersion):
    """How long one class of data is kept, and what happens then (R8, R10).

    Longer than 365 days only on the basis of a regulation and until a day; from then on 365 days hold again.
    """

    class Action(models.TextChoices):
        DELETE = "delete", pgettext_lazy("then it is", "deleted")
        ANONYMISE = "anonymise", _("anonymised: only counts stay")

    data_class = models.CharField(_("class of data"), max_length=12, choices=DataClass)
    days = models.PositiveSmallIntegerField(_("days that it is kept"), default=MOST_DAYS)
    action = models.CharField(_("then it is"), max_length=9, choices=Action, default=Action.DELETE)
    basis = GuardedCharField(_("regulation that asks for more than 365 days"), max_length=200, blank=True)
    basis_ends_on = models.DateField(_("it asks so until"), null=True, blank=True)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=MOST_DAYS)
                | Q(days__gte=1, days__lte=3650, basis_ends_on__isnull=False)
                & ~Q(basis="")
                & ~Q(data_class__in=["contact", "uncalled"]),
                name="retention_policy_within_norm",
                violation_error_message=_(
                    "Data is kept for 1 to 365 days. More needs a regulation that asks for it and the day on "
                    "which it ends, "
                    "and is never possible for contacts (R8)."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(data_class="trail") | Q(days__gte=LEAST_TRAIL_DAYS),
                name="trail_is_kept_six_months",
                violation_error_message=_("The access log is kept for at least 180 days (R10)."),
            ),
            models.CheckConstraint(
                condition=~Q(data_class__in=RECORD_CLASSES) | Q(days__gte=LEAST_RECORD_DAYS),
                name="record_of_a_call_is_kept_30_days",
                violation_error_message=_(
                    "Contacts, calls, decisions and recordings are kept for at least 30 days: the record of "
                    "a call has to be (R34)."
                ),
            ),
            models.CheckConstraint(
                condition=Q(action="delete") | Q(data_class="call"),
                name="only_calls_are_anonymised",
                violation_error_message=_("Only calls can be anonymised; everything else is deleted."),
            ),
            models.CheckConstraint(
                condition=Q(data_class__in=DataClass.values),
                name="retention_of_a_known_class",
                violation_error_message=_("Choose a class of data."),
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="retention_policy_four_eyes"),
        ]
        triggers = [FROZEN]

    def __str__(self) -> str:
        return str(DataClass(self.data_class).label)

    def days_at(self, day: datetime.date) -> int:
        """The days that hold on a day: those of a basis that has ended are over."""
        if self.days > MOST_DAYS and (self.basis_ends_on is None or day > self.basis_ends_on):
            return MOST_DAYS
        return max(self.days, LEAST_RECORD_DAYS) if self.data_class in RECORD_CLASSES else self.days


class CalendarYear(PolicyVersion):
    """The statutory holidays of a year, from the State Council's notice (R12).

    Wanted for years that chinesecalendar does not know; a later version of a year replaces the
    earlier one, and a year entered here counts before the library's.
    """

    year = models.PositiveSmallIntegerField(_("year"))
    holidays = GuardedJSONField(_("holidays"))  # {"2027-01-01": "元旦"}: adjusted rest days included
    working_days = ArrayField(
        models.DateField(), verbose_name=_("make-up working days"), default=list, blank=True
    )
    notice = GuardedCharField(_("notice of the State Council"), max_length=120)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(year__gte=2004, year__lte=2100),
                name="calendar_year_is_a_year",
                violation_error_message=_("Choose a year from 2004 to 2100."),
            ),
            models.CheckConstraint(
                condition=~Q(notice=""),
                name="calendar_names_its_notice",
                violation_error_message=_("Name the notice of the State Council."),
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="calendar_four_eyes"),
        ]
        triggers = [FROZEN, RENEWS_TERMS]


class TradePack(PolicyVersion):
    """What holds for calls of one trade beyond the rules for all (R24-R26). Data: compliance adds one.

    A trade without a pack is refused. Whatever a pack says, products of risk level R4 and R5 are
    never sold by calls, and minors are never called for marketing.
    """

    RISKS = ("", "R1", "R2", "R3")

    trade = GuardedSlugField(_("trade"), max_length=12)
    name = GuardedCharField(_("name"), max_length=40)
    may_market = models.BooleanField(_("marketing calls are allowed"), default=True)
    highest_risk = models.CharField(
        _("highest risk level of a product"),
        max_length=2,
        default="R3",
        choices=[(risk, risk) for risk in RISKS[1:]],
    )
    needs_qualification = models.BooleanField(
        _("marketing needs a permit, named in the campaign"), default=False
    )
    script_approvers = models.PositiveSmallIntegerField(_("people who approve a marketing script"), default=1)
    basis = GuardedCharField(_("legal basis"), max_length=200, blank=True)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(script_approvers__range=(1, 3))
                & (~Q(trade__in=TWO_APPROVERS) | Q(script_approvers__gte=2)),
                name="trade_pack_has_approvers",
                violation_error_message=_(
                    "From 1 to 3 people approve a script; marketing of finance, education and medical trades "
                    "needs two at least (R28)."
                ),
            ),
            models.CheckConstraint(
                condition=Q(highest_risk__in=["R1", "R2", "R3"]),
                name="trade_pack_within_norm",
                violation_error_message=_(
                    "Products of risk level R4 and R5 are not sold by outbound calls (R24)."
                ),
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="trade_pack_four_eyes"),
        ]
        triggers = [FROZEN, RENEWS_TERMS]

    def __str__(self) -> str:
        return str(Trade(self.trade).label) if self.trade in Trade.values else self.name


class MeasuresPolicy(PolicyVersion):
    """When a line or an agent is flagged by itself, and whether it is paused then."""

    hours = models.PositiveSmallIntegerField(_("calls of the last hours are looked at"), default=24)
    least_calls = models.PositiveSmallIntegerField(_("judged from this many calls"), default=50)
    unanswered_percent = models.PositiveSmallIntegerField(_("unanswered calls, percent"), default=70)
    short_percent = models.PositiveSmallIntegerField(_("short calls, percent of the connected"), default=50)
    short_seconds = models.PositiveSmallIntegerField(_("a call is short below, seconds"), default=5)
    complaint_percent = models.PositiveSmallIntegerField(_("complaints, percent of the connected"), default=2)
    refused_percent = models.PositiveSmallIntegerField(
        _("refusals of the gate, percent of what was asked"), default=50
    )
    numbers_per_client_hour = models.PositiveIntegerField(
        _("numbers that a program is given an hour"), default=20_000
    )
    pauses_line = models.BooleanField(_("a flagged line is paused"), default=False)
    pauses_agent = models.BooleanField(_("a flagged agent is suspended"), default=False)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    hours__range=(1, 168),
                    least_calls__gte=10,
                    unanswered_percent__range=(1, 100),
                    short_percent__range=(1, 100),
                    complaint_percent__range=(1, 100),
                    refused_percent__range=(1, 100),
                    short_seconds__range=(1, 60),
                    numbers_per_client_hour__range=(1, 2_000_000),
                ),
                name="measures_policy_makes_sense",
                violation_error_message=_(
                    "Percent from 1 to 100, hours from 1 to 168, at least 10 calls, short calls from 1 to 60 "
                    "seconds."
                ),
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="measures_policy_four_eyes"),
        ]
        triggers = [FROZEN]


class AlarmPolicy(PolicyVersion):
    """The thresholds of the alarms of the trail (`audit.alarms`), by code; those that are missing are the
    defaults."""

    thresholds = models.JSONField(_("thresholds"), default=dict)

    class Meta(PolicyVersion.Meta):
        constraints = [models.CheckConstraint(condition=FOUR_EYES, name="alarm_policy_four_eyes")]
        triggers = [FROZEN]

    def clean(self) -> None:
        for code, limit in self.thresholds.items():
            rule = RULES.get(code)
            if rule is None or not isinstance(limit, int) or not 1 <= limit <= rule.most:
                raise ValidationError(
                    _("Thresholds are whole numbers from 1 on, within what each alarm allows.")
                )


class PolicyDraft(Dated):
    """A version on its way: written by one person, decided by another."""

    class Kind(models.TextChoices):
        CALLING = "calling", _("calling hours and caps")
        CALENDAR = "calendar", _("holiday calendar of a year")
        TRADE = "trade", _("trade pack")
        MEASURES = "measures", _("automatic measures")
        RETENTION = "retention", _("storage periods")
        ALARMS = "alarms", _("alarms of the access log")

    class State(models.TextChoices):
        OPEN = "open", _("awaiting a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")

    kind = models.CharField(pgettext_lazy("kind of policy", "policy"), max_length=10, choices=Kind)
    values = models.JSONField()
    reason = GuardedCharField(_("reason"), max_length=300)
    in_force_from = models.DateTimeField(_("in force from"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    written_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("written by"), related_name="+")
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(written_by=F("decided_by")), name="policy_draft_four_eyes"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_by__isnull=False), name="policy_draft_has_decider"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_is_frozen",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["approved", "refused"]),
            )
        ]


class TermsToken(models.Model):
    """One row: the token under which the gate remembers campaigns' terms (`policies.triggers`)."""

    token = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_terms_token")]
