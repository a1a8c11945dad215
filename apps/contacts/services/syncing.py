"""Contacts kept in step with a CRM or an ERP, by the ids that it gives them.

Every change is idempotent: the same again changes nothing. Whoever changes what they read can say which state
that was (`ETag`), and is refused when it is another one by now. A deletion over there stops calling at once
and starts the erasure here.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar, cast

from django.db import Error, IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg import errors as database

from apps.access.services import watch_list
from apps.accounts.models import ApiClient
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.database.locks import lock_number, lock_numbers
from apps.core.errors import BadInput, HeguiError, NotFound, PersonalDataFound
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.free_text import blotted
from apps.core.privacy.protected import Protected
from apps.core.web.lenient_json import shortened
from apps.policies import queries as policies
from apps.policies.models import DataClass

from .. import rules, signals
from ..models import Consent, Contact, ContactList, DataSource, ExternalRef, FormerWord, Purpose
from ..ports import listing
from .consenting import carry_words, record_consent, withdraw_consents
from .doubting import disowned_at
from .importing import check_source
from .locking import locked_contact
from .minors import flag_minor

ANY = "*"  # an `If-Match` that only wants the contact to be there
# contacts of a bulk that are stored together: for so long the gate may have to wait for one of their numbers
TOGETHER = 25
TRIES = 3  # of a transaction that meets another
Done = TypeVar("Done")
_MEETINGS = (database.UniqueViolation, database.DeadlockDetected)


class StateChanged(HeguiError):
    code = "precondition_failed"
    status = 412
    sentence = _(
        "The contact has changed since you read it. Read it again, and send what is still to be changed."
    )


class NumberTaken(HeguiError):
    code = "number_taken"
    status = 409
    sentence = _(
        "You have this number under another id already. Delete one of them: a number is one contact."
    )


class BeingErased(HeguiError):
    code = "being_erased"
    status = 409
    sentence = _(
        "This contact is being erased. Send it again once it is gone, with the consent that you hold for it "
        "then."
    )


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
class ContactRecord:
    """What a system says of a contact; None: nothing. `list_code` is what it calls a list (of a campaign)
    that the contact joins."""

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
    found = (
        ExternalRef.objects.select_related("contact__source")
        .filter(client=client, external_id=external_id)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def etag_of(contact: Contact) -> str:
    """Tells one state of a contact from another: a keyed hash over all that a system may say of it."""
    consents = sorted(contact.consents.all(), key=lambda consent: consent.pk)
    given = [(each.purpose_id, each.recipient, each.given_at, each.withdrawn_at) for each in consents]
    return blind_index.tag(
        [*_values(contact), str(contact.is_minor), str(contact.erasing_at), *map(str, given)]
    )


def _values(contact: Contact) -> list[str | Protected]:
    return [
        contact.phone,
        contact.name or "",
        contact.note or "",
        "|".join(sorted(contact.tags)),
        str(contact.source_id),
    ]


def check_record(payload: ContactRecord, raw: Sequence[str]) -> None:
    """Raises `PersonalDataFound` when any of the texts as they came holds a resident-ID or bank-card number
    (R1)."""
    if any(forbidden_numbers.find(text) for text in raw):
        raise PersonalDataFound()
    if payload.tags is not None and (
        len(payload.tags) > rules.MOST_TAGS or any(len(tag) > rules.MOST_TAG for tag in payload.tags)
    ):
        raise BadInput(_("At most 20 tags of at most 40 characters."))


def put_contact(
    *,
    client: ApiClient,
    external_id: str,
    payload: ContactRecord,
    if_match: frozenset[str] = frozenset(),
    is_new: bool = False,
    partial: bool = False,
) -> tuple[Contact, str]:
    """The contact under that id as given, and what that was: `created`, `updated` or `unchanged`.

    `partial` changes only what is given, of a contact that is there. Without it name, note and tags become
    what is given, also when that is nothing. Consents are added, never taken away: withdraw them. Raises
    `NotFound`, `BadInput`, `StateChanged`, `NumberTaken`, `BeingErased`.
    """

    @transaction.atomic
    def put() -> tuple[Contact, str]:
        known = _Known(client, [(external_id, payload)])
        done = _put(known, external_id, payload, if_match=if_match, is_new=is_new, partial=partial)
        known.enlist()
        return done

    _watch(client, [(external_id, payload)])
    return _meeting_nobody(put)


def _watch(client: ApiClient, items: Sequence[tuple[str, ContactRecord]]) -> None:
    """Numbers that the client has not under the same id already: the answer says whether somebody here had
    them."""
    refs = ExternalRef.objects.filter(
        client=client, external_id__in=[external_id for external_id, _record in items]
    )
    known = {
        external_id: bytes(index)
        for external_id, index in refs.values_list("external_id", "contact__number_index")
    }
    asked = [(external_id, record.phone) for external_id, record in items if record.phone]
    watch_list(
        [phone for external_id, phone in asked if known.get(external_id) != blind_index.number_index(phone)],
        client=client,
    )


def put_contacts(
    *, client: ApiClient, items: Sequence[tuple[str, ContactRecord]]
) -> list[tuple[Contact, str] | HeguiError]:
    """`put_contact` for many, in their order: what became of each. A refused one leaves nothing and holds
    nobody up.

    `TOGETHER` of them are one transaction: what is known of them is read once, and the disk is waited for
    once.
    """

    @transaction.atomic
    def put(some: Sequence[tuple[str, ContactRecord]]) -> list[tuple[Contact, str] | HeguiError]:
        known = _Known(client, some)
        done: list[tuple[Contact, str] | HeguiError] = []
        for external_id, result in some:
            try:
                with transaction.atomic():
                    done.append(_put(known, external_id, result))
            except HeguiError as error:
                known.read({external_id}, {result.phone} if result.phone else set())
                done.append(error)
        known.enlist()
        return done

    _watch(client, items)
    done = []
    for first in range(0, len(items), TOGETHER):
        done += _meeting_nobody(partial(put, items[first : first + TOGETHER]))
    return done


def _meeting_nobody(put: Callable[[], Done]) -> Done:
    """A transaction once more when an import, or another system, brought the same numbers at the same
    moment."""
    for _each in range(TRIES - 1):
        try:
            return put()
        except Error as error:
            if not isinstance(error.__cause__, _MEETINGS):
                raise
    return put()


class _Known:
    """What is there of the contacts that items name: read under the locks of their numbers, and kept up while
    items change it."""

    def __init__(self, client: ApiClient, items: Sequence[tuple[str, ContactRecord]]) -> None:
        self.client = client
        self.refs: dict[str, ExternalRef] = {}
        self.contacts: dict[bytes, Contact] = {}
        self.minors: set[bytes] = set()  # numbers of people who were known to be under age
        self.consents: set[tuple[int, str, str, datetime]] = set()  # contact, purpose, recipient, moment
        self._sources: dict[int, DataSource] = {}
        self._lists: dict[str, ContactList | HeguiError] = {}
        self._joining = defaultdict[ContactList, list[int]](list)
        self.read(
            {external_id for external_id, _record in items},
            {result.phone for _external_id, result in items if result.phone},
        )

    @cached_property
    def purposes(self) -> dict[str, Purpose]:
        return {purpose.code: purpose for purpose in Purpose.objects.all()}

    @cached_property
    def days_kept(self) -> int:
        return policies.days_kept(DataClass.CONTACT, clock.now())

    def read(self, external_ids: set[str], numbers: set[Protected]) -> None:
        """What is there under these ids and numbers. While a lock was waited for, an id may have gone to
        another number: look again."""
        indexes, held = {blind_index.number_index(number) for number in numbers}, set[bytes]()
        while True:
            named = ExternalRef.objects.filter(
                client=self.client, external_id__in=external_ids
            ).select_related("contact")
            refs = {ref.external_id: ref for ref in named}
            wanted = indexes | {bytes(ref.contact.number_index) for ref in refs.values()}
            if wanted <= held:
                break
            lock_numbers(wanted - held)
            held |= wanted
        # In the order of their numbers, as imports lock them, so that nobody waits for another in a circle.
        rows = (
            Contact.everyone.select_for_update(of=("self",))
            .filter(number_index__in=held)
            .order_by("number_index")
        )
        contacts = {bytes(contact.number_index): contact for contact in rows}
        former = FormerWord.objects.filter(is_minor=True, number_index__in=held)
        self.minors = {bytes(index) for index in former.values_list("number_index", flat=True)}
        given = Consent.objects.filter(contact__in=contacts.values())
        self.consents = {
            said for said in self.consents if said[0] not in {contact.pk for contact in contacts.values()}
        }
        self.consents |= set(given.values_list("contact_id", "purpose__code", "recipient", "given_at"))
        self._read_sources(pk__in={contact.source_id for contact in contacts.values()} - self._sources.keys())
        for contact in contacts.values():
            contact.source = self._sources[contact.source_id]
        for ref in refs.values():
            ref.contact = contacts[bytes(ref.contact.number_index)]
        for external_id in external_ids:
            self.refs.pop(external_id, None)
        for index in held:
            self.contacts.pop(index, None)
        self.refs |= refs
        self.contacts |= contacts

    def _read_sources(self, **wanted: Any) -> None:
        found = DataSource.objects.filter(**wanted).prefetch_related("purposes", "wordings")
        self._sources |= {source.pk: source for source in found}

    def source(self, code: str) -> DataSource:
        """Raises `BadInput` for one from which nothing may come today."""
        by_code = {source.code: source for source in self._sources.values()}
        if code not in by_code:
            self._read_sources(code=code)
            by_code = {source.code: source for source in self._sources.values()}
        if code not in by_code:
            raise BadInput(_("Name the data source that the contact comes from, by its code."))
        check_source(by_code[code])
        return by_code[code]

    def join(self, list_code: str, contact: Contact) -> None:
        """Note who joins a list. Raises `NotFound` for one that is not there, or not the client's."""
        if list_code not in self._lists:
            try:
                self._lists[list_code] = listing.provider.list_for(self.client, list_code)
            except HeguiError as error:
                self._lists[list_code] = error
        found = self._lists[list_code]
        if isinstance(found, HeguiError):
            raise found
        self._joining[found].append(contact.pk)

    def enlist(self) -> None:
        for contact_list, contact_ids in self._joining.items():
            listing.provider.join(contact_list, contact_ids)


