"""A list on its way in: examined, kept sealed, shown, confirmed, stored in batches, reported row by row.

A batch and the note of how far it came commit together, so a worker that dies is taken over without a double: rows already
stored are read again for their numbers only. Numbers are encrypted before they leave Python; the database sees ciphertext and
hashes. `preparing` reads and encrypts, `batching` and `storing` store.
"""

import hashlib
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import IO

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.access.services import watch_masks
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core import blind_index, clock, detect, streams
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.reading import PIECE, FileRefused, Layout, csv_of_workbook, examine, is_workbook, rows_of
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies import queries as policies
from apps.policies.models import DataClass

from .. import rules
from ..models import ColumnMapping, ContactImport, DataSource
from . import preparing, storing
from .batching import TakenOver, store_batches

MOST_ROWS = 1_000_000
SHOWN = 50
WATCHED_ROWS = 100_000  # a list of guessed numbers is short; of a longer one chance hides them
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


class AlreadyRunning(WrongState):
    code = "import_running"
    sentence = _("The same file is being imported already. Wait for it to end.")


def start_import(*, actor: User, source: DataSource, file_name: str, file: IO[bytes], list_code: str = "") -> ContactImport:
    """Examine the whole of a file and keep it, sealed, until its columns are confirmed.

    Raises `NotAllowed`, `FileRefused` (with `ColumnsRefused` for forbidden columns) and `BadInput`; then nothing has been stored.
    """
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    check_source(source)
    if detect.find(file_name):
        raise PersonalDataFound(_("The name of the file holds a resident-ID or bank-card number. Rename it."))
    if is_workbook(file):
        with tempfile.SpooledTemporaryFile(max_size=64 * PIECE) as table:
            table.writelines(csv_of_workbook(file, most_rows=MOST_ROWS))
            return _keep(actor, source, file_name, table, list_code)
    return _keep(actor, source, file_name, file, list_code)


def check_source(source: DataSource) -> None:
    """Raises `BadInput` for a source from which nothing may come today."""
    if source.state != DataSource.State.APPROVED:
        raise BadInput(
            _('The source "%(source)s" is not approved. Compliance approves it before anything is imported (R3).'), source=source.code
        )
    if not source.is_valid_on(timezone.localdate(clock.now())):
        raise BadInput(_('The source "%(source)s" is not valid today (R3).'), source=source.code)


def _keep(actor: User, source: DataSource, file_name: str, file: IO[bytes], list_code: str) -> ContactImport:
    layout = examine(file, most_rows=MOST_ROWS)
    if forbidden := rules.forbidden_columns(layout.heading):
        raise ColumnsRefused(forbidden)
    told = ContactImport(
        source=source, list_code=list_code, file_name=file_name[-200:], layout=layout.as_json(), digest=_digest(file),
        mapping=_known_mapping(source, layout.heading), started_by=actor,
    )  # fmt: skip
    told.upload = streams.put(_pieces(file), folder="uploads", belongs_to=told.upload_belongs_to)
    told.save()
    return told


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _digest(file: IO[bytes]) -> bytes:
    hashed = hashlib.sha256()
    for piece in _pieces(file):
        hashed.update(piece)
    return blind_index.list_digest(hashed.digest())


def _plain(heading: list[str]) -> list[str]:
    return [rules.plain(title) for title in heading]


def _known_mapping(source: DataSource, heading: list[str]) -> dict[str, int]:
    """What the columns of the same headings were taken for last time, else what the headings tell."""
    known = ColumnMapping.objects.filter(source=source, heading=_plain(heading)).first()
    return dict(known.mapping) if known else rules.match_columns(heading)


def layout_of(contact_import: ContactImport) -> Layout:
    return Layout(**contact_import.layout)


