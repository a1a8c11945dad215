"""Messages to other systems: who wants which, what happened, and each delivery until it arrived or died.

An `Event` is written in the transaction of what it tells (the outbox), so none is lost and none is sent of
what did not happen. It names rows, not people: what an end point is sent is made for its client when it is
sent.
"""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient
from apps.core.database.base_models import Dated
from apps.core.privacy.fields import GuardedCharField, GuardedURLField, ProtectedCharField


class EventKind(models.TextChoices):
    """The kinds of event; the names are public."""

    OPT_OUT_RECORDED = "opt_out.recorded", _("an opt-out was recorded")
    CONTACT_ERASED = "contact.erased", _("contacts were erased")
    SCRIPT_APPROVED = "script.approved", _("a script was approved")
    SCRIPT_RETIRED = "script.retired", _("a script's approval was withdrawn")
    AGENT_SUSPENDED = "agent.suspended", _("an agent was suspended")
    RETENTION_COMPLETED = "retention.completed", _("a purge has ended")


# Deletions and opt-outs travel first.
URGENT = (EventKind.OPT_OUT_RECORDED, EventKind.CONTACT_ERASED)


class EndPoint(Dated):
    """Where one client wants to be notified. Its secret signs every message; the one before signs too until
    `previous_until`."""

    name = GuardedCharField(_("name"), max_length=80, unique=True)
    client = models.ForeignKey(
        ApiClient, models.PROTECT, verbose_name=_("API client"), related_name="end_points"
    )
    url = GuardedURLField(_("address"), max_length=300)
    kinds = ArrayField(models.CharField(max_length=24, choices=EventKind), verbose_name=_("events sent"))
    secret: Any = ProtectedCharField(_("secret"), kind="text", max_length=80)
    previous_secret: Any = ProtectedCharField(
        _("secret before"), kind="text", max_length=80, null=True, blank=True
    )
    previous_until = models.DateTimeField(_("secret before holds until"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    ended_because = GuardedCharField(_("ended because"), max_length=200, blank=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    @property
    def kind_labels(self) -> list[Promise | str]:
        return [EventKind(kind).label for kind in self.kinds]

    def __str__(self) -> str:
        return self.name


class Event(Dated):
    """Something that happened. `facts` holds ids, hashes and codes, no personal data."""

    IN_TRAIL = False

    kind = models.CharField(max_length=24, choices=EventKind)
    facts = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="webhook_event_by_age")]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update)]


class Delivery(Dated):
    """One event for one end point. `body` is made once and sent the same each time."""

    IN_TRAIL = False
    NOT_TYPED = ("body",)

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("message", "waiting")
        DONE = "done", _("delivered")
        DEAD = "dead", _("given up")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    end_point = models.ForeignKey(EndPoint, models.PROTECT, related_name="deliveries")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    is_urgent = models.BooleanField(default=False)
    body = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"))
    answer = GuardedCharField(_("last answer"), max_length=120, blank=True)
    ended_at = models.DateTimeField(pgettext_lazy("delivery, column", "ended"), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "end_point"], name="told_once")]
        indexes = [
            models.Index(fields=["-is_urgent", "next_at"], condition=Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["end_point", "-id"], name="delivery_by_end_point"),
        ]

    @property
    def message_id(self) -> str:
        """The id under which a receiver knows a message again (`webhook-id`)."""
        return f"msg_{self.pk}"
