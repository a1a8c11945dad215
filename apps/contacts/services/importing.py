"""A list on its way in: examined, kept encrypted, shown, confirmed, stored in batches, reported row by row.

A batch and the note of how far it came commit together, so a worker that dies is taken over without a double:
rows already stored are read again for their numbers only. Numbers are encrypted before they leave Python; the
database sees ciphertext and hashes. `preparing` reads and encrypts, `batching` and `storing` store.
"""

import hashlib
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import IO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.access.services import watch_masks
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.crypto import blind_index, streams
from apps.core.documents import uploading
from apps.core.documents.spreadsheets import (
    HEADING_WITHIN,
    PIECE,
    Bytes,
    FileRefused,
    Layout,
    examine,
    first_rows,
    is_workbook,
    peek,
    with_heading,
)  # fmt: skip
from apps.core.documents.workbooks import open_workbook
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import phones
from apps.core.privacy.free_text import has_number
from apps.core.web.lenient_json import shortened
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies import queries as policies
from apps.policies.models import DataClass

from .. import rules
from ..models import ColumnMapping, ContactImport, ContactList, DataSource, MetContact
from . import import_reports, preparing, storing
from .batching import TakenOver, store_batches
from .consenting import withdraw_listed

MOST_ROWS = 1_000_000
TAKEN_BACK_WITHIN = timedelta(days=1)
CHUNK = 20_000  # numbers that are looked up at once
Progress = Callable[[int, int], None]


class ColumnsRefused(FileRefused):
    """The file brings columns that may not be collected; `columns` names them."""

    code = "columns_refused"

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        super().__init__(
            _(
                "The columns %(columns)s may not be collected (R1). Remove them and upload again; nothing "
                "was stored."
            ),
            columns=", ".join(columns),
        )


class ImportAlreadyRunning(WrongState):
    code = "import_running"
    sentence = _("The same file is being imported already. Wait for it to end.")


def start_import(
    *,
    actor: User,
    source: DataSource,
    file_name: str,
    file: IO[bytes],
    contact_list: ContactList | None = None,
) -> ContactImport:
    """Examine the whole of a file and keep it, encrypted, until its columns are confirmed.

    Raises `NotAllowed`, `FileRefused` (with `ColumnsRefused` for forbidden columns) and `BadInput`; then
    nothing has been stored.
    """
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    check_source(source)
    if has_number(file_name):
        raise PersonalDataFound(_("The name of the file holds a number of a person. Rename it."))
    if is_workbook(file):
        book = open_workbook(file, most_rows=MOST_ROWS + HEADING_WITHIN)
        with uploading.EncryptedSpool() as table:
            table.writelines(book.pieces)
            return _keep(actor, source, file_name, table, book.described(peek(table)), contact_list)
    return _keep(actor, source, file_name, file, peek(file), contact_list)


def check_source(source: DataSource) -> None:
    """Raises `BadInput` for a source from which nothing may come today."""
    if source.state != DataSource.State.APPROVED:
        raise BadInput(
            _(
                'The source "%(source)s" is not approved. Compliance approves it before anything is imported '
                "(R3)."
            ),
            source=source.code,
        )
    if not source.is_valid_on(timezone.localdate(clock.now())):
        raise BadInput(_('The source "%(source)s" is not valid today (R3).'), source=source.code)


def _keep(
    actor: User,
    source: DataSource,
    file_name: str,
    file: Bytes,
    layout: Layout,
    contact_list: ContactList | None,
) -> ContactImport:
    rows = first_rows(file, layout)
    layout = _laid_out(file, with_heading(file, layout, rules.heading_row(rows)))
    kept = ContactImport(
        source=source, contact_list=contact_list, file_name=file_name[-200:], layout=layout.as_json(),
        digest=_digest(file),
        mapping=_known_mapping(source, layout, rows), started_by=actor,
    )  # fmt: skip
    kept.upload = streams.put(_pieces(file), folder="uploads", belongs_to=kept.upload_belongs_to)
    kept.save()
    return kept


def _laid_out(file: Bytes, layout: Layout) -> Layout:
    """The layout with its rows counted. Raises `FileRefused`, with `ColumnsRefused` for columns that may not
    be collected."""
    layout = examine(file, layout, most_rows=MOST_ROWS)
    above = [cell for row, cells in first_rows(file, layout) if row < layout.heading_row for cell in cells]
    if forbidden := rules.forbidden_columns([*above, *layout.heading]):
        raise ColumnsRefused(forbidden)
    return layout


