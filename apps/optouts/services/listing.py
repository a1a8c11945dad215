"""A list of refusals into the register: our own from elsewhere, or a regulator's. In batches, each whole by
itself.

Everybody on the list is registered, or named by row number to a person who has to look: the list is done when
all such rows are decided.
"""

from collections.abc import Callable
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.crypto import blind_index, encrypted_files
from apps.core.database.locks import lock_numbers
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.free_text import checked_text, whole_text
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.webhooks.models import EventKind
from apps.webhooks.services import emit

from .. import signals
from ..models import ListIn, ListRow, OptOut
from ..refusal_files import MOST_ROWS, numbers_of_cell, open_refusals

BATCH = 500  # as many locks are held at once
MOST_CELL = 2_000
NOTHING = {"recorded": 0, "known": 0, "no_number": 0}
Progress = Callable[[int, int], None]


@transaction.atomic
def take_list(*, actor: User, origin: str, evidence: str, file_name: str, content: bytes) -> ListIn:
    """Begin to put a list on the register. Raises `FileRefused`, `BadInput`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if origin not in ListIn.Origin.values or not evidence.strip():
        raise BadInput(_("Say whose list it is, and its name and date."))
    if forbidden_numbers.find(f"{file_name} {evidence}") or phones.find_in(evidence):
        raise PersonalDataFound(_("The evidence holds a number of a person. Name the record instead."))
    rows = open_refusals(content).count()
    if rows > MOST_ROWS:
        raise BadInput(
            _("The list has %(rows)s rows; %(most)s are the most. Split it."), rows=rows, most=MOST_ROWS
        )
    return ListIn.objects.create(
        origin=origin, evidence=whole_text(evidence, 80), file_name=file_name[-200:],
        upload=encrypted_files.put(content, folder="uploads"),
        job=jobs.ask_for(kind="opt_out_list", task="apps.optouts.tasks.run_list", owner=actor, total=rows),
        started_by=actor,
        created_at=clock.now(),
    )  # fmt: skip


def run_list(job_id: int, progress: Progress | None = None) -> None:
    """May be killed anywhere and run again: a number of the same list is one entry."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        taken = ListIn.objects.select_related("started_by").get(job=job)
        rows = islice(open_refusals(encrypted_files.get(taken.upload)).rows(), taken.done_rows, None)
        while batch := list(islice(rows, BATCH)):
            _store(taken, job, batch)
            if progress:
                progress(taken.done_rows, job.total)
        _finish(taken, job)


@transaction.atomic
def _store(taken: ListIn, job: Job, batch: list[tuple[int, str]]) -> None:
    read = [(row, text, numbers_of_cell(text)) for row, text in batch]
    found = [number for _row, _text, numbers in read for number in numbers]
    numbers = list(dict.fromkeys(found))
    made = _on_register(taken, numbers)
    unread = [(row, text) for row, text, numbers in read if not numbers or phones.has_unread(text)]
    counts = taken.counts or dict(NOTHING)
    counts["recorded"] += made
    counts["known"] += len(found) - made
    counts["no_number"] += len(unread)
    ListRow.objects.bulk_create(
        (ListRow(taken=taken, row=row, text=_to_read(text), created_at=clock.now()) for row, text in unread),
        ignore_conflicts=True,
    )
    taken.counts, taken.done_rows = counts, taken.done_rows + len(batch)
    taken.save()
    jobs.move_on(job, done=taken.done_rows)


def _on_register(taken: ListIn, numbers: list[str]) -> int:
    """Entries for those that this list has not brought before; what rooms above hold of them is withdrawn, in
    this transaction."""
    if not numbers:
        return 0
    (key_id, *_older), hashed = blind_index.register_hasher()
    by_index = {blind_index.number_index(number): hashed(number) for number in numbers}
    lock_numbers(by_index)
    evidence = f"list:{taken.pk}:{taken.evidence}"
    now = clock.now()
    all_hashes = [each for hashes in by_index.values() for each in hashes]
    known = {
        bytes(found)
        for found in OptOut.objects.filter(number_hash__in=all_hashes, evidence=evidence).values_list(
            "number_hash", flat=True
        )
    }
    fresh = {index: hashes for index, hashes in by_index.items() if known.isdisjoint(hashes)}
    made = OptOut.objects.bulk_create(
        OptOut(
            number_hash=hashes[0], key_id=key_id, channel=taken.origin, said_at=taken.created_at,
            created_at=now, evidence=evidence,
            recorded_by=taken.started_by, scope=OptOut.Scope.EVERYTHING,
        )
        for hashes in fresh.values()
    )  # fmt: skip
    if made:
        refused = signals.Refused(
            [each.pk for each in made], list(fresh), taken.created_at, OptOut.Scope.EVERYTHING
        )
        signals.opt_outs_recorded.send(sender=OptOut, refused=refused)
        emit(EventKind.OPT_OUT_RECORDED, {"opt_outs": refused.entry_ids})
    return len(made)


def _is_read(text: str) -> bool:
    return bool(numbers_of_cell(text)) and not phones.has_unread(text)


def _to_read(text: str) -> str | None:
    """What a person is shown of a row: of a long one first the pieces in which not every number was
    read."""
    if len(text) > MOST_CELL:
        pieces = text.split(" / ")
        text = " / ".join(sorted(pieces, key=_is_read))
    return text[:MOST_CELL] or None


@transaction.atomic
def _finish(taken: ListIn, job: Job) -> None:
    upload, taken.upload = taken.upload, ""
    taken.save()
    counts = taken.counts or dict(NOTHING)
    record_access(
        kind=AccessEvent.Kind.IMPORTED, subject=f"opt_out_list:{taken.pk}", purpose=f"list: {taken.evidence}",
        actor=taken.started_by,
        count=max(counts["recorded"], 1),
    )  # fmt: skip
    said = (
        _(
            "%(recorded)s numbers put on the register, %(known)s were there, %(no_number)s rows hold a "
            "number that cannot be read, or none."
        )
        % counts
    )
    if counts["no_number"]:
        said = f"{said} {_('The list is done once somebody has decided about each of those rows.')}"
    jobs.end(job, state=Job.State.DONE, sentence=said)
    jobs.discard(upload)


def _open_row(actor: User, row: ListRow) -> ListRow:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    row = (
        ListRow.objects.select_for_update(of=("self",))
        .select_related("taken", "taken__started_by")
        .get(pk=row.pk)
    )
    if row.decided_at is not None:
        raise WrongState()
    return row


def _decided(row: ListRow, actor: User) -> ListRow:
    """The text has done its work: it is not kept."""
    row.decided_by, row.decided_at, row.text = actor, clock.now(), None
    row.save()
    return row


@transaction.atomic
def register_row(*, actor: User, row: ListRow, number: str) -> ListRow:
    """Put the numbers that a person has read in a row on the register. Raises `PhoneInvalid` when there is
    none in what was typed."""
    row = _open_row(actor, row)
    numbers = numbers_of_cell(number)
    if not numbers:
        phones.normalise(number)
    _on_register(row.taken, numbers)
    return _decided(row, actor)


@transaction.atomic
def pass_row(*, actor: User, row: ListRow, reason: str) -> ListRow:
    """The row names nobody: a sum, a heading, a remark."""
    row = _open_row(actor, row)
    row.reason = checked_text(reason, _("Say why the row names nobody."), most=200)
    return _decided(row, actor)