def _put(
    known: _Known,
    external_id: str,
    payload: ContactRecord,
    *,
    if_match: frozenset[str] = frozenset(),
    is_new: bool = False,
    partial: bool = False,
) -> tuple[Contact, str]:
    ref = known.refs.get(external_id)
    if ref is None and partial:
        raise NotFound()
    number = payload.phone or (ref.contact.phone if ref else None)
    if number is None:
        raise BadInput(_("Give the phone."))
    index = blind_index.number_index(number)
    contact = known.contacts.get(index)
    if contact is not None and contact.erasing_at is not None:
        raise BeingErased()
    if if_match and (ref is None or not if_match & {ANY, etag_of(ref.contact)}):
        raise StateChanged()
    if is_new and ref is not None:
        raise StateChanged()
    if contact is None:
        contact = _new(
            known, number, index, known.source(payload.source or (ref.contact.source.code if ref else ""))
        )
    changes = [
        _written(known, contact, payload, former=ref.contact if ref and partial else None),
        _linked(known, external_id, ref, contact),
        *[_consent_recorded(known, contact, consent) for consent in payload.consents],
        _minor_flagged(known, contact, payload.minor),
    ]
    if payload.list_code:
        known.join(payload.list_code, contact)
    return contact, "created" if ref is None else "updated" if any(changes) else "unchanged"


