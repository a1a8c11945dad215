"""Numbers that changed hands (R40): somebody said that a number is not the client's."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.core.database.base_models import Dated, is_hash
from apps.core.privacy.fields import GuardedCharField
from apps.core.web import ids

from .people import Contact
from .sources import DataSource


class NumberDoubt(Dated):
    """A number in doubt: no call of any kind until a person has looked, and none on the old consents once
    they were ended.

    It is kept by the hash of the number, so it outlives the contact: a list that brings the number again does
    not end it.
    """

    class Origin(models.TextChoices):
        CALL = "call", _("result of a call")
        MESSAGE = "message", _("answer to a message")
        PERSON = "person", _("recorded by hand")

    class State(models.TextChoices):
        OPEN = "open", _("to be looked at")
        KEPT = "kept", _("the consent is the client's: kept")
        ENDED = "ended", _("the number changed hands: consents ended")

    number_index = models.BinaryField(max_length=32)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="doubts")
    source = models.ForeignKey(
        DataSource, models.PROTECT, null=True, related_name="doubts", verbose_name=_("data source")
    )
    origin = models.CharField(_("said in"), max_length=8, choices=Origin)
    reference = GuardedCharField(_("what shows it"), max_length=120)
    raised_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("raised by")
    )
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(null=True)
    reason = GuardedCharField(_("reason"), max_length=200, blank=True)
    evidence = GuardedCharField(_("evidence"), max_length=200, blank=True)
    # written into the ledger outside the database as it is now, so that no restore forgets it (R9)
    in_ledger = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="moved_on",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "new.state <> old.state or new.number_index <> old.number_index"
                ),
                func="new.in_ledger := false; return new;",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=is_hash("number_index"), name="doubt_hash_is_32_bytes"),
            models.UniqueConstraint(
                fields=["number_index"], condition=Q(state="open"), name="one_open_doubt_a_number"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                name="doubt_is_decided_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="kept") | ~Q(evidence=""), name="kept_consent_has_evidence"
            ),
        ]
        indexes = [
            models.Index(fields=["number_index"], condition=~Q(state="kept"), name="doubt_by_number"),
            models.Index(fields=["id"], condition=Q(in_ledger=False), name="doubt_not_in_ledger"),
        ]

    @property
    def public_id(self) -> str:
        return ids.encode("nd", self.pk)
