"""One person, over every store: what would go, what is kept and why, and the deletion itself (R20).

A purge goes by class and time; this goes by number, whatever the time. Holds keep what they name and no more
of the person. The record of a call younger than 30 days stays, blocked (R34). What is kept only for now is
left to another call of `erase`, which does the rest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.calls.models import Call, Disposition, Ticket
from apps.calls.services.calling import withdraw_reservations
from apps.contacts.models import Consent, Contact, ExternalRef
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.errors import HeguiError
from apps.core.privacy.protected import Protected
from apps.jobs.services import count_not_deleted, noting
from apps.notifications.services import drop_messages_to, messages_to
from apps.optouts.models import Code
from apps.policies import queries as policies
from apps.policies.models import RetentionPolicy
from apps.quality.models import Complaint, Recording, Transcript
from apps.quality.services import drop_packs_of
from apps.rights.models import SubjectRequest
from apps.rights.ports import Store
from apps.rights.services.copying import drop_copies_of
from apps.sharing.services import drop_files_with, files_with

from ..deleting import cut, delete_rows
from ..hold_locks import share_holds
from ..holds import HeldRows, held
from ..models import Erasure
from ..storage_classes import (
    LEAST_RECORD,
    block_contacts,
    block_recordings,
    erase_calls,
    erase_complaints,
    erase_consents,
    erase_contacts,
    erase_recordings,
    record_kept,
)
from .erasures import begin_erasure, close_erasure, external_ids

Erase = Callable[[list[Any]], object]


class ErasureIncomplete(HeguiError):
    """Nothing is certified that was not seen to be gone: the deletion is taken back as a whole."""

    code = "erasure_incomplete"
    status = 500
    sentence = _(
        'Something of the person is still in "%(store)s" after its deletion. Nothing was changed; tell the '
        "administrators."
    )


@dataclass(frozen=True)
class Part:
    """Rows of one kind. `stays` names, in order, what keeps some of them: a reason and its condition. `block`
    is done to those that are kept as the record of a call."""

    code: str
    rows: QuerySet[Any]
    stays: tuple[tuple[str, Q], ...]
    erase: Erase
    block: Erase = lambda keys: None

    def going(self) -> QuerySet[Any]:
        return self._beside(self.stays)

    def records(self) -> QuerySet[Any]:
        """What is kept as a record and by nothing else."""
        conditions = [condition for why, condition in self.stays if why == "record"]
        others = self._beside([each for each in self.stays if each[0] != "record"])
        return others.filter(*conditions) if conditions else others.none()

    def _beside(self, stays: Iterable[tuple[str, Q]]) -> QuerySet[Any]:
        rows = self.rows
        for _why, condition in stays:
            rows = rows.exclude(condition)
        return rows

    def store(self, gone: int | None = None, until: datetime | None = None) -> Store:
        kept, rows = [], self.rows
        for why, condition in self.stays:
            if count := rows.filter(condition).count():
                kept.append((count, why))
            rows = rows.exclude(condition)
        is_record = any(why == "record" for _count, why in kept)
        return Store(
            self.code, rows.count() if gone is None else gone, tuple(kept), until if is_record else None
        )


@dataclass(frozen=True)
class Person:
    """The parts in the order in which they go: what was said before the calls, the calls before the
    person."""

    parts: list[Part]
    until: datetime | None  # when the last record of a call goes

    def stores(self, gone: dict[int, int] | None = None) -> list[Store]:
        by_code: dict[str, Store] = {}
        for place, part in enumerate(self.parts):
            store = part.store(None if gone is None else gone[place], self.until)
            known = by_code.get(store.code, Store(store.code))
            by_code[store.code] = Store(
                store.code, known.goes + store.goes, known.kept + store.kept, store.until or known.until
            )
        return list(by_code.values())


def _person(index: bytes, holds: HeldRows, now: datetime, came_until: datetime | None = None) -> Person:
    since = Q(reserved_at__lte=came_until) if came_until else Q()
    came = Q(created_at__lte=came_until) if came_until else Q()
    calls = Call.objects.filter(since, number_index=index)
    keys = list(calls.values_list("pk", flat=True))
    is_open = Q(state__in=Call.OPEN)
    young = list(calls.filter(record_kept(now)).values_list("pk", "campaign__purpose", "reserved_at"))
    young_calls = [pk for pk, _purpose, _at in young]
    # A call stays with a recording or transcript that is held by itself: by the call it is found again when
    # the hold ends.
    heard = [model.objects.filter(condition, call__in=keys) for model, condition in _held_sound(holds)]
    with_held = Q(pk__in=[pk for rows in heard for pk in rows.values_list("call", flat=True)])
    kept_calls = list(calls.filter(holds.calls | with_held | is_open).values_list("pk", flat=True))
    contacts = Contact.everyone.filter(number_index=index)
    if came_until:
        contacts = contacts.filter(created_at__lte=came_until)
    contact_keys = list(contacts.values_list("pk", flat=True))
    kept_contacts = list(
        contacts.filter(
            holds.contacts | Q(pk__in=contacts.filter(call__state__in=Call.OPEN).values("pk"))
        ).values_list("pk", flat=True)
    )
    with_contact = ("hold", Q(contact__in=kept_contacts))
    is_evidence = Q(purpose__in=[purpose for _pk, purpose, _at in young], recipient="")
    policy = policies.retention_policies(now)["call"]
    of_calls = (("hold", Q(call__in=kept_calls)),)
    parts = [
        Part("transcripts", Transcript.objects.filter(call__in=keys), (("hold", holds.transcripts),),
        _rows_of(Transcript)),
        Part(
            "recordings", Recording.everyone.filter(Q(call__in=keys) | Q(call_number__in=keys)),
            (("hold", holds.recordings), ("record", Q(call_number__in=young_calls))),
            _by(erase_recordings, policy), block_recordings,
        ),
        Part(
            "complaints",
            Complaint.objects.filter(Q(number_index=index) | Q(contact__in=contact_keys)).filter(came),
            (("complaint_open", ~Q(state=Complaint.State.CLOSED)), ("hold", holds.complaints)),
            _by(erase_complaints, policy),
        ),
        Part("notes", Disposition.objects.filter(call__in=keys), of_calls, _rows_of(Disposition)),
        Part("notes", Ticket.objects.filter(call__in=keys), of_calls, _rows_of(Ticket)),
        Part(
            "calls", calls,
            (("hold", holds.calls | with_held), ("call_open", is_open), ("record", Q(pk__in=young_calls))),
            _by(erase_calls, policy),
            lambda rows: cut(Call, "contact_id", rows, by="id"),
        ),
        Part("codes", Code.objects.filter(came, number_index=index), (), _rows_of(Code)),
        Part(
            "consents", Consent.objects.filter(contact__in=contact_keys),
            (with_contact, ("record", is_evidence)),
            _by(erase_consents, policy),
        ),
        Part("external_refs", ExternalRef.objects.filter(contact__in=contact_keys), (with_contact,),
        _rows_of(ExternalRef)),
        Part(
            "contact", contacts,
            (
                ("hold", holds.contacts), ("call_open", Q(pk__in=kept_contacts)),
                ("record", Q(pk__in=contact_keys if young_calls else [])),
            ),
            _by(lambda rows, policy: erase_contacts(rows), policy), block_contacts,
        ),
    ]  # fmt: skip
    return Person(parts, max((at + LEAST_RECORD for _pk, _purpose, at in young), default=None))


def _held_sound(holds: HeldRows) -> list[tuple[type[Any], Q]]:
    return [(Recording, holds.recordings), (Transcript, holds.transcripts)]


def _rows_of(model: type[Any]) -> Erase:
    return lambda keys: delete_rows(model, keys)


def _by(erase: Callable[[Any, RetentionPolicy], object], policy: RetentionPolicy) -> Erase:
    return lambda keys: erase(keys, policy)


# What is no row of the person's, and what becomes of it.
BESIDE = (
    Store("register", kept=((1, "register"),)),
    Store("trail", kept=((1, "trail"),)),
    Store("backups", kept=((1, "backups"),)),
    Store("lists", kept=((1, "lists"),)),
    Store("drafts", kept=((1, "drafts"),)),
    Store("caches", kept=((1, "nothing"),)),
)


def _papers(number_index: bytes) -> Store:
    """What the person asked for, the request that is carried out among it."""
    asked = SubjectRequest.objects.filter(number_index=number_index).count()
    return Store("requests", kept=((asked, "papers"),) if asked else ())


def preview_person(*, number_index: bytes) -> list[Store]:
    """What would go now, and what is kept and why; nothing is changed."""
    exports = Store("exports", files_with(number_index).count())
    messages = Store("messages", len(messages_to(number_index)))
    return [
        *_person(number_index, held(), clock.now()).stores(),
        exports,
        messages,
        _papers(number_index),
        *BESIDE,
    ]


@transaction.atomic
def erase_person(
    *, number_index: bytes, phone: Protected | None, reason: str, until: datetime | None = None
) -> list[Store]:
    """Delete what may go of what came `until` then, in one transaction, and say what went and what is kept
    and why (`rights.ports.Erasing`).

    The ledger outside the database is written with the contact and with the number, so that a restore erases
    both again: last, when everything is seen to be gone and only the commit is missing. What is not carried
    out stands in no ledger. Raises `ErasureIncomplete`.
    """
    share_holds()
    lock_number(number_index)
    # Whatever is kept of the person is not called any more, and what was reserved falls.
    people = Contact.everyone.filter(number_index=number_index, created_at__lte=until or clock.now())
    people.filter(erasing_at__isnull=True).update(erasing_at=clock.now())
    if people.exists() or until is None:
        withdraw_reservations(number_index=number_index)
    begin = _beginning(number_index, phone, reason)
    with noting() as names:
        made = sum(
            drop(number_index, until=until) for drop in (drop_files_with, drop_packs_of, drop_copies_of)
        )
        exports = Store("exports", made)
        messages = Store("messages", 0 if until else drop_messages_to(number_index))
        stores = _erase(_person(number_index, held(), clock.now(), until))
    if files_with(number_index).filter(created_at__lte=until or clock.now()).exists():
        raise ErasureIncomplete(store="exports")
    erasure = begin()
    if names and erasure is None:
        erasure = _reopened(reason)  # what was kept before went now: it is over once these files are gone too
    if erasure is not None:
        erasure.files = [*erasure.files, *names]
        erasure.save(update_fields=["files"])
        close_erasure(erasure)
    waiting = count_not_deleted(erasure.files if erasure else names)
    files = Store("files", kept=((waiting, "file_waiting"),) if waiting else ())
    return [*stores, exports, messages, files, _papers(number_index), *BESIDE]


def _beginning(number_index: bytes, phone: Protected | None, reason: str) -> Callable[[], Erasure | None]:
    """What begins the erasure of this request, as long as the contact is there to be read. It gives the
    erasure, begun then or before; None for one that left nothing open, and where no number is known."""
    known = Erasure.objects.filter(reason=reason).order_by("pk").last()
    if known is not None:
        return lambda: known if known.done_at is None else None
    people = list(Contact.everyone.filter(number_index=number_index).values_list("pk", "phone"))
    if not people and phone is not None:
        people = [(0, phone)]
    if not people:
        return lambda: None
    named = external_ids([key for key, _phone in people if key])
    return lambda: begin_erasure(people, reason=reason, number_indexes=[number_index], named=named)


def _reopened(reason: str) -> Erasure | None:
    """Another erasure of the same request, for files that went after the first was done; None where there was
    none."""
    known = Erasure.objects.filter(reason=reason).order_by("pk").last()
    if known is None:
        return None
    return Erasure.objects.create(
        reason=reason, number_hashes=known.number_hashes, contact_ids=[], created_at=clock.now()
    )


def _erase(person: Person) -> list[Store]:
    """Raises `ErasureIncomplete` when something is left that nothing keeps."""
    gone = {}
    for place, part in enumerate(person.parts):
        keys = list(part.going().values_list("pk", flat=True))
        records = list(part.records().values_list("pk", flat=True))
        gone[place] = len(keys)
        if keys:
            part.erase(keys)
        if records:
            part.block(records)
    for part in person.parts:
        if part.going().exists():
            raise ErasureIncomplete(store=part.code)
    return person.stores(gone)


def erase_again(number_index: bytes, *, until: datetime) -> None:
    """After a restore, in its transaction: what the person had here when they were erased."""
    drop_files_with(number_index, until=until)
    drop_packs_of(number_index, until=until)
    drop_copies_of(number_index, until=until)
    _erase(_person(number_index, held(), clock.now(), until))