@transaction.atomic
def choose_heading(*, actor: User, contact_import: ContactImport, row: int) -> ContactImport:
    """Take another row for the heading (0: none names the columns). Raises `FileRefused`, `NotAllowed`,
    `WrongState`."""
    contact_import = _in_preview(actor, contact_import)
    with upload_of(contact_import) as file:
        layout = with_heading(file, layout_of(contact_import), row)
        if row and any(has_number(cell) or phones.numbers_in(cell) for cell in layout.heading):
            raise FileRefused(
                _("Row %(row)s holds a phone number: it is a row of the list and no heading."), row=row
            )
        layout = _laid_out(file, layout)
        rows = first_rows(file, layout)
    contact_import.layout = layout.as_json()
    contact_import.mapping = _known_mapping(contact_import.source, layout, rows)
    contact_import.save()
    return contact_import


def _in_preview(actor: User, contact_import: ContactImport) -> ContactImport:
    """The import under lock, while it waits for its confirmation."""
    locked = (
        ContactImport.objects.select_for_update(of=("self",))
        .select_related("source")
        .get(pk=contact_import.pk)
    )
    if locked.started_by_id != actor.pk:
        raise NotAllowed()
    if locked.state != ContactImport.State.PREVIEW:
        raise WrongState()
    return locked


def upload_of(contact_import: ContactImport) -> streams.DecryptedFile:
    """The file as it was handed in, decrypted as it is read."""
    return streams.DecryptedFile(contact_import.upload, belongs_to=contact_import.upload_belongs_to)


def _pieces(file: Bytes) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _digest(file: Bytes) -> bytes:
    hashed = hashlib.sha256()
    for piece in _pieces(file):
        hashed.update(piece)
    return blind_index.list_digest(hashed.digest())


def _plain(heading: list[str]) -> list[str]:
    return [rules.plain(title) for title in heading]


def _known_mapping(source: DataSource, layout: Layout, rows: list[tuple[int, list[str]]]) -> dict[str, int]:
    """What the columns of the same headings were taken for last time, else what the headings say, else what
    the columns hold."""
    known = ColumnMapping.objects.filter(source=source, heading=_plain(layout.heading)).first()
    if known and layout.heading_row and not set(known.mapping.values()) & set(layout.hidden_columns):
        return dict(known.mapping)
    matched = rules.match_columns(layout.heading, layout.hidden_columns) if layout.heading_row else {}
    if "phone" in matched:
        return matched
    below = [cells for row, cells in rows if row > layout.heading_row]
    by_content = rules.match_contents(below, {*layout.hidden_columns, *matched.values()})
    return {**by_content, **matched}


def layout_of(contact_import: ContactImport) -> Layout:
    """How its file is to be read."""
    return Layout(**contact_import.layout)


@transaction.atomic
def confirm_import(
    *,
    actor: User,
    contact_import: ContactImport,
    mapping: dict[str, int],
    leave_hidden: bool | None = None,
    here: bool = False,
) -> Job:
    """Start the job (`here`: the caller runs it), and remember what the columns were taken for.

    `leave_hidden` says what becomes of rows that the workbook hides. Raises `BadInput` when no column is the
    phone or hidden rows were not decided about, `ImportAlreadyRunning` while another import of the same file
    is not over.
    """
    contact_import = _in_preview(actor, contact_import)
    check_source(contact_import.source)
    layout = layout_of(contact_import)
    if leave_hidden is None and layout.hidden_count:
        raise BadInput(
            _("The workbook hides %(count)s rows. Say whether they are taken in or left out."),
            count=layout.hidden_count,
        )
    layout = replace(layout, leave_hidden=bool(leave_hidden))
    contact_import.layout = layout.as_json()
    contact_import.mapping = checked_mapping(mapping, layout)
    _let_go_of_failed(contact_import)
    contact_import.job = jobs.ask_for(
        kind="contact_import",
        task="apps.contacts.tasks.run_import",
        owner=actor,
        total=layout.rows,
        here=here,
    )
    contact_import.state = ContactImport.State.CONFIRMED
    try:
        with transaction.atomic():
            contact_import.save()
    except IntegrityError:
        raise ImportAlreadyRunning() from None
    if layout.heading_row:
        ColumnMapping.objects.update_or_create(
            source=contact_import.source,
            heading=_plain(layout.heading),
            defaults={"mapping": mapping, "saved_by": actor},
        )
    return contact_import.job


