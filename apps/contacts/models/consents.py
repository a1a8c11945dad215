"""What people agreed to (R2), and who is not of age (R25)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.core.calendar.timestamps import is_readable
from apps.core.database.base_models import Dated, named
from apps.core.privacy.fields import FileNameField, GuardedCharField

from .formers import KEEP_AGE, KEEP_WITHDRAWALS, TAKEN_BACK
from .people import Contact
from .sources import Purpose, Wording

SAID_BEFORE = "said before the deletion"  # by somebody who was deleted since (`FormerWord`)
WITHDRAWN_BEFORE = pgtrigger.Trigger(
    name="withdrawn_before",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="added"),
    func="""
        update contacts_consent consent set withdrawn_at = later.withdrawn_at, withdrawal = later.withdrawal
        from (
            select distinct on (id) id, withdrawn_at, withdrawal from (
                select added.id, known.withdrawn_at, known.withdrawal
                from added join contacts_consent known on known.contact_id = added.contact_id
                    and known.purpose_id = added.purpose_id and known.recipient = added.recipient
                    and known.id <> added.id
                where added.withdrawn_at is null and known.withdrawn_at > added.given_at
                    and known.withdrawal <> 'TAKEN_BACK'
                union all
                select added.id, former.at, 'SAID_BEFORE'
                from added join contacts_contact contact on contact.id = added.contact_id
                join contacts_formerword former on former.number_index = contact.number_index
                    and not former.is_minor and (former.purpose_id is null
                        or former.purpose_id = added.purpose_id and former.recipient = added.recipient)
                where added.withdrawn_at is null and former.at > added.given_at
            ) known order by id, withdrawn_at desc
        ) later
        where consent.id = later.id;
        return null;
    """.replace("TAKEN_BACK", TAKEN_BACK).replace("SAID_BEFORE", SAID_BEFORE),
)


class Consent(Dated):
    """What a person agreed to: purpose, way, time, wording, evidence, end, withdrawal (R2).

    `recipient` names a third party that data may be handed to; it is a consent of its own and allows no call.
    A renewal is another consent. Recorded by a person or by a program. A withdrawal ends whatever the person
    agreed to before it, for that purpose and recipient, also what is recorded later: an old list brings no
    consent back.
    """

    class Channel(models.TextChoices):
        WEB = "web", _("ticked on a web form")
        VOICE = "voice", _("confirmed by voice")
        PAPER = "paper", _("on paper")
        CRM = "crm", _("recorded in a CRM")

    # `consent_once` begins with it
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consents", db_index=False)
    purpose = named(Purpose, verbose_name=pgettext_lazy("of processing", "purpose"), related_name="+")
    recipient = GuardedCharField(_("third party"), max_length=120, blank=True)
    channel = models.CharField(_("way"), max_length=6, choices=Channel)
    given_at = models.DateTimeField(_("given at"))
    wording = named(Wording, verbose_name=_("wording"), related_name="+")
    evidence = GuardedCharField(pgettext_lazy("consent, opt-out", "evidence"), max_length=200)
    evidence_file = FileNameField(blank=True, editable=False)
    evidence_sha256 = models.BinaryField(max_length=32, null=True, editable=False)
    recorded_by = named(User, null=True, related_name="+")
    client = named(ApiClient, null=True, related_name="+")
    expires_at = models.DateTimeField(_("holds until"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal = GuardedCharField(_("how it was withdrawn"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "purpose", "recipient", "given_at"], name="consent_once"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("given_at")), name="consent_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=is_readable("given_at", "expires_at", "withdrawn_at"),
                name="consent_times_are_readable",
            ),
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=True) ^ Q(client__isnull=True), name="consent_recorded_by_one"
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="consent_has_evidence"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawal=""), name="withdrawal_says_how"
            ),
        ]
        triggers = [WITHDRAWN_BEFORE, KEEP_WITHDRAWALS]


class MinorFlag(Dated):
    """Somebody said that the client is not of age: no marketing call any more. Compliance takes the flag
    down, with evidence."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="minor_flags")
    reason = GuardedCharField(_("reason"), max_length=200)
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    evidence = GuardedCharField(pgettext_lazy("consent, opt-out", "evidence"), max_length=200, blank=True)
    evidence_file = FileNameField(blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(lifted_at__isnull=True), name="one_minor_flag_up"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_by__isnull=False) & ~Q(evidence=""),
                name="minor_flag_lifted_with_evidence",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="minor_flag_has_a_reason"),
        ]
        triggers = [KEEP_AGE]
