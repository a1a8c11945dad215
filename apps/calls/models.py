"""Decisions of the gate, the calls they allowed, and what agents noted afterwards.

Campaigns, lines, script versions, people and API clients are never deleted (their tables' triggers
refuse it) and a decision takes their ids from rows it has just read. So decisions and calls name them
without a foreign-key check for each row: on every call those checks cost as much as the rules. A call
and its decision are stored by one statement, which is why that reference is not checked either.
"""

from datetime import timedelta

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.campaigns.models import CallException, Campaign, Line, QueueEntry
from apps.contacts.models import Contact
from apps.core.calendar.timestamps import is_readable
from apps.core.database.base_models import Dated, named
from apps.core.privacy.fields import GuardedCharField, ProtectedTextField
from apps.core.web import ids
from apps.jobs.models import Job
from apps.policies.models import PolicyDraft
from apps.scripts.models import ScriptVersion

# Of a call `k`, whether it counts towards the caps (`Call.counted`).
COUNTS = (
    "(k.state not in ('expired', 'withdrawn', 'released') or k.state in ('expired', 'withdrawn') and "
    "k.handed_over_at is not null)"
)


class Decision(models.Model):
    """One answer of the gate: facts, verdicts, policy. No personal data; never changed (R33)."""

    IN_TRAIL = False
    NOT_TYPED = ("line_asked", "idempotency_key", "codes", "not_applicable")

    at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    allowed = models.BooleanField()
    reserves = models.BooleanField(default=False)
    codes = ArrayField(models.CharField(max_length=30), default=list)
    not_applicable = ArrayField(models.CharField(max_length=30), default=list)
    facts = models.JSONField()
    retry_at = models.JSONField(default=dict)
    contact_id = models.BigIntegerField(null=True)
    campaign = named(Campaign, related_name="+")
    policy = models.PositiveIntegerField()
    script_version = named(ScriptVersion, null=True, blank=True, related_name="+")
    line_asked = models.CharField(max_length=20, default="")
    agent = named(User, null=True, blank=True, related_name="+")
    client = named(ApiClient, null=True, blank=True, related_name="+")
    idempotency_key = models.CharField(max_length=80, null=True)
    request_digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="decision_once_per_key",
            )
        ]
        indexes = [
            models.Index(fields=["contact_id", "-at"], name="decision_by_contact"),
            # stored in the order of time: a range costs few pages
            BrinIndex(fields=["at"], name="decision_by_time"),
        ]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update)]

    @property
    def public_id(self) -> str:
        return ids.encode("dc", self.pk)


