"""Contacts kept in step with a CRM or an ERP, by the ids that it gives them.

Every change is idempotent: the same again changes nothing. Whoever changes what they read can say which state that was (`ETag`),
and is refused when it is another one by now. A deletion over there stops calling at once and starts the erasure here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient
from apps.core import blind_index, clock, detect, phones
from apps.core.errors import BadInput, HeguiError, NotFound, PersonalDataFound
from apps.core.locks import lock_number, lock_numbers
from apps.core.protected import Protected
from apps.policies import queries as policies
from apps.policies.models import DataClass

from .. import rules, signals
from ..models import Consent, Contact, DataSource, ExternalRef, Purpose
from .consenting import record_consent, withdraw_consents
from .importing import check_source
from .minors import flag_minor

ANY = "*"  # an `If-Match` that only wants the contact to be there


class StateChanged(HeguiError):
    code = "precondition_failed"
    status = 412
    sentence = _("The contact has changed since you read it. Read it again, and send what is still to be changed.")


class NumberTaken(HeguiError):
    code = "number_taken"
    status = 409
    sentence = _("You have this number under another id already. Delete one of them: a number is one contact.")


class BeingErased(HeguiError):
    code = "being_erased"
    status = 409
    sentence = _("This contact is being erased. Send it again once it is gone, with the consent that you hold for it then.")


@dataclass(frozen=True)
class GivenConsent:
    """What a system knows of a consent. `given_at` is aware."""

    purpose: str
    channel: str
    given_at: datetime
    evidence: str
    wording_version: str = ""
    recipient: str = ""


@dataclass(frozen=True)
class Told:
    """What a system says of a contact; None: nothing. `list_code` names a list (of a campaign) that it joins."""

    phone: Protected | None = None
    name: Protected | None = None
    tags: tuple[str, ...] | None = None
    note: Protected | None = None
    source: str | None = None
    consents: Sequence[GivenConsent] = ()
    minor: str = ""
    list_code: str = ""


def find_ref(client: ApiClient, external_id: str) -> ExternalRef:
    """Raises `NotFound`, also for what another client calls so."""
    found = ExternalRef.objects.select_related("contact__source").filter(client=client, external_id=external_id).first()
    if found is None:
        raise NotFound()
    return found


def etag_of(contact: Contact) -> str:
    """Tells one state of a contact from another: a keyed hash over all that a system may say of it."""
    consents = contact.consents.order_by("pk").values_list("purpose_id", "recipient", "given_at", "withdrawn_at")
    parts: list[str | Protected] = [contact.phone, contact.name or "", contact.note or "", "|".join(sorted(contact.tags))]
    parts += [str(contact.source_id), str(contact.is_minor), str(contact.erasing_at), *map(str, consents)]
    return blind_index.tag(parts)


def checked_told(told: Told, raw: Sequence[str]) -> None:
    """Raises `PersonalDataFound` when any of the texts as they came holds a resident-ID or bank-card number (R1)."""
    if any(detect.find(text) for text in raw):
        raise PersonalDataFound()
    if told.tags is not None and (len(told.tags) > rules.MOST_TAGS or any(len(tag) > 40 for tag in told.tags)):
        raise BadInput(_("At most 20 tags of at most 40 characters."))


@transaction.atomic
def put_contact(*, client: ApiClient, external_id: str, told: Told, if_match: str = "", partial: bool = False) -> tuple[Contact, str]:
    """The contact under that id as told, and what that was: `created`, `updated` or `unchanged`.

    `partial` changes only what is told, of a contact that is there. Without it name, note and tags become what is told, also
    when that is nothing. Consents are added, never taken away: withdraw them. Raises `NotFound`, `BadInput`, `StateChanged`,
    `NumberTaken`, `BeingErased`.
    """
    ref = ExternalRef.objects.select_related("contact__source").filter(client=client, external_id=external_id).first()
    if ref is None and partial:
        raise NotFound()
    number = told.phone or (ref.contact.phone if ref else None)
    if number is None:
        raise BadInput(_("Give the phone."))
    index = blind_index.number_index(number)
    lock_numbers({index, *([bytes(ref.contact.number_index)] if ref else [])})
    contact = Contact.objects.select_for_update(of=("self",)).select_related("source").filter(number_index=index).first()
    if contact is not None and contact.erasing_at is not None:
        raise BeingErased()
    if if_match and (ref is None or if_match not in {ANY, etag_of(ref.contact)}):
        raise StateChanged()
    before = etag_of(contact) if contact else ""
    if contact is None:
        source = _source(told.source or (ref.contact.source.code if ref else ""))
        contact = _new(number, index, source)
    _write(contact, told, partial=partial)
    outcome = _link(client, external_id, ref, contact, told.list_code)
    for consent in told.consents:
        _consent(client, contact, consent)
    if told.minor:
        flag_minor(contact=contact, reason=told.minor, client=client)
        contact.refresh_from_db(fields=["is_minor"])
    if outcome == "linked":
        outcome = "unchanged" if before == etag_of(contact) else "updated"
    return contact, outcome


def _source(code: str) -> DataSource:
    source = DataSource.objects.filter(code=code).first()
    if source is None:
        raise BadInput(_("Name the data source that the contact comes from, by its code."))
    check_source(source)
    return source


def _new(number: Protected, index: bytes, source: DataSource) -> Contact:
    now = clock.now()
    return Contact.objects.create(
        phone=number, number_index=index, last4_index=blind_index.last4_index(number), zones=list(phones.zones_of(number)), source=source,
        created_at=now, expires_at=now + timedelta(days=policies.days_kept(DataClass.CONTACT, now)),
    )  # fmt: skip


def _write(contact: Contact, told: Told, *, partial: bool) -> None:
    values: Any = contact
    if told.name is not None or not partial:
        values.name = told.name
    if told.note is not None or not partial:
        values.note = told.note
    if told.tags is not None or not partial:
        contact.tags = list(told.tags or ())
    if told.source and told.source != contact.source.code:
        contact.source = _source(told.source)
    contact.save()


def _link(client: ApiClient, external_id: str, ref: ExternalRef | None, contact: Contact, list_code: str) -> str:
    """`created`, or `linked` where the id named the contact before. A number that changed takes the id with it."""
    outcome = "linked"
    if ref is None or ref.contact_id != contact.pk:
        try:
            with transaction.atomic():
                ExternalRef.objects.update_or_create(
                    client=client, external_id=external_id, defaults={"contact": contact}, create_defaults={"contact": contact}
                )
        except IntegrityError:
            raise NumberTaken() from None
        if ref is None:
            outcome = "created"
        else:
            _let_go(ref.contact)
    if list_code:
        signals.contacts_stored.send(sender=Contact, list_code=list_code, contact_ids=[contact.pk], client=client)
    return outcome


def _let_go(contact: Contact) -> None:
    """The number that nobody names any more is not kept beside the new one."""
    if not contact.external_refs.exists():
        _begin_erasure(contact)


def _consent(client: ApiClient, contact: Contact, told: GivenConsent) -> Consent:
    purpose = Purpose.objects.filter(code=told.purpose).first()
    if purpose is None:
        raise BadInput(_('There is no purpose "%(purpose)s".'), purpose=told.purpose)
    return record_consent(
        contact=contact, purpose=purpose, channel=told.channel, given_at=told.given_at, reference=told.evidence, client=client,
        recipient=told.recipient, version=told.wording_version,
    )  # fmt: skip


@transaction.atomic
def withdraw(*, client: ApiClient, external_id: str, purpose: str, how: str) -> int:
    """Withdraw the person's consents, for one purpose or (with "") all of them; returns how many."""
    ref = find_ref(client, external_id)
    found = Purpose.objects.filter(code=purpose).first() if purpose else None
    if purpose and found is None:
        raise BadInput(_('There is no purpose "%(purpose)s".'), purpose=purpose)
    return withdraw_consents(contact=ref.contact, how=how, purpose=found)


@transaction.atomic
def delete_contact(*, client: ApiClient, external_id: str, if_match: str = "") -> Contact:
    """From this commit on the contact is not called; its erasure begins. Again, until it is gone: the same."""
    ref = find_ref(client, external_id)
    lock_number(bytes(ref.contact.number_index))
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=ref.contact_id)
    if if_match and if_match not in {ANY, etag_of(contact)}:
        raise StateChanged()
    if contact.erasing_at is None:
        _begin_erasure(contact)
    return contact


def _begin_erasure(contact: Contact) -> None:
    contact.erasing_at = clock.now()
    contact.save(update_fields=["erasing_at"])
    signals.calling_stopped.send(sender=Contact, contact=contact, purpose=None, marketing_only=False)
    signals.erasure_asked.send(sender=Contact, contact=contact)
