"""Which calls people review, by which card, and what they say of them."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.core.database.base_models import Dated, named
from apps.core.privacy.fields import GuardedCharField, GuardedJSONField, GuardedSlugField


class ScoreCard(Dated):
    """A form of review; `trade` is empty for the card of all trades that have none of their own."""

    code = GuardedSlugField(_("code"), max_length=40, unique=True)
    name = GuardedCharField(_("name"), max_length=80)
    trade = GuardedSlugField(_("trade"), max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trade"], name="one_score_card_a_trade")]

    def __str__(self) -> str:
        return self.name


class ScoreCardVersion(Dated):
    """Items as data (`rules.cards.Item`): a review keeps the version that it was made by, so a version in
    force never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_FORCE = "in_force", _("in force")
        RETIRED = "retired", pgettext_lazy("score card", "retired")

    card = models.ForeignKey(ScoreCard, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    items = GuardedJSONField(_("items"))
    pass_mark = models.PositiveSmallIntegerField(_("points needed, of 100"), default=80)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="score_card_numbers"),
            models.UniqueConstraint(
                fields=["card"], condition=Q(state="in_force"), name="one_score_card_in_force"
            ),
            models.CheckConstraint(condition=Q(pass_mark__range=(1, 100)), name="pass_mark_is_of_100"),
            models.CheckConstraint(condition=~Q(author=F("approved_by")), name="score_card_four_eyes"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(approved_by__isnull=False),
                name="score_card_in_force_is_approved",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="in_force_stays",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft")
                & (
                    pgtrigger.Q(old__items__df=pgtrigger.F("new__items"))
                    | pgtrigger.Q(old__pass_mark__df=pgtrigger.F("new__pass_mark"))
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.card} {self.number}"


class SamplingPlan(Dated):
    """Which calls of a day go to people: those at risk, and some at random, with a quota. One plan for all,
    or for a campaign."""

    name = GuardedCharField(_("name"), max_length=80)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, verbose_name=_("campaign"), related_name="+"
    )
    is_active = models.BooleanField(_("active"), default=True)
    random_percent = models.PositiveSmallIntegerField(
        _("at random, percent of the connected calls"), default=2
    )
    least_risk = models.PositiveSmallIntegerField(_("at risk from this many points"), default=30)
    most_a_day = models.PositiveIntegerField(_("reviews a day at most"), default=200)
    agent_week = models.PositiveSmallIntegerField(_("reviews of each agent in 7 days, at least"), default=2)
    campaign_day = models.PositiveSmallIntegerField(_("reviews of each campaign a day, at least"), default=1)
    double_percent = models.PositiveSmallIntegerField(_("reviewed by two people, percent"), default=5)
    other_team = models.BooleanField(_("reviewed by another department"), default=False)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign"], condition=Q(is_active=True), nulls_distinct=False,
            name="one_plan_a_campaign"),
            models.CheckConstraint(
                condition=Q(random_percent__lte=100, double_percent__lte=100, least_risk__gte=1),
                name="sampling_plan_makes_sense",
                violation_error_message=_("Percent are at most 100, and the points at least 1."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class SamplingRun(Dated):
    """One day sampled by one plan: the seed by which chance can be repeated, and how many were chosen why."""

    IN_TRAIL = False

    plan = models.ForeignKey(SamplingPlan, models.PROTECT, related_name="runs")
    day = models.DateField()
    seed = models.BigIntegerField()
    calls = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "day"], name="sampled_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]


class Review(Dated):
    """One person's judgement of one call. A second review of the same call (`twin`) tells how far two people
    agree."""

    NOT_TYPED = ("failed_fatal",)

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("review of a call", "waiting")
        TAKEN = "taken", _("being reviewed")
        DONE = "done", pgettext_lazy("state", "reviewed")
        APPEALED = "appealed", _("appealed")
        SETTLED = "settled", _("settled")

    OPEN = (State.WAITING, State.TAKEN)
    JUDGED = (State.DONE, State.APPEALED, State.SETTLED)

    class Why(models.TextChoices):
        FINDING = "finding", _("forbidden words")
        ADVICE = "advice", _("reads like forbidden words")
        OPENING = "opening", _("identity or purpose not said in time")
        WAY_OUT = "way_out", _("no way out was offered")
        COMPLAINT = "complaint", _("complaint")
        OPT_OUT = "opt_out", _("opt-out in the call")
        NEW_AGENT = "new_agent", _("new agent")
        SHORT = "short", _("short call")
        FLAW = "flaw", _("the recording has a flaw")
        LONG_AGO = "long_ago", _("agent not reviewed for 30 days")
        QUOTA = "quota", _("quota")
        RANDOM = "random", _("at random")
        TWIN = "twin", _("second review for calibration")
        BY_HAND = "by_hand", _("chosen by hand")

    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="reviews")
    agent = named(User, null=True, related_name="reviews")
    campaign = named(Campaign, related_name="reviews")
    called_at = models.DateTimeField(_("time of the call"))
    plan = models.ForeignKey(SamplingPlan, models.PROTECT, null=True, related_name="+")
    why = ArrayField(models.CharField(max_length=10, choices=Why), verbose_name=_("because of"), default=list)
    risk = models.PositiveSmallIntegerField(_("risk"), default=0)
    twin = models.OneToOneField("self", models.CASCADE, null=True, related_name="first")
    not_department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(pgettext_lazy("review of a call", "due on"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    reviewer = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("reviewer"), related_name="+"
    )
    taken_at = models.DateTimeField(null=True)
    version = models.ForeignKey(ScoreCardVersion, models.PROTECT, null=True, related_name="reviews")
    answers = models.JSONField(default=dict)  # {item: "yes" | "no" | "na"}
    score = models.PositiveSmallIntegerField(_("points"), null=True)
    has_passed = models.BooleanField(null=True)
    failed_fatal = ArrayField(models.CharField(max_length=40), default=list)
    summary = GuardedCharField(_("summary"), max_length=500, blank=True)
    judged_at = models.DateTimeField(null=True)
    appeal = GuardedCharField(_("appeal"), max_length=500, blank=True)
    appealed_at = models.DateTimeField(null=True)
    second = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    second_note = GuardedCharField(_("decision on the appeal"), max_length=500, blank=True)
    second_at = models.DateTimeField(null=True)
    is_upheld = models.BooleanField(null=True)
    first_verdict = models.JSONField(null=True)  # answers and points before an appeal changed them

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call"], condition=Q(twin__isnull=True), name="one_first_review_a_call"
            ),
            models.CheckConstraint(condition=~Q(reviewer=F("agent")), name="nobody_reviews_own_calls"),
            models.CheckConstraint(
                condition=~Q(second=F("reviewer")) & ~Q(second=F("agent")), name="appeal_goes_to_another"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "taken"])
                | Q(
                    reviewer__isnull=False,
                    version__isnull=False,
                    score__isnull=False,
                    judged_at__isnull=False,
                ),
                name="judged_has_verdict",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(second__isnull=False, is_upheld__isnull=False),
                name="settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__lte=100), name="score_is_of_100"
            ),
        ]
        indexes = [
            models.Index(fields=["-risk", "due_on", "id"], condition=Q(state="waiting"), name="review_queue"),
            models.Index(fields=["agent", "-called_at"], name="review_by_agent"),
            models.Index(fields=["campaign", "-called_at"], name="review_by_campaign"),
        ]

    @property
    def why_labels(self) -> list[str]:
        return [str(self.Why(why).label) for why in self.why]

    @property
    def is_judged(self) -> bool:
        return self.state in self.JUDGED


class TimedRemark(Dated):
    """A remark on a stretch of the recording."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="remarks")
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    text = GuardedCharField(_("remark"), max_length=500)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_ms__gte=F("start_ms")), name="remark_ends_after_its_start")
        ]
        ordering = ["start_ms", "pk"]
