"""The register of those who asked to be left alone: keyed hashes, no numbers (R14, R15).

Entries are never changed and never deleted. What takes an entry's effect away is an entry of its
own: a `Lift` (fresh consent, given after the refusal, with evidence and two people), or a
`Dismissal` (a person read a message that was taken for a refusal and saw that it was none).
`queries.IN_FORCE` says in SQL which entries are in force; the gate uses the same words.
"""

from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.core.calendar.timestamps import is_possible
from apps.core.database.base_models import Dated, is_hash
from apps.core.privacy.fields import FileNameField, GuardedCharField, ProtectedTextField
from apps.core.web import ids
from apps.jobs.models import Job


def feed_trigger(
    kind: str, column: str, operation: pgtrigger.Operation = pgtrigger.Insert, where: str = "true"
) -> pgtrigger.Trigger:
    """New rows are changes for the feed, in the same transaction; they get their place when it is over
    (`Change`).

    Once for a statement: a trigger for each row takes longer with every row of a list.
    """
    return pgtrigger.Trigger(
        name="told",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(new="fresh"),
        func=f"insert into optouts_change (created_at, kind, {column}) select now(), '{kind}', id from fresh "
        f"where {where} order by id;"
        " return null;",
    )


APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class OptOut(Dated):
    """One word of refusal; `said_at` is when it was said, `created_at` when it took effect.

    `key_id` names the key of the hash. After a new key, an entry whose number is seen again gets a copy
    under the new one (`moved_from`). `contact_id` links a contact that existed then, as a plain number:
    the register outlives it.
    """

    IN_TRAIL = False
    NOT_TYPED = ("key_id", "scope_value", "evidence")

    class Channel(models.TextChoices):
        KEY = "key", _("key 9 in the call")
        SMS = "sms", _("answer to a message")
        WEB = "web", _("web link")
        AGENT = "agent", _("told the agent")
        COMPLAINT = "complaint", _("complaint")
        LIST = "list", _("own list")
        REGULATOR = "regulator", _("list of a regulator")
        API = "api", _("another system")
        FORMER = "former", _("number before")

    class Scope(models.TextChoices):
        EVERYTHING = "everything", _("everything")
        PURPOSE = "purpose", _("one purpose")
        BRAND = "brand", _("one brand")

    number_hash = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=32)
    channel = models.CharField(max_length=10, choices=Channel)
    scope = models.CharField(
        max_length=10, choices=Scope, default=Scope.EVERYTHING, db_default=Scope.EVERYTHING
    )
    scope_value = models.CharField(max_length=80, blank=True, db_default="")
    said_at = models.DateTimeField()
    evidence = models.CharField(max_length=120)
    contact_id = models.BigIntegerField(null=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    moved_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number_hash", "evidence"], name="opt_out_once_per_evidence"),
            models.CheckConstraint(condition=is_possible("said_at"), name="opt_out_time_is_possible"),
            models.CheckConstraint(condition=is_hash("number_hash"), name="opt_out_hash_is_32_bytes"),
            models.CheckConstraint(
                condition=Q(scope="everything", scope_value="")
                | (~Q(scope="everything") & ~Q(scope_value="")),
                name="opt_out_says_its_scope",
            ),
        ]
        indexes = [BrinIndex(fields=["created_at"], name="opt_out_by_time")]  # stored in the order of time
        triggers = [APPEND_ONLY, feed_trigger("refused", "opt_out_id")]

    @property
    def public_id(self) -> str:
        return ids.encode("oo", self.pk)


class Lift(Dated):
    """Fresh consent after a refusal: asked for by one person, approved by another."""

    NOT_TYPED = ("key_id",)

    class State(models.TextChoices):
        OPEN = "open", _("awaiting a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")

    number_hash = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=32)
    consent_given_at = models.DateTimeField(_("consent given at"))
    evidence = GuardedCharField(_("evidence of the consent"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    asked_by = models.ForeignKey(
        User,
        models.PROTECT,
        verbose_name=pgettext_lazy("share, grant, lift, audit", "asked by"),
        related_name="+",
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("decided_by")), name="lift_four_eyes"),
            models.CheckConstraint(condition=~Q(evidence=""), name="lift_has_evidence"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="lift_has_decider",
            ),
            models.CheckConstraint(
                condition=Q(consent_given_at__lte=F("created_at")), name="lift_consent_is_not_ahead"
            ),
            models.CheckConstraint(condition=is_possible("consent_given_at"), name="lift_time_is_possible"),
            models.CheckConstraint(condition=is_hash("number_hash"), name="lift_hash_is_32_bytes"),
        ]
        indexes = [models.Index(fields=["number_hash"], condition=Q(state="approved"), name="lift_by_number")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="words_stay",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="open")
                | pgtrigger.Q(old__number_hash__df=pgtrigger.F("new__number_hash"))
                | pgtrigger.Q(old__consent_given_at__df=pgtrigger.F("new__consent_given_at"))
                | pgtrigger.Q(old__evidence__df=pgtrigger.F("new__evidence"))
                | pgtrigger.Q(old__asked_by__df=pgtrigger.F("new__asked_by")),
            ),
            feed_trigger("lifted", "lift_id", pgtrigger.Update, "state = 'approved'"),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("ol", self.pk)