def _let_go_of_failed(contact_import: ContactImport) -> None:
    """An import of the same file that has failed no longer stands in the way."""
    failed = ContactImport.objects.filter(digest=contact_import.digest, state=ContactImport.State.CONFIRMED)
    failed.filter(job__state__in=[Job.State.FAILED, Job.State.REFUSED]).update(digest=None)


def checked_mapping(mapping: dict[str, int], layout: Layout) -> dict[str, int]:
    """Raises `BadInput` where no column is the phone, two things are one column, or a column is not there."""
    if "phone" not in mapping:
        raise BadInput(_("Say which column is the phone: none of the headings tells."))
    if len(set(mapping.values())) != len(mapping):
        raise BadInput(_("A column can hold only one thing. Two were set to the same column."))
    if not all(0 <= column < len(layout.heading) for column in mapping.values()):
        raise BadInput(_("The file has no such column."))
    return mapping


def import_now(
    *,
    actor: User,
    source: DataSource,
    file_name: str,
    file: IO[bytes] | bytes,
    contact_list: ContactList | None = None,
    leave_hidden: bool | None = None,
    corrects: ContactImport | None = None,
    mapping: dict[str, int] | None = None,
    progress: Progress | None = None,
) -> ContactImport:
    """The whole path in this process, for the command line and for rows that correct another import. Without
    a `mapping` the columns are what they were taken for last time. Raises like its steps."""
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    contact_import = start_import(
        actor=actor, source=source, file_name=file_name, file=opened, contact_list=contact_list
    )
    if corrects:  # before anything is stored: what is taken back later has to be found
        contact_import.corrects = corrects
        contact_import.save(update_fields=["corrects"])
    try:
        job = confirm_import(
            actor=actor,
            contact_import=contact_import,
            mapping=contact_import.mapping if mapping is None else mapping,
            leave_hidden=leave_hidden,
            here=True,
        )
    except (BadInput, WrongState):
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
        try:
            with override(settings.LANGUAGE_CODE):  # of the report
                _run(contact_import, job, progress)
        except TakenOver:
            return


def _run(contact_import: ContactImport, job: Job, progress: Progress | None) -> None:
    layout, terms = layout_of(contact_import), _terms(contact_import, job)
    MetContact.objects.filter(contact_import__job__ended_at__lt=terms.now - TAKEN_BACK_WITHIN).delete()
    jobs.move_on(job, done=contact_import.stored_rows, total=layout.rows)
    with upload_of(contact_import) as file:
        judge = preparing.judge_of(
            layout, contact_import.mapping, now=terms.now, consent_days=terms.consent_days
        )
        refused = preparing.refused_in(file, layout, contact_import.mapping, judge)
    terms = replace(terms, refused=refused)
    purposes = list(contact_import.source.purposes.all())
    withdraw_listed(refused, purposes, at=terms.now, how=_refused_in(contact_import.file_name))
    ids = storing.draw_ids(layout.rows - terms.skip)
    _note_ids(contact_import, ids)
    counts: Counter[str] = Counter()
    # Rows, statuses, masks and keyed hashes: no value of the file.
    with tempfile.TemporaryFile() as report, tempfile.TemporaryFile() as without:

        def batches() -> Iterator[preparing.Batch]:
            return preparing.prepared(
                upload=contact_import.upload, belongs_to=contact_import.upload_belongs_to, layout=layout,
                mapping=contact_import.mapping, terms=terms, ids=ids, report=report, without=without,
            )  # fmt: skip

        prepared = preparing.beside(batches) if layout.rows > preparing.OWN_PROCESS else batches()
        for batch in store_batches(prepared, contact_import, job, rows=layout.rows):
            counts.update(batch.counts)
            if progress:
                progress(batch.done, layout.rows)
        known = _known_to_consent(contact_import.source_id, without, terms.now)
        _finish(contact_import, job, counts, report, known, _withdrawn_rows(contact_import, layout, terms))