def _new(known: _Known, number: Protected, index: bytes, source: DataSource) -> Contact:
    now = clock.now()
    return Contact(
        phone=number, number_index=index, last4_index=blind_index.last4_index(number),
        zones=list(phones.zones_of(number)), source=source,
        created_at=now, expires_at=now + timedelta(days=known.days_kept),
    )  # fmt: skip


def _written(known: _Known, contact: Contact, payload: ContactRecord, *, former: Contact | None) -> bool:
    """`former`: whom the id named until now, where only what is given changes. Of somebody under a new number
    the rest comes with them."""
    before, values, kept = _values(contact), cast("Any", contact), cast("Any", former)
    if payload.name is not None or former is None:
        values.name = payload.name
    elif former.pk != contact.pk:
        values.name = contact.name or kept.name
    if payload.note is not None or former is None:
        values.note = payload.note
    elif former.pk != contact.pk:
        values.note = contact.note or kept.note
    if payload.tags is not None or former is None:
        contact.tags = list(payload.tags or ())
    elif former.pk != contact.pk:
        contact.tags = list(dict.fromkeys([*former.tags, *contact.tags]))[: rules.MOST_TAGS]
    if payload.source and payload.source != contact.source.code:
        contact.source = known.source(payload.source)
    if contact.pk is not None and _values(contact) == before:
        return False
    if contact.pk is None:
        contact.save()
        contact.is_minor = bytes(contact.number_index) in known.minors  # as the trigger `know_age` stores it
    else:
        contact.save(update_fields=["name", "note", "tags", "source"])
    known.contacts[bytes(contact.number_index)] = contact
    return True


