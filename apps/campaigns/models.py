"""What is called for, from which lines, under which filing, with which script, by whom."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Contact, ContactList, Purpose
from apps.core.calendar.timestamps import is_possible, is_readable
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedArrayField, GuardedCharField, GuardedSlugField
from apps.core.web import ids
from apps.policies.triggers import NEVER_DELETED, RENEWS_TERMS
from apps.scripts.models import CallKind, Script, ScriptVersion, Voice


class Filing(Dated):
    """A telecom filing (备案) and how long it is in force (R21)."""

    number = GuardedCharField(_("number"), max_length=60, unique=True)
    authority = GuardedCharField(_("authority"), max_length=120)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="filing_ends_after_it_begins",
                violation_error_message=_("The filing ends before it begins."),
            )
        ]
        triggers = [NEVER_DELETED, RENEWS_TERMS]

    def __str__(self) -> str:
        return self.number


class Line(Dated):
    """A caller number of ours. It may be shown only when verified: proof of ownership, a filing
    that covers it, and a test call on which it showed as itself (R21)."""

    NOT_TYPED = ("number",)

    class State(models.TextChoices):
        NEW = "new", _("not verified")
        VERIFIED = "verified", _("verified")
        BLOCKED = "blocked", _("blocked")

    number = models.CharField(_("caller number"), max_length=20, unique=True)
    carrier = GuardedCharField(_("carrier"), max_length=60)
    ownership_proof = GuardedCharField(_("proof of ownership"), max_length=200)
    filing = models.ForeignKey(
        Filing, models.PROTECT, verbose_name=_("filing"), null=True, blank=True, related_name="covered_lines"
    )
    test_call = GuardedCharField(_("record of the test call"), max_length=200, blank=True)
    test_called_at = models.DateTimeField(_("test call at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEW)
    calls_per_hour = models.PositiveIntegerField(
        _("calls an hour that the carrier allows"), null=True, blank=True
    )
    calls_per_day = models.PositiveIntegerField(
        _("calls a day that the carrier allows"), null=True, blank=True
    )
    blocked_because = GuardedCharField(_("blocked because"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("recorded by"), null=True, blank=True, related_name="+"
    )
    verified_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("verified by"), null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(verified_by=F("recorded_by")), name="line_four_eyes"),
            models.CheckConstraint(
                condition=Q(number__regex=r"^\+[1-9][0-9]{5,14}$"), name="line_number_is_e164"
            ),
            models.CheckConstraint(
                condition=is_possible("test_called_at"), name="line_test_call_is_possible"
            ),
            models.CheckConstraint(
                condition=~Q(state="verified")
                | (
                    Q(filing__isnull=False, test_called_at__isnull=False)
                    & ~Q(ownership_proof="")
                    & ~Q(test_call="")
                ),
                name="verified_line_has_proof_filing_and_test_call",
            ),
        ]
        triggers = [NEVER_DELETED, RENEWS_TERMS]

    def __str__(self) -> str:
        return self.number


class Brand(Dated):
    """A name under which campaigns call. A client may refuse the calls of one brand, so its name stays as it
    is."""

    name = GuardedCharField(_("name"), max_length=80, unique=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("recorded by"), null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField(_("no longer used since"), null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="brand_has_a_name")]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="name_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__name__df=pgtrigger.F("new__name")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Campaign(Dated):
    """States its purpose and lawful basis (R18); may narrow the norm's window and caps, never widen."""

    NOT_TYPED = ("trade",)
    STAYS = ("code", "kind", "trade", "purpose")  # once it was approved: its calls were made under them

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("awaiting approval")
        APPROVED = "approved", _("approved")
        RUNNING = "running", _("running")
        PAUSED = "paused", pgettext_lazy("campaign", "paused")
        ENDED = "ended", pgettext_lazy("campaign", "ended")

    code = GuardedSlugField(_("code"), max_length=40, unique=True)
    name = GuardedCharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of call"), max_length=12, choices=CallKind)
    trade = models.CharField(_("trade"), max_length=12)
    voice = models.CharField(
        _("who speaks"), max_length=9, choices=Voice, default=Voice.HUMAN, db_default=Voice.HUMAN
    )
    product_risk = models.CharField(
        _("risk level of the product"),
        max_length=2,
        blank=True,
        choices=[(f"R{n}", f"R{n}") for n in range(1, 6)],
    )
    qualification = GuardedCharField(_("permit that the trade needs"), max_length=120, blank=True)
    brand = GuardedCharField(_("brand under which it calls"), max_length=80, blank=True)
    purpose = models.ForeignKey(
        Purpose,
        models.PROTECT,
        verbose_name=pgettext_lazy("of processing", "purpose"),
        related_name="campaigns",
    )
    lawful_basis = GuardedCharField(_("lawful basis"), max_length=200)
    filing = models.ForeignKey(
        Filing, models.PROTECT, verbose_name=_("filing"), null=True, blank=True, related_name="campaigns"
    )
    lines = models.ManyToManyField(Line, verbose_name=_("lines"), related_name="campaigns", blank=True)
    script = models.ForeignKey(
        Script, models.PROTECT, verbose_name=_("script"), null=True, blank=True, related_name="campaigns"
    )
    contact_list = models.OneToOneField(
        ContactList,
        models.PROTECT,
        verbose_name=_("list of contacts"),
        null=True,
        editable=False,
        related_name="campaign",
    )
    pinned_version = models.ForeignKey(
        ScriptVersion,
        models.PROTECT,
        verbose_name=_("pinned version of the script"),
        null=True,
        blank=True,
        related_name="+",
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    window_start = models.TimeField(pgettext_lazy("window of a day", "calls from"), null=True, blank=True)
    window_end = models.TimeField(pgettext_lazy("window of a day", "calls until"), null=True, blank=True)
    calls_per_week = models.PositiveSmallIntegerField(_("calls a week"), null=True, blank=True)
    checklist = GuardedArrayField(
        models.CharField(max_length=120), verbose_name=_("check list"), default=list, blank=True
    )
    clients = models.ManyToManyField(
        ApiClient, verbose_name=_("diallers"), related_name="campaigns", blank=True
    )
    through_gateway = models.BooleanField(
        _("calls only through the telephone gateway"), default=False, db_default=False
    )
    state = FSMField(_("state"), default=State.DRAFT, choices=State.choices, protected=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("written by"), related_name="+")
    approved_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("approved by"), null=True, blank=True, related_name="+"
    )
    changed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("last changed by"), null=True, editable=False, related_name="+"
    )
    # how often it was changed
    revision = models.PositiveIntegerField(_("revision"), default=0, db_default=0, editable=False)
    was_approved = models.BooleanField(
        _("approved once"), default=False, db_default=False, editable=False
    )  # once: what `STAYS` stays from then on
    paused_because = GuardedCharField(_("paused because"), max_length=300, blank=True, editable=False)

    class Meta:
        default_permissions = ()
        permissions = [
            ("work", pgettext_lazy("right on a campaign", "work it")),
            ("supervise", pgettext_lazy("right on a campaign", "run it")),
            ("review", _("approve it")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="campaign_ends_after_it_begins",
                violation_error_message=_("The campaign ends before it begins."),
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("created_by")), name="campaign_four_eyes"),
            models.CheckConstraint(
                condition=~Q(approved_by=F("changed_by")), name="campaign_changed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "ended"]) | Q(approved_by__isnull=False),
                name="campaign_approval_has_approver",
            ),
            models.CheckConstraint(
                condition=Q(window_start__isnull=True) | Q(window_start__gte="08:00"),
                name="campaign_window_not_before_8",
                violation_error_message=_("Calls are made from 08:00 on (R11)."),
            ),
            models.CheckConstraint(
                condition=Q(window_end__isnull=True) | Q(window_end__lte="21:00"),
                name="campaign_window_not_after_21",
                violation_error_message=_("Calls are made until 21:00 (R11)."),
            ),
            models.CheckConstraint(
                condition=Q(calls_per_week__isnull=True) | Q(calls_per_week__lte=3),
                name="campaign_week_within_norm",
                violation_error_message=_("At most 3 calls in 7 days (R13)."),
            ),
        ]
        triggers = [
            NEVER_DELETED,
            RENEWS_TERMS,
            pgtrigger.Protect(
                name="approved_kind_and_trade_stay",
                operation=pgtrigger.Update,
                condition=(
                    ~pgtrigger.Q(old__state__in=["draft", "submitted"]) | pgtrigger.Q(old__was_approved=True)
                )
                & (
                    pgtrigger.Q(old__kind__df=pgtrigger.F("new__kind"))
                    | pgtrigger.Q(old__trade__df=pgtrigger.F("new__trade"))
                    | pgtrigger.Q(old__purpose__df=pgtrigger.F("new__purpose"))
                ),
            ),
            pgtrigger.Trigger(
                name="pinned_is_of_script",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__pinned_version__isnull=False),
                func="if (select script_id from scripts_scriptversion where id = new.pinned_version_id) is "
                "distinct from new.script_id then"
                " raise exception 'a campaign pins a version of its own script' using errcode = "
                "'check_violation'; end if; return new;",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode("cp", self.pk)

    @property
    def script_in_force(self) -> ScriptVersion | None:
        """The pinned version, else the script's current one. An expired one too: the gate refuses it by that
        name."""
        if self.pinned_version:
            return self.pinned_version if self.pinned_version.is_spoken else None
        return self.script.versions.filter(is_current=True).first() if self.script else None

    @transition(field=state, source=State.DRAFT, target=State.SUBMITTED)
    def submit(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.DRAFT)
    def send_back(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.PAUSED], target=State.RUNNING)
    def run(self) -> None: ...

    @transition(field=state, source=State.RUNNING, target=State.PAUSED)
    def pause(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.PAUSED], target=State.DRAFT)
    def reopen(self) -> None: ...

    @transition(
        field=state, source=[State.DRAFT, State.APPROVED, State.RUNNING, State.PAUSED], target=State.ENDED
    )
    def end(self) -> None: ...


