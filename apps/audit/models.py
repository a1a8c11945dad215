"""The trail of reads. Changes are django-auditlog's; both are append-only by trigger (R10)."""

from typing import Any

import pgtrigger
from auditlog.models import LogEntry
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.core import references
from apps.core.crypto import signatures
from apps.core.database.base_models import Dated, is_hash
from apps.core.privacy.fields import GuardedCharField

from .alarms import RULES
from .trail_tables import CHANGES, READS
from .wording import sentence_of_finding

LEAST_DAYS = 180  # R10


def append_only(stream: str) -> list[pgtrigger.Trigger]:
    """A row of the trail never changes, and goes only with a stretch that a `TrailCut` names."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
        pgtrigger.Trigger(
            name="goes_with_its_stretch",
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
            func=f"""
            if not exists (select from audit_trailcut where stream = '{stream}' and upto >= old.id) then
                raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';
            end if;
            return old;""",
        ),
    ]


class AccessEvent(Dated):
    """One reading of personal data: who, what, why, from where. Ids and masks, no clear text.

    People and API clients are never deleted (their tables refuse it), so their ids are not checked again
    for each event: one is written for every call that is handed to a dialler.
    """

    IN_TRAIL = False
    NOT_TYPED = ("subject", "field")

    class Kind(models.TextChoices):
        VIEWED = "viewed", _("viewed")
        SEARCHED = "searched", _("searched")
        DISCLOSED = "disclosed", _("disclosed")
        HANDED_OVER = "handed_over", _("handed to a dialler")
        IMPORTED = "imported", _("imported")
        PLAYED = "played", _("played")
        EXPORTED = "exported", _("exported")
        SIGNED_IN = "signed_in", _("signed in")
        SIGNED_OUT = "signed_out", _("signed out")
        SIGN_IN_FAILED = "sign_in_failed", _("failed to sign in")

    kind = models.CharField(pgettext_lazy("kind of access", "what"), max_length=14, choices=Kind)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    client = models.ForeignKey(
        ApiClient, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    subject = models.CharField(max_length=40)
    field = models.CharField(max_length=40, blank=True)
    count = models.PositiveIntegerField(default=1)
    purpose = GuardedCharField(max_length=200)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["actor", "-created_at"],
                condition=models.Q(actor__isnull=False),
                name="access_event_by_actor",
            ),
            models.Index(fields=["subject", "-created_at"], name="access_event_by_subject"),
            models.Index(
                fields=["field", "-created_at"], condition=~models.Q(field=""), name="access_event_by_field"
            ),
            BrinIndex(fields=["created_at"], name="access_event_by_time"),  # stored in the order of time
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False)
                | models.Q(client__isnull=False)
                | models.Q(kind="sign_in_failed"),
                name="access_event_has_reader",
            )
        ]
        triggers = append_only(READS)


class Alarm(Dated):
    """Unusual use that a rule of `alarms` found, until somebody has looked into it. One at a time for a rule
    and a subject."""

    NOT_TYPED = ("code", "subject")

    class State(models.TextChoices):
        OPEN = "open", _("nobody looks into it yet")
        TAKEN = "taken", _("being looked into")
        CLOSED = "closed", _("closed")

    class Verdict(models.TextChoices):
        EXPLAINED = "explained", _("work that was to be done")
        MISTAKEN = "mistaken", _("the threshold is too low")
        MISUSE = "misuse", _("misuse by a colleague")
        INCIDENT = "incident", _("an incident: data leaked, was changed or lost (R37)")

    code = models.CharField(pgettext_lazy("kind of access", "what"), max_length=40)
    subject = models.CharField(_("who or what"), max_length=60)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    count = models.PositiveIntegerField(_("how many"))
    limit = models.PositiveIntegerField(_("threshold"))
    last_at = models.DateTimeField(_("last seen"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    verdict = models.CharField(_("what it was"), max_length=9, choices=Verdict, blank=True)
    note = GuardedCharField(_("what was found"), max_length=300, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"], condition=~Q(state="closed"), name="alarm_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | Q(closed_by__isnull=False, closed_at__isnull=False) & ~Q(verdict="") & ~Q(note=""),
                name="alarm_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(closed_by=F("person")), name="alarm_not_closed_by_whom_it_is_about"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(owner__isnull=False), name="alarm_has_an_owner"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="closed_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="closed")
            ),
        ]

    @property
    def sentence(self) -> str:
        rule = RULES.get(self.code)
        return str(rule.says) % {"count": self.count, "limit": self.limit} if rule else self.code

    @property
    def about(self) -> str:
        """Whom or what it is about, for people."""
        return str(self.person or self.client or references.in_words(self.subject.partition(":")[2]))


class Change(LogEntry):
    """django-auditlog's row of a change, made append-only."""

    IN_TRAIL = False

    class Meta:
        proxy = True
        triggers = append_only(CHANGES)


