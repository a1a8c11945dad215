"""The second half of an import: a batch into the tables, in the caller's transaction.

New numbers are copied as they come; a number that is there keeps its contact, and what the list says is put
to it.
"""

from array import array
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from ..models import Consent, Contact, FormerWord
from ..models.consents import SAID_BEFORE
from ..models.formers import TAKEN_BACK
from .preparing import CONSENT, CONTACT, Batch, under_id

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"

_THERE = """
select number_index, id from contacts_contact where number_index = any(%b)
    order by number_index for no key update
"""
_DRAW = (
    "select coalesce(string_agg(int8send(nextval('contacts_contact_id_seq')), ''), '') from "
    "generate_series(1, %s)"
)
_STAGE = """
create temporary table if not exists import_stage as select CONTACT_COLUMNS
    from contacts_contact with no data;
create temporary table if not exists consent_stage as select CONSENT_COLUMNS
    from contacts_consent with no data;
truncate import_stage, consent_stage;
""".replace("CONTACT_COLUMNS", CONTACT).replace("CONSENT_COLUMNS", CONSENT)
_UPDATE = """
update contacts_contact contact set
    name = coalesce(stage.name, contact.name),
    note = coalesce(stage.note, contact.note),
    tags = array(select distinct unnest(contact.tags || stage.tags) order by 1),
    source_id = case when source.state = 'approved' then contact.source_id else stage.source_id end
from import_stage stage, contacts_datasource source
where contact.id = stage.id and source.id = contact.source_id and contact.erasing_at is null
"""
_CONSENTS = """
insert into contacts_consent (CONSENT_COLUMNS) select CONSENT_COLUMNS from consent_stage
where not exists (select from contacts_contact contact where contact.id = contact_id
    and contact.erasing_at is not null)
on conflict (contact_id, purpose_id, recipient, given_at) do nothing
""".replace("CONSENT_COLUMNS", CONSENT)

# Contacts who withdrew their consent after the time that the list gives: the trigger `withdrawn_before`
# stores theirs as withdrawn.
_WITHDRAWN = """
select count(distinct stage.contact_id) from consent_stage stage
left join contacts_consent consent on consent.contact_id = stage.contact_id
    and consent.purpose_id = stage.purpose_id and consent.recipient = stage.recipient
    and consent.withdrawn_at > stage.given_at and consent.withdrawal <> 'TAKEN_BACK'
left join contacts_contact contact on contact.id = stage.contact_id
left join contacts_formerword former on former.number_index = contact.number_index and not former.is_minor
    and (former.purpose_id is null
         or former.purpose_id = stage.purpose_id and former.recipient = stage.recipient)
    and former.at > stage.given_at
where consent.id is not null or former.id is not null
""".replace("TAKEN_BACK", TAKEN_BACK)


# The same of contacts who are all new here: what they had said before they were deleted.
_SAID_BEFORE = """
select case when exists (select from contacts_formerword where not is_minor) then (
    select count(distinct contact_id) from contacts_consent
    where contact_id = any(%s::bigint[]) and withdrawal = 'SAID_BEFORE'
) else 0 end
""".replace("SAID_BEFORE", SAID_BEFORE)


def draw_ids(count: int) -> bytes:
    """Ids for so many contacts, as COPY takes them."""
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, [count])
        return bytes(cursor.fetchone()[0])


_CONSENTED = """
select number_index from contacts_contact contact where number_index = any(%b) and exists (
    select from contacts_consent consent
    join contacts_datasource_purposes purpose on purpose.purpose_id = consent.purpose_id
        and purpose.datasource_id = %b
    where consent.contact_id = contact.id and recipient = '' and withdrawn_at is null
        and consent.expires_at > %b
)
"""


def with_consent(source_id: int, indexes: list[bytes], now: datetime) -> list[bytes]:
    """Those of the numbers that are contacts with a consent that holds for a purpose of the source."""
    if not indexes:
        return []
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_CONSENTED, [indexes, source_id, now], binary=True, prepare=False)
        return [bytes(index) for (index,) in cursor.fetchall()]


_WITHDRAWN_SINCE = """
select asked.number_index from unnest(%b::bytea[], %b::timestamptz[]) asked (number_index, given_at)
left join contacts_contact contact on contact.number_index = asked.number_index
where exists (
    select from contacts_consent consent
    join contacts_datasource_purposes purpose on purpose.purpose_id = consent.purpose_id
        and purpose.datasource_id = %b
    where consent.contact_id = contact.id and recipient = '' and withdrawn_at > asked.given_at
        and withdrawal <> 'TAKEN_BACK'
) or exists (
    select from contacts_formerword former
    where former.number_index = asked.number_index and not former.is_minor and former.at > asked.given_at
        and former.recipient = '' and (former.purpose_id is null or former.purpose_id in (
            select purpose_id from contacts_datasource_purposes where datasource_id = %b))
)
""".replace("TAKEN_BACK", TAKEN_BACK)


