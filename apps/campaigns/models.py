"""What is called for, from which lines, under which filing, with which script, by whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Contact, Purpose
from apps.core import ids
from apps.core.models import Dated
from apps.scripts.models import CallKind, Script, ScriptVersion, Trade


class Filing(Dated):
    """A telecom filing (备案) and how long it is in force (R21)."""

    number = models.CharField(_("number"), max_length=60, unique=True)
    authority = models.CharField(_("authority"), max_length=120)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="filing_ends_after_it_begins")]

    def __str__(self) -> str:
        return self.number


class Line(Dated):
    """A caller number of ours. It may be shown only when verified (R21)."""

    class State(models.TextChoices):
        NEW = "new", _("not verified")
        VERIFIED = "verified", _("verified")
        BLOCKED = "blocked", _("blocked")

    number = models.CharField(_("caller number"), max_length=20, unique=True)
    carrier = models.CharField(_("carrier"), max_length=60)
    ownership_proof = models.CharField(_("proof of ownership"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEW)

    def __str__(self) -> str:
        return self.number


class Campaign(Dated):
    """States its purpose and lawful basis (R18); may narrow the norm's window and caps, never widen."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of call"), max_length=12, choices=CallKind)
    trade = models.CharField(_("trade"), max_length=12, choices=Trade)
    product_risk = models.CharField(
        _("risk level of the product"), max_length=2, blank=True, choices=[(f"R{n}", f"R{n}") for n in range(1, 6)]
    )
    purpose = models.ForeignKey(Purpose, models.PROTECT, verbose_name=_("purpose"), related_name="campaigns")
    lawful_basis = models.CharField(_("lawful basis"), max_length=200)
    filing = models.ForeignKey(Filing, models.PROTECT, verbose_name=_("filing"), null=True, blank=True, related_name="campaigns")
    lines = models.ManyToManyField(Line, verbose_name=_("lines"), related_name="campaigns", blank=True)
    script = models.ForeignKey(Script, models.PROTECT, verbose_name=_("script"), null=True, blank=True, related_name="campaigns")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    window_start = models.TimeField(_("calls from"), null=True, blank=True)
    window_end = models.TimeField(_("calls until"), null=True, blank=True)
    calls_per_week = models.PositiveSmallIntegerField(_("calls a week"), null=True, blank=True)
    checklist = ArrayField(models.CharField(max_length=120), verbose_name=_("check list"), default=list, blank=True)
    clients = models.ManyToManyField(ApiClient, verbose_name=_("diallers"), related_name="campaigns", blank=True)
    state = FSMField(default=State.DRAFT, choices=State.choices, protected=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        default_permissions = ()
        permissions = [("work", _("work it")), ("supervise", _("run it")), ("review", _("approve it"))]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(approved_by=F("created_by")), name="campaign_four_eyes"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "ended"]) | Q(approved_by__isnull=False), name="campaign_approval_has_approver"
            ),
            models.CheckConstraint(
                condition=Q(window_start__isnull=True) | Q(window_start__gte="08:00"), name="campaign_window_not_before_8"
            ),
            models.CheckConstraint(condition=Q(window_end__isnull=True) | Q(window_end__lte="21:00"), name="campaign_window_not_after_21"),
            models.CheckConstraint(condition=Q(calls_per_week__isnull=True) | Q(calls_per_week__lte=3), name="campaign_week_within_norm"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode("cp", self.pk)

    @property
    def script_in_force(self) -> ScriptVersion | None:
        return self.script.versions.filter(state=ScriptVersion.State.APPROVED).first() if self.script else None

    @transition(field=state, source=State.DRAFT, target=State.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.PAUSED], target=State.RUNNING)
    def run(self) -> None: ...

    @transition(field=state, source=State.RUNNING, target=State.PAUSED)
    def pause(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.RUNNING, State.PAUSED], target=State.ENDED)
    def end(self) -> None: ...


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

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
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
            models.UniqueConstraint(fields=["held_by"], condition=Q(state="held"), name="one_contact_on_a_desk"),
        ]
        indexes = [models.Index(fields=["campaign", "-priority", "id"], condition=Q(state="waiting"), name="queue_next")]
