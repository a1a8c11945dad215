"""`scrub`: a list of 1 M numbers against a register of 5 M. Floor: hash, COPY and join, and nothing else.

`feed`: 1 M changes, all without a position yet, read to the end as a client does, JSON written; in a minute
at most.
"""

import hashlib
import hmac
from collections.abc import Callable

from django.db import connection, transaction
from pydantic_core import to_json

from apps.accounts.models import ApiClient
from apps.core.calendar import clock
from apps.core.crypto import blind_index, keyring
from apps.optouts.services import changes, scrubbed
from apps.optouts.services.feeding import MOST_CHANGES

from .measure import Comparison, Scale, in_process, seconds

NUMBERS, OPT_OUTS, ROUNDS = 1_000_000, 5_000_000, 3
CHANGES, FEED_SECONDS = 1_000_000, 60


def bench_scrub(scale: Scale) -> list[Comparison]:
    numbers = [f"1380{number:07}" for number in range(scale.of(NUMBERS))]
    content = ("手机号\n" + "\n".join(numbers) + "\n").encode()
    _fill(scale, numbers)
    ours, floor = [], []
    for _round in range(ROUNDS):
        floor.append(len(numbers) / in_process(_timed, lambda: _floor(numbers)))
        ours.append(len(numbers) / in_process(_timed, lambda: scrubbed(content)))
    return [Comparison("scrub", "numbers/s", ours, floor, 0.5, {"register": scale.of(OPT_OUTS)})]


def bench_feed(scale: Scale) -> list[Comparison]:
    count = scale.of(CHANGES)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into optouts_optout (created_at, number_hash, key_id, channel, said_at, evidence)"
            " select %s, sha256(int8send(n)), 'k1', 'api', %s, 'feed' from generate_series(1, %s) n",
            [clock.now(), clock.now(), count],
        )
        cursor.execute("vacuum analyze")
    client = ApiClient(pk=1, name="bench", scopes=[])
    rate = count / in_process(_timed, lambda: _follow(client, count))
    return [Comparison("feed", "changes/s", [rate], [CHANGES / FEED_SECONDS], 1.0, {"changes": count})]


def _follow(client: ApiClient, count: int) -> None:
    after = seen = 0
    while result := changes(client=client, after=after, most=MOST_CHANGES):
        to_json([vars(row) for row in result])
        after, seen = result[-1].position, seen + len(result)
    if seen != count:
        raise RuntimeError(f"The feed gave {seen} of {count} changes.")


def _timed(work: Callable[[], object]) -> float:
    connection.ensure_connection()
    return seconds(work)


def _fill(scale: Scale, numbers: list[str]) -> None:
    """Every tenth number of the list, and strangers."""
    now, hits = clock.now(), [f"+86{number}" for number in numbers[::10]]
    with connection.cursor() as cursor:
        # the feed's rows are not measured here
        cursor.execute("alter table optouts_optout disable trigger user")
        with cursor.copy(
            "copy optouts_optout (created_at, number_hash, key_id, channel, said_at, evidence) from stdin"
        ) as copy:
            for number in hits:
                copy.write_row((now, blind_index.register_hash(number), "k1", "api", now, "bench"))
        cursor.execute(
            "insert into optouts_optout (created_at, number_hash, key_id, channel, said_at, evidence)"
            " select %s, sha256(int8send(n)), 'k1', 'api', %s, 'bench' from generate_series(1, %s) n",
            [now, now, scale.of(OPT_OUTS) - len(hits)],
        )
        cursor.execute("alter table optouts_optout enable trigger user")
        cursor.execute("vacuum analyze optouts_optout")


def _floor(numbers: list[str]) -> None:
    secret = keyring.keys("register").current
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("create temporary table floor_scrub (place int, hash bytea) on commit drop")
        with cursor.copy("copy floor_scrub from stdin") as copy:
            lines = [
                f"{at}\t\\\\x{hmac.digest(secret, b'+86' + number.encode(), hashlib.sha256).hex()}\n"
                for at, number in enumerate(numbers)
            ]
            copy.write("".join(lines))
        cursor.execute("analyze floor_scrub")
        cursor.execute("select s.place from floor_scrub s join optouts_optout o on o.number_hash = s.hash")
        cursor.fetchall()