def _refused_in(file_name: str) -> str:
    said = _('The list "%(list)s" says that the person refused or withdrew.')
    return str(said) % {"list": shortened(file_name, 80)}


def _note_ids(contact_import: ContactImport, ids: bytes) -> None:
    """Which ids its new contacts can have; what a worker before this one drew stays among them."""
    if not ids:
        return
    drawn = [int.from_bytes(ids[: preparing.ID], "big"), int.from_bytes(ids[-preparing.ID :], "big")]
    known = [pk for pk in (contact_import.first_id, contact_import.last_id) if pk is not None]
    contact_import.first_id, contact_import.last_id = min([*drawn, *known]), max([*drawn, *known])
    contact_import.save(update_fields=["first_id", "last_id"])


def _known_to_consent(source_id: int, without: IO[bytes], now: datetime) -> set[int]:
    """The rows without consent whose number is known with one that holds."""
    without.seek(0)
    known: set[int] = set()
    while piece := without.read(preparing.WITHOUT.size * CHUNK):
        rows = {index: row for row, index in preparing.WITHOUT.iter_unpack(piece)}
        known.update(rows[index] for index in storing.with_consent(source_id, list(rows), now))
    return known


def _withdrawn_rows(contact_import: ContactImport, layout: Layout, terms: preparing.ImportTerms) -> set[int]:
    """The rows whose person withdrew a consent after the time in the list. Reads the list again, where there
    are any."""
    contact_import.refresh_from_db(fields=["withdrawn"])
    if not contact_import.withdrawn:
        return set()
    rows: set[int] = set()
    index = blind_index.indexers()[0]
    with upload_of(contact_import) as file:
        judged = preparing.judged_rows(
            file,
            layout,
            preparing.judge_of(
                layout, contact_import.mapping, now=terms.now, consent_days=terms.consent_days
            ),
        )
        given = (
            (number, verdict) for number, verdict in judged if verdict.consent is not None and verdict.e164
        )
        while piece := list(islice(given, CHUNK)):
            by_index = {index(verdict.e164 or ""): (number, verdict.consent) for number, verdict in piece}
            asked = {key: consent.given_at for key, (_number, consent) in by_index.items() if consent}
            rows.update(by_index[key][0] for key in storing.withdrawn_since(contact_import.source_id, asked))
    return rows


def _terms(contact_import: ContactImport, job: Job) -> preparing.ImportTerms:
    source, now = contact_import.source, clock.now()
    purposes = tuple(source.purposes.filter(retired_at=None).values_list("pk", flat=True))
    return preparing.ImportTerms(
        source_id=source.pk, purposes=purposes, wording_id=source.wording.pk,
        actor_id=contact_import.started_by_id,
        evidence=f"contact_import:{contact_import.pk}", now=job.created_at,
        expires_at=job.created_at + timedelta(days=policies.days_kept(DataClass.CONTACT, now)),
        consent_days=source.consent_days,
        skip=contact_import.stored_rows,
        blocked=storing.being_erased(),
    )  # fmt: skip


@transaction.atomic
def _finish(
    contact_import: ContactImport,
    job: Job,
    counts: Counter[str],
    report: IO[bytes],
    known: set[int],
    withdrawn: set[int],
) -> None:
    contact_import = (
        ContactImport.objects.select_for_update(of=("self",))
        .select_related("started_by")
        .get(pk=contact_import.pk)
    )
    contact_import.counts = dict(counts)
    lines = import_reports.with_consents(report, known, withdrawn) if known or withdrawn else _pieces(report)
    contact_import.report = streams.put(lines, folder="reports", belongs_to=contact_import.report_belongs_to)
    contact_import.consented += len(known)
    upload, contact_import.upload = contact_import.upload, ""
    contact_import.state = ContactImport.State.DONE
    contact_import.save()
    record_access(
        kind=AccessEvent.Kind.IMPORTED,
        subject=f"contact_import:{contact_import.pk}",
        count=counts[rules.ACCEPTED],
        purpose="import",
        actor=contact_import.started_by,
    )
    report.seek(0)
    taken_in = (line.rpartition(b'"phone": "')[2] for line in report if b'"status": "accepted"' in line)
    watch_masks((rest.partition(b'"')[0].decode() for rest in taken_in), actor=contact_import.started_by)
    jobs.end(job, state=Job.State.DONE, sentence="")
    jobs.discard(upload)