def withdrawn_since(source_id: int, given: dict[bytes, datetime]) -> list[bytes]:
    """Those of the numbers whose person withdrew a consent to a purpose of the source after the time that is
    given for each."""
    if not given:
        return []
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            _WITHDRAWN_SINCE,
            [list(given), list(given.values()), source_id, source_id],
            binary=True,
            prepare=False,
        )
        return [bytes(index) for (index,) in cursor.fetchall()]


def being_erased() -> frozenset[bytes]:
    """The indexes of numbers whose person is being deleted, or of which only the record of a call is kept."""
    going = Contact.everyone.filter(erasing_at__isnull=False).values_list("number_index", flat=True)
    return frozenset(map(bytes, going))


def has_withdrawals(source_id: int) -> bool:
    """Whether anybody withdrew a consent to a purpose of the source."""
    withdrawn = Consent.objects.filter(withdrawn_at__isnull=False, purpose__sources=source_id, recipient="")
    return (
        withdrawn.exclude(withdrawal=TAKEN_BACK).exists()
        or FormerWord.objects.filter(is_minor=False).exists()
    )


def note_met(import_id: int, contact_ids: list[int]) -> None:
    """Keep which known contacts an import met."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_metcontact (contact_import_id, contact_id) select %s, id from "
            "contacts_contact"
            " where id = any(%s::bigint[]) on conflict do nothing",
            [import_id, contact_ids],
        )


def store(batch: Batch, *, all_new: bool) -> tuple[list[int], list[int], int]:
    """Contacts and consents of one batch. Returns the contacts' ids, those of them that were there, and of
    how many contacts the consent was withdrawn after the time that the list gives.

    `all_new` says so beforehand: then nothing is looked up, and a number that is there all the same is an
    `IntegrityError`. An approved source stays a contact's source; a name or note is replaced only by another.
    Rows there are locked in the order of their numbers, so two imports never wait for each other in a circle.
    """
    ids = _as_numbers(batch.ids)
    with connection.cursor() as cursor:
        there = {} if all_new else _there(list(batch.indexes))
        withdrawn = 0
        if there:
            ids = _put_apart(cursor, batch, ids, there)
            cursor.execute(_WITHDRAWN)
            (withdrawn,) = cursor.fetchone()
        else:
            _copy(cursor, "contacts_contact", CONTACT, batch.contacts.whole)
            _copy(cursor, "contacts_consent", CONSENT, batch.consents.whole)
            cursor.execute(_SAID_BEFORE, [ids])
            (withdrawn,) = cursor.fetchone()
        # checked here, where another batch may be on its way beside
        cursor.execute("set constraints all immediate")
    return ids, list(there.values()), withdrawn


def _as_numbers(ids: bytes) -> list[int]:
    numbers = array("q", ids)
    numbers.byteswap()
    return list(numbers)


def _there(indexes: list[bytes]) -> dict[bytes, int]:
    """Which numbers are contacts already. The keys go to the server as they are, which Django's cursor would
    write out as text."""
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        # Not prepared by psycopg: it would deallocate everything at a roll-back,
        # `core.database.prepared_statements`'s statements too.
        cursor.execute(_THERE, [indexes], binary=True, prepare=False)
        return dict(cursor.fetchall())


def _put_apart(cursor: Any, batch: Batch, ids: list[int], there: dict[bytes, int]) -> list[int]:
    """Rows of new numbers as they come, rows of others put to the contacts that are there. Returns the ids of
    all of them."""
    contacts: dict[str, list[bytes]] = {"contacts_contact": [], "import_stage": []}
    consents: dict[str, list[bytes]] = {"contacts_consent": [], "consent_stage": []}
    stored = []
    for pk, index, contact, consent in zip(ids, batch.indexes, batch.contacts, batch.consents, strict=True):
        if (known := there.get(index)) is None:
            contacts["contacts_contact"].append(contact)
            consents["contacts_consent"].append(consent)
        else:
            contacts["import_stage"].append(under_id(contact, known))
            consents["consent_stage"].append(under_id(consent, known, count=batch.purposes))
        stored.append(known or pk)
    cursor.execute(_STAGE)
    for table, rows in contacts.items():
        _copy(cursor, table, CONTACT, b"".join(rows))
    for table, rows in consents.items():
        _copy(cursor, table, CONSENT, b"".join(rows))
    cursor.execute(_UPDATE)
    cursor.execute(_CONSENTS)
    return stored


def _copy(cursor: Any, table: str, columns: str, rows: bytes) -> None:
    if rows:
        with (
            connection.wrap_database_errors,
            cursor.copy(f"copy {table} ({columns}) from stdin with (format binary)") as copy,
        ):
            for piece in (_SIGNATURE, rows, _END):
                copy.write(piece)
