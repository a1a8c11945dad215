"""The trail goes by whole stretches, once all of one is old enough; its tree heads stay, so that the chain
does (R8, R10)."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from psycopg import sql

from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.database.locks import lock_trail

from ..models import LEAST_DAYS, TrailCut, TreeHead, TreeHeadRows
from ..trail_tables import Stream, streams

BATCH = 10_000


def drop_trail(*, before: datetime, reason: str) -> int:
    """Drop the stretches that were signed before `before`, and never what is younger than 180 days. Returns
    how many rows went.

    What is dropped is written down first, signed; a run that is cut short is finished by the next.
    """
    before = min(before, clock.now() - timedelta(days=LEAST_DAYS))
    return sum(_drop(stream, before, reason) for stream in streams())


def count_due(*, before: datetime) -> int:
    """How many rows `drop_trail` would drop."""
    before = min(before, clock.now() - timedelta(days=LEAST_DAYS))
    return sum(
        stream.count_upto(last.upto)
        for stream in streams()
        if not stream.erasable and (last := _last_due(stream, before))
    )


def _last_due(stream: Stream, before: datetime) -> TreeHead | None:
    return TreeHead.objects.filter(stream=stream.name, created_at__lte=before).order_by("-number").first()


def _drop(stream: Stream, before: datetime, reason: str) -> int:
    last = _last_due(stream, before)
    if last is None:
        return 0
    rows = stream.count_upto(last.upto)
    if stream.erasable and rows:
        return 0  # they go with what they are about; their hashes once all are gone
    cut = TrailCut.objects.filter(stream=stream.name).aggregate(number=Max("number"))["number"] or 0
    if last.number > cut:
        _write_cut(stream, last, rows, reason)
    return _delete_rows(stream, last)


@transaction.atomic
def _write_cut(stream: Stream, last: TreeHead, rows: int, reason: str) -> None:
    lock_trail()
    cut = TrailCut(
        created_at=clock.now(),
        stream=stream.name,
        number=last.number,
        upto=last.upto,
        rows=rows,
        reason=reason,
    )
    cut.key, cut.signature = signatures.sign(cut.document())
    cut.save(force_insert=True)


def _delete_rows(stream: Stream, last: TreeHead) -> int:
    gone = 0
    statement = sql.SQL(
        "delete from {table} where id in (select id from {table} where id <= %s order by id limit %s)"
    ).format(table=sql.Identifier(stream.table))
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [last.upto, BATCH])
            gone += cursor.rowcount
            if cursor.rowcount == 0:
                break
    TreeHeadRows.objects.filter(tree_head__stream=stream.name, tree_head__number__lte=last.number).delete()
    return gone