class CampaignLine(Campaign.lines.through):  # type: ignore[name-defined]
    """A line of a campaign, seen as a table that has a trigger."""

    class Meta:
        proxy = True
        triggers = [RENEWS_TERMS]


class CallException(Dated):
    """Wider hours or caps for calls that are no marketing, for one campaign and a while (R11, R13).

    An urgent notice, a call-back that the client asked for: asked for by one, approved by compliance.
    """

    class Covers(models.TextChoices):
        HOURS = "hours", _("calling hours")
        CAPS = "caps", _("calls a day and in 7 days")

    LONGEST = 30  # days

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name=_("campaign"), related_name="exceptions"
    )
    covers = models.CharField(_("exception from"), max_length=5, choices=Covers)
    window_start = models.TimeField(pgettext_lazy("window of a day", "calls from"), null=True, blank=True)
    window_end = models.TimeField(pgettext_lazy("window of a day", "calls until"), null=True, blank=True)
    calls_per_day = models.PositiveSmallIntegerField(_("calls a day"), null=True, blank=True)
    calls_per_week = models.PositiveSmallIntegerField(_("calls in 7 days"), null=True, blank=True)
    reason = GuardedCharField(_("reason"), max_length=300)
    starts_at = models.DateTimeField(pgettext_lazy("label of a beginning", "from"))
    ends_at = models.DateTimeField(pgettext_lazy("label or column of an end", "until"))
    asked_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("asked for by"), related_name="+")
    approved_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("approved by"), null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(approved_by=F("asked_by")), name="call_exception_four_eyes"),
            models.CheckConstraint(
                condition=is_readable("starts_at", "ends_at"), name="call_exception_times_are_readable"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="call_exception_approval_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"))
                & Q(
                    ends_at__lte=F("starts_at") + models.Value("30 days", output_field=models.DurationField())
                ),
                name="call_exception_ends",
                violation_error_message=_("An exception ends after it begins, and within 30 days."),
            ),
            models.CheckConstraint(
                condition=Q(
                    covers="hours",
                    window_start__isnull=False,
                    window_end__gt=F("window_start"),
                    calls_per_day__isnull=True,
                    calls_per_week__isnull=True,
                )
                | Q(
                    covers="caps",
                    calls_per_day__range=(1, 3),
                    calls_per_week__range=(1, 7),
                    window_start__isnull=True,
                    window_end__isnull=True,
                ),
                name="call_exception_says_what",
                violation_error_message=_("Give the hours, or the calls: at most 3 a day and 7 in 7 days."),
            ),
        ]
        triggers = [
            NEVER_DELETED,
            RENEWS_TERMS,
            pgtrigger.Trigger(
                name="never_for_marketing",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="if (select kind from campaigns_campaign where id = new.campaign_id) = 'marketing' then"
                " raise exception 'marketing has no exception (R11, R13)' using errcode = 'check_violation'; "
                "end if; return new;",
            ),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("ex", self.pk)


class CampaignUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Campaign, models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class CampaignGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Campaign, models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass


class QueueEntry(Dated):
    """A contact's place in a campaign's queue."""

    IN_TRAIL = False

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("contact in a queue", "waiting")
        HELD = "held", _("on an agent's desk")
        CALLED = "called", _("called")
        DROPPED = "dropped", _("dropped")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="entries")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="entries")
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    held_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="contact_queued_once"),
            models.UniqueConstraint(
                fields=["held_by"], condition=Q(state="held"), name="one_contact_on_a_desk"
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "-priority", "id"], condition=Q(state="waiting"), name="queue_next"
            )
        ]
