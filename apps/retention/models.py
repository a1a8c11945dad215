"""What was deleted when, what is held, who was erased, and the backups that all of it survives (R8, R9)."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField
from apps.policies.models import DataClass

NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)


class PurgeRun(Dated):
    """One purge: what was due at `at` by which versions of the policies, and what went."""

    IN_TRAIL = False
    NOT_TYPED = ("ledger_mac",)

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", pgettext_lazy("job, run, import", "done")
        FAILED = "failed", pgettext_lazy("job, run", "failed")

    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    policies = models.JSONField(default=dict)  # {class: number of the version}
    counts = models.JSONField(default=dict)  # {class: rows deleted}
    files = models.PositiveIntegerField(default=0)
    held = models.JSONField(default=dict)  # {class: due, and left because of a hold}
    failures = models.JSONField(default=dict)  # {class: kind of the error}
    ledger_line = models.BigIntegerField(default=0)
    ledger_mac = models.CharField(max_length=64, blank=True)
    trail_heads = models.JSONField(default=dict)  # {stream: [number of its last signature, SHA-256]}
    signature = models.JSONField(default=dict)  # of the certificate
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="done_stays", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="done")
            ),
        ]


class Erasure(Dated):
    """People who are erased together: keyed hashes that outlive them. Committed before the first of their
    rows is deleted, and done once it was checked that all of them are gone."""

    IN_TRAIL = False
    NOT_TYPED = ("reason", "files")

    run = models.ForeignKey(PurgeRun, models.PROTECT, null=True, related_name="erasures")
    # the purge that saw them gone
    finished_by = models.ForeignKey(PurgeRun, models.PROTECT, null=True, related_name="finished")
    files = ArrayField(models.CharField(max_length=80), default=list)  # that have to be seen gone too
    number_hashes = ArrayField(models.BinaryField(max_length=32))
    contact_ids = ArrayField(models.BigIntegerField())  # by which a run that was cut short goes on
    # {client: ids under which its system knows them}: sent by the webhook once they are erased, then cleared.
    external_ids = models.JSONField(default=dict, db_default={})
    reason = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="erasure_open")]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="done_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__done_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="hashes_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__number_hashes__df=pgtrigger.F("new__number_hashes")),
            ),
        ]


class LegalHold(Dated):
    """What may not be deleted though it is due, and why. It keeps what it names and no more of the person."""

    class Kind(models.TextChoices):
        CONTACT = "contact", _("one contact")
        CALL = "call", _("one call")
        CAMPAIGN = "campaign", _("the calls of a campaign")
        QUERY = "query", _("the calls of a time, a line, an agent")
        RECORDING = "recording", _("one recording")
        COMPLAINT = "complaint", _("a complaint, with what it is about")

    kind = models.CharField(_("what is held"), max_length=9, choices=Kind)
    target_id = models.BigIntegerField(null=True)
    query = models.JSONField(default=dict)  # {"since", "until": ISO; "campaign", "line", "agent": ids}
    reason = GuardedCharField(_("reason"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+")
    review_on = models.DateField(_("to be reviewed on"))
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    end_reason = GuardedCharField(_("why it ends"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="query", target_id__isnull=True) | Q(target_id__isnull=False),
                name="hold_names_its_object",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_by__isnull=False) & ~Q(end_reason=""),
                name="hold_ended_by_somebody",
            ),
        ]
        triggers = [
            NEVER_DELETED,
            pgtrigger.Protect(
                name="ended_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]


class IndexTurn(Dated):
    """The keys that the hashes of numbers in this database went through, in their order
    (`core.crypto.blind_index`). The last row holds; none: the first key of the keyring."""

    NOT_TYPED = ("key_ids",)

    key_ids = ArrayField(models.CharField(max_length=32))
    rows = models.PositiveBigIntegerField()  # that were brought under the last of them

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(key_ids__len__gte=2), name="index_turn_names_its_keys")
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class CallTally(models.Model):
    """What is left of anonymised calls: how many of a campaign ended how in a month. No call, no person, no
    day."""

    IN_TRAIL = False
    NOT_TYPED = ("outcome",)

    month = models.DateField()
    campaign_id = models.BigIntegerField(null=True)  # null: small groups together
    outcome = models.CharField(max_length=16)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "campaign_id", "outcome"], nulls_distinct=False, name="tally_once"
            )
        ]


class BackupRun(Dated):
    """A backup, or a drill that restored one on a scratch database."""

    IN_TRAIL = False
    NOT_TYPED = ("name", "base", "sentence")

    class Kind(models.TextChoices):
        BACKUP = "backup", _("backup")
        DRILL = "drill", _("restore drill")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", pgettext_lazy("job, run, import", "done")
        FAILED = "failed", pgettext_lazy("job, run", "failed")

    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    name = models.CharField(max_length=120)
    base = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    facts = models.JSONField(default=dict)
    sentence = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)


__all__ = ["BackupRun", "CallTally", "DataClass", "Erasure", "LegalHold", "PurgeRun"]
