"""The life of an erasure: written into the ledger and the table before anything goes, carried out under the
locks of the numbers, done once its people and their files are seen to be gone. Whatever a crash left open is
finished by the next purge."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.db import DatabaseError, DataError, IntegrityError, InternalError, ProgrammingError, transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from apps.contacts.models import Contact, ExternalRef
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.database.locks import lock_numbers
from apps.core.errors import HeguiError
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.jobs.services import count_not_deleted, noting
from apps.webhooks.models import EventKind
from apps.webhooks.services import emit

from .. import ledger
from ..hold_locks import share_holds
from ..holds import held
from ..models import Erasure, PurgeRun
from ..storage_classes import erase_contacts

log = structlog.get_logger(__name__)


# What the database says of a row, and not of itself: a trigger or another row refuses.
OF_A_ROW = (IntegrityError, InternalError, DataError, ProgrammingError)


class RowsRefused(HeguiError):
    """The database did not let some rows of a class go; the log names them."""


def begin_erasure(
    people: Sequence[tuple[int, Protected]], *, run: PurgeRun | None = None, reason: str = "",
    number_indexes: Sequence[bytes] = (),
    named: dict[str, list[str]] | None = None,
) -> Erasure:  # fmt: skip
    """Write that these people (key and phone) are about to be erased: outside the database, and in it.

    `number_indexes`: of those who are erased over every store, so that a restore does the same again.
    `named`: their `external_ids`, where they were read before.
    """
    hashes = [blind_index.ledger_hash(phone) for _key, phone in people]
    now = clock.now()
    with ledger.writing() as book:
        facts: dict[str, Any] = {"at": now.isoformat(), "hashes": [each.hex() for each in hashes]}
        if number_indexes:
            facts |= {
                "indexes": [each.hex() for each in number_indexes],
                "index_keys": blind_index.index_keys(),
            }
        book.append("erasing", facts)
    contact_ids = [key for key, _phone in people if key]
    return Erasure.objects.create(
        run=run,
        number_hashes=hashes,
        contact_ids=contact_ids,
        reason=reason,
        created_at=now,
        external_ids=external_ids(contact_ids) if named is None else named,
    )


def external_ids(contact_ids: list[int]) -> dict[str, list[str]]:
    """Under which ids other systems know these contacts, by client."""
    found: dict[str, list[str]] = {}
    for client, external_id in ExternalRef.objects.filter(contact__in=contact_ids).values_list(
        "client", "external_id"
    ):
        found.setdefault(str(client), []).append(external_id)
    return found


def erased_payload(facts: dict[str, Any], client: ApiClient) -> dict[str, Any]:
    """The data of the webhook `contact.erased` for a client: our ids, and those of its own system."""
    return {
        "contacts": facts.get("contacts", []),
        "external_ids": facts.get("external_ids", {}).get(str(client.pk), []),
    }


def erase_each(erasure: Erasure, chosen: Callable[[list[int]], list[int]], refused: list[Any]) -> int:
    """Delete those people of an erasure that `chosen` leaves; where the database refuses one of them, the
    others go one by one."""
    try:
        return _erase_some(erasure, erasure.contact_ids, chosen)
    except OF_A_ROW:
        log.exception("people_not_deleted", erasure=erasure.pk)
    gone = 0
    for key in erasure.contact_ids:
        try:
            gone += _erase_some(erasure, [key], chosen)
        except OF_A_ROW:
            refused.append(key)
    return gone


def _erase_some(erasure: Erasure, keys: list[int], chosen: Callable[[list[int]], list[int]]) -> int:
    with noting(), transaction.atomic():
        share_holds()
        lock_numbers(map(bytes, Contact.everyone.filter(id__any=keys).values_list("number_index", flat=True)))
        return _erase_noted(erasure, chosen(keys))


def _erase_noted(erasure: Erasure, keys: list[int]) -> int:
    """Delete contacts, and note which files have to go before the erasure is done. Returns how many are
    gone."""
    with noting() as names:
        gone = erase_contacts(keys)
    if names:
        erasure.files = [*erasure.files, *names]
        erasure.save(update_fields=["files"])
    return len(gone)


@transaction.atomic
def close_erasure(erasure: Erasure, run: PurgeRun | None = None) -> bool:
    """Mark an erasure done once all of its people and their files are seen to be gone; `run` is the purge
    that certifies it."""
    if people_left(erasure) or count_not_deleted(erasure.files):
        return False
    # Should the machine die now, the line is missing and a restore erases again those who are gone: no harm.
    with ledger.writing(sync=False) as book:
        book.append(
            "erased",
            {"at": clock.now().isoformat(), "hashes": [bytes(each).hex() for each in erasure.number_hashes]},
        )
    external_ids, erasure.external_ids = erasure.external_ids, {}
    erasure.done_at, erasure.finished_by = clock.now(), run
    erasure.save(update_fields=["done_at", "finished_by", "external_ids"])
    if erasure.contact_ids:
        emit(
            EventKind.CONTACT_ERASED,
            {"contacts": [ids.encode("ct", pk) for pk in erasure.contact_ids], "external_ids": external_ids},
        )
    return True


def people_left(erasure: Erasure) -> list[int]:
    """The keys of those who are still here. A number that changed hands since is another person's: it was not
    meant."""
    hashes = {bytes(each) for each in erasure.number_hashes}
    left = Contact.everyone.filter(id__any=erasure.contact_ids).values_list("pk", "phone")
    return [key for key, phone in left if not hashes.isdisjoint(blind_index.ledger_hashes(phone))]


def free_now(erasure: Erasure) -> QuerySet[Contact]:
    """Those of its people who are still here though neither a hold nor a call under way nor the record of a
    call keeps them."""
    free = (
        Contact.everyone.filter(id__any=people_left(erasure))
        .exclude(held().contacts)
        .exclude(call__state__in=Call.OPEN)
    )
    return free.filter(Q(blocked_until__isnull=True) | Q(blocked_until__lte=clock.now()))


def finish_erasures(run: PurgeRun | None = None) -> int:
    """Finish what a crash left begun, and what a call under way, a hold or the record of a call had kept
    back. Returns how many contacts were deleted. One that fails stops no other; the first error is raised at
    the end."""
    gone, failed = 0, None
    for erasure in Erasure.objects.filter(done_at__isnull=True).order_by("pk"):
        try:
            gone += _finish(erasure, run)
        except (DatabaseError, OSError, HeguiError) as error:
            log.exception("erasure_not_finished", erasure=erasure.pk)
            failed = failed or error
    if failed:
        raise failed
    return gone


def _finish(erasure: Erasure, run: PurgeRun | None) -> int:
    """Raises `RowsRefused` at the end for people whom the database does not let go."""
    refused: list[Any] = []
    gone = erase_each(
        erasure,
        lambda keys: list(free_now(erasure).filter(id__any=keys).values_list("pk", flat=True)),
        refused,
    )
    close_erasure(erasure, run)
    if refused:
        log.error("rows_not_deleted", erasure=erasure.pk, rows=refused[:20], count=len(refused))
        raise RowsRefused()
    return gone
