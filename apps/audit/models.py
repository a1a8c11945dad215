"""The trail of reads. Changes are django-auditlog's; both are append-only by trigger (R10)."""

from typing import Any

import pgtrigger
from auditlog.models import LogEntry
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.core.crypto import signatures
from apps.core.database.base import Dated, is_hash
from apps.core.privacy.fields import GuardedCharField

from .alarms import RULES
from .streams import CHANGES, READS
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

    kind = models.CharField(_("what"), max_length=14, choices=Kind)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    subject = models.CharField(max_length=40)
    field = models.CharField(max_length=40, blank=True)
    count = models.PositiveIntegerField(default=1)
    purpose = GuardedCharField(max_length=200)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["actor", "-created_at"], condition=models.Q(actor__isnull=False), name="access_event_by_actor"),
            models.Index(fields=["subject", "-created_at"], name="access_event_by_subject"),
            models.Index(fields=["field", "-created_at"], condition=~models.Q(field=""), name="access_event_by_field"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False) | models.Q(client__isnull=False) | models.Q(kind="sign_in_failed"),
                name="access_event_has_reader",
            )
        ]
        triggers = append_only(READS)


class Alarm(Dated):
    """Unusual use that a rule of `alarms` found, until somebody has looked into it. One at a time for a rule and a subject."""

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

    code = models.CharField(_("what"), max_length=40)
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
    closed_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "subject"], condition=~Q(state="closed"), name="alarm_once"),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_by__isnull=False, closed_at__isnull=False) & ~Q(verdict="") & ~Q(note=""),
                name="alarm_closed_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(closed_by=F("person")), name="alarm_not_closed_by_whom_it_is_about"),
            models.CheckConstraint(condition=Q(state="open") | Q(owner__isnull=False), name="alarm_has_an_owner"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="closed_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="closed")),
        ]

    @property
    def sentence(self) -> str:
        rule = RULES.get(self.code)
        return str(rule.says) % {"count": self.count, "limit": self.limit} if rule else self.code

    @property
    def about(self) -> str:
        """Whom or what it is about, for people."""
        return str(self.person or self.client or self.subject.partition(":")[2])


