"""Policies as versions: a version may tighten the norm and never loosen it; the table holds that.

Version 1 of each is the norm itself. Every decision keeps the number of the version it was made
under, so a version is never changed and never deleted.
"""

import datetime

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Dated


class PolicyVersion(Dated):
    number = models.PositiveIntegerField(unique=True)
    in_force_from = models.DateTimeField(_("in force from"))
    written_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True
        get_latest_by = "number"


FOUR_EYES = ~Q(written_by=F("approved_by")) | Q(written_by__isnull=True, approved_by__isnull=True)
FROZEN = pgtrigger.Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)


class CallingPolicy(PolicyVersion):
    """Hours (local to the client), caps and the life of a reservation. R11, R13."""

    window_start = models.TimeField(default=datetime.time(8, 0))
    window_end = models.TimeField(default=datetime.time(21, 0))
    calls_per_day = models.PositiveSmallIntegerField(default=1)
    calls_per_week = models.PositiveSmallIntegerField(default=3)
    reservation_seconds = models.PositiveSmallIntegerField(default=60)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    window_start__gte=datetime.time(8, 0),
                    window_end__lte=datetime.time(21, 0),
                    window_start__lt=F("window_end"),
                    calls_per_day__lte=1,
                    calls_per_week__lte=3,
                    reservation_seconds__lte=60,
                ),
                name="calling_policy_within_norm",
            ),
            models.CheckConstraint(condition=FOUR_EYES, name="calling_policy_four_eyes"),
        ]
        triggers = [FROZEN]


class RetentionPolicy(PolicyVersion):
    """Days that each class of data is kept; at most 365 (R8)."""

    contact_days = models.PositiveSmallIntegerField(default=365)
    call_days = models.PositiveSmallIntegerField(default=365)

    class Meta(PolicyVersion.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(contact_days__lte=365, call_days__lte=365), name="retention_policy_within_norm"),
            models.CheckConstraint(condition=FOUR_EYES, name="retention_policy_four_eyes"),
        ]
        triggers = [FROZEN]