def preview(contact_import: ContactImport) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The heading, and of the first rows the number and the cells, masked."""
    layout = layout_of(contact_import)
    rows = []
    with streams.Stream(contact_import.upload, belongs_to=contact_import.upload_belongs_to) as file:
        for number, cells in rows_of(file, layout):
            rows.append((number, [_masked_cell(cell) for cell in cells[: len(layout.heading)]]))
            if len(rows) == SHOWN:
                break
    return layout.heading, rows


def _masked_cell(cell: str) -> str:
    return cell[:1] + "*" * min(len(cell) - 1, 6) if len(cell) > 1 else cell


def imported_before(contact_import: ContactImport) -> ContactImport | None:
    """The last import of the same file that came to its end."""
    same = ContactImport.objects.filter(digest=contact_import.digest, state=ContactImport.State.DONE)
    return same.exclude(pk=contact_import.pk).order_by("-pk").first()


@transaction.atomic
def confirm_import(*, actor: User, contact_import: ContactImport, mapping: dict[str, int], here: bool = False) -> Job:
    """Start the job (`here`: the caller runs it), and remember what the columns were taken for. Raises `BadInput` when no column is
    the phone, `AlreadyRunning` while another import of the same file is not over."""
    contact_import = ContactImport.objects.select_for_update(of=("self",)).select_related("source").get(pk=contact_import.pk)
    if contact_import.started_by_id != actor.pk:
        raise NotAllowed()
    if contact_import.state != ContactImport.State.PREVIEW:
        raise WrongState()
    check_source(contact_import.source)
    contact_import.mapping = _checked(mapping)
    _let_go_of_failed(contact_import)
    contact_import.job = jobs.ask_for(
        kind="contact_import", task="apps.contacts.tasks.run_import", owner=actor, total=layout_of(contact_import).rows, here=here
    )
    contact_import.state = ContactImport.State.CONFIRMED
    try:
        with transaction.atomic():
            contact_import.save()
    except IntegrityError:
        raise AlreadyRunning() from None
    ColumnMapping.objects.update_or_create(
        source=contact_import.source, heading=_plain(layout_of(contact_import).heading), defaults={"mapping": mapping, "saved_by": actor}
    )
    return contact_import.job


def _let_go_of_failed(contact_import: ContactImport) -> None:
    """An import of the same file that has failed no longer stands in the way."""
    failed = ContactImport.objects.filter(digest=contact_import.digest, state=ContactImport.State.CONFIRMED)
    failed.filter(job__state__in=[Job.State.FAILED, Job.State.REFUSED]).update(digest=None)


def _checked(mapping: dict[str, int]) -> dict[str, int]:
    if "phone" not in mapping:
        raise BadInput(_("Say which column is the phone: none of the headings tells."))
    if len(set(mapping.values())) != len(mapping):
        raise BadInput(_("A column can hold only one thing. Two were set to the same column."))
    return mapping


def import_now(
    *, actor: User, source: DataSource, file_name: str, file: IO[bytes] | bytes, list_code: str = "", progress: Progress | None = None
) -> ContactImport:
    """The whole path in this process, for the command line. Raises like its steps."""
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    contact_import = start_import(actor=actor, source=source, file_name=file_name, file=opened, list_code=list_code)
    try:
        job = confirm_import(actor=actor, contact_import=contact_import, mapping=contact_import.mapping, here=True)
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
            _run(contact_import, job, progress)
        except TakenOver:
            return


def _run(contact_import: ContactImport, job: Job, progress: Progress | None) -> None:
    layout, terms = layout_of(contact_import), _terms(contact_import, job)
    jobs.move_on(job, done=contact_import.stored_rows, total=layout.rows)
    ids = storing.draw_ids(layout.rows - terms.skip)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryFile() as report:  # rows, statuses and masks: no value of the file

        def batches() -> Iterator[preparing.Batch]:
            return preparing.prepared(
                upload=contact_import.upload, belongs_to=contact_import.upload_belongs_to, layout=layout,
                mapping=contact_import.mapping, terms=terms, ids=ids, report=report,
            )  # fmt: skip

        prepared = preparing.beside(batches) if layout.rows > preparing.OWN_PROCESS else batches()
        for batch in store_batches(prepared, contact_import, job, rows=layout.rows):
            counts.update(batch.counts)
            if progress:
                progress(batch.done, layout.rows)
        report.seek(0)
        _finish(contact_import, job, counts, report)


def _terms(contact_import: ContactImport, job: Job) -> preparing.Terms:
    source, now = contact_import.source, clock.now()
    return preparing.Terms(
        source_id=source.pk, purposes=tuple(source.purposes.values_list("pk", flat=True)), wording_id=source.wording.pk,
        actor_id=contact_import.started_by_id,
        evidence=f"contact_import:{contact_import.pk}", now=job.created_at,
        expires_at=job.created_at + timedelta(days=policies.days_kept(DataClass.CONTACT, now)), consent_days=source.consent_days,
        skip=contact_import.stored_rows,
    )  # fmt: skip


@transaction.atomic
def _finish(contact_import: ContactImport, job: Job, counts: Counter[str], report: IO[bytes]) -> None:
    contact_import = ContactImport.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=contact_import.pk)
    contact_import.counts = dict(counts)
    contact_import.report = streams.put(_pieces(report), folder="reports", belongs_to=contact_import.report_belongs_to)
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
    if job.total <= WATCHED_ROWS:
        report.seek(0)
        taken_in = (line for line in report if b'"status": "accepted"' in line)
        watch_masks((json.loads(line)["phone"] for line in taken_in), actor=contact_import.started_by)
    jobs.end(job, state=Job.State.DONE, sentence="")
    jobs.discard(upload)
