"""What the ledger outside the database knows is brought into a restored database (R9, R15).

Opt-outs and lifts since the backup, what people said of their consents, ages and numbers, and erasures.
Running it again changes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import ApiClient, User
from apps.contacts.models import Contact
from apps.contacts.services import replay_doubt, replay_word
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.optouts.models import Change, Lift, OptOut

from .. import ledger
from ..holds import held
from ..models import Erasure
from ..storage_classes import erase_contacts
from .erasing import erase_again
from .erasures import finish_erasures
from .writing_ledger import AT_ONCE, write_register


def replay(*, since: int = 0) -> dict[str, int]:
    """Bring the register and the erasures up to the ledger; opt-outs up to the line `since` are known.
    Running it again changes nothing."""
    result, last = replay_lines(since)
    finish_erasures()
    _go_on_after(last)
    write_register()
    return result


def replay_lines(since: int) -> tuple[dict[str, int], int]:
    """What the ledger says, in this database; nothing is written into the ledger. Also the last position
    given to anybody."""
    result, last = {"opt_outs": 0, "lifts": 0, "erased": 0}, 0
    erased: list[tuple[datetime, list[bytes]]] = []
    whole: list[tuple[datetime, list[bytes]]] = []
    for batch in _in_batches(ledger.read_ledger()):
        last = max(last, *(line.position for line in batch))
        fresh = [line for line in batch if line.number > since]
        result["opt_outs"] += _replay_refusals([line.facts for line in fresh if line.kind == "refused"])
        result["lifts"] += sum(_replay_lift(line.facts) for line in fresh if line.kind == "lifted")
        for line in fresh:
            if line.kind == "word":
                _replay_word(line.facts)
            elif line.kind == "doubt":
                _replay_doubt(line.facts)
        erasing = [line.facts for line in batch if line.kind == "erasing"]
        erased += [
            (datetime.fromisoformat(facts["at"]), [bytes.fromhex(each) for each in facts["hashes"]])
            for facts in erasing
        ]
        whole += [(datetime.fromisoformat(facts["at"]), _indexes_of(facts)) for facts in erasing]
    result["erased"] = _replay_erasures(erased)
    _replay_whole_erasures(whole)
    return result, last


def _indexes_of(facts: dict[str, Any]) -> list[bytes]:
    """The numbers that a line of the ledger names, as the rows of this database have them by now."""
    through = facts.get("index_keys") or blind_index.index_keys()[:1]
    brought_on = blind_index.brought_on(through, blind_index.index_keys())
    return [brought_on(bytes.fromhex(each)) for each in facts.get("indexes", ())]


def _index_of(facts: dict[str, Any]) -> bytes:
    brought_on = blind_index.brought_on(facts["index_keys"], blind_index.index_keys())
    return brought_on(bytes.fromhex(facts["index"]))


def _replay_doubt(facts: dict[str, Any]) -> None:
    decided_at = facts["decided_at"]
    replay_doubt(
        _index_of(facts), raised_at=datetime.fromisoformat(facts["raised_at"]), origin=facts["origin"],
        reference=facts["reference"], state=facts["state"], decided_by_id=facts["decided_by_id"],
        decided_at=datetime.fromisoformat(decided_at) if decided_at else None,
        reason=facts["reason"], evidence=facts["evidence"],
    )  # fmt: skip


def _replay_word(facts: dict[str, Any]) -> None:
    replay_word(
        _index_of(facts), purpose_code=facts["purpose"],
        recipient=facts["recipient"], at=datetime.fromisoformat(facts["at"]), is_minor=facts["is_minor"],
    )  # fmt: skip


def _in_batches(lines: Iterable[ledger.LedgerEntry]) -> Iterator[list[ledger.LedgerEntry]]:
    lines = iter(lines)
    while batch := list(islice(lines, AT_ONCE)):
        yield batch


@transaction.atomic
def _replay_refusals(entries: list[dict[str, Any]]) -> int:
    if not entries:
        return 0
    people, clients, contacts = _ids_of(User), _ids_of(ApiClient), _contacts_of(entries)
    before = OptOut.objects.count()
    OptOut.objects.bulk_create(
        (
            OptOut(
                number_hash=bytes.fromhex(each["number_hash"]), key_id=each["key_id"],
                channel=each["channel"], scope=each["scope"],
                scope_value=each["scope_value"], said_at=each["said_at"], created_at=each["created_at"],
                evidence=each["evidence"],
                contact_id=contacts.get(each["number_hash"]),
                recorded_by_id=people.get(each.get("recorded_by_id")),
                client_id=clients.get(each.get("client_id")),
            )
            for each in entries
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return OptOut.objects.count() - before


def _ids_of(model: type[Any]) -> dict[Any, int]:
    """Who was there when the backup was made: an entry that somebody later recorded is replayed without their
    name."""
    return {pk: pk for pk in model._default_manager.values_list("pk", flat=True)}


def _contacts_of(entries: list[dict[str, Any]]) -> dict[str, int]:
    """The contacts that entries name, by the hash of their number: an id of somebody who came after the
    backup names nobody here."""
    named = Contact.everyone.filter(
        id__any=[each["contact_id"] for each in entries if each.get("contact_id")]
    )
    return {
        number_hash.hex(): pk
        for pk, phone in named.values_list("pk", "phone")
        for number_hash in blind_index.register_hashes(phone).values()
    }


@transaction.atomic
def _replay_lift(payload: dict[str, Any]) -> int:
    """A lift needs the two people who made it. Where one of them came after the backup, the number stays
    blocked."""
    same = {
        "consent_given_at": payload["consent_given_at"],
        "evidence": payload["evidence"],
        "asked_by_id": payload["asked_by_id"],
    }
    number_hash = bytes.fromhex(payload["number_hash"])
    known = Lift.objects.filter(number_hash=number_hash, state=Lift.State.APPROVED, **same).exists()
    if known or User.objects.filter(pk__in=[payload["asked_by_id"], payload["decided_by_id"]]).count() < 2:
        return 0
    lift = Lift.objects.create(
        number_hash=number_hash, key_id=payload["key_id"], state=Lift.State.APPROVED,
        decided_by_id=payload["decided_by_id"],
        decided_at=payload["decided_at"], created_at=payload["created_at"], **same,
    )  # fmt: skip
    Change.objects.create(kind=Change.Kind.LIFTED, lift=lift, created_at=clock.now())
    return 1


@transaction.atomic
def _replay_whole_erasures(erased: list[tuple[datetime, list[bytes]]]) -> None:
    """Calls, recordings and what else was erased of people who asked for it."""
    for at, indexes in erased:
        for index in indexes:
            erase_again(index, until=at)


@transaction.atomic
def _replay_erasures(erased: list[tuple[datetime, list[bytes]]]) -> int:
    """Erase who was erased, or about to be, when the backup was made or afterwards. Who came back later, as a
    contact of their own right, is left, and so is whom a hold keeps."""
    until: dict[bytes, datetime] = {}
    for at, hashes in erased:
        for each in hashes:
            until[each] = max(at, until.get(each, at))
    if not until:
        return 0
    keys, found = [], []
    free = Contact.everyone.exclude(held().contacts)
    for person in free.only("pk", "phone", "created_at").iterator(chunk_size=5_000):
        for number_hash in blind_index.ledger_hashes(person.phone):
            if number_hash in until and person.created_at <= until[number_hash]:
                keys.append(person.pk)
                found.append(number_hash)
                break
    gone = set(erase_contacts(keys)) if keys else set()
    now = clock.now()
    # Those of whom the record of a call stays (R34) are erased once its 30 days are over.
    for done_at in (now, None):
        group = [
            (key, each)
            for key, each in zip(keys, found, strict=True)
            if (key in gone) is (done_at is not None)
        ]
        if group:
            Erasure.objects.create(
                number_hashes=[each for _key, each in group], contact_ids=[key for key, _each in group],
                reason="replayed after a restore", created_at=now, done_at=done_at,
            )  # fmt: skip
    return len(keys)


@transaction.atomic
def _go_on_after(position: int) -> None:
    """Positions of the feed go on after the last that was given to anybody, so that no reader misses what was
    replayed."""
    fresh = Change.objects.filter(position__isnull=True).order_by("pk")
    last = Change.objects.exclude(position__isnull=True).order_by("-position").first()
    at = max(position, last.position if last and last.position else 0)
    if not fresh.exists() and last is not None and last.position is not None and last.position < position:
        # Nothing to tell, and yet readers stand further on: the last change is given again under a later
        # position.
        Change.objects.create(
            created_at=clock.now(),
            kind=last.kind,
            opt_out=last.opt_out,
            lift=last.lift,
            dismissal=last.dismissal,
            position=at + 1,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "with fresh as (select id, row_number() over (order by id) as place from optouts_change where "
            "position is null)"
            " update optouts_change c set position = %s + fresh.place from fresh where c.id = fresh.id",
            [at],
        )
