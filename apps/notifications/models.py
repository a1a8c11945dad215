"""The inbox, and what leaves the site to people: short messages and e-mails, each a row until it was sent or
its time was over."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, ProtectedCharField, ProtectedTextField

from . import rules
from .sentences import in_words


class Outgoing(Dated):
    """A message on its way, written in the transaction of what it tells (the outbox): none is sent of what
    did not happen, and no transaction waits for a gateway. Once it is over neither the number nor the text is
    kept.
    """

    IN_TRAIL = False
    NOT_TYPED = ("about", "error")

    class Kind(models.TextChoices):
        SMS = "sms", _("short message")
        MAIL = "mail", _("e-mail")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        GIVEN_UP = "given_up", _("given up")

    kind = models.CharField(max_length=4, choices=Kind)
    number = ProtectedCharField(kind="phone", max_length=20, null=True)  # of a short message
    # of an e-mail: the address is the one of that moment
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    subject = GuardedCharField(max_length=120, blank=True)
    text = ProtectedTextField(kind="text", null=True)
    about = models.CharField(max_length=40)  # what it is about: an id, "code", "notices"
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # after that it is of no use any more
    # the kind of the last error; what a gateway says may hold the number
    error = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", text__isnull=False)
                | Q(number__isnull=True, text__isnull=True, ended_at__isnull=False),
                name="outgoing_over_holds_nothing",
            ),
            models.CheckConstraint(
                condition=Q(kind="mail", person__isnull=False, number__isnull=True)
                | Q(kind="sms", person__isnull=True),
                name="outgoing_goes_to_somebody",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="waiting"), name="outgoing_due")]


class MailChoice(Dated):
    """Which of the notices that somebody must act on a person gets by e-mail, and when."""

    IN_TRAIL = False

    class Mode(models.TextChoices):
        AS_SET = rules.AS_SET, _("urgent ones at once, the others each morning at nine")
        AT_ONCE = rules.AT_ONCE, _("all of them at once")
        DIGEST = rules.DIGEST, _("all of them each morning at nine")
        OFF = rules.OFF, _("none: I look into the inbox")

    person = models.OneToOneField(User, models.PROTECT, related_name="mail_choice")
    mode = models.CharField(_("e-mails"), max_length=8, choices=Mode, default=Mode.AS_SET)

    class Meta:
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class Notice(Dated):
    """Something that a person has to know: a line in their inbox. Holds ids and masks only."""

    IN_TRAIL = False
    NOT_TYPED = ("code",)

    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    about = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)
    # what it asks for is settled, says its reader; read is not done
    done_at = models.DateTimeField(null=True)
    # when it was handed to the outbox as an e-mail too (`notifications`)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["recipient"], condition=models.Q(read_at__isnull=True), name="notice_unread"
            ),
            models.Index(fields=["code"], condition=models.Q(done_at__isnull=True), name="notice_open"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(read_at__isnull=True, mailed_at__isnull=True),
                name="notice_unmailed",
            ),
        ]

    @property
    def sentence(self) -> str:
        return self.sentence_of(self.facts)

    def sentence_of(self, facts: dict[str, Any]) -> str:
        """What it says with other facts of the same names."""
        return in_words(self.code, facts)
