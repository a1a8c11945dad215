"""What happens to the register is written into the ledger outside the database, as it happens."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from operator import itemgetter
from typing import Any, TypeVar

import structlog
from django.db import connection, transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.contacts.models import FormerWord, NumberDoubt
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.errors import sentence_of
from apps.notifications.models import Notice
from apps.notifications.services import notify
from apps.optouts.models import Change
from apps.optouts.services import give_positions

from .. import ledger

log = structlog.get_logger(__name__)
AT_ONCE = 5_000
Said = TypeVar("Said", FormerWord, NumberDoubt)
KINDS = {FormerWord: "word", NumberDoubt: "doubt"}
# Dismissals are not written: what a reader dismissed since a backup blocks again after a restore until it is
# read again.
_REFUSED = """
select c.position, o.number_hash, o.key_id, o.channel, o.scope, o.scope_value, o.said_at, o.created_at,
    o.evidence, o.contact_id,
       o.recorded_by_id, o.client_id
from optouts_change c join optouts_optout o on o.id = c.opt_out_id where c.position > %s and c.position <= %s
    order by c.position
"""
_LIFTED = """
select c.position, l.number_hash, l.key_id, l.consent_given_at, l.evidence, l.asked_by_id, l.decided_by_id,
    l.decided_at, l.created_at
from optouts_change c join optouts_lift l on l.id = c.lift_id where c.position > %s and c.position <= %s
    order by c.position
"""


MOST_AT_ONCE = 5_000  # changes that are written while somebody who opted out waits


def write_register() -> int:
    """Bring the ledger up to what is committed. Returns how many changes were written; idempotent, and safe
    beside others.

    Raises `LedgerAhead` when it is another database's, or this one lost what it knew.
    """
    give_positions()
    written = 0
    with ledger.writing() as book:
        last = Change.objects.aggregate(last=Max("position"))["last"] or 0
        if book.position > last:
            raise ledger.LedgerAhead
        while book.position < last:
            until = min(book.position + AT_ONCE, last)
            changes = sorted(
                [
                    *_rows("refused", _REFUSED, book.position, until),
                    *_rows("lifted", _LIFTED, book.position, until),
                ],
                key=itemgetter(0),
            )
            for position, kind, facts in changes:
                book.append(kind, facts, position=position)
            book.sync()
            book.position = until
            written += len(changes)
        return written + _write_each(book, FormerWord, _word) + _write_each(book, NumberDoubt, _doubt)


def _write_each(book: ledger.Writer, model: type[Said], facts_of: Callable[[Said], dict[str, Any]]) -> int:
    """What people said of their consents, ages and numbers, each row that is not `in_ledger` as it is now. A
    line that stands twice, because a crash came between the ledger and the commit, says nothing new."""
    written = 0
    while True:
        with transaction.atomic():
            rows = list(
                model._default_manager.select_for_update(skip_locked=True)
                .filter(in_ledger=False)
                .order_by("pk")[:AT_ONCE]
            )
            if not rows:
                return written
            through = blind_index.index_keys()
            for row in rows:
                index = {"index": bytes(row.number_index).hex(), "index_keys": through}
                book.append(KINDS[model], {**index, **facts_of(row)})
            book.sync()
            model._default_manager.filter(pk__in=[row.pk for row in rows]).update(in_ledger=True)
            written += len(rows)


def _word(word: FormerWord) -> dict[str, Any]:
    return {
        "at": word.at.isoformat(), "purpose": word.purpose.code if word.purpose else None,
        "recipient": word.recipient, "is_minor": word.is_minor,
    }  # fmt: skip


def _doubt(doubt: NumberDoubt) -> dict[str, Any]:
    return {
        "raised_at": doubt.created_at.isoformat(), "origin": doubt.origin, "reference": doubt.reference,
        "state": doubt.state, "reason": doubt.reason, "evidence": doubt.evidence,
        "decided_by_id": doubt.decided_by_id,
        "decided_at": doubt.decided_at.isoformat() if doubt.decided_at else None,
    }  # fmt: skip


def _rows(kind: str, statement: str, after: int, until: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, until])
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            facts = {name: _plain(value) for name, value in zip(names, row, strict=True) if value is not None}
            yield facts.pop("position"), kind, facts


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_register_now() -> None:
    """After the commit of an opt-out. When the ledger cannot be written the opt-out stands all the same: the
    task tries again each minute and tells the admins. So it does where more waits than one opt-out should
    wait for."""
    try:
        if Change.objects.filter(position=None)[MOST_AT_ONCE : MOST_AT_ONCE + 1].exists():
            log.warning("ledger_left_to_the_task")
            return
        write_register()
    except Exception as error:  # noqa: BLE001  (the opt-out is stored: nothing here may make an error of it)
        log.error("ledger_not_written", why=type(error).__name__)


def watch_ledger() -> bool:
    """Write what is missing; tell the admins once an hour while that fails. Returns whether the ledger is
    whole."""
    try:
        write_register()
    except Exception as error:  # noqa: BLE001  (whatever it is, an administrator hears of a ledger that is not written)
        log.error("ledger_not_written", why=type(error).__name__)
        hour_ago = clock.now() - timedelta(hours=1)
        if not Notice.objects.filter(code="ledger_behind", created_at__gt=hour_ago).exists():
            notify(
                User.objects.filter(role=Role.ADMIN, is_active=True), "ledger_behind", why=sentence_of(error)
            )
        return False
    return True
