"""Consents: recorded with their evidence, renewed by another one, withdrawn at once (R2)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import lock_number, lock_numbers
from apps.core.documents import evidence_files
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from .. import signals
from ..models import Consent, Contact, FormerWord, Purpose, Wording
from ..models.consents import SAID_BEFORE
from ..models.formers import TAKEN_BACK
from .locking import locked_contact
from .minors import know_minor

RECORDERS = (Role.SUPERVISOR, Role.COMPLIANCE)
ANYONE = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
LISTED_AT_ONCE = 500  # numbers of a list whose locks are held together
RENEWAL = timedelta(days=30)  # how long before its end a consent is named as one to renew


@transaction.atomic
def record_consent(
    *,
    contact: Contact,
    purpose: Purpose,
    channel: str,
    given_at: datetime,
    reference: str,
    actor: User | None = None,
    client: ApiClient | None = None,
    recipient: str = "",
    version: str = "",
    content: bytes | None = None,
    file_name: str = "",
) -> Consent:
    """Record what somebody agreed to, under the source's wording of that version (the current one by
    default).

    `recipient` makes it a consent to hand data to a third party. It holds for as long as the source says. The
    same one again (purpose, recipient, moment) is the one that is stored. Raises `NotAllowed`; `BadInput` for
    a purpose that the source does not have, a moment that lies in the future, consent that is over already,
    or nothing that shows it.
    """
    if client is None and (actor is None or actor.role not in RECORDERS):
        raise NotAllowed()
    now = clock.now()
    if channel not in Consent.Channel.values:
        raise BadInput(_("Choose how the consent was given."))
    if given_at > now:
        raise BadInput(_("The time of consent lies in the future."))
    source = contact.source
    if purpose.retired_at is not None:
        raise BadInput(_("This purpose is no longer used."))
    if purpose not in source.purposes.all():
        raise BadInput(_('The source "%(source)s" does not have this purpose (R18).'), source=source.code)
    expires_at = given_at + timedelta(days=source.consent_days)
    if expires_at <= now:
        raise BadInput(
            _("A consent of that time is over already: it held for %(days)s days."), days=source.consent_days
        )
    wording = _wording(contact, version)
    lock_number(bytes(contact.number_index))
    if locked_contact(contact.pk).erasing_at is not None:
        raise WrongState(_("This person is being deleted: nothing more is recorded about them."))
    of_the_same = Q(given_at=given_at) | Q(withdrawn_at__gt=given_at) & ~Q(withdrawal=TAKEN_BACK)
    recorded = list(
        Consent.objects.filter(of_the_same, contact=contact, purpose=purpose, recipient=recipient)
    )
    if known := next((each for each in recorded if each.given_at == given_at), None):
        return known
    # what a program brings is kept with its withdrawal (`WITHDRAWN_BEFORE`)
    if client is None and (recorded or _said_before(contact, purpose, recipient, given_at)):
        raise BadInput(
            _("The person withdrew this consent after that time. Record what they agreed to since.")
        )
    result = checked_text(
        reference, _("Say what shows the consent: a form, a recording, a record of the CRM."), most=200
    )
    kept = evidence_files.keep(content, file_name=file_name)
    return Consent.objects.create(
        contact=contact, purpose=purpose, recipient=checked_text(recipient, most=120), channel=channel,
        given_at=given_at,
        wording=wording, evidence=result, evidence_file=kept.name, evidence_sha256=kept.sha256,
        recorded_by=None if client else actor,
        client=client, expires_at=expires_at, created_at=now,
    )  # fmt: skip


def _said_before(contact: Contact, purpose: Purpose, recipient: str, given_at: datetime) -> bool:
    """Whether the person of this number withdrew it later, in words of which no consent is left."""
    return FormerWord.objects.filter(
        Q(purpose=None) | Q(purpose=purpose, recipient=recipient),
        number_index=contact.number_index,
        is_minor=False,
        at__gt=given_at,
    ).exists()


def _wording(contact: Contact, version: str) -> Wording:
    if not version:
        return contact.source.wording
    found = next(
        (each for each in contact.source.wordings.all() if each.version == version and each.approved_at), None
    )
    if found is None:
        raise BadInput(_('The source has no approved wording of the version "%(version)s".'), version=version)
    return found


def note_withdrawal(
    number_index: bytes, *, purpose: Purpose | None = None, recipient: str = "", at: datetime | None = None
) -> None:
    """What the person of this number agreed to before `at` (now) does not count when it is recorded later: to
    one purpose and recipient, or to any. In the caller's transaction, under the lock of the number."""
    now = clock.now()
    word, is_new = FormerWord.objects.select_for_update().get_or_create(
        number_index=number_index, purpose=purpose, recipient=recipient, is_minor=False,
        defaults={"at": at or now, "created_at": now},
    )  # fmt: skip
    if not is_new and word.at < (at or now):
        word.at = at or now
        word.save(update_fields=["at"])


def carry_words(before: Contact, after: Contact, *, how: str) -> None:
    """Both are one person: what they withdrew under the one number holds under the other. `how` is written to
    the consents that this ends. In the caller's transaction, under the locks of both numbers."""
    withdrawn = (
        before.consents.filter(withdrawn_at__isnull=False)
        .exclude(withdrawal=TAKEN_BACK)
        .values_list("purpose_id", "recipient", "withdrawn_at")
    )
    former = FormerWord.objects.filter(number_index=before.number_index, is_minor=False)
    said = [*withdrawn, *former.values_list("purpose_id", "recipient", "at")]
    words = {(purpose, recipient, at) for purpose, recipient, at in said if at}
    purposes = Purpose.objects.in_bulk([purpose for purpose, _recipient, _at in words if purpose])
    for purpose_id, recipient, at in words:
        purpose = purposes[purpose_id] if purpose_id else None
        note_withdrawal(bytes(after.number_index), purpose=purpose, recipient=recipient, at=at)
        _end_given_before(after, purpose, recipient, at, how)


