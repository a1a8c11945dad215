"""A list held against the register. Not a way to look numbers up: at least a hundred at once, a quota, the
trail.

The numbers are hashed here and copied into a table that ends with the transaction; one join tells which are
on the register. The list is encrypted while it waits and erased when it is done, and so is the result a day
later.
"""

import csv
import hmac
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.access.services import watch_list
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.crypto import blind_index, encrypted_files
from apps.core.database.locks import lock_agent
from apps.core.documents.spreadsheets import Table
from apps.core.errors import BadInput, KeyReused, NotAllowed, PersonalDataFound
from apps.core.privacy import forbidden_numbers
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies.models import DataClass
from apps.policies.queries import days_kept

from ..models import Scrub
from ..queries import IN_FORCE
from ..refusal_files import MOST_ROWS, numbers_in, open_list

LEAST_NUMBERS = 100
PER_DAY = 10_000_000  # numbers, for a person or a client
COLUMN = "opted_out"
YES, NO, NONE = "yes", "no", "no number"
RUNS = ("=", "@", "+", "-", "\t", "\r")  # a cell that begins so may be run by a spreadsheet
_NO, _YES, _NONE = range(3)
_CHUNK = 20_000
Progress = Callable[[int, int], None]


class TooMuch(BadInput):
    code = "scrub_refused"


@transaction.atomic
def ask_scrub(
    *,
    actor: User,
    file_name: str,
    content: bytes,
    purpose: str,
    client: ApiClient | None = None,
    idempotency_key: str | None = None,
) -> Scrub:
    """Take a list in. Raises `FileRefused` for what is no list, `TooMuch` for too few or too many numbers.

    Under the same Idempotency-Key of a client it is the list that was taken in before. Raises `KeyReused` for
    another list.
    """
    digest = _digest(content, purpose) if client and idempotency_key else None
    if digest and (
        known := Scrub.objects.select_related("job")
        .filter(client=client, idempotency_key=idempotency_key)
        .first()
    ):
        if bytes(known.request_digest or b"") != digest:
            raise KeyReused()
        return known
    if client is None and actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    if len(purpose.strip()) < 2:
        raise BadInput(_("Say what the list is needed for, in a few words."))
    if forbidden_numbers.find(f"{file_name} {purpose}"):
        raise PersonalDataFound(_("The name of the file holds a resident-ID or bank-card number. Rename it."))
    table, place = open_list(content)
    rows = table.count()
    _refuse_few(numbers_in(table, place))
    watch_list(chain.from_iterable(numbers_in(table, place)), actor=None if client else actor, client=client)
    _refuse_many(actor, client, rows)
    scrub = Scrub.objects.create(
        file_name=file_name[-200:], purpose=purpose.strip()[:150], rows=rows, asked_by=actor, client=client,
        upload=encrypted_files.put(content, folder="scrubs"), created_at=clock.now(), request_digest=digest,
        idempotency_key=idempotency_key if digest else None,
        job=jobs.ask_for(kind="scrub", task="apps.optouts.tasks.run_scrub", owner=actor, total=rows),
    )  # fmt: skip
    _record(scrub, f"scrub: {scrub.purpose}", rows)
    return scrub


def _digest(content: bytes, purpose: str) -> bytes:
    """Tells one request from another; keyed, since a short list could be guessed."""
    return hmac.digest(settings.SECRET_KEY.encode(), content + purpose.encode(), "sha256")


def _refuse_few(numbers: Iterable[list[str]]) -> None:
    """A hundred different numbers: one of them among rubbish, or the same a hundred times, is looking a
    number up."""
    seen: set[str] = set()
    for of_row in numbers:
        seen.update(of_row[:1])
        if len(seen) >= LEAST_NUMBERS:
            return
    raise TooMuch(
        _("A list has at least %(least)s different numbers; this one has %(count)s. One number is looked up "
            "on its contact."),
        least=LEAST_NUMBERS, count=len(seen),
    )  # fmt: skip


def _refuse_many(actor: User, client: ApiClient | None, rows: int) -> None:
    if rows > MOST_ROWS:
        raise TooMuch(
            _("The list has %(rows)s rows; %(most)s are the most. Split it."), rows=rows, most=MOST_ROWS
        )
    lock_agent(actor.pk)  # one at a time for a person, so that the quota holds
    asked = Scrub.objects.filter(
        created_at__gt=clock.now() - timedelta(days=1), client=client, asked_by=actor
    )
    today = (asked.aggregate(rows=Sum("rows"))["rows"] or 0) + rows
    if today > PER_DAY:
        raise TooMuch(
            _("More than %(most)s numbers within a day. Go on tomorrow, or ask compliance."), most=PER_DAY
        )


