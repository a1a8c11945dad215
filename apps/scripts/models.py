"""What agents say and what is sent. A version that was submitted is never changed: a change is a new version.

A version's life: draft → submitted → approved → published → retired or expired, or changes requested
on the way. What happened to it stands in `ReviewEvent`; the tables refuse an approval by the author,
an approval by too few people, a change of what was submitted, and two versions in force at once.
"""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, GuardedJSONField, GuardedSlugField, GuardedTextField
from apps.core.web import ids
from apps.policies.triggers import NEVER_DELETED, RENEWS_TERMS


class CallKind(models.TextChoices):
    """The kind of call; the gate's rules say which of them they hold for."""

    MARKETING = "marketing", _("marketing")
    NOTIFICATION = "notification", _("notification")
    SERVICE = "service", _("service")


class Voice(models.TextChoices):
    """Who speaks. A voice made by a machine says so at the beginning (R38)."""

    HUMAN = "human", _("people")
    SYNTHETIC = "synthetic", _("a machine, with a synthetic voice")


# What is reviewed: what is said in calls of each kind, and templates of messages.
SMS = "sms"
SCRIPT_KINDS = [*CallKind.choices, (SMS, _("SMS"))]


class Script(Dated):
    NOT_TYPED = ("trade",)
    code = GuardedSlugField(_("code"), max_length=40, unique=True)
    name = GuardedCharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of call"), max_length=12, choices=SCRIPT_KINDS)
    trade = models.CharField(_("trade"), max_length=12)
    voice = models.CharField(
        _("spoken by"), max_length=9, choices=Voice, default=Voice.HUMAN, db_default=Voice.HUMAN
    )

    class Meta:
        triggers = [
            pgtrigger.Protect(
                name="kind_and_trade_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__kind__df=pgtrigger.F("new__kind"))
                | pgtrigger.Q(old__trade__df=pgtrigger.F("new__trade"))
                | pgtrigger.Q(old__voice__df=pgtrigger.F("new__voice")),
            ),
            NEVER_DELETED,
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode("sc", self.pk)

    @property
    def is_sms(self) -> bool:
        return self.kind == SMS


class ScriptVersion(Dated):
    """One text of a script. `is_current`: what campaigns speak unless they pin another version."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("awaiting review")
        CHANGES_REQUESTED = "changes_requested", pgettext_lazy("state", "changes requested")
        APPROVED = "approved", _("approved, not published")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", pgettext_lazy("version of a script", "retired")
        EXPIRED = "expired", pgettext_lazy("script", "expired")

    script = models.ForeignKey(Script, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    company = GuardedCharField(_("company as said"), max_length=80)
    opening = GuardedTextField(_("opening: company and person"), blank=True)
    purpose = GuardedTextField(_("purpose of the call"), blank=True)
    body = GuardedTextField(_("body"))
    objections = GuardedTextField(_("answers to objections"), blank=True)
    way_out = GuardedTextField(_("way out: how to opt out"), blank=True)
    forbidden = GuardedTextField(_("forbidden behaviours"), blank=True)
    state = FSMField(default=State.DRAFT, choices=State.choices, protected=True)
    is_current = models.BooleanField(default=False)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # the last reminder was sent with so many days left
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="script_version_number"),
            models.UniqueConstraint(
                fields=["script"], condition=Q(is_current=True), name="one_current_version"
            ),
            models.UniqueConstraint(
                fields=["script"], condition=Q(state="submitted"), name="one_version_in_review"
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(state__in=["published", "expired"]),
                name="current_version_is_published",
            ),
            models.CheckConstraint(
                condition=~Q(body="") & ~Q(company=""), name="script_has_body_and_company"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "published"])
                | Q(approved_at__isnull=False, expires_at__isnull=False),
                name="approved_script_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="submitted_script_says_when"
            ),
        ]
        indexes = [
            models.Index(fields=["submitted_at"], condition=Q(state="submitted"), name="script_review_queue")
        ]
        triggers = [
            pgtrigger.Protect(
                name="submitted_text_is_frozen",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft")
                & (
                    pgtrigger.Q(old__company__df=pgtrigger.F("new__company"))
                    | pgtrigger.Q(old__opening__df=pgtrigger.F("new__opening"))
                    | pgtrigger.Q(old__purpose__df=pgtrigger.F("new__purpose"))
                    | pgtrigger.Q(old__body__df=pgtrigger.F("new__body"))
                    | pgtrigger.Q(old__objections__df=pgtrigger.F("new__objections"))
                    | pgtrigger.Q(old__way_out__df=pgtrigger.F("new__way_out"))
                    | pgtrigger.Q(old__forbidden__df=pgtrigger.F("new__forbidden"))
                    | pgtrigger.Q(old__author__df=pgtrigger.F("new__author"))
                    | pgtrigger.Q(old__script__df=pgtrigger.F("new__script"))
                    | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__approvals_needed__df=pgtrigger.F("new__approvals_needed"))
                ),
            ),
            pgtrigger.Trigger(
                name="submitted_is_whole",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__state="submitted"),
                func="""
                if (select kind from scripts_script where id = new.script_id) <> 'sms'
                   and (new.opening = '' or new.purpose = '' or new.way_out = '') then
                    raise exception 'a script has an opening, a purpose and a way out (R16)' using errcode = 'check_violation';
                end if;
                if (select kind in ('marketing', 'sms') and trade in ('finance', 'education', 'medical')
                    from scripts_script where id = new.script_id) and new.approvals_needed < 2 then
                    raise exception 'marketing of this trade needs two approvers (R28)' using errcode = 'check_violation';
                end if;
                return new;""",
            ),
            pgtrigger.Trigger(
                name="approved_by_enough",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__state__in=["approved", "published"]),
                func="""
                if (select count(*) from scripts_reviewevent where version_id = new.id and kind = 'approved') < new.approvals_needed then
                    raise exception 'too few people have approved this version (R28)' using errcode = 'check_violation';
                end if;
                return new;""",
            ),
            NEVER_DELETED,
            RENEWS_TERMS,
        ]

    def __str__(self) -> str:
        return f"{self.script} v{self.number}"

    @property
    def is_spoken(self) -> bool:
        """In force, or expired: the gate refuses an expired one by that name."""
        return self.state in {self.State.PUBLISHED, self.State.EXPIRED}

    @transition(field=state, source=State.DRAFT, target=State.SUBMITTED)
    def submit(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.CHANGES_REQUESTED)
    def request_changes(self) -> None: ...

    @transition(field=state, source=State.SUBMITTED, target=State.APPROVED)
    def approve(self) -> None: ...

    @transition(field=state, source=State.APPROVED, target=State.PUBLISHED)
    def publish(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.PUBLISHED, State.EXPIRED], target=State.RETIRED)
    def retire(self) -> None: ...

    @transition(field=state, source=[State.APPROVED, State.PUBLISHED], target=State.EXPIRED)
    def expire(self) -> None: ...


class ReviewEvent(Dated):
    """What happened to a version: who, when, what was said, and under which rule packs it was checked
    (R33)."""

    IN_TRAIL = False
    NOT_TYPED = ("packs",)

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", _("submitted for review")
        TAKEN_BACK = "taken_back", _("taken back by the author")
        CHANGES_REQUESTED = "changes_requested", pgettext_lazy("event", "changes requested")
        APPROVED = "approved", _("approved")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", pgettext_lazy("event: approval withdrawn or superseded", "retired")
        EXPIRED = "expired", pgettext_lazy("script", "expired")
        OVERRULED = "overruled", _("finding overruled")
        CONFIRMED = "confirmed", _("finding confirmed")

    version = models.ForeignKey(ScriptVersion, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    # nobody: it happened by itself
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = GuardedCharField(max_length=400, blank=True)
    packs = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "actor"], condition=Q(kind="approved"), name="approved_once_by_each"
            ),
            models.CheckConstraint(
                condition=~Q(kind="approved") | (Q(actor__isnull=False) & ~Q(packs="")),
                name="approval_has_person_and_packs",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="four_eyes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__kind="approved"),
                func="""
                if (select author_id from scripts_scriptversion where id = new.version_id) = new.actor_id then
                    raise exception 'nobody approves what they wrote (R28)' using errcode = 'check_violation';
                end if;
                return new;""",
            ),
        ]


class Overruling(Dated):
    """A reviewer lets an advisory finding stand, with a reason. Blocking ones are never overruled: the table
    refuses it."""

    NOT_TYPED = ("code", "level")

    version = models.ForeignKey(ScriptVersion, models.PROTECT, related_name="overrulings")
    code = models.CharField(max_length=40)
    level = models.CharField(max_length=8)
    start = models.PositiveIntegerField()  # in the whole text, as `ScriptFinding` has it
    end = models.PositiveIntegerField()
    reason = GuardedCharField(_("reason"), max_length=300)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "code", "start", "end"], name="overruled_once"),
            models.CheckConstraint(condition=Q(level="advisory"), name="only_advice_is_overruled"),
            models.CheckConstraint(condition=~Q(reason=""), name="overruling_has_a_reason"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Confirmation(Dated):
    """A reviewer says that an advisory finding is right: what the trained reader may learn from, where the
    house lets it."""

    NOT_TYPED = ("code",)

    version = models.ForeignKey(ScriptVersion, models.PROTECT, related_name="confirmations")
    code = models.CharField(max_length=40)
    start = models.PositiveIntegerField()  # in the whole text, as `ScriptFinding` has it
    end = models.PositiveIntegerField()
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "code", "start", "end"], name="confirmed_once")
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Remark(Dated):
    """What somebody says about a passage: answered, and resolved by whoever made it or by compliance.

    `quote` is the passage as it stood, "" for the whole section; in later versions it is looked for again.
    """

    NOT_TYPED = ("section",)

    version = models.ForeignKey(ScriptVersion, models.PROTECT, related_name="remarks")
    section = models.CharField(max_length=12)
    start = models.PositiveIntegerField(default=0)  # in the section
    quote = GuardedCharField(max_length=1000, blank=True)
    text = GuardedCharField(_("remark"), max_length=1000)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="remark_says_something"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="resolved_remark_has_person",
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="words_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__text__df=pgtrigger.F("new__text"))
                | pgtrigger.Q(old__quote__df=pgtrigger.F("new__quote"))
                | pgtrigger.Q(old__author__df=pgtrigger.F("new__author")),
            ),
        ]


class RemarkAnswer(Dated):
    remark = models.ForeignKey(Remark, models.PROTECT, related_name="answers")
    text = GuardedCharField(pgettext_lazy("request, remark", "answer"), max_length=1000)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="answer_says_something")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class RuleVersion(Dated):
    """One rule of the automatic check as compliance wrote it, in the form of the packs' YAML.

    Put in force by a second person after its examples passed; the latest in force counts before the
    rule of the same code that comes with Hegui. `tested` is what the examples gave.
    """

    class State(models.TextChoices):
        OPEN = "open", _("awaiting a second person")
        IN_FORCE = "in_force", _("in force")
        SUPERSEDED = "superseded", _("superseded")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")

    code = GuardedSlugField(_("code"), max_length=40)
    number = models.PositiveIntegerField()
    rule = GuardedJSONField()
    reason = GuardedCharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    written_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("written by"), related_name="+")
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # versions in use that it found at fault on going live
    blocks = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="rule_version_number"),
            models.UniqueConstraint(fields=["code"], condition=Q(state="in_force"), name="one_rule_in_force"),
            models.CheckConstraint(condition=~Q(written_by=F("decided_by")), name="rule_four_eyes"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="rule_has_decider",
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="rule_is_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__rule__df=pgtrigger.F("new__rule"))
                | pgtrigger.Q(old__code__df=pgtrigger.F("new__code"))
                | pgtrigger.Q(old__written_by__df=pgtrigger.F("new__written_by"))
                | pgtrigger.Q(old__state__in=["superseded", "refused"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.number}"


class ThirdReading(Dated):
    """What the third reader said of a text, once for each text and model: believed findings `{code, start,
    end, why}`, how many it made that could not be believed, what it cost, and why it failed ("": it did
    not)."""

    NOT_TYPED = ("model", "failure")

    text_sha256 = models.BinaryField(max_length=32, unique=True)
    model = models.CharField(max_length=80)
    findings = models.JSONField(default=list)
    not_believed = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=120, blank=True)