class TreeHead(Dated):
    """The head of one stretch of a stream: the root of the tree over its rows, chained to the tree head
    before, signed.

    `created_at` is when it was signed: every row of it is older. Rows are those with ids above `after`, up to
    `upto`.
    """

    IN_TRAIL = False
    NOT_TYPED = ("stream", "key")

    stream = models.CharField(max_length=12)
    number = models.BigIntegerField()
    after = models.BigIntegerField()
    upto = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    # SHA-256 of the document of the tree head before; zeros for the first
    previous = models.BinaryField(max_length=32)
    form = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="tree_head_once"),
            models.UniqueConstraint(fields=["stream", "after"], name="tree_heads_do_not_overlap"),
            models.CheckConstraint(
                condition=Q(upto__gt=F("after"), rows__gte=1, number__gte=1),
                name="tree_head_covers_something",
            ),
            models.CheckConstraint(
                condition=is_hash("root") & is_hash("previous"), name="tree_head_has_hashes"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @classmethod
    def last_of(cls, stream: str) -> "TreeHead | None":
        return cls.objects.filter(stream=stream).order_by("-number").first()

    @property
    def root_hex(self) -> str:
        return bytes(self.root).hex()

    def document(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "stream": self.stream,
            "number": self.number,
            "after": self.after,
            "upto": self.upto,
            "rows": self.rows,
            "root": self.root_hex,
            "previous": bytes(self.previous).hex(),
            "form": self.form,
            "signed_at": signatures.moment(self.created_at),
        }


class TreeHeadRows(models.Model):
    """The ids and hashes under a tree head: by them the row is named that is no longer as it was. Goes with
    its stretch."""

    IN_TRAIL = False

    tree_head = models.OneToOneField(TreeHead, models.PROTECT, primary_key=True, related_name="hashes")
    ids = models.BinaryField()  # 8 bytes each
    leaves = models.BinaryField()  # 32 bytes each

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="goes_with_its_stretch",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                if not exists (
                    select from audit_trailcut c join audit_treehead s on s.id = old.tree_head_id
                    where c.stream = s.stream and c.number >= s.number
                ) then
                    raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';
                end if;
                return old;""",
            ),
        ]


class TrailCut(Dated):
    """Everything of a stream up to the tree head `number` was dropped, being old enough (R8, R10). The tree
    heads themselves stay."""

    IN_TRAIL = False
    NOT_TYPED = ("stream", "reason", "key")

    stream = models.CharField(max_length=12)
    number = models.BigIntegerField()
    upto = models.BigIntegerField()
    rows = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=40)  # "purge:12"
    key = models.CharField(max_length=40)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "number"], name="cut_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="old_enough",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                if not exists (
                    select from audit_treehead where stream = new.stream and number = new.number and upto = new.upto
                    and created_at <= new.created_at - interval '{LEAST_DAYS} days'
                ) then
                    raise exception 'the trail is kept for {LEAST_DAYS} days (R10)' using errcode = 'check_violation';
                end if;
                return new;""",
            ),
        ]

    def document(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "cut": self.stream,
            "number": self.number,
            "upto": self.upto,
            "rows": self.rows,
            "reason": self.reason,
            "cut_at": signatures.moment(self.created_at),
        }


class TrailCheck(Dated):
    """One run over the whole trail: what was looked at, and what was not as it was signed."""

    IN_TRAIL = False

    tree_heads = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    findings = models.JSONField(default=list)  # [{"stream", "tree_head", "code", "facts"}]
    ended_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @property
    def sentences(self) -> list[tuple[str, int, str]]:
        """Of each finding the stream, the tree head, and what it says."""
        return [
            (each["stream"], each["tree_head"], sentence_of_finding(each["code"], each["facts"]))
            for each in self.findings
        ]