def _end_given_before(
    contact: Contact, purpose: Purpose | None, recipient: str, at: datetime, how: str
) -> None:
    """To one purpose and recipient, or to any."""
    said = Q(purpose=purpose, recipient=recipient) if purpose else Q()
    ended = contact.consents.select_related("contact", "purpose").filter(
        said, withdrawn_at__isnull=True, given_at__lt=at
    )
    _withdraw(list(ended), how)


@transaction.atomic
def withdraw_consent(
    *, consent: Consent, how: str, actor: User | None = None, client: ApiClient | None = None
) -> Consent:
    """From this commit on no marketing call stands on it, nor on another for the same purpose and recipient;
    a reservation that did is dropped (R2, R20)."""
    if client is None and (actor is None or actor.role not in ANYONE):
        raise NotAllowed()
    lock_number(bytes(consent.contact.number_index))
    locked_contact(consent.contact_id)  # an import under way has stored what it brings, or waits
    of_contact = (
        Consent.objects.select_for_update(of=("self",))
        .select_related("contact", "purpose")
        .filter(contact=consent.contact)
    )
    open_ones = {each.pk: each for each in of_contact.filter(withdrawn_at__isnull=True)}
    if consent.pk not in open_ones:
        raise WrongState()
    said = consent.purpose_id, consent.recipient
    consent = open_ones[consent.pk]
    note_withdrawal(bytes(consent.contact.number_index), purpose=consent.purpose, recipient=consent.recipient)
    _withdraw(
        [each for each in open_ones.values() if (each.purpose_id, each.recipient) == said],
        checked_text(how, _("Say how it was withdrawn: in a call, by letter, on the page."), most=200),
    )
    return consent


@transaction.atomic
def withdraw_consents(*, contact: Contact, how: str, purpose: Purpose | None = None) -> int:
    """Withdraw all of a person's consents, or all for one purpose; returns how many. One that was given
    before and is recorded later is ended too. The caller has checked who asks."""
    lock_number(bytes(contact.number_index))
    locked_contact(contact.pk)  # an import under way has stored what it brings, or waits
    open_ones = (
        contact.consents.select_for_update(of=("self",))
        .select_related("contact", "purpose")
        .filter(withdrawn_at__isnull=True)
    )
    found = list(open_ones.filter(purpose=purpose) if purpose else open_ones)
    for recipient in {"", *(consent.recipient for consent in found)} if purpose else {""}:
        note_withdrawal(bytes(contact.number_index), purpose=purpose, recipient=recipient)
    _withdraw(
        found, checked_text(how, _("Say how it was withdrawn: in a call, by letter, on the page."), most=200)
    )
    return len(found)


_LISTED = """
insert into contacts_formerword (created_at, number_index, purpose_id, recipient, at, is_minor)
select %s, said.number_index, purpose.id, '', %s, false
from unnest(%s::bytea[]) said (number_index), unnest(%s::bigint[]) purpose (id)
on conflict (number_index, purpose_id, recipient, is_minor)
do update set at = greatest(contacts_formerword.at, excluded.at)
"""


def withdraw_listed(
    indexes: Collection[bytes], purposes: Sequence[Purpose], *, at: datetime, how: str
) -> None:
    """People of these numbers withdrew, as a list says that was brought at `at`: what they agreed to before
    does not count for the purposes, of contacts that are there and of what is recorded later. Transactions of
    its own."""
    listed = sorted(indexes)
    for first in range(0, len(listed), LISTED_AT_ONCE):
        some = listed[first : first + LISTED_AT_ONCE]
        with transaction.atomic(), connection.cursor() as cursor:
            lock_numbers(some)
            cursor.execute(_LISTED, [clock.now(), at, some, [purpose.pk for purpose in purposes]])
            ended = Consent.objects.select_for_update(of=("self",)).filter(
                contact__number_index__in=some, purpose__in=purposes, withdrawn_at=None, given_at__lt=at
            )
            _withdraw(list(ended.select_related("contact", "purpose")), how)


@transaction.atomic
def replay_word(
    number_index: bytes, *, purpose_code: str | None, recipient: str, at: datetime, is_minor: bool
) -> None:
    """After a restore: what the person of this number said since the backup. A purpose that is not known any
    more stands for all: what was said of it is not lost."""
    lock_number(number_index)
    contact = Contact.everyone.select_for_update().filter(number_index=number_index).first()
    if is_minor:
        know_minor(number_index, contact)
        return
    purpose = Purpose.objects.filter(code=purpose_code).first() if purpose_code else None
    note_withdrawal(number_index, purpose=purpose, recipient=recipient if purpose else "", at=at)
    if contact is not None:
        _end_given_before(contact, purpose, recipient if purpose else "", at, SAID_BEFORE)


def _withdraw(consents: list[Consent], how: str) -> None:
    # the words of an import that was undone are nobody's: they end no other consent
    how = f'"{how}"' if how == TAKEN_BACK else how
    for consent in consents:
        consent.withdrawn_at, consent.withdrawal = clock.now(), how
        consent.save(update_fields=["withdrawn_at", "withdrawal"])
        if not consent.recipient:
            signals.calling_stopped.send(
                sender=Consent, contact=consent.contact, purpose=consent.purpose, marketing_only=True
            )
