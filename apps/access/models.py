"""Protected fields as rows, so that rights on them are django-guardian's object permissions;
grants for a time; audits of all rights with their findings; reviews in which rights are confirmed.

Rights stand in tables with direct foreign keys: generic ones were measured five times slower.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.accounts.models import ApiClient, User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField


class ProtectedField(models.Model):
    """A field whose value is `Protected`: `contacts.contact.phone`."""

    NOT_TYPED = ("name",)

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_masked", _("see the mask")),
            ("view_clear", _("see the value")),
            ("change_value", _("change the value")),
            ("export_value", _("export the value")),
        ]

    def __str__(self) -> str:
        return self.name


class ProtectedFieldUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(ProtectedField, models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class ProtectedFieldGroupPermission(GroupObjectPermissionBase):
    IN_TRAIL = False

    content_object = models.ForeignKey(ProtectedField, models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass


class TemporaryGrant(Dated):
    """A right for a while: asked for with a reason, approved by another person, ended by its time.

    On a protected field, or on a campaign (whose room lies above, so by its number).
    """

    NOT_TYPED = ("campaign_name", "right")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")
        ENDED = "ended", pgettext_lazy("grant", "ended")

    beneficiary = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("for whom"), related_name="temporary_grants"
    )
    field = models.ForeignKey(
        ProtectedField,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("field"),
        related_name="temporary_grants",
    )
    campaign_id = models.BigIntegerField(null=True, blank=True)
    campaign_name = models.CharField(max_length=120, blank=True)
    right = models.CharField(_("right"), max_length=20)
    reason = GuardedCharField(_("reason"), max_length=300)
    requested_by = models.ForeignKey(
        User,
        models.PROTECT,
        verbose_name=pgettext_lazy("share, grant, lift, audit", "asked by"),
        related_name="+",
    )
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("decided by"), related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(field__isnull=True) ^ Q(campaign_id__isnull=True), name="grant_on_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(
                    ends_at__gt=F("created_at"),
                    ends_at__lte=F("created_at")
                    + models.Value("30 days", output_field=models.DurationField()),
                ),
                name="grant_ends_within_30_days",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("requested_by")) & ~Q(approved_by=F("beneficiary")),
                name="grant_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(approved_by__isnull=False), name="grant_decision_has_person"
            ),
        ]
        indexes = [models.Index(fields=["beneficiary"], condition=Q(state="approved"), name="grant_in_force")]

    @property
    def what(self) -> str:
        return self.field.name if self.field else self.campaign_name


class PermissionAudit(Dated):
    """One comparison of what is with what the role table says and with use (R22)."""

    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    gone = models.PositiveIntegerField(default=0)


class Finding(Dated):
    """Something that an audit found: what, who, what shows it, what to do, by whom and when."""

    NOT_TYPED = ("fingerprint",)

    class Kind(models.TextChoices):
        EXCESS = "excess", _("more than the role has")
        MISSING = "missing", _("less than the role has")
        DIRECT = "direct", _("given to a person directly")
        ORPHANED = "orphaned", _("right of somebody who left")
        EXPIRED = "expired", _("past its end")
        DORMANT = "dormant", _("not signed in for 90 days")
        NEVER_USED = "never_used", _("never used")
        CONFLICT = "conflict", _("conflicting duties")
        NO_SECOND_FACTOR = "no_mfa", _("no second factor")
        SHARED = "shared", _("sign-in seems shared")
        CLIENT_UNUSED = "client_unused", _("API client not used")

    class Severity(models.TextChoices):
        HIGH = "high", _("high")
        MEDIUM = "medium", _("medium")
        LOW = "low", _("low")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("finding of an audit", "open")
        RESOLVED = "resolved", pgettext_lazy("finding of an audit", "resolved")

    audit = models.ForeignKey(PermissionAudit, models.CASCADE, related_name="findings")
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    severity = models.CharField(_("severity"), max_length=6, choices=Severity)
    fingerprint = models.CharField(max_length=64)
    is_new = models.BooleanField(pgettext_lazy("finding of an audit", "new"), default=True)
    subject = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        verbose_name=pgettext_lazy("holder of rights", "person"),
        related_name="+",
    )
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    evidence = models.JSONField(default=dict)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("to be cleared by"), related_name="+"
    )
    due_on = models.DateField(pgettext_lazy("finding of an audit", "due on"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audit", "fingerprint"], name="finding_once_an_audit"),
            models.CheckConstraint(
                condition=~Q(resolved_by=F("subject")), name="finding_not_resolved_by_its_subject"
            ),
        ]
        indexes = [models.Index(fields=["audit", "severity", "id"], name="finding_of_audit")]


class Review(Dated):
    """A round in which the people who answer for them confirm rights; what is not confirmed in time is
    revoked."""

    name = GuardedCharField(_("name"), max_length=80)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    due_on = models.DateField(pgettext_lazy("right to confirm", "due on"))
    closed_at = models.DateTimeField(null=True)


class ReviewItem(Dated):
    """One right in a review. `source` is the table and row that holds it."""

    NOT_TYPED = ("source", "what", "right")

    class Verdict(models.TextChoices):
        OPEN = "open", pgettext_lazy("right to confirm", "open")
        CONFIRMED = "confirmed", _("confirmed")
        REVOKED = "revoked", _("revoked")
        LAPSED = "lapsed", _("not confirmed in time, revoked")

    review = models.ForeignKey(Review, models.CASCADE, related_name="items")
    holder = models.ForeignKey(
        User, models.PROTECT, verbose_name=pgettext_lazy("holder of rights", "person"), related_name="+"
    )
    reviewer = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("confirmed by"), related_name="+"
    )
    source = models.CharField(max_length=60)
    source_pk = models.BigIntegerField()
    what = models.CharField(_("right on"), max_length=120)
    right = models.CharField(_("right"), max_length=20)
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict, default=Verdict.OPEN)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "source", "source_pk"], name="right_reviewed_once"),
            models.CheckConstraint(condition=~Q(holder=F("reviewer")), name="nobody_reviews_their_own"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__verdict__in=["confirmed", "revoked", "lapsed"]),
            )
        ]


class NumberSearch(Dated):
    """A question for a number, for two days: who asked, and keyed hashes of the number and of what its mask
    shows.

    `listed`: it stood in a list or record that was handed in, and takes nothing of the quota for single
    questions.
    """

    IN_TRAIL = False

    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    mask_hash = models.BinaryField(max_length=32, null=True)
    number_hash = models.BinaryField(max_length=32, null=True)
    has_alarmed = models.BooleanField(default=False)
    listed = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(actor__isnull=False) ^ Q(client__isnull=False), name="number_search_of_one"
            )
        ]
        indexes = [
            models.Index(fields=["actor", "-created_at"], name="number_search_by_actor"),
            models.Index(fields=["client", "-created_at"], name="number_search_by_client"),
            models.Index(fields=["created_at"], name="number_search_by_time"),
        ]