def _record(scrub: Scrub, purpose: str, count: int) -> None:
    who = {"client": scrub.client} if scrub.client else {"actor": scrub.asked_by}
    record_access(
        kind=AccessEvent.Kind.SEARCHED,
        subject=scrub.public_id,
        purpose=purpose[:200],
        count=max(count, 1),
        **who,
    )


def run_scrub(job_id: int, progress: Progress | None = None) -> None:
    """Work a list off. May be killed anywhere and run again: nothing is half done."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        scrub = Scrub.objects.select_related("asked_by", "client").get(job=job)
        content = encrypted_files.get(scrub.upload)

        def tell(done: int) -> None:
            jobs.move_on(job, done=min(done, scrub.rows), total=scrub.rows)
            if progress:
                progress(done, scrub.rows)

        result, opted_out, without = scrubbed(content, tell)
        _finish(scrub, job, result, opted_out, without)


@transaction.atomic
def _finish(scrub: Scrub, job: Job, result: bytes, opted_out: int, without: int) -> None:
    upload = scrub.upload
    scrub.result, scrub.upload = encrypted_files.put(result, folder="scrubs"), ""
    scrub.opted_out, scrub.without_number, scrub.erased_at = opted_out, without, clock.now()
    scrub.save()
    _record(scrub, "scrub: the list that was handed in is erased", scrub.rows)
    said = _("%(count)s of %(rows)s are on the register.") % {"count": opted_out, "rows": scrub.rows}
    jobs.end(job, state=Job.State.DONE, sentence=said)
    jobs.discard(upload)


def scrubbed(content: bytes, tell: Callable[[int], None] = lambda done: None) -> tuple[bytes, int, int]:
    """The list with the column, as CSV (UTF-8 with a mark, so that spreadsheets read it); how many are on the
    register; how many rows hold no number. Raises `FileRefused`.

    The list is read twice instead of being held: of each row one byte is kept, its verdict.
    """
    table, place = open_list(content)
    verdicts = bytearray()
    for at in _places_on_register(_numbers(table, place, verdicts)):
        verdicts[at] = _YES
    tell(len(verdicts) // 2)
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow([*table.heading, COLUMN])
    said = {_NO: NO, _YES: YES, _NONE: NONE}
    for at, (_row, cells) in enumerate(table.rows()):
        writer.writerow(
            [_harmless(cell) if cell[:1] in RUNS else cell for cell in cells] + [said[verdicts[at]]]
        )
        if at % 100_000 == 0:
            tell(len(verdicts) // 2 + at // 2)
    return out.getvalue().encode(), verdicts.count(_YES), verdicts.count(_NONE)


def _harmless(cell: str) -> str:
    """What a spreadsheet would run is written as text; a number with its sign stays one."""
    return cell if cell[0] in "+-" and cell[1:].replace(" ", "").isdigit() else f"'{cell}"


def _numbers(table: Table, place: int, verdicts: bytearray) -> Iterator[list[str]]:
    """The numbers of each row of a list; a verdict for each, so far."""
    for of_row in numbers_in(table, place):
        verdicts.append(_NO if of_row else _NONE)
        yield of_row


def _places_on_register(numbers: Iterable[list[str]]) -> set[int]:
    """The places of the rows of which a number is on the register."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("drop table if exists pg_temp.scrubbed")
        cursor.execute("create temporary table scrubbed (place int, hash bytea) on commit drop")
        with cursor.copy("copy scrubbed from stdin") as copy:
            for text in _as_copy(numbers):  # the connection says nothing else until the copy is over
                copy.write(text)
        cursor.execute("analyze scrubbed")
        # Whether an entry is in force is asked of the few that are found, not of the whole register.
        cursor.execute(
            "with found as materialized (select s.place, o.id, o.number_hash, o.said_at, o.created_at from "
            "scrubbed s"
            " join optouts_optout o on o.number_hash = s.hash and o.scope = 'everything')"
            f" select distinct o.place from found o where {IN_FORCE}"
        )
        return {place for (place,) in cursor.fetchall()}


def _as_copy(numbers: Iterable[list[str]]) -> Iterator[str]:
    """Rows for COPY, a chunk at a time: the place and the hash under each key."""
    _ids, hashed = blind_index.register_hasher()
    lines: list[str] = []
    for place, of_row in enumerate(numbers):
        for number in of_row:
            lines += [f"{place}\t\\\\x{each.hex()}\n" for each in hashed(number)]
        if len(lines) >= _CHUNK:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def result_of(scrub: Scrub) -> bytes:
    """The list with its column. Raises `BadInput` while it is not done and once it is erased."""
    over = clock.now() - timedelta(days=days_kept(DataClass.LIST_FILE, clock.now()))
    if not scrub.result or scrub.created_at <= over:
        raise BadInput(
            _("There is no result: the job is not done yet, or the result was erased after a day.")
        )
    return encrypted_files.get(scrub.result)
