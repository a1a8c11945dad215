"""A list on its way in: opened, shown, confirmed, stored in batches, reported row by row.

A batch and the note of how far it came commit together, so a worker that dies is taken over
without a double: rows already stored are read again for their numbers only. Numbers are
encrypted before they leave Python; the database sees ciphertext and hashes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core import blind_index, clock, detect, phones, vault
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.reading import FileRefused, Table, open_table
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies import queries as policies
from apps.policies.models import DataClass

from .. import rules, signals
from ..models import Contact, ContactImport, DataSource

BATCH = 5_000
Progress = Callable[[int, int], None]


class ColumnsRefused(FileRefused):
    """The file brings columns that may not be collected; `columns` names them."""

    code = "columns_refused"

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        super().__init__(
            _("The columns %(columns)s may not be collected (R1). Remove them and upload again; nothing was stored."),
            columns=", ".join(columns),
        )


@transaction.atomic
def start_import(*, actor: User, source: DataSource, file_name: str, content: bytes, list_code: str = "") -> ContactImport:
    """Open a file and keep it, sealed, until its columns are confirmed.

    Raises `NotAllowed`, `FileRefused` (with `ColumnsRefused` for forbidden columns) and
    `BadInput`; then nothing has been stored.
    """
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    if source.state != DataSource.State.APPROVED:
        raise BadInput(
            _('The source "%(source)s" is not approved. Compliance approves it before anything is imported (R3).'), source=source.code
        )
    if detect.find(file_name):
        raise PersonalDataFound(_("The name of the file holds a resident-ID or bank-card number. Rename it."))
    table = open_table(content)
    if forbidden := rules.forbidden_columns(table.heading):
        raise ColumnsRefused(forbidden)
    table.count()
    mapping = rules.match_columns(table.heading)
    upload = vault.put(content, folder="uploads")
    return ContactImport.objects.create(
        source=source, list_code=list_code, file_name=file_name[-200:], upload=upload, mapping=mapping, started_by=actor
    )


def preview(contact_import: ContactImport) -> tuple[list[str], list[list[str]]]:
    """The heading, and for the first rows what each cell would become, masked."""
    table = open_table(vault.get(contact_import.upload))
    rows = []
    for _number, cells in table.rows():
        rows.append([_masked_cell(cell) for cell in cells[: len(table.heading)]])
        if len(rows) == 8:
            break
    return table.heading, rows


def _masked_cell(cell: str) -> str:
    return cell[:1] + "*" * min(len(cell) - 1, 6) if len(cell) > 1 else cell


@transaction.atomic
def confirm_import(*, actor: User, contact_import: ContactImport, mapping: dict[str, int]) -> Job:
    """Start the job. Raises `BadInput` when no column is the phone."""
    contact_import = ContactImport.objects.select_for_update().get(pk=contact_import.pk)
    if contact_import.started_by_id != actor.pk:
        raise NotAllowed()
    if contact_import.state != ContactImport.State.PREVIEW:
        raise WrongState()
    contact_import.mapping = _checked(mapping)
    contact_import.job = jobs.ask_for(kind="contact_import", task="apps.contacts.tasks.run_import", owner=actor)
    contact_import.state = ContactImport.State.CONFIRMED
    contact_import.save()
    return contact_import.job


def _checked(mapping: dict[str, int]) -> dict[str, int]:
    if "phone" not in mapping:
        raise BadInput(_("Say which column is the phone: none of the headings tells."))
    if len(set(mapping.values())) != len(mapping):
        raise BadInput(_("A column can hold only one thing. Two were set to the same column."))
    return mapping


def import_now(
    *, actor: User, source: DataSource, file_name: str, content: bytes, list_code: str = "", progress: Progress | None = None
) -> ContactImport:
    """The whole path in this process, for the command line. Raises like its steps."""
    contact_import = start_import(actor=actor, source=source, file_name=file_name, content=content, list_code=list_code)
    try:
        job = confirm_import(actor=actor, contact_import=contact_import, mapping=contact_import.mapping)
    except BadInput:
        discard_import(contact_import)
        raise
    run_import(job.pk, progress=progress)
    contact_import.refresh_from_db()
    return contact_import


def discard_import(contact_import: ContactImport) -> None:
    """Forget an import that was not confirmed, with its upload."""
    with transaction.atomic():
        jobs.discard(contact_import.upload)
        contact_import.delete()


def run_import(job_id: int, progress: Progress | None = None) -> None:
    """Store what the file brings. May be killed anywhere and run again."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        contact_import = ContactImport.objects.select_related("source", "started_by").get(job=job)
        _run(contact_import, job, progress)


def _run(contact_import: ContactImport, job: Job, progress: Progress | None) -> None:
    table = open_table(vault.get(contact_import.upload))
    total = table.count()
    jobs.move_on(job, done=contact_import.stored_rows, total=total)
    report: list[bytes] = []
    counts: Counter[str] = Counter()
    done = 0
    with override(settings.LANGUAGE_CODE):
        for batch in _batches(_verdicts(table, contact_import.mapping, clock.now())):
            done += len(batch)
            if done > contact_import.stored_rows:
                _store_batch(contact_import, job, batch, done)
            counts.update(verdict.status for verdict in batch)
            report += [_report_line(verdict) for verdict in batch]
            if progress:
                progress(done, total)
    with transaction.atomic():
        contact_import.counts = dict(counts)
        contact_import.report = vault.put(b"".join(report), folder="reports")
        upload, contact_import.upload = contact_import.upload, ""
        contact_import.save()
        record_access(
            kind=AccessEvent.Kind.IMPORTED,
            subject=f"contact_import:{contact_import.pk}",
            count=counts[rules.ACCEPTED],
            purpose="import",
            actor=contact_import.started_by,
        )
        jobs.end(job, state=Job.State.DONE, sentence="")
        jobs.discard(upload)