class Message(Dated):
    """A message that came in (SMS): kept before it is answered, so that what was acknowledged is never lost.

    The sender is not kept, only what its refusal became. A near miss ("TD谢谢", "不要再打了") blocks at
    once and waits for a person, who confirms it or dismisses it.
    """

    NOT_TYPED = ("message_id",)

    class Reading(models.TextChoices):
        REFUSAL = "refusal", _("refusal")
        NEAR = "near", _("may be a refusal")
        OTHER = "other", _("something else")

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="+")
    message_id = models.CharField(_("message"), max_length=80)
    sent_at = models.DateTimeField()
    text: Any = ProtectedTextField(_("text"), kind="text", null=True, blank=True)
    reading = models.CharField(_("read as"), max_length=8, choices=Reading)
    opt_out = models.ForeignKey(OptOut, models.PROTECT, null=True, related_name="messages")
    judged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "message_id"], name="message_once"),
            models.CheckConstraint(condition=is_possible("sent_at"), name="message_time_is_possible"),
            models.CheckConstraint(
                condition=Q(reading="other") | Q(opt_out__isnull=False),
                name="refusing_message_is_on_the_register",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(reading="near", judged_at__isnull=True),
                name="message_to_judge",
            )
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    @property
    def public_id(self) -> str:
        return ids.encode("sm", self.pk)


class Dismissal(Dated):
    """A person read the message behind an entry and saw that it refuses nothing. Only for what was a near
    miss."""

    IN_TRAIL = False

    opt_out = models.OneToOneField(OptOut, models.PROTECT, related_name="dismissal")
    reason = GuardedCharField(_("reason"), max_length=200)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="dismissal_has_a_reason")]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="only_of_a_near_miss",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                if not exists (select from optouts_message where opt_out_id = new.opt_out_id and reading = 'near') then
                    raise exception 'only what was read as a near miss is dismissed (R15)' using errcode = 'check_violation';
                end if;
                return new;""",
            ),
            feed_trigger("dismissed", "dismissal_id"),
        ]


class Change(models.Model):
    """The feed for other systems. Rows are written by the tables' triggers without a `position`; positions
    are given afterwards under one lock (`services.feeding`), so a reader who has seen a position has seen all
    before it.

    What it names is never deleted (the tables refuse it), so that is not checked again for each row of a long
    list.
    """

    IN_TRAIL = False

    class Kind(models.TextChoices):
        REFUSED = "refused", pgettext_lazy("the client opted out", "refused")
        LIFTED = "lifted", _("lifted")
        DISMISSED = "dismissed", _("dismissed")

    created_at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind)
    opt_out = models.ForeignKey(
        OptOut, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    lift = models.ForeignKey(
        Lift, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    dismissal = models.ForeignKey(
        Dismissal, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="change_without_position")
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="position_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__position__isnull=False),
            ),
        ]


class ListIn(Dated):
    """A list of refusals on its way into the register: our own, or a regulator's."""

    class Origin(models.TextChoices):
        LIST = "list", _("own list")
        REGULATOR = "regulator", _("list of a regulator")

    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    evidence = GuardedCharField(_("name and date of the list"), max_length=80)
    file_name = GuardedCharField(max_length=200)
    upload = FileNameField(max_length=60, blank=True)  # "" once it is erased
    job = models.OneToOneField(Job, models.PROTECT, related_name="list_in")
    counts = models.JSONField(default=dict)
    done_rows = models.PositiveIntegerField(default=0)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")


class ListRow(Dated):
    """A row of a list of refusals in which no number can be read: it waits for a person, so that nobody on
    the list is lost."""

    taken = models.ForeignKey(ListIn, models.PROTECT, related_name="unread")
    row = models.PositiveIntegerField(_("row"))
    text: Any = ProtectedTextField(_("what stands there"), kind="text", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = GuardedCharField(_("why it names nobody"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["taken", "row"], name="list_row_once"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | Q(decided_by__isnull=False),
                name="list_row_has_decider",
            ),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("lr", self.pk)


class Scrub(Dated):
    """A list held against the register: what comes out is the list with a column. The list that went in is
    erased."""

    NOT_TYPED = ("idempotency_key",)

    file_name = GuardedCharField(max_length=200)
    purpose = GuardedCharField(_("what it is needed for"), max_length=150)
    upload = FileNameField(max_length=60, blank=True)
    result = FileNameField(max_length=60, blank=True)
    rows = models.PositiveIntegerField()
    opted_out = models.PositiveIntegerField(null=True)
    without_number = models.PositiveIntegerField(null=True)
    job = models.OneToOneField(Job, models.PROTECT, related_name="scrub")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    erased_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=80, null=True)
    # keyed, of the list handed in under the key
    request_digest = models.BinaryField(max_length=32, null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rows__gte=100), name="scrub_is_no_lookup"),
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="scrub_once_per_key",
            ),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("su", self.pk)


class Link(Dated):
    """A web address for one number, to be put into messages and letters. Holds hashes of the number and of
    its own word."""

    IN_TRAIL = False
    NOT_TYPED = ("key_id", "idempotency_key")

    word_hash = models.BinaryField(max_length=32, unique=True)
    number_index = models.BinaryField(max_length=32)
    number_hash = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=32)
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=80, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=is_hash("number_hash") & is_hash("number_index"), name="link_hashes_are_32_bytes"
            ),
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="link_once_per_key",
            ),
        ]


class Code(Dated):
    """A code sent to a number whose holder has no link. Holds hashes; the word under which it is entered is
    not stored."""

    IN_TRAIL = False
    NOT_TYPED = ("key_id",)

    word_hash = models.BinaryField(max_length=32, unique=True)
    code_hash = models.BinaryField(max_length=32)
    number_index = models.BinaryField(max_length=32)
    number_hash = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=32)
    address_hash = models.BinaryField(max_length=32, null=True)
    ends_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="code_five_tries"),
            models.CheckConstraint(
                condition=is_hash("number_hash") & is_hash("code_hash"), name="code_hashes_are_32_bytes"
            ),
        ]
        indexes = [
            models.Index(fields=["number_index", "-created_at"], name="code_by_number"),
            models.Index(fields=["address_hash", "-created_at"], name="code_by_address"),
        ]
