"""Statements that run on every call: prepared once on each connection, sent together, without a cursor.

Django binds parameters on the client, so PostgreSQL plans each statement anew; a cursor of psycopg
costs as much as a look-up by key; and each round trip costs more than either. Here statements go to
libpq with their parameters, several in one round trip (libpq's pipeline mode), and psycopg's
adapters turn values into text and back. They run on Django's connection and inside its transaction:
`transaction.atomic` holds for them as for everything else.

Behind a pooler that hands out a server for a transaction (`HEGUI_POOLER=transaction`) a name would be known
to one server and asked of another: there the statements go without names, in as few round trips, and are
planned each time.
"""

import re
import select
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

_PLACE = re.compile(r"%\((\w+)\)s")
_FAILED = {
    pq.ExecStatus.FATAL_ERROR,
    pq.ExecStatus.BAD_RESPONSE,
    pq.ExecStatus.NONFATAL_ERROR,
    pq.ExecStatus.PIPELINE_ABORTED,
}
_known: WeakKeyDictionary[psycopg.Connection[Any], "_Known"] = WeakKeyDictionary()

Values = Mapping[str, Any]
Row = tuple[Any, ...] | None
Step = tuple["Prepared", Values]


class _Known:
    """What is kept for a connection as long as it lives: the names that it knows, and psycopg's adapters, as
    a cursor has them."""

    def __init__(self, link: psycopg.Connection[Any]) -> None:
        self.names: set[bytes] = set()
        self.adapters = Transformer(link)

    def first_row(self, result: pq.abc.PGresult) -> Row:
        if not result.ntuples:
            return None
        self.adapters.set_pgresult(result)
        return self.adapters.load_row(0, tuple)


class Prepared:
    """One statement, with places written as `%(name)s`. `name` is its own on every connection."""

    def __init__(self, name: str, statement: str) -> None:
        self.name = name.encode()
        self.places = tuple(dict.fromkeys(_PLACE.findall(statement)))
        numbers = {place: number for number, place in enumerate(self.places, 1)}
        self.statement = _PLACE.sub(lambda found: f"${numbers[found[1]]}", statement).encode()
        self.formats = [PyFormat.TEXT] * len(self.places)

    def dump(self, values: Values, adapters: Any) -> Sequence[Any]:
        """The values in their places, as the server takes them. Raises `KeyError` or
        `psycopg.ProgrammingError`."""
        dumped: Sequence[Any] = adapters.dump_sequence([values[place] for place in self.places], self.formats)
        return dumped

    def run(self, values: Values) -> Row:
        """Run it and give its first row, or None. Errors are Django's."""
        return run_together((self, values))[0]


def run_together(*steps: Step, commit: bool = False) -> list[Row]:
    """Run statements one after the other in one round trip; gives the first row of each, or None.

    Each sees what was committed before it began, as if it had been sent alone. An error is raised for
    the first that failed; those after it did not run. `commit` ends the transaction with them, where
    it is the caller's to end: inside another block it is left to that block.
    """
    wrapper = have_connection()
    with wrapper.wrap_database_errors:
        link: psycopg.Connection[Any] = wrapper.connection
        server = link.pgconn
        has_names = not settings.POOLED_BY_TRANSACTION
        known = _known.get(link)
        if known is None:
            known = _known[link] = _Known(link)
        # Before anything is sent: a value that has no form in SQL leaves the connection as it was.
        dumped = [prepared.dump(values, known.adapters) for prepared, values in steps]
        server.enter_pipeline_mode()
        try:
            # psycopg begins a transaction with the first statement of a cursor; we have none.
            begins = not link.autocommit and server.transaction_status == pq.TransactionStatus.IDLE
            if begins:
                server.send_query_params(b"BEGIN", None)
            unknown = {
                prepared.name: prepared
                for prepared, _values in steps
                if has_names and prepared.name not in known.names
            }
            for prepared in unknown.values():
                server.send_prepare(prepared.name, prepared.statement)
            before = begins + len(unknown)
            for (prepared, _values), arguments in zip(steps, dumped, strict=True):
                if has_names:
                    server.send_query_prepared(prepared.name, arguments)
                else:
                    server.send_query_params(prepared.statement, arguments)
            if commit and wrapper.in_atomic_block and not wrapper.savepoint_ids:
                server.send_query_params(b"COMMIT", None)
            server.pipeline_sync()
            results = _results(server)
        finally:
            if server.status == pq.ConnStatus.OK:
                server.exit_pipeline_mode()
        # What was prepared stays prepared, whatever became of the statements after it.
        answers = zip(unknown, results[begins:], strict=False)
        known.names.update(name for name, result in answers if result.status == pq.ExecStatus.COMMAND_OK)
        for result in results:
            if result.status in _FAILED:
                raise errors.error_from_result(result)
        return [known.first_row(result) for result in results[before : before + len(steps)]]


def have_connection() -> Any:
    """The connection, alive: outside of a transaction one that was cut is made anew. Whose first act is to
    begin a transaction asks for it before, as Django checks the connection there.

    Nothing may be waiting to be read between two statements; if there is, it is the end. Looking costs
    nothing, unlike the statement by which Django would check the connection on every request.
    """
    # looked up once: each use of `django.db.connection` looks it up
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    server = wrapper.connection.pgconn
    with suppress(psycopg.OperationalError):
        while (
            not wrapper.in_atomic_block
            and server.status == pq.ConnStatus.OK
            and select.select([server.socket], [], [], 0)[0]
        ):
            server.consume_input()
    if server.status == pq.ConnStatus.BAD and not wrapper.in_atomic_block:
        wrapper.close()
        wrapper.ensure_connection()
    wrapper.health_check_done = True
    return wrapper


def _results(server: pq.abc.PGconn) -> list[pq.abc.PGresult]:
    """One result for each statement sent, up to the sync. Waits outside of libpq, which would
    keep other threads of this process from running: one of them may hold the lock we wait for."""
    poll = select.poll()
    poll.register(server.socket, select.POLLIN)
    results: list[pq.abc.PGresult] = []
    while True:
        while server.is_busy():
            poll.poll()
            server.consume_input()
        result = server.get_result()
        if result is None:  # between the results of two statements
            if server.status == pq.ConnStatus.BAD:
                raise errors.OperationalError("the connection to the database was lost")
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)
