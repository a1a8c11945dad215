"""Locks that end with the transaction (of a number, a line, an agent, the trail, files), and
`run_exclusively` for work of many.

Whatever decides or changes what the gate judges about a number takes the number's lock first and
touches rows afterwards, so for each number everything happens in one order. The agent's lock is
taken after the number's, never before. They are PostgreSQL's advisory locks of the transaction
kind, which PgBouncer in transaction mode allows.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import wraps
from typing import ParamSpec

import structlog
from celery.exceptions import Ignore
from django.db import DatabaseError, Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from ..errors import HeguiError
from .prepared_statements import Prepared, Step, run_together

P = ParamSpec("P")
log = structlog.get_logger(__name__)
_NUMBER = Prepared("lock_number", "select pg_advisory_xact_lock(%(number)s::bigint)")
_NUMBER_AND_AGENT = Prepared(
    "lock_number_and_agent",
    "select pg_advisory_xact_lock(%(number)s::bigint), pg_advisory_xact_lock(%(agents)s::int, "
    "%(agent)s::int)",
)
_GATE = Prepared(
    "lock_gate",
    "select pg_advisory_xact_lock(%(number)s::bigint), pg_advisory_xact_lock_shared(%(terms)s::int, 0)",
)
_GATE_AND_AGENT = Prepared(
    "lock_gate_and_agent",
    "select pg_advisory_xact_lock(%(number)s::bigint), pg_advisory_xact_lock(%(agents)s::int, "
    "%(agent)s::int),"
    " pg_advisory_xact_lock_shared(%(terms)s::int, 0)",
)
_LINE = Prepared("lock_line", "select pg_advisory_xact_lock(%(lines)s::int, %(line)s::int)")
_AGENTS = 1  # first key of the two-key form: it never meets the 64-bit keys of numbers
_FILES = 2
_TRAIL = 3
_LINES = 4
_SEARCHERS = 6
_ALONE = 7
_ALARMS = 8
_DAY_COUNTS = 9
_MONTH_REPORTS = 10
_TERMS = 5  # the trigger that renews the terms names it too (`policies.triggers`)


def number_key(number_index: bytes) -> int:
    """The 64-bit key of a number, from its blind index: signed, as PostgreSQL wants it."""
    return int.from_bytes(number_index[:8], "big", signed=True)


def number_lock(number_index: bytes, *, agent_id: int | None = None) -> Step:
    """The statement that waits for the lock of a number, and of the agent who is to call it; to be
    run together with what needs the lock."""
    if agent_id is None:
        return _NUMBER, {"number": number_key(number_index)}
    return _NUMBER_AND_AGENT, {"number": number_key(number_index), "agents": _AGENTS, "agent": agent_id}


def line_lock(line_id: int) -> Step:
    """The statement that waits for the lock of a line, whose budget several calls share. It is taken after a
    number's."""
    return _LINE, {"lines": _LINES, "line": line_id}


def gate_lock(number_index: bytes, *, agent_id: int | None = None) -> Step:
    """The same for a decision of the gate, which holds the lock of the terms too, shared with other
    decisions: who changes terms waits for the decisions under way and then sees what they reserved
    (`policies.triggers`)."""
    values = {"number": number_key(number_index), "terms": _TERMS}
    return (
        (_GATE, values)
        if agent_id is None
        else (_GATE_AND_AGENT, {**values, "agents": _AGENTS, "agent": agent_id})
    )


def lock_number(number_index: bytes, *, agent_id: int | None = None) -> None:
    """Wait for the lock of a number, and of the agent who is to call it."""
    run_together(number_lock(number_index, agent_id=agent_id))


def lock_numbers(number_indexes: Iterable[bytes]) -> None:
    """Wait for the locks of many numbers, always in the same order, so that two who do never wait for each
    other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(key) from (select unnest(%s::bigint[]) key) keys",
            [sorted({number_key(each) for each in number_indexes})],
        )


def wait_for_decisions() -> None:
    """Wait for the decisions of the gate under way, and let none begin until the end of the transaction: for
    whoever changes what it judges about many numbers without their locks, and then withdraws what is
    reserved."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, 0)", [_TERMS])


