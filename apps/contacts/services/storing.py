"""The second half of an import: a batch into the tables, in the caller's transaction.

New numbers are copied as they come; a number that is there keeps its contact, and what the list says is put to it.
"""

from typing import Any

import psycopg
from django.db import connection

from .. import signals
from ..models import ContactImport
from .preparing import CONSENT, CONSENT_FIELDS, CONTACT, CONTACT_FIELDS, Batch, int64

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"

_THERE = """
select number_index, id from contacts_contact where number_index = any(%b) order by number_index for no key update
"""
_IDS = "select string_agg(nextval(pg_get_serial_sequence('contacts_contact', 'id'))::text, ',') from generate_series(1, %s)"
_STAGE = """
create temporary table if not exists import_stage as select id, CONTACT_COLUMNS from contacts_contact with no data;
create temporary table if not exists consent_stage as select contact_id, purpose_id, CONSENT_COLUMNS from contacts_consent with no data;
truncate import_stage, consent_stage;
""".replace("CONTACT_COLUMNS", CONTACT).replace("CONSENT_COLUMNS", CONSENT)
_UPDATE = """
update contacts_contact contact set
    name = coalesce(stage.name, contact.name),
    note = coalesce(stage.note, contact.note),
    tags = array(select distinct unnest(contact.tags || stage.tags) order by 1),
    source_id = case when source.state = 'approved' then contact.source_id else stage.source_id end
from import_stage stage, contacts_datasource source
where contact.id = stage.id and source.id = contact.source_id
"""
_CONSENTS = """
insert into contacts_consent (contact_id, purpose_id, CONSENT_COLUMNS) select contact_id, purpose_id, CONSENT_COLUMNS from consent_stage
on conflict (contact_id, purpose_id, recipient, given_at) do nothing
""".replace("CONSENT_COLUMNS", CONSENT)


def store(batch: Batch, contact_import: ContactImport, purposes: list[int]) -> int:
    """Contacts and consents of one batch; returns how many consented.

    An approved source stays a contact's source; a name or note is replaced only by another. Rows there are locked in the order
    of their numbers, so two imports never wait for each other in a circle.
    """
    with connection.cursor() as cursor:
        there = _there([index for index, _contact, _consent in batch.rows])
        new = [row for row in batch.rows if row[0] not in there]
        known = [(there[row[0]], *row[1:]) for row in batch.rows if row[0] in there]
        fresh: list[tuple[int, bytes, bytes]] = []
        if new:
            cursor.execute(_IDS, [len(new)])
            fresh = [(int(pk), *row[1:]) for pk, row in zip(cursor.fetchone()[0].split(","), new, strict=True)]
            _copy_contacts(cursor, "contacts_contact", fresh)
            _copy_consents(cursor, "contacts_consent", fresh, purposes)
        if known:
            cursor.execute(_STAGE)
            _copy_contacts(cursor, "import_stage", known)
            _copy_consents(cursor, "consent_stage", known, purposes)
            cursor.execute(_UPDATE)
            cursor.execute(_CONSENTS)
    ids = [pk for pk, _contact, _consent in (*fresh, *known)]
    signals.contacts_stored.send(sender=ContactImport, list_code=contact_import.list_code, contact_ids=ids, client=None)
    return sum(bool(consent) for _index, _contact, consent in batch.rows)


def _there(indexes: list[bytes]) -> dict[bytes, int]:
    """Which numbers are contacts already. The keys go to the server as they are, which Django's cursor would write out as text."""
    with psycopg.Cursor(connection.connection) as cursor:
        # Not prepared by psycopg: it would deallocate everything at a roll-back, `core.prepared`'s statements too.
        cursor.execute(_THERE, [indexes], binary=True, prepare=False)
        return dict(cursor.fetchall())


def _copy_contacts(cursor: Any, table: str, rows: list[tuple[int, bytes, bytes]]) -> None:
    head = (CONTACT_FIELDS + 1).to_bytes(2, "big")
    _copy(cursor, f"copy {table} (id, {CONTACT})", b"".join(head + int64(pk) + contact for pk, contact, _consent in rows))


def _copy_consents(cursor: Any, table: str, rows: list[tuple[int, bytes, bytes]], purposes: list[int]) -> None:
    head = (CONSENT_FIELDS + 2).to_bytes(2, "big")
    places = [int64(purpose) for purpose in purposes]
    rows_of_copy = b"".join(head + int64(pk) + purpose + consent for pk, _contact, consent in rows if consent for purpose in places)
    if rows_of_copy:
        _copy(cursor, f"copy {table} (contact_id, purpose_id, {CONSENT})", rows_of_copy)


def _copy(cursor: Any, statement: str, rows: bytes) -> None:
    with cursor.copy(f"{statement} from stdin with (format binary)") as copy:
        copy.write(_SIGNATURE + rows + _END)