class Call(Dated):
    """A reservation, then the call. `slot_*` make two calls in one slot impossible to store.

    `handed_over_at`: when a dialler was given the number; from then on it may have been dialled, so the call
    counts towards the caps whatever becomes of it, until the dialler reports `released`. `made_at`: when
    something was first reported that says that it was dialled. `revived_at`: that report came after the slot
    had been freed; then the slot may hold another call already.
    """

    IN_TRAIL = False
    NOT_TYPED = ("claim_key",)

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        DIALLING = "dialling", _("dialling")
        RINGING = "ringing", _("ringing")
        ANSWERED = "answered", pgettext_lazy("state of a call", "connected")
        ENDED = "ended", pgettext_lazy("call", "ended")
        NO_ANSWER = "no_answer", _("no answer")
        BUSY = "busy", _("busy")
        FAILED = "failed", pgettext_lazy("call", "failed")
        EXPIRED = "expired", _("expired without a report")
        WITHDRAWN = "withdrawn", pgettext_lazy("reservation of a call", "withdrawn")
        RELEASED = "released", _("not dialled")

    UNUSED = (State.EXPIRED, State.WITHDRAWN, State.RELEASED)
    OPEN = (State.RESERVED, State.DIALLING, State.RINGING, State.ANSWERED)

    decision = models.OneToOneField(Decision, models.PROTECT, db_constraint=False, related_name="call")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True)
    campaign = named(Campaign, related_name="calls")
    line = named(Line, related_name="calls")
    script_version = named(ScriptVersion, related_name="+")
    agent = named(User, null=True, blank=True, related_name="calls")
    client = named(ApiClient, null=True, blank=True, related_name="+")
    # the telephone gateway that led it to a carrier
    relayed_by = named(ApiClient, null=True, blank=True, related_name="+")
    exception = named(CallException, null=True, blank=True, related_name="+")
    # the line, where its carrier allows it so many calls only
    budget_line = named(Line, null=True, blank=True, related_name="+")
    number_index = models.BinaryField(max_length=32)
    slot_day = models.DateField()
    slot_number = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    reserved_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    revived_at = models.DateTimeField(null=True, blank=True)
    claim_key = models.CharField(max_length=80, null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)  # the client is on hold
    held_for = models.DurationField(default=timedelta, db_default=timedelta())  # before, in this call
    ended_at = models.DateTimeField(null=True, blank=True)
    end_requested_at = models.DateTimeField(null=True, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)
    identity_said = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number_index", "slot_day", "slot_number"],
                condition=~Q(state="released")
                & (~Q(state__in=["expired", "withdrawn"]) | Q(handed_over_at__isnull=False)),
                name="one_call_a_slot",
            ),
            models.CheckConstraint(
                condition=Q(slot_number=1) | Q(exception__isnull=False) | Q(revived_at__isnull=False),
                name="one_slot_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="released") | Q(made_at__isnull=True), name="released_was_not_made"
            ),
            models.CheckConstraint(
                condition=is_readable(
                    "claimed_at", "handed_over_at", "made_at", "answered_at", "ended_at", "opted_out_at"
                ),
                name="call_times_are_readable",
            ),
            models.UniqueConstraint(
                fields=["client", "claim_key"],
                condition=Q(claim_key__isnull=False),
                name="claimed_once_per_key",
            ),
            models.CheckConstraint(
                condition=Q(
                    reserved_until__lte=F("reserved_at")
                    + models.Value("60 seconds", output_field=models.DurationField())
                ),
                name="reservation_60_seconds_at_most",
            ),
        ]
        indexes = [
            models.Index(fields=["number_index", "-reserved_at"], name="call_by_number"),
            models.Index(
                fields=["reserved_until"],
                condition=Q(state__in=["reserved", "dialling", "ringing", "answered"]),
                name="call_open",
            ),
            models.Index(
                fields=["budget_line", "-reserved_at"],
                condition=Q(budget_line__isnull=False),
                name="call_by_budget",
            ),
            models.Index(
                fields=["client", "-handed_over_at"],
                condition=Q(handed_over_at__isnull=False),
                name="call_handed_over",
            ),
            models.Index(
                fields=["agent", "-reserved_at"], condition=Q(agent__isnull=False), name="call_by_agent"
            ),
            models.Index(fields=["campaign", "-reserved_at"], name="call_by_campaign"),
            BrinIndex(fields=["reserved_at", "answered_at"], name="call_by_time"),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("cl", self.pk)

    @property
    def is_over(self) -> bool:
        return self.state not in self.OPEN

    @property
    def is_unmade(self) -> bool:
        """Whether it ended without anything that a call made alone has."""
        return self.state in self.UNUSED and self.made_at is None

    def is_of(self, client: ApiClient) -> bool:
        """Whether the client may report on it: the dialler whose call it is, and the gateway that led it to a
        carrier."""
        return client.pk in {self.client_id, self.relayed_by_id}

    @classmethod
    def counted(cls) -> Q:
        """The calls that count towards the caps: those made, and those whose number a dialler was given.
        `COUNTS` in SQL."""
        return cls.counted_as("")

    @classmethod
    def counted_as(cls, path: str) -> Q:
        """The same for calls that a query reaches by a path (`calls__`)."""
        unused = [cls.State.EXPIRED, cls.State.WITHDRAWN]
        is_given = Q(**{f"{path}handed_over_at__isnull": False})
        return ~Q(**{f"{path}state": cls.State.RELEASED}) & (~Q(**{f"{path}state__in": unused}) | is_given)


class Disposition(Dated):
    """What came of a call. The next call waits for it (R27)."""

    class Reason(models.TextChoices):
        INTERESTED = "interested", _("interested")
        NOT_INTERESTED = "not_interested", _("not interested")
        CALL_BACK = "call_back", _("asked for a call back")
        WRONG_NUMBER = "wrong_number", _("wrong number")
        NOT_REACHED = "not_reached", _("not reached")
        OPTED_OUT = "opted_out", _("opted out")
        COMPLAINT = "complaint", _("complained")

    # cannot come of a call with an opt-out
    AGAINST_A_REFUSAL = frozenset({Reason.INTERESTED, Reason.CALL_BACK})

    call = models.OneToOneField(Call, models.PROTECT, related_name="disposition")
    reason = models.CharField(_("result"), max_length=16, choices=Reason)
    note = ProtectedTextField(_("note"), kind="text", null=True, blank=True)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")


class Postponed(Dated):
    """A contact that an agent put off, or that asked to be called back: at that time it comes to a desk
    again, this agent's first."""

    IN_TRAIL = False

    class Why(models.TextChoices):
        ASKED = "asked", _("the client asked for it")
        UNREACHED = "unreached", _("the client was not reached")
        PREPARE = "prepare", _("something has to be looked up first")
        OTHER = "other", pgettext_lazy("why a contact is put off", "another reason")

    entry = models.OneToOneField(QueueEntry, models.CASCADE, related_name="postponed")
    agent = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("call again at"))
    why = models.CharField(_("because"), max_length=9, choices=Why)

    class Meta:
        constraints = [models.CheckConstraint(condition=is_readable("at"), name="postponed_time_is_readable")]
        indexes = [models.Index(fields=["agent", "at"], name="postponed_by_agent")]


