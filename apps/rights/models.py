"""Requests of persons about their own data (R20): who asked for what, by when, and what was done.

The number is kept encrypted for as long as the request is worked on, then as a keyed hash only: a request may
not outlive what it had erased.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Purpose
from apps.core.calendar.timestamps import is_possible
from apps.core.database.base_models import Dated, is_hash, named
from apps.core.privacy.fields import FileNameField, GuardedCharField, ProtectedCharField, ProtectedTextField
from apps.core.web import ids
from apps.jobs.models import Job


class SubjectRequest(Dated):
    """One request. `due_on` is the last day (15 working days); it moves while the identity is open, which
    `paused_on` shows."""

    BY_CODE = "one-time code to the number"  # how the page verifies who asks, as it is stored

    class Kind(models.TextChoices):
        SEE = "see", _("see their data")
        CORRECT = "correct", _("correct their data")
        DELETE = "delete", _("delete their data")
        WITHDRAW = "withdraw", _("withdraw consent")
        EXPLAIN = "explain", _("have the use explained")

    class Channel(models.TextChoices):
        TELEPHONE = "telephone", _("telephone")
        AGENT = "agent", _("said to an agent")
        LETTER = "letter", _("letter or e-mail")
        SHOP = "shop", _("in person")
        PAGE = "page", _("public page, with a code to the number")
        API = "api", _("another system")

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("code not entered yet")
        IDENTITY = "identity", _("identity to be verified")
        OPEN = "open", pgettext_lazy("request of a person", "open")
        REMAINDER = "remainder", _("done, but for what is held")
        DONE = "done", pgettext_lazy("request of a person", "done")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")

    OVER = (State.DONE, State.REFUSED)
    RUNNING = (State.IDENTITY, State.OPEN)

    kind = models.CharField(_("what is asked"), max_length=8, choices=Kind)
    channel = models.CharField(_("came by"), max_length=9, choices=Channel)
    state = models.CharField(_("state"), max_length=11, choices=State)
    reference = GuardedCharField(_("reference of the sender"), max_length=80, blank=True)
    phone = ProtectedCharField(_("phone"), kind="phone", max_length=20, null=True)
    number_index = models.BinaryField(max_length=32)
    text = ProtectedTextField(_("what the person says"), kind="text", null=True)
    new_name = ProtectedCharField(_("the right name"), kind="name", max_length=80, null=True)
    purpose = models.ForeignKey(
        Purpose,
        models.PROTECT,
        verbose_name=pgettext_lazy("of processing", "purpose"),
        null=True,
        blank=True,
        related_name="+",
    )
    answer = ProtectedTextField(pgettext_lazy("request, remark", "answer"), kind="text", null=True)
    refusal = GuardedCharField(_("why it was refused"), max_length=300, blank=True)
    received_at = models.DateTimeField(pgettext_lazy("label of a time", "received"))
    due_on = models.DateField(pgettext_lazy("request of a person", "due on"))
    # counted over a year whose calendar is not known: sooner than the real day
    is_provisional = models.BooleanField(default=False)
    paused_on = models.DateField(null=True)
    verification = GuardedCharField(_("how the identity was verified"), max_length=200, blank=True)
    verified_by = named(User, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="subject_requests")
    recorded_by = named(User, null=True, related_name="+")
    client = named(ApiClient, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    reminded = models.PositiveSmallIntegerField(null=True)  # working days before the end of the last reminder
    escalated = models.BooleanField(default=False)
    result = models.JSONField(default=dict)  # {"done": {store: rows}, "kept": [[store, rows, why]], …}
    certificate = models.JSONField(default=dict)
    code_word = models.BinaryField(max_length=32, null=True)
    archive = FileNameField(blank=True)
    archive_sha256 = models.BinaryField(max_length=32, null=True)
    archive_word = models.BinaryField(max_length=32, null=True, unique=True)
    archive_until = models.DateTimeField(null=True)
    archive_fetched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=is_hash("number_index"), name="request_has_hash"),
            models.CheckConstraint(condition=is_possible("received_at"), name="request_time_is_possible"),
            models.UniqueConstraint(
                fields=["client", "reference"], condition=~Q(reference=""), name="request_once_a_client"
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(refusal=""), name="refusal_says_why"),
            models.CheckConstraint(
                condition=Q(state__in=["unconfirmed", "identity", "refused"])
                | Q(verified_at__isnull=False) & ~Q(verification=""),
                name="nothing_for_a_stranger",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) ^ Q(state__in=["done", "refused"]),
                name="closed_when_over",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | ~Q(state__in=["done", "refused"]),
                name="no_number_once_over",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(closed_at__isnull=True), name="request_by_due_day"),
            models.Index(fields=["code_word"], condition=Q(code_word__isnull=False), name="request_by_code"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def verified_how(self) -> str:
        """How the identity was verified, in the reader's language where it was the page; "" while it was
        not."""
        return (
            str(_("one-time code to the number")) if self.verification == self.BY_CODE else self.verification
        )

    @property
    def public_id(self) -> str:
        return ids.encode("rq", self.pk)

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER


class RequestEvent(Dated):
    """What happened to a request, in order. Never changed."""

    IN_TRAIL = False

    class Kind(models.TextChoices):
        RECEIVED = "received", pgettext_lazy("event of a request", "received")
        VERIFIED = "verified", _("identity verified")
        PAUSED = "paused", _("identity open again: the clock stands")
        NOTE = "note", _("note")
        MOVED = "moved", _("given to another owner")
        EXECUTED = "executed", _("carried out")
        REFUSED = "refused", pgettext_lazy("decision of a person", "refused")
        REMINDED = "reminded", _("reminded")
        ESCALATED = "escalated", _("escalated: overdue")
        FETCHED = "fetched", _("copy fetched by the person")

    request = models.ForeignKey(SubjectRequest, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=9, choices=Kind)
    actor = named(User, null=True, related_name="+")
    note = GuardedCharField(max_length=500, blank=True)

    class Meta:
        ordering = ("created_at", "pk")
        triggers = [pgtrigger.Protect(name="events_stay", operation=pgtrigger.Update)]


class CopyOrder(Dated):
    """A copy that a worker makes: who asked for it, and what it needs until it is made; then neither
    passphrase nor link is kept."""

    IN_TRAIL = False

    request = models.ForeignKey(SubjectRequest, models.CASCADE, related_name="copy_orders")
    job = models.OneToOneField(Job, models.PROTECT, related_name="+")
    passphrase = ProtectedTextField(kind="text", null=True)
    link = ProtectedTextField(kind="text", null=True)  # the whole address, which the person gets by a message
    address = models.GenericIPAddressField(null=True)  # of the colleague who asked, for the trail

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(passphrase__isnull=True, link__isnull=True)
                | Q(passphrase__isnull=False, link__isnull=False),
                name="copy_order_holds_both_secrets_or_none",
            )
        ]