def _linked(known: _Known, external_id: str, ref: ExternalRef | None, contact: Contact) -> bool:
    """Whether the id names another contact now. A number that changed takes the id with it and what the
    person withdrew and refused, and is not kept when nobody names it."""
    if ref is not None and ref.contact_id == contact.pk:
        return False
    try:
        known.refs[external_id], _is_new = ExternalRef.objects.update_or_create(
            client=known.client, external_id=external_id, defaults={"contact": contact}
        )
    except IntegrityError as error:
        if cast("Any", error.__cause__).diag.constraint_name != "contact_once_a_client":
            raise
        raise NumberTaken() from None
    if ref is not None:
        how = gettext("Said under the number before (%(client)s).") % {"client": known.client.name}
        carry_words(ref.contact, contact, how=how)
        if ref.contact.is_minor:
            _minor_flagged(known, contact, str(_("known under the number before")))
        signals.number_changed.send(
            sender=Contact, before=ref.contact, after=contact, client=known.client,
            disowned_at=disowned_at(bytes(ref.contact.number_index)),
        )  # fmt: skip
    if ref is not None and not ref.contact.external_refs.exists():
        _begin_erasure(ref.contact)
    return True


def _consent_recorded(known: _Known, contact: Contact, payload: GivenConsent) -> bool:
    """Whether that was one which was not known yet."""
    said = (contact.pk, payload.purpose, payload.recipient, payload.given_at)
    if said in known.consents:
        return False
    if payload.purpose not in known.purposes:
        raise BadInput(_('There is no purpose "%(purpose)s".'), purpose=payload.purpose)
    record_consent(
        contact=contact, purpose=known.purposes[payload.purpose], channel=payload.channel,
        given_at=payload.given_at,
        reference=payload.evidence,
        client=known.client, recipient=payload.recipient, version=payload.wording_version,
    )  # fmt: skip
    known.consents.add(said)
    return True


def _minor_flagged(known: _Known, contact: Contact, reason: str) -> bool:
    if not reason or contact.is_minor:
        return False
    flag_minor(contact=contact, reason=reason, client=known.client)
    contact.refresh_from_db(fields=["is_minor"])
    return True


@transaction.atomic
def withdraw(*, client: ApiClient, external_id: str, purpose: Purpose | None, how: str) -> int:
    """Withdraw the person's consents, for one purpose or all of them; returns how many.

    A withdrawal is not lost for what stands beside it: numbers of people are taken out of `how`, a long one
    is cut, none is the client's.
    """
    ref = find_ref(client, external_id)
    return withdraw_consents(
        contact=ref.contact, how=shortened(blotted(how), 200) or f"{client.name}", purpose=purpose
    )


@transaction.atomic
def delete_contact(*, client: ApiClient, external_id: str, if_match: frozenset[str] = frozenset()) -> Contact:
    """From this commit on the contact is not called; its erasure begins. Again, until it is gone: the
    same."""
    ref = find_ref(client, external_id)
    lock_number(bytes(ref.contact.number_index))
    contact = locked_contact(ref.contact_id)
    if if_match and not if_match & {ANY, etag_of(contact)}:
        raise StateChanged()
    if contact.erasing_at is None:
        _begin_erasure(contact)
    return contact


def _begin_erasure(contact: Contact) -> None:
    contact.erasing_at = clock.now()
    contact.save(update_fields=["erasing_at"])
    signals.calling_stopped.send(sender=Contact, contact=contact, purpose=None, marketing_only=False)
    signals.erasure_asked.send(sender=Contact, contact=contact)
