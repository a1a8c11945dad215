"""One person, over every store: what would go, what is kept and why, and the deletion itself (R20).

A purge goes by class and time; this goes by number, whatever the time. Holds keep what they name and no more of the person. What is
kept only for now is left to another call of `erase_person`, which does the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.calls.models import Call, Disposition, Ticket
from apps.calls.services.calling import withdraw_reservations
from apps.contacts.models import Consent, Contact, ExternalRef
from apps.core import clock
from apps.core.locks import lock_number
from apps.core.protected import Protected
from apps.optouts.models import Code
from apps.policies import queries as policies
from apps.policies.models import LEAST_CALL_DAYS, RetentionPolicy
from apps.quality.models import Complaint, Recording, Transcript
from apps.rights.signals import Store
from apps.sharing.services import drop_files_with, files_with

from ..classes import erase_calls, erase_complaints, erase_contacts, erase_recordings
from ..deleting import delete_rows
from ..holds import Held, held
from ..locks import share_holds
from .purging import begin_erasure, close_erasure

Erase = Callable[[list[Any]], None]
NO_MORE = Q(pk__in=[])


@dataclass(frozen=True)
class Part:
    """Rows of one kind. `stays` names, in order, what keeps some of them: a reason and its condition."""

    code: str
    rows: QuerySet[Any]
    stays: tuple[tuple[str, Q], ...]
    erase: Erase | None = None  # None: goes with another part

    def going(self) -> QuerySet[Any]:
        rows = self.rows
        for _why, condition in self.stays:
            rows = rows.exclude(condition)
        return rows

    def store(self, gone: int | None = None) -> Store:
        kept, rows = [], self.rows
        for why, condition in self.stays:
            if count := rows.filter(condition).count():
                kept.append((count, why))
            rows = rows.exclude(condition)
        return Store(self.code, rows.count() if gone is None else gone, tuple(kept))


def _parts(index: bytes, holds: Held, now: datetime, until: datetime | None = None) -> list[Part]:
    """In the order in which they go: what was said before the calls, the calls before the person."""
    since = Q(reserved_at__lte=until) if until else Q()
    calls = Call.objects.filter(since, number_index=index)
    keys = list(calls.values_list("pk", flat=True))
    is_open, is_young = Q(state__in=Call.OPEN), Q(reserved_at__gt=now - timedelta(days=LEAST_CALL_DAYS)) & ~Q(state__in=Call.UNUSED)
    held_calls = [("hold", holds.calls), ("call_open", is_open)]
    kept_calls = list(calls.filter(holds.calls | is_open).values_list("pk", flat=True))
    contacts = Contact.objects.filter(number_index=index)
    if until:
        contacts = contacts.filter(created_at__lte=until)
    contact_keys = list(contacts.values_list("pk", flat=True))
    kept_contacts = contacts.filter(holds.contacts | Q(pk__in=contacts.filter(call__state__in=Call.OPEN).values("pk")))
    stays = (("hold", holds.contacts), ("call_open", Q(pk__in=list(kept_contacts.values_list("pk", flat=True)))))
    with_contact = (("hold", Q(contact__in=list(kept_contacts.values_list("pk", flat=True)))),)
    policy = policies.retention_policies(now)["call"]
    of_calls = (("hold", Q(call__in=kept_calls)),)
    return [
        Part("transcripts", Transcript.objects.filter(call__in=keys), (("hold", holds.transcripts),), _rows_of(Transcript)),
        Part("recordings", Recording.objects.filter(call__in=keys), (("hold", holds.recordings),), _by(erase_recordings, policy)),
        Part(
            "complaints", Complaint.objects.filter(Q(number_index=index) | Q(contact__in=contact_keys)),
            (("complaint_open", ~Q(state=Complaint.State.CLOSED)), ("hold", holds.complaints)), _by(erase_complaints, policy),
        ),
        Part("notes", Disposition.objects.filter(call__in=keys), of_calls, _rows_of(Disposition)),
        Part("notes", Ticket.objects.filter(call__in=keys), of_calls, _rows_of(Ticket)),
        Part("calls", calls, (*held_calls, ("caps", is_young)), _by(erase_calls, policy)),
        Part("codes", Code.objects.filter(number_index=index), (), _rows_of(Code)),
        Part("consents", Consent.objects.filter(contact__in=contact_keys), with_contact),
        Part("external_refs", ExternalRef.objects.filter(contact__in=contact_keys), with_contact),
        Part("contact", contacts, stays, _by(lambda keys, policy: erase_contacts(keys), policy)),
    ]  # fmt: skip


def _rows_of(model: type[Any]) -> Erase:
    return lambda keys: delete_rows(model, keys)


def _by(erase: Callable[[Any, RetentionPolicy], None], policy: RetentionPolicy) -> Erase:
    return lambda keys: erase(keys, policy)


# What is no row of the person's, and what becomes of it.
BESIDE = (
    Store("register", kept=((1, "register"),)),
    Store("trail", kept=((1, "trail"),)),
    Store("backups", kept=((1, "backups"),)),
    Store("caches", kept=((1, "nothing"),)),
)


def preview_person(number_index: bytes) -> list[Store]:
    """What would go now, and what is kept and why; nothing is changed."""
    exports = Store("exports", files_with(number_index).count())
    return [*_merged(part.store() for part in _parts(number_index, held(), clock.now())), exports, *BESIDE]


def _merged(stores: Any) -> list[Store]:
    told: dict[str, Store] = {}
    for store in stores:
        known = told.get(store.code, Store(store.code))
        told[store.code] = Store(store.code, known.goes + store.goes, known.kept + store.kept)
    return list(told.values())


@transaction.atomic
def erase_person(*, number_index: bytes, phone: Protected | None, reason: str) -> list[Store]:
    """Delete what may go, in one transaction, and say what went and what is kept and why.

    The ledger outside the database is written first, with the contact and with the number, so that a restore erases both again.
    """
    share_holds()
    lock_number(number_index)
    exports = Store("exports", drop_files_with(number_index))
    # Whatever a hold keeps of the person is not called any more, and what was reserved falls.
    Contact.objects.filter(number_index=number_index, erasing_at__isnull=True).update(erasing_at=clock.now())
    withdraw_reservations(number_index=number_index)
    people = list(Contact.objects.filter(number_index=number_index).values_list("pk", "phone"))
    if not people and phone is not None:
        people = [(0, phone)]
    erasure = begin_erasure(people, reason=reason, number_indexes=[number_index]) if people else None
    stores = _erase(_parts(number_index, held(), clock.now()))
    if erasure is not None:
        close_erasure(erasure)
    return [*stores, exports, *BESIDE]


def _erase(parts: list[Part]) -> list[Store]:
    told = []
    for part in parts:
        keys = list(part.going().values_list("pk", flat=True))
        told.append((part, len(keys)))
        if keys and part.erase is not None:
            part.erase(keys)
    return _merged(part.store(gone) for part, gone in told)


def erase_again(number_index: bytes, *, until: datetime) -> None:
    """After a restore, in its transaction: what the person had here when they were erased."""
    _erase(_parts(number_index, held(), clock.now(), until))
