"""Numbers that were stored in another form than E.164, found and repaired.

Until digits of other scripts were folded, a mobile such as `1390000827１` was hashed as it was typed: as
another person, whom opt-outs and caps missed. Here the number goes back to its one form, with everything that
was kept under the wrong hash: each table that keeps a `number_index` (`BROUGHT`). The check of consistency
names what is stored so and repairs it when asked (`--repair`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from apps.contacts.models import Contact, ExternalRef
from apps.contacts.services import carry_words, know_minor
from apps.core.calendar import clock
from apps.core.crypto import blind_index, cipher
from apps.core.database.locks import lock_numbers
from apps.core.errors import DecryptionFailed
from apps.core.privacy import phones
from apps.core.privacy.protected import is_canonical
from apps.core.web import ids

_READ = {
    "contacts_contact": "select id, phone, number_index from contacts_contact where id > %s order by id "
    "limit %s",
    "rights_subjectrequest": "select id, phone, number_index from rights_subjectrequest where id > %s and "
    "phone is not null"
    " order by id limit %s",
}
_WRITE = {
    "contacts_contact": "update contacts_contact set phone = %s, number_index = %s where id = %s",
    "rights_subjectrequest": "update rights_subjectrequest set phone = %s, number_index = %s where id = %s",
}
_PREFIX = {"contacts_contact": "ct", "rights_subjectrequest": "rq"}
_BATCH = 5_000
_INDEX_ALONE = {
    "quality_complaint": "update quality_complaint set number_index = %s where number_index = %s",
    "quality_evidencepack": "update quality_evidencepack set number_index = %s where number_index = %s",
}
_WORDS = {
    "optouts_link": "update optouts_link set number_index = %s, number_hash = %s, key_id = %s where "
    "number_index = %s",
    "optouts_code": "update optouts_code set number_index = %s, number_hash = %s, key_id = %s where "
    "number_index = %s",
}
# Tables of rows without a number of their own, kept by the hash of one.
BROUGHT = {"calls_call", "contacts_formerword", "contacts_numberdoubt", *_WORDS, *_INDEX_ALONE}


@dataclass(frozen=True)
class _Row:
    """A row whose number is stored in another form; `repr` shows nothing of it."""

    table: str
    pk: int
    stored: bytes
    index: bytes

    def __repr__(self) -> str:
        return f"<{self.table} {self.pk}>"


def misstored_numbers() -> list[str]:
    """Public ids of the contacts and requests whose number is not E.164."""
    return [ids.encode(_PREFIX[table], row.pk) for table in _READ for row in _misstored(table)]


@transaction.atomic
def repair_numbers() -> dict[str, int]:
    """Bring every number to its one form: how many were `repaired`, how many are no number of a person and
    are `erasing`, how many were a second entry of somebody who is there already (`joined`, erased by the next
    purge)."""
    done = {"repaired": 0, "joined": 0, "erasing": 0}
    for table in _READ:
        for row in list(_misstored(table)):
            done[_repair(row)] += 1
    return done


def _misstored(table: str) -> Iterator[_Row]:
    bound_to, after = f"{table}.phone".encode(), 0
    while True:
        rows = _all(_READ[table], after, _BATCH)
        if not rows:
            return
        for pk, encrypted, index in rows:
            try:
                clear = cipher.decrypt(bytes(encrypted), purpose="fields", bound_to=bound_to)
            except DecryptionFailed:
                continue  # `dangling_hashes` of the consistency check names it
            if not is_canonical(clear.decode()):
                yield _Row(table, pk, clear, bytes(index))
        after = rows[-1][0]


def _repair(row: _Row) -> str:
    try:
        number = phones.normalise(row.stored.decode())
    except phones.PhoneInvalid:
        return _stop(row, "erasing")
    index = blind_index.number_index(number)
    _bring_register(row.stored.decode(), number)
    _bring_calls(row.index, index)
    _bring_words(row.index, number)
    _bring_doubts(row.index, index)
    _bring_former_words(row.index, index)
    for statement in _INDEX_ALONE.values():
        _run(statement, index, row.index)
    if row.table == "contacts_contact" and _all(
        "select 1 from contacts_contact where number_index = %s", index
    ):
        _join(row, index)
        return _stop(row, "joined")
    encrypted = cipher.encrypt(number.encode(), purpose="fields", bound_to=f"{row.table}.phone".encode())
    _run(_WRITE[row.table], encrypted, index, row.pk)
    if row.table == "contacts_contact":
        _run(
            "update contacts_contact set last4_index = %s where id = %s",
            blind_index.last4_index(number),
            row.pk,
        )
    return "repaired"


def _join(row: _Row, index: bytes) -> None:
    """What the person said under the wrong entry is theirs under the right one, and other systems' ids name
    the right one from now on."""
    lock_numbers({row.index, index})
    wrong, right = Contact.everyone.get(pk=row.pk), Contact.everyone.get(number_index=index)
    carry_words(wrong, right, how=gettext("Said under the same number, which was stored in another form."))
    if wrong.is_minor:
        know_minor(index, right)
    elsewhere = ExternalRef.objects.filter(contact=right).values("client")
    ExternalRef.objects.filter(contact=wrong).exclude(client__in=elsewhere).update(contact=right)


def _stop(row: _Row, what: str) -> str:
    """Nobody is called under this entry again; the next purge erases it. A request stays as it is, for the
    person who handles it."""
    if row.table == "contacts_contact":
        _run(
            "update contacts_contact set erasing_at = %s where id = %s and erasing_at is null",
            clock.now(),
            row.pk,
        )
    return what


def _bring_register(stored: str, number: str) -> None:
    """The refusals that were recorded under the wrong hash count under the right one."""
    current, right = next(iter(blind_index.register_hashes(number).items()))
    wrong = list(blind_index.register_hashes_of_text(stored).values())
    _run(
        "insert into optouts_optout (created_at, number_hash, key_id, channel, scope, scope_value, said_at, "
        "evidence, contact_id,"
        " recorded_by_id, client_id, moved_from_id)"
        " select created_at, %s, %s, channel, scope, scope_value, said_at, evidence, contact_id, "
        "recorded_by_id, client_id, id"
        " from optouts_optout o where number_hash = any(%s) and not exists (select from optouts_optout m "
        "where m.moved_from_id = o.id)"
        " on conflict do nothing",
        right, current, wrong,
    )  # fmt: skip


def _bring_calls(wrong: bytes, right: bytes) -> None:
    """Each counts. Where both hashes have a call in one slot of a day, the person was called twice: the one
    that is brought counts beside the other, as a call that came to light when its slot was taken."""
    _run(
        "update calls_call c set number_index = %s where number_index = %s and not exists (select from "
        "calls_call o"
        " where o.number_index = %s and o.slot_day = c.slot_day and o.slot_number = c.slot_number)",
        right, wrong, right,
    )  # fmt: skip
    _run(
        "update calls_call c set number_index = %s, revived_at = coalesce(revived_at, %s), slot_number = "
        "c.slot_number + ("
        "select max(o.slot_number) from calls_call o where o.number_index = %s and o.slot_day = c.slot_day) "
        "where number_index = %s",
        right, clock.now(), right, wrong,
    )  # fmt: skip


def _bring_words(wrong: bytes, number: str) -> None:
    """The links and codes that are out: they opt out whom they went to."""
    key, number_hash = next(iter(blind_index.register_hashes(number).items()))
    index = blind_index.number_index(number)
    for statement in _WORDS.values():
        _run(statement, index, number_hash, key, wrong)


def _bring_former_words(wrong: bytes, right: bytes) -> None:
    """Of two about the same the later one is enough."""
    _run(
        "insert into contacts_formerword (created_at, number_index, purpose_id, recipient, at, is_minor) "
        "select created_at, %s, purpose_id, recipient, at, is_minor from contacts_formerword "
        "where number_index = %s on conflict (number_index, purpose_id, recipient, is_minor) "
        "do update set at = greatest(contacts_formerword.at, excluded.at)",
        right,
        wrong,
    )
    _run("delete from contacts_formerword where number_index = %s", wrong)


def _bring_doubts(wrong: bytes, right: bytes) -> None:
    """Open and ended doubts stop calls under the right hash too; of two open ones the one that is there is
    enough."""
    _run(
        "update contacts_numberdoubt d set number_index = %s where number_index = %s and not (d.state = "
        "'open' and exists ("
        "select from contacts_numberdoubt o where o.number_index = %s and o.state = 'open'))",
        right, wrong, right,
    )  # fmt: skip


def _all(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