class Break(models.Model):
    """A time in which an agent takes no calls; `ended_at` is None while it lasts."""

    IN_TRAIL = False

    class Kind(models.TextChoices):
        REST = "rest", _("short break")
        MEAL = "meal", _("meal")
        TRAINING = "training", _("training")
        MEETING = "meeting", _("meeting")

    agent = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agent"], condition=Q(ended_at__isnull=True), name="one_break_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="break_ends_after_it_begins",
            ),
        ]


class Ticket(Dated):
    """Work that a call leaves behind."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="tickets")
    subject = GuardedCharField(_("what has to be done"), max_length=120)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="tickets")
    due_on = models.DateField(pgettext_lazy("ticket", "due on"))
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(closed_at__isnull=True), name="ticket_open")
        ]


class SpoofingEvent(Dated):
    """Somebody asked to call under a number that is none of the campaign's lines (R21)."""

    NOT_TYPED = ("line_asked",)

    # the decision goes before it
    decision = models.OneToOneField(Decision, models.SET_NULL, null=True, related_name="spoofing")
    line_asked = models.CharField(_("caller number asked for"), max_length=20)
    campaign = named(Campaign, related_name="spoofing_events")
    agent = named(User, null=True, blank=True, related_name="+")
    client = named(ApiClient, null=True, blank=True, related_name="+")

    class Meta:
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__decision__isnull=False)
                | pgtrigger.Q(old__line_asked__df=pgtrigger.F("new__line_asked"))
                | pgtrigger.Q(old__campaign__df=pgtrigger.F("new__campaign"))
                | pgtrigger.Q(old__agent__df=pgtrigger.F("new__agent"))
                | pgtrigger.Q(old__client__df=pgtrigger.F("new__client")),
            ),
        ]


class Flag(Dated):
    """A line or an agent whose calls went beyond a limit of the measures policy."""

    class Reason(models.TextChoices):
        UNANSWERED = "unanswered", _("too many unanswered calls")
        SHORT = "short", _("too many short calls")
        COMPLAINTS = "complaints", _("too many complaints")
        REFUSED = "refused", _("too many calls asked for that the gate refused")

    line = models.ForeignKey(
        Line, models.PROTECT, verbose_name=_("line"), null=True, blank=True, related_name="flags"
    )
    agent = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("agent"), null=True, blank=True, related_name="flags"
    )
    reason = models.CharField(_("because of"), max_length=10, choices=Reason)
    counted = models.PositiveIntegerField(_("of so many"))
    percent = models.PositiveSmallIntegerField(_("percent"))
    limit = models.PositiveSmallIntegerField(_("limit"))
    policy = models.PositiveIntegerField(_("policy version"))
    has_paused = models.BooleanField(
        pgettext_lazy("flag: line blocked or agent suspended by itself", "paused"), default=False
    )
    closed_at = models.DateTimeField(pgettext_lazy("flag", "closed"), null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    note = GuardedCharField(pgettext_lazy("flag", "what was done"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=False, agent__isnull=True)
                | Q(line__isnull=True, agent__isnull=False),
                name="flag_of_one",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_by__isnull=False),
                name="flag_closed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["line", "agent", "reason"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="flagged_once",
            ),
        ]


class Forecast(Dated):
    """What the gate would say: of a campaign's list today, or of past calls under other terms."""

    class Kind(models.TextChoices):
        LIST = "list", _("the list today")
        WHAT_IF = "what_if", _("past calls under a draft")

    kind = models.CharField(max_length=8, choices=Kind)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="forecasts")
    draft = models.ForeignKey(PolicyDraft, models.PROTECT, null=True, blank=True, related_name="+")
    changes = models.JSONField(default=dict)  # of a campaign's own terms
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    counts = models.JSONField(default=dict)
    done_to = models.BigIntegerField(default=0)  # the last decision judged, to go on after a crash
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="forecast")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="what_if") | Q(campaign__isnull=False), name="list_forecast_has_campaign"
            ),
            models.CheckConstraint(
                condition=Q(kind="list")
                | Q(since__isnull=False, draft__isnull=False)
                | Q(since__isnull=False, campaign__isnull=False),
                name="what_if_says_what",
            ),
        ]
