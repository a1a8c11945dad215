"""The batches of one import into the tables, one after the other, each in a transaction with the note of how
far the import is.

A long list is stored over two connections: while one batch is stored, the next is copied already and waits
for its turn. So PostgreSQL uses two cores, and still a batch is only there when all before it are. Whatever
one of the two meets that the database calls a conflict, both roll back, and the rest goes one after the
other.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from itertools import cycle

import structlog
from django.db import Error, connection, transaction
from django.db.models import F
from psycopg import errors as database

from apps.jobs import services as jobs
from apps.jobs.models import Job

from ..models import ContactImport
from ..ports import listing
from . import storing
from .preparing import Batch

log = structlog.get_logger(__name__)
TRIES = 3  # of a batch that meets another import
TWO_CONNECTIONS = 10_000  # rows from which a second connection is worth its start
# for a lock, while the other connection may be what its holder waits for: the database cannot see such a
# circle
PATIENCE = "2s"

# A number is there by now, a contact was erased, two imports wait for each other's numbers, or one longer
# than `PATIENCE`.
_MEETINGS = (
    database.UniqueViolation,
    database.ForeignKeyViolation,
    database.DeadlockDetected,
    database.LockNotAvailable,
)


class TakenOver(Exception):
    """Another worker goes on with the import: this one was given up for lost."""


class _StandBack(Exception):
    """The batch before did not go in: this one is not kept."""


def store_batches(
    batches: Iterable[Batch], contact_import: ContactImport, job: Job, *, rows: int
) -> Iterator[Batch]:
    """Each batch once it is stored, or passed over because a try before this one stored it. `rows`: of the
    whole list.

    Raises `TakenOver`. When it is not gone through to its end, what was handed out stays stored.
    """
    skip, store = contact_import.stored_rows, _Storing(contact_import, job)
    waiting = iter(batches)
    for batch in waiting:
        if batch.done > skip:
            store.one(batch)
            yield batch
            break
        jobs.move_on(job, done=skip)
        yield batch
    if rows > TWO_CONNECTIONS:
        yield from store.by_turns(waiting)
    for batch in waiting:
        store.one(batch)
        yield batch


@contextmanager
def _connection() -> Iterator[ThreadPoolExecutor]:
    """A thread with a connection to the database of its own."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import") as thread:
        try:
            yield thread
        finally:
            thread.submit(_close)


def _close() -> None:
    connection.close()  # asked for in the thread, where it is another one


class _Storing:
    """Whether numbers are there already is asked until a batch brought none; from then on batches are copied
    without asking, which is a fifth quicker, until one meets a number that is there: it is stored again, and
    from then on it is asked for each."""

    def __init__(self, contact_import: ContactImport, job: Job) -> None:
        self._import, self._job, self._start = contact_import, job, contact_import.stored_rows
        self._all_new = self._met_known = False

    def one(self, batch: Batch) -> None:
        """Store a batch. Raises what the database says when it still meets another import after some
        tries."""
        for _each in range(TRIES - 1):
            if self._tried(batch):
                return
        self._store(batch)

    def by_turns(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Batches over two connections, until there are no more or one met something: then it and the next
        are stored, and this ends."""
        under_way: deque[tuple[Batch, Future[bool]]] = deque()
        with ExitStack() as stack:
            threads = cycle([stack.enter_context(_connection()) for _each in range(2)])
            while True:
                if batch := next(batches, None):
                    before = under_way[-1][1].result if under_way else None
                    under_way.append(
                        (batch, next(threads).submit(self._tried, batch, turn=before, patience=PATIENCE))
                    )
                if not under_way:
                    return
                if len(under_way) == 2 or batch is None:
                    first, is_in = under_way.popleft()
                    if not is_in.result():
                        break
                    yield first
            under_way.appendleft((first, is_in))
            wait(is_in for _batch, is_in in under_way)  # those behind one that is not in roll back too
        for batch, _is_in in under_way:
            self.one(batch)
            yield batch

    def _tried(self, batch: Batch, *, turn: Callable[[], bool] | None = None, patience: str = "0") -> bool:
        """Store a batch; whether it is in. It is not when it met something that another try may not meet.

        `turn` waits until the batch before is over and says whether it is in.
        """
        try:
            self._store(batch, turn=turn, patience=patience)
        except _StandBack:
            return False
        except Error as error:
            if not isinstance(error.__cause__, _MEETINGS):
                raise
            log.info(
                "import_met_another", contact_import=self._import.pk, what=type(error.__cause__).__name__
            )
            self._all_new, self._met_known = False, True
            return False
        return True

    @transaction.atomic
    def _store(self, batch: Batch, *, turn: Callable[[], bool] | None = None, patience: str = "0") -> None:
        _begin(patience)
        ids, met, withdrawn = storing.store(batch, all_new=self._all_new) if batch.ids else ([], [], 0)
        if turn and not turn():
            raise _StandBack
        here = ContactImport.objects.filter(pk=self._import.pk, stored_rows=max(batch.start, self._start))
        consented = F("consented") + (batch.consented - withdrawn)
        if not here.update(stored_rows=batch.done, consented=consented, withdrawn=F("withdrawn") + withdrawn):
            raise TakenOver
        if met:
            storing.note_met(self._import.pk, met)
        if self._import.contact_list:
            listing.provider.join(self._import.contact_list, ids)
        jobs.move_on(self._job, done=batch.done)
        self._met_known = self._met_known or bool(met)
        self._all_new = not self._met_known


def _begin(patience: str) -> None:
    """A batch and its note are lost together or not at all, and a lost one is stored again: only the end has
    to be on disk. A lock is waited for as long as `patience` says ("0": for ever)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('synchronous_commit', 'off', true), set_config('lock_timeout', %s, true)",
            [patience],
        )