def _report_line(verdict: rules.Verdict) -> bytes:
    line = {"row": verdict.row, "status": verdict.status, "message": str(verdict.message)}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _verdicts(table: Table, mapping: dict[str, int], now: datetime) -> Iterator[rules.Verdict]:
    zone = ZoneInfo(settings.TIME_ZONE)
    seen: dict[str, int] = {}
    for number, cells in table.rows():
        verdict = rules.judge_row(number, cells, mapping, zone=zone, now=now)
        if verdict.status == rules.ACCEPTED and verdict.e164:
            first = seen.setdefault(verdict.e164, number)
            if first != number:
                sentence = _("The same number stands in row %(first)s already.") % {"first": first}
                verdict = rules.Verdict(number, "duplicate_in_file", sentence, verdict.e164)
        yield verdict


def _batches(verdicts: Iterator[rules.Verdict]) -> Iterator[list[rules.Verdict]]:
    batch: list[rules.Verdict] = []
    for verdict in verdicts:
        batch.append(verdict)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@transaction.atomic
def _store_batch(contact_import: ContactImport, job: Job, batch: list[rules.Verdict], done: int) -> None:
    accepted = [verdict for verdict in batch if verdict.status == rules.ACCEPTED]
    if accepted:
        contact_import.consented += store(accepted, contact_import)
    contact_import.stored_rows = done
    contact_import.save(update_fields=["stored_rows", "consented"])
    jobs.move_on(job, done=done)


_STAGE = """
create temporary table if not exists import_stage (
    phone bytea, name bytea, note bytea, tags text[], number_index bytea primary key, last4_index bytea,
    zones text[], channel text, given_at timestamptz
) on commit delete rows
"""
_CONTACTS = """
insert into contacts_contact
    (created_at, phone, name, note, tags, number_index, last4_index, zones, source_id, is_minor, minor_reason, expires_at)
select %(now)s, phone, name, note, tags, number_index, last4_index, zones, %(source)s, false, '', %(expires)s
from import_stage order by number_index
on conflict (number_index) do update set
    name = coalesce(excluded.name, contacts_contact.name),
    note = coalesce(excluded.note, contacts_contact.note),
    tags = array(select distinct unnest(contacts_contact.tags || excluded.tags)),
    source_id = case when (select state from contacts_datasource where id = contacts_contact.source_id) = 'approved'
                     then contacts_contact.source_id else excluded.source_id end
returning id
"""
_CONSENTS = """
insert into contacts_consent
    (created_at, contact_id, purpose_id, channel, given_at, wording_version, evidence, recorded_by_id, expires_at)
select %(now)s, contact.id, purpose.purpose_id, stage.channel, stage.given_at, %(wording)s, %(evidence)s, %(actor)s,
       stage.given_at + make_interval(days => %(days)s)
from import_stage stage
join contacts_contact contact using (number_index)
cross join (select purpose_id from contacts_datasource_purposes where datasource_id = %(source)s) purpose
where stage.channel is not null
on conflict (contact_id, purpose_id, given_at) do nothing
"""
_COPY = "copy import_stage (phone, name, note, tags, number_index, last4_index, zones, channel, given_at) from stdin with (format binary)"
_TYPES = ("bytea", "bytea", "bytea", "text[]", "bytea", "bytea", "text[]", "text", "timestamptz")


def store(accepted: list[rules.Verdict], contact_import: ContactImport) -> int:
    """Contacts and consents of one batch, in the caller's transaction; returns how many consented.

    A number that is there already keeps its contact: an approved source stays its source, a
    name or note is replaced only by another.
    """
    source = contact_import.source
    now = clock.now()
    kept = policies.days_kept(DataClass.CONTACT, now)
    facts: dict[str, Any] = {
        "now": now,
        "source": source.pk,
        "expires": now + timedelta(days=kept),
        "wording": source.wording_version,
        "evidence": f"contact_import:{contact_import.pk}",
        "actor": contact_import.started_by_id,
        "days": source.consent_days,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for verdict in accepted:
                copy.write_row(_stage_row(verdict))
        cursor.execute(_CONTACTS, facts)
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_CONSENTS, facts)
        cursor.execute("truncate import_stage")
    signals.contacts_stored.send(sender=ContactImport, contact_import=contact_import, contact_ids=ids)
    return sum(verdict.consent is not None for verdict in accepted)


_PHONE, _NAME, _NOTE = (Contact._meta.get_field(name) for name in ("phone", "name", "note"))


def _stage_row(verdict: rules.Verdict) -> tuple[object, ...]:
    e164 = verdict.e164 or ""
    consent = verdict.consent
    return (
        _PHONE.seal(e164),  # type: ignore[union-attr]
        _NAME.seal(verdict.name) if verdict.name else None,  # type: ignore[union-attr]
        _NOTE.seal(verdict.note) if verdict.note else None,  # type: ignore[union-attr]
        list(verdict.tags),
        blind_index.number_index(e164),
        blind_index.last4_index(e164),
        list(phones.zones_of(e164)),
        consent.channel if consent else None,
        consent.given_at if consent else None,
    )