def lock_agent(agent_id: int) -> None:
    """Wait for the lock of an agent."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_AGENTS, agent_id])


def lock_searcher(searcher: int) -> None:
    """Wait for the lock of a person (their id) or a program (minus its id) that looks numbers up."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_SEARCHERS, searcher])


def lock_alarm(code: str, subject: str) -> None:
    """Wait for whoever raises the same alarm."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(%s, %s)",
            [_ALARMS, zlib.crc32(f"{code} {subject}".encode()) - 2**31],
        )


def lock_month_report(month: date) -> None:
    """Wait for whoever measures the same month."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(%s, %s)", [_MONTH_REPORTS, month.year * 12 + month.month]
        )


def keep_files() -> None:
    """Until the end of the transaction no file is deleted that was scheduled for deletion (a backup reads
    what its snapshot names)."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, 0)", [_FILES])


def may_delete_files() -> bool:
    """Whether files may be deleted in this transaction: nobody else deletes, and nobody keeps them."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, 0)", [_FILES])
        return bool(cursor.fetchone()[0])


def lock_day_counts() -> None:
    """Wait for the process that counts a day of the overview."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, 0)", [_DAY_COUNTS])


def lock_trail() -> None:
    """Wait for the process that signs the trail, or drops a stretch of it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, 0)", [_TRAIL])


class AlreadyRunning(HeguiError):
    code = "already_running"
    status = 409
    sentence = _("This is running already. Wait until it has ended.")


class ExclusiveRunLost(HeguiError):
    code = "lock_lost"
    status = 503
    sentence = _(
        "The connection that kept this from running twice was lost; it stopped and begins again later."
    )


class ExclusiveRun:
    """That nobody else does the same, for as long as a transaction stays open on a connection that does
    nothing else."""

    def __init__(self, link: BaseDatabaseWrapper) -> None:
        self._link = link

    def check(self) -> None:
        """Between two steps: whether it still holds. Raises `ExclusiveRunLost`."""
        try:
            with self._link.cursor() as cursor:
                cursor.execute("select 1")
        except DatabaseError:
            raise ExclusiveRunLost() from None


@contextmanager
def run_exclusively(name: str) -> Iterator[ExclusiveRun]:
    """Do what must not be done twice at once, over any number of transactions, processes and hosts. Raises
    `AlreadyRunning`.

    The lock belongs to a transaction on a connection of its own: it ends with the process, and PgBouncer in
    transaction mode keeps it. Open without a statement that transaction holds no snapshot, so it keeps no
    dead rows from being cleared away.
    """
    link = connection.copy()
    try:
        link.set_autocommit(False)
        with link.cursor() as cursor:
            cursor.execute("set local idle_in_transaction_session_timeout = 0")
            cursor.execute(
                "select pg_try_advisory_xact_lock(%s, %s)", [_ALONE, zlib.crc32(name.encode()) - 2**31]
            )
            if not cursor.fetchone()[0]:
                raise AlreadyRunning()
        yield ExclusiveRun(link)
    finally:
        with suppress(Error):  # a link that broke has let go already
            # the server has let go when this answers; a mere close it notices later, and who asks next is
            # refused
            link.rollback()
        link.close()


def unless_running(work: Callable[P, None]) -> Callable[P, None]:
    """A task that does nothing while another run of it, on whatever host, is not over."""

    @wraps(work)
    def once(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with run_exclusively(f"{work.__module__}.{work.__name__}"):
                work(*args, **kwargs)
        except AlreadyRunning:
            log.warning("already_running", task=work.__name__)
            raise Ignore() from None  # it did not run: that is no success (`jobs.note_duty`)

    return once