class Notice(Dated):
    """Something that a person has to know: a line in their inbox. Holds ids and masks only."""

    NOT_TYPED = ("code",)

    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    about = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)  # when it was handed to the outbox as an e-mail too (`notifications`)

    class Meta:
        indexes = [
            models.Index(fields=["recipient"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["created_at"], condition=models.Q(read_at__isnull=True, mailed_at__isnull=True), name="notice_unmailed"),
        ]

    @property
    def sentence(self) -> str:
        return self.sentence_of(self.facts)

    def sentence_of(self, facts: dict[str, Any]) -> str:
        """What it says with other facts of the same names."""
        return str(NOTICES[self.code] % facts)


# What a notice says, by its code.
NOTICES = {
    "factor_reset_asked": _("%(who)s asks to take away the second factor of %(person)s, who lost it. Somebody else has to agree."),
    "factor_removed": _("Your second factor was taken away (%(who)s agreed). Set up a new one at your next sign-in."),
    "link_made": _("%(who)s made a link with which %(person)s sets a new password."),
    "alarm_raised": _("The access log shows unusual use: alarm %(alarm)s. Look into it."),
    "alarm_waits": _("Nobody has looked into the alarm %(alarm)s for a day."),
    "message_given_up": _("A message (%(kind)s) could not be sent and was given up: %(why)s. Look after the gateway or mail server."),
    "webhook_set_aside": _(
        'The message %(event)s to "%(end_point)s" could not be made and was set aside. The log of the worker says why; send it again once '
        "the cause is mended."
    ),
    "reveals_many": _("%(person)s revealed %(count)s values within an hour."),
    "reveal_at_night": _("%(person)s revealed a value at %(hour)s o'clock."),
    "reveal_foreign": _("%(person)s revealed a value of a contact outside their own campaigns."),
    "grant_asked": _("%(person)s asks for a temporary grant."),
    "grant_decided": _("Your request for a temporary grant was decided."),
    "review_due": _("Rights wait for your confirmation until %(due)s."),
    "spoofing": _("Number spoofing: a call was asked for under %(line)s, which is no line of its campaign. It was refused."),
    "campaign_paused": _('The campaign "%(campaign)s" was paused: %(because)s'),
    "campaign_submitted": _('The campaign "%(campaign)s" awaits approval.'),
    "flagged": _("%(who)s was flagged: %(because)s."),
    "calendar_unknown": _(
        "Marketing calls stop on %(day)s: the holiday calendar of that year is not known. Enter the State Council's notice."
    ),
    "script_submitted": _('The script "%(script)s" awaits review.'),
    "script_second_approver": _('The script "%(script)s" awaits a second approval.'),
    "script_approved": _('The script "%(script)s" was approved.'),
    "script_changes_requested": _('Changes were requested to the script "%(script)s".'),
    "script_retired": _('The approval of the script "%(script)s" was withdrawn: its calls are refused.'),
    "script_remark": _('There is a remark on the script "%(script)s".'),
    "script_answer": _('A remark on the script "%(script)s" was answered.'),
    "script_expires": _('The approval of the script "%(script)s" ends in %(days)s days. Hand in a new version.'),
    "script_expired": _('The approval of the script "%(script)s" has ended: its calls are refused.'),
    "rule_written": _('The rule "%(rule)s" of the automatic check awaits a second person.'),
    "rule_blocks_script": _('The new rule "%(rule)s" finds the script "%(script)s" at fault. Hand in a new version, or withdraw it.'),
    "lift_asked": _("A lift of an opt-out awaits a second person."),
    "purge_failed": _("The purge could not delete everything: %(classes)s. It tries again tonight; the enforcement page says more."),
    "hold_to_review": _("A legal hold is to be reviewed today."),
    "ledger_behind": _("The ledger outside the database is not written, so a restore would forget opt-outs: %(why)s"),
    "backup_old": _("The last good backup is older than 26 hours."),
    "drill_failed": _("The restore drill failed: the backups may not be usable."),
    "number_in_doubt": _("Somebody said that a number is not the client's. It is not called until you have looked."),
    "number_changed_hands": _('A number from the data source "%(source)s" changed hands: its consents have ended.'),
    "client_walks": _("The API client %(client)s was given %(count)s numbers within an hour; its limit is %(limit)s."),
    "messages_wait": _("%(count)s messages that may be refusals have waited for hours. They are read within the day."),
    "message_to_judge": _("A message may be a refusal. The number is blocked until you have read it, today."),
    "policy_draft": _("A new version of a policy awaits a second person."),
    "exception_asked": _('An exception for the campaign "%(campaign)s" awaits approval.'),
    "request_received": _("The request %(request)s of a person about their data is yours. It is due on %(due)s."),
    "request_due": _("The request %(request)s is due in %(days)s working days."),
    "request_overdue": _("The request %(request)s is overdue: the 15 working days are over."),
    "share_asked": _("%(person)s asks for a share: %(share)s."),
    "share_decided": _("The share %(share)s that you asked for was decided."),
    "recordings_missing": _("%(count)s connected calls of %(day)s have no recording."),
    "line_unrecorded": _("The last connected calls of %(line)s have no recording: the line may not be recorded at all."),
    "recording_damaged": _("The recording %(recording)s was altered or cannot be read."),
    "review_done": _("A call of yours was reviewed: %(score)s points."),
    "review_appealed": _("%(person)s appeals against a review."),
    "review_settled": _("Your appeal against a review was decided."),
    "violation_found": _("A violation was found: %(kind)s. It has to be mended by %(due)s."),
    "action_done": _("A corrective action was reported as done and awaits your check."),
    "action_reopened": _("A corrective action was sent back: %(note)s"),
    "action_overdue": _("A corrective action is overdue since %(due)s."),
    "agent_grave": _("%(agent)s was suspended: a grave violation was found."),
    "complaint_recorded": _("A complaint awaits you: %(kind)s."),
    "complaint_overdue": _("The complaint %(complaint)s is overdue."),
    "pack_asked": _("Evidence of the complaint %(complaint)s was asked for and awaits a second person."),
    "pack_decided": _("The evidence pack of the complaint %(complaint)s was decided."),
    "score_card_written": _("A new version of a score card awaits a second person."),
    "trail_broken": _("The trail is not as it was sealed: %(count)s findings. The first: %(first)s"),
    "trail_not_sealed": _("Rows of the trail have waited for a quarter of an hour and are not sealed: %(why)s"),
    "audit_done": _("The permission audit found %(count)s things to clear."),
}


class Change(LogEntry):
    """django-auditlog's row of a change, made append-only."""

    class Meta:
        proxy = True
        triggers = append_only(CHANGES)


class Seal(Dated):
    """The head of one stretch of a stream: the root of the tree over its rows, chained to the seal before, signed (design, section 9).

    `created_at` is when it was sealed: every row of it is older. Rows are those with ids above `after`, up to `upto`.
    """

    NOT_TYPED = ("stream", "key")

    stream = models.CharField(max_length=12)
    number = models.BigIntegerField()
    after = models.BigIntegerField()
    upto = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)  # SHA-256 of the document of the seal before; zeros for the first
    form = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="seal_once"),
            models.UniqueConstraint(fields=["stream", "after"], name="seals_do_not_overlap"),
            models.CheckConstraint(condition=Q(upto__gt=F("after"), rows__gte=1, number__gte=1), name="seal_covers_something"),
            models.CheckConstraint(condition=is_hash("root") & is_hash("previous"), name="seal_has_hashes"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @classmethod
    def last_of(cls, stream: str) -> "Seal | None":
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
            "sealed_at": signatures.moment(self.created_at),
        }


class SealedRows(models.Model):
    """The ids and hashes under a seal: by them the row is named that is no longer as it was. Goes with its stretch."""

    seal = models.OneToOneField(Seal, models.PROTECT, primary_key=True, related_name="hashes")
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
                    select from audit_trailcut c join audit_seal s on s.id = old.seal_id where c.stream = s.stream and c.number >= s.number
                ) then
                    raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';
                end if;
                return old;""",
            ),
        ]


class TrailCut(Dated):
    """Everything of a stream up to the seal `number` was dropped, being old enough (R8, R10). The seals themselves stay."""

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
                    select from audit_seal where stream = new.stream and number = new.number and upto = new.upto
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
    """One run over the whole trail: what was looked at, and what was not as it was sealed."""

    seals = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    findings = models.JSONField(default=list)  # [{"stream", "seal", "code", "facts"}]
    ended_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @property
    def sentences(self) -> list[tuple[str, int, str]]:
        """Of each finding the stream, the seal, and what it says."""
        return [(each["stream"], each["seal"], sentence_of_finding(each["code"], each["facts"])) for each in self.findings]
