"""New rows of the trail under a tree head, each minute.

Transactions commit out of the order of their ids: a row with a lower id may come after one with a higher. So
a stretch ends where nobody is in the middle of adding to the table: for a moment the table is locked against
writers, which is granted only once all who have added to it are over, and the last id of that moment is the
end. Nobody is made to wait for longer than a tenth of a second; when that is not enough, the next minute
tries again.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _
from psycopg import sql

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.database.locks import lock_trail
from apps.core.errors import HeguiError, sentence_of

from ..heads import current_heads, last_heads, write_heads
from ..models import TreeHead, TreeHeadRows
from ..ports import notifying
from ..rules import HASH_BYTES, tree_head
from ..trail_tables import FORM, Stream, streams

log = structlog.get_logger(__name__)
MOST_ROWS = 10_000  # under one tree head
PATIENT_TRIES, PAUSE = 20, 0.01  # without anybody waiting for us
WAIT = "100ms"
LATE = timedelta(minutes=15)


def sign_trail() -> int:
    """Sign what has been added, and write the heads outside the database. Returns how many rows are under a
    tree head now that were not.

    Raises `HeadsAhead` and `OSError` when the heads cannot be written; the tree heads stand all the same.
    """
    signed = sum(_sign_stream(stream) for stream in streams())
    write_heads()
    return signed


def _sign_stream(stream: Stream) -> int:
    last = TreeHead.last_of(stream.name)
    if last is not None and stream.last_id() <= last.upto:
        return 0
    upto, signed = _settled(stream), 0
    while upto is not None and (rows := _sign_next(stream, upto)):
        signed += rows
    return signed


def _settled(stream: Stream) -> int | None:
    """An id up to which no row can come any more; None when there is always somebody in the middle of
    adding."""
    for _attempt in range(PATIENT_TRIES):
        if (last := _locked(stream, wait="")) is not None:
            return last
        time.sleep(PAUSE)
    return _locked(stream, wait=WAIT)


def _locked(stream: Stream, *, wait: str) -> int | None:
    statement = sql.SQL(
        "lock table {} in share mode" if wait else "lock table {} in share mode nowait"
    ).format(sql.Identifier(stream.table))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if wait:
                cursor.execute("select set_config('lock_timeout', %s, true)", [wait])
            cursor.execute(statement)
            return stream.last_id()
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == "55P03":  # lock_not_available
            return None
        raise


@transaction.atomic
def _sign_next(stream: Stream, upto: int) -> int:
    """One tree head over the next rows; how many they are."""
    lock_trail()
    last = TreeHead.last_of(stream.name)
    ids, leaves = stream.hashes(last.upto if last else 0, upto, connection.connection, most=MOST_ROWS)
    if not ids:
        return 0
    rows = len(leaves) // HASH_BYTES
    number, after, previous = (
        (last.number, last.upto, signatures.digest(last.document())) if last else (0, 0, bytes(HASH_BYTES))
    )
    head = TreeHead(
        created_at=clock.now(), stream=stream.name, number=number + 1, after=after,
        upto=int.from_bytes(ids[-8:], "big"), rows=rows,
        root=tree_head(leaves), previous=previous, form=FORM,
    )  # fmt: skip
    head.key, head.signature = signatures.sign(head.document())
    head.save(force_insert=True)
    TreeHeadRows.objects.create(tree_head=head, ids=ids, leaves=leaves)
    return rows


def watch_tree_heads() -> bool:
    """Sign; tell the admins once an hour while that fails. Returns whether the trail is signed, but for what
    came just now."""
    added = {stream.name: stream.last_id() for stream in streams()}
    why = ""
    try:
        sign_trail()
    except (OSError, HeguiError) as error:
        log.error("trail_not_signed", why=type(error).__name__)
        why = sentence_of(error)
    at = clock.now()
    if not why and not any(_is_late(stream, added[stream.name], at) for stream in streams()):
        return True
    if not notifying.provider.was_notified("trail_not_signed", since=at - timedelta(hours=1)):
        busy = _("its table is never free of writers for long enough.")
        notifying.provider.notify(
            User.objects.filter(role=Role.ADMIN, is_active=True), "trail_not_signed", why=why or busy
        )
    return False


def _is_late(stream: Stream, added: int, at: datetime) -> bool:
    """Whether rows that were there before this run are not signed, and nothing has been for a while."""
    last = TreeHead.last_of(stream.name)
    return added > (last.upto if last else 0) and (last is None or last.created_at < at - LATE)


def waiting_since() -> dict[str, datetime]:
    """Streams with rows that are not signed, and since when nothing was signed; those that never were are
    left to their first tree head."""
    found = {}
    for stream in streams():
        last = TreeHead.last_of(stream.name)
        if last is not None and stream.last_id() > last.upto:
            found[stream.name] = last.created_at
    return found


def broken_chains() -> list[str]:
    """Streams that lack a tree head, or have fewer than the heads outside tell: a quick look, without their
    rows."""
    counted = TreeHead.objects.values_list("stream").annotate(Count("pk"), Max("number"))
    broken = {stream for stream, count, last in counted if count != last}
    heads, outside = current_heads(), last_heads()
    broken |= {
        stream for stream, (number, _digest) in outside.items() if heads.get(stream, (0, ""))[0] < number
    }
    return sorted(broken)
