"""A list of refusals into the register: our own from elsewhere, or a regulator's. In batches, each whole by itself."""

from collections.abc import Callable
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core import blind_index, clock, detect, phones, vault
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound
from apps.core.locks import lock_numbers
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.webhooks.models import Kind
from apps.webhooks.services import emit

from .. import signals
from ..lists import MOST_ROWS, numbers_in, open_list
from ..models import ListIn, OptOut

BATCH = 500  # as many locks are held at once
Progress = Callable[[int, int], None]


@transaction.atomic
def take_list(*, actor: User, origin: str, evidence: str, file_name: str, content: bytes) -> ListIn:
    """Begin to put a list on the register. Raises `FileRefused`, `BadInput`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if origin not in ListIn.Origin.values or not evidence.strip():
        raise BadInput(_("Say whose list it is, and its name and date."))
    if detect.find(f"{file_name} {evidence}") or phones.find_in(evidence):
        raise PersonalDataFound(_("The evidence holds a number of a person. Name the record instead."))
    table, _place = open_list(content)
    rows = table.count()
    if rows > MOST_ROWS:
        raise BadInput(_("The list has %(rows)s rows; %(most)s are the most. Split it."), rows=rows, most=MOST_ROWS)
    return ListIn.objects.create(
        origin=origin, evidence=evidence.strip()[:80], file_name=file_name[-200:], upload=vault.put(content, folder="uploads"),
        job=jobs.ask_for(kind="opt_out_list", task="apps.optouts.tasks.run_list", owner=actor, total=rows), started_by=actor,
        created_at=clock.now(),
    )  # fmt: skip


def run_list(job_id: int, progress: Progress | None = None) -> None:
    """May be killed anywhere and run again: a number of the same list is one entry."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        taken = ListIn.objects.select_related("started_by").get(job=job)
        table, place = open_list(vault.get(taken.upload))
        numbers = islice(numbers_in(table, place), taken.done_rows, None)
        while batch := list(islice(numbers, BATCH)):
            _store(taken, job, batch)
            if progress:
                progress(taken.done_rows, job.total)
        _finish(taken, job)


@transaction.atomic
def _store(taken: ListIn, job: Job, batch: list[str | None]) -> None:
    numbers = list(dict.fromkeys(number for number in batch if number is not None))
    made = _on_register(taken, numbers)
    counts = taken.counts or {"recorded": 0, "known": 0, "no_number": 0}
    counts["recorded"] += made
    counts["known"] += sum(number is not None for number in batch) - made
    counts["no_number"] += sum(number is None for number in batch)
    taken.counts, taken.done_rows = counts, taken.done_rows + len(batch)
    taken.save()
    jobs.move_on(job, done=taken.done_rows)


def _on_register(taken: ListIn, numbers: list[str]) -> int:
    """Entries for those that this list has not brought before; what rooms above hold of them falls, in this transaction."""
    if not numbers:
        return 0
    (key_id, *_older), hashed = blind_index.register_hasher()
    by_index = {blind_index.number_index(number): hashed(number) for number in numbers}
    lock_numbers(by_index)
    evidence = f"list:{taken.pk}:{taken.evidence}"
    now = clock.now()
    all_hashes = [each for hashes in by_index.values() for each in hashes]
    known = {
        bytes(found) for found in OptOut.objects.filter(number_hash__in=all_hashes, evidence=evidence).values_list("number_hash", flat=True)
    }
    fresh = {index: hashes for index, hashes in by_index.items() if known.isdisjoint(hashes)}
    made = OptOut.objects.bulk_create(
        OptOut(
            number_hash=hashes[0], key_id=key_id, channel=taken.origin, said_at=taken.created_at, created_at=now, evidence=evidence,
            recorded_by=taken.started_by,
        )
        for hashes in fresh.values()
    )  # fmt: skip
    if made:
        signals.opt_outs_recorded.send(sender=OptOut, opt_outs=made, number_indexes=list(fresh))
        emit(Kind.OPT_OUT_RECORDED, {"opt_outs": [each.pk for each in made]})
    return len(made)


@transaction.atomic
def _finish(taken: ListIn, job: Job) -> None:
    upload, taken.upload = taken.upload, ""
    taken.save()
    counts = taken.counts or {"recorded": 0, "known": 0, "no_number": 0}
    record_access(
        kind=AccessEvent.Kind.IMPORTED, subject=f"opt_out_list:{taken.pk}", purpose=f"list: {taken.evidence}", actor=taken.started_by,
        count=max(counts["recorded"], 1),
    )  # fmt: skip
    said = _("%(recorded)s numbers put on the register, %(known)s were there, %(no_number)s rows hold no number.") % counts
    jobs.end(job, state=Job.State.DONE, sentence=said)
    jobs.discard(upload)
