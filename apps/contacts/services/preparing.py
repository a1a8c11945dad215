"""The first half of an import: rows are read, judged, compared with the rows before, encrypted, and put into
the form that COPY takes.

It needs no database, so it runs in a process of its own beside the one that stores (`beside`): reading and
encrypting take one core, PostgreSQL the other. Batches come through a pipe; few are made ahead of those that
were fetched, so few are held.
"""

import gc
import json
import os
import pickle
import struct
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from queue import Queue
from threading import Thread
from typing import IO, Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings

from apps.core.crypto import blind_index, cipher, encrypted_files
from apps.core.crypto.streams import DecryptedFile
from apps.core.documents.spreadsheets import Bytes, FileRefused, Layout, rows_of
from apps.core.privacy import fields, masks, phones

from .. import rules
from ..models import Contact

log = structlog.get_logger(__name__)
BATCH = 10_000
LEAST_BATCH = 1_000
AHEAD = 4  # batches that are made before they are fetched
POLITE = 10  # an import gives way to what somebody waits for: a refusal, a call
OWN_PROCESS = 10_000  # rows from which a second process is worth its start


class Pieces:
    """Byte strings as one, with where each ends: quick to hand on and to write, and still to be
    distinguished."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        pieces = tuple(pieces)
        self.whole = b"".join(pieces)
        self._ends = array("L", accumulate(map(len, pieces)))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        for end in self._ends:
            yield self.whole[start:end]
            start = end


@dataclass
class Batch:
    """Rows of a list up to the `done`-th; `repr` shows nothing of them.

    Of each accepted row: the index of its number (32 bytes), the row of its contact as COPY takes it, under
    an id of its own, and the rows of its consents, one for each purpose of the source (no consent: b"").
    """

    start: int
    done: int
    counts: Counter[str]
    ids: bytes = field(repr=False)  # 8 bytes each, the highest first, as COPY takes them
    indexes: Pieces = field(repr=False)
    contacts: Pieces = field(repr=False)
    consents: Pieces = field(repr=False)
    consented: int
    purposes: int


@dataclass(frozen=True)
class ImportTerms:
    """What is the same for every row. Times are aware."""

    source_id: int
    purposes: tuple[int, ...]  # of the source: each consent is for all of them
    wording_id: int
    actor_id: int
    evidence: str
    now: datetime  # of the start of the job, so that a second try judges as the first did
    expires_at: datetime
    consent_days: int
    skip: int  # rows that are stored already
    blocked: frozenset[bytes]  # indexes of numbers of which only the record of a call is kept
    refused: frozenset[bytes] = frozenset()  # indexes of numbers whose person says no in any row of the list


ID = 8  # bytes
WITHOUT = struct.Struct(">q32s")  # a row and the index of its number


def batch_size(done: int, rows: int) -> int:
    """Small batches first, so that storing begins at once, and small ones last, so that nobody waits long for
    the end."""
    return min(BATCH, max(LEAST_BATCH, min(done, rows - done) // 4))


def prepared(
    *,
    upload: str,
    belongs_to: str,
    layout: Layout,
    mapping: dict[str, int],
    terms: ImportTerms,
    ids: bytes,
    report: IO[bytes],
    without: IO[bytes],
) -> Iterator[Batch]:
    """The batches of a list. `ids`: one for each row that is not stored yet.

    Writes the report, in the language of the caller: a line of JSON for each row; and to `without` the row
    and the index of each number without consent.
    """
    judge = judge_of(layout, mapping, now=terms.now, consent_days=terms.consent_days)
    first_rows: dict[int, int] = {}  # of each number the row where it stood first
    accepted = rules.ACCEPTED
    judged: list[rules.RowVerdict] = []
    taken: list[rules.RowVerdict] = []
    start = done = used = 0  # `used`: how many of `ids` are given out
    size = batch_size(0, layout.rows)
    hashed = blind_index.indexers()

    def batch() -> Batch:
        of_batch = ids[used * ID : (used + len(taken)) * ID]
        counts = Counter(verdict.status for verdict in judged)
        report.write("".join(map(_report_line, judged)).encode())
        return Batch(
            start,
            done,
            counts,
            of_batch,
            *_encoded(taken, of_batch, terms, hashed),
            purposes=len(terms.purposes),
        )

    with DecryptedFile(upload, belongs_to=belongs_to) as file:
        for number, judged_alone in judged_rows(file, layout, judge):
            verdict = judged_alone
            done += 1
            e164 = verdict.e164
            if verdict.status == accepted and e164:
                first = first_rows.setdefault(int(e164), number)
                if first != number:
                    verdict = rules.duplicate(number, e164, first)
                elif terms.blocked and hashed[0](e164) in terms.blocked:
                    verdict = rules.being_erased(number, e164)
                else:
                    if terms.refused and verdict.consent and hashed[0](e164) in terms.refused:
                        verdict = rules.without_consent(verdict)
                    if verdict.consent is None:
                        without.write(WITHOUT.pack(number, hashed[0](e164)))
                    if done > terms.skip:
                        taken.append(verdict)
            judged.append(verdict)
            if done - start == size:
                yield batch()
                used += len(taken)
                judged, taken, start, size = [], [], done, batch_size(done, layout.rows)
        if done > start:
            yield batch()
    report.flush()
    without.flush()


def refused_in(file: Bytes, layout: Layout, mapping: dict[str, int], judge: rules.Judge) -> frozenset[bytes]:
    """The indexes of the numbers whose person says no in some row, whatever becomes of the row. Reads the
    whole list, where it has a column for that."""
    if not mapping.keys() & {"consent_answer", rules.REFUSAL}:
        return frozenset()
    index = blind_index.indexers()[0]
    judged = judged_rows(file, layout, judge)
    return frozenset(index(verdict.e164) for _row, verdict in judged if verdict.says_no and verdict.e164)


def judge_of(layout: Layout, mapping: dict[str, int], *, now: datetime, consent_days: int) -> rules.Judge:
    return rules.judging(
        mapping, heading=layout.heading, zone=ZoneInfo(settings.TIME_ZONE), now=now,
        consent_days=consent_days,
        some_unreadable=layout.unreadable > 0, serials=not layout.dates_from_1904,
    )  # fmt: skip


def judged_rows(file: Bytes, layout: Layout, judge: rules.Judge) -> Iterator[tuple[int, rules.RowVerdict]]:
    """Each row with its number and the verdict on it alone."""
    leaves_hidden = layout.leave_hidden and bool(layout.hidden_rows)
    for number, cells in rows_of(file, layout):
        yield (
            number,
            rules.left_out(number) if leaves_hidden and layout.is_hidden(number) else judge(number, cells),
        )


def _report_line(verdict: rules.RowVerdict) -> str:
    phone = masks.mask_phone(verdict.e164) if verdict.e164 else ""
    line: dict[str, Any] = {
        "row": verdict.row,
        "status": verdict.status,
        "message": str(verdict.message or ""),
        "phone": phone,
    }
    if verdict.is_doubtful:
        line["doubtful"] = True
    return json.dumps(line, ensure_ascii=False) + "\n"


# -- the binary form of COPY (PostgreSQL's manual, "COPY", file formats)

NULL = struct.pack(">i", -1)
CONTACT = (
    "id, created_at, phone, name, note, tags, number_index, last4_index, zones, source_id, is_minor, "
    "expires_at"
)
CONSENT = (
    "contact_id, purpose_id, created_at, channel, given_at, wording_id, evidence, recorded_by_id, "
    "expires_at, recipient,"
    " evidence_file, withdrawal"
)
_CONTACT_HEAD, _CONSENT_HEAD = (  # how many fields, and how long the first is: the id
    struct.pack(">hi", columns.count(",") + 1, ID) for columns in (CONTACT, CONSENT)
)
_VARCHAR = 1043  # the number of the type
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_length, _length_int64 = struct.Struct(">i").pack, struct.Struct(">iq").pack


def _value(value: bytes) -> bytes:
    return _length(len(value)) + value


def _int64(value: int) -> bytes:
    return _length_int64(ID, value)


def _moment(at: datetime) -> bytes:
    since = at - _EPOCH
    return _int64((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


@lru_cache(maxsize=10_000)
def _texts(texts: tuple[str, ...]) -> bytes:
    """A one-dimensional array of text."""
    if not texts:
        return _value(struct.pack(">iii", 0, 0, _VARCHAR))
    head = struct.pack(">iiiii", 1, 0, _VARCHAR, len(texts), 1)
    return _value(head + b"".join(_value(text.encode()) for text in texts))


def _encrypted(name: str, texts: Sequence[str]) -> list[bytes]:
    """A protected column of contacts; "" is null."""
    encrypted = iter(
        cipher.encrypt_all(
            [text.encode() for text in texts if text],
            purpose="fields",
            bound_to=fields.bound_to(Contact, name),
        )
    )
    return [_value(next(encrypted)) if text else NULL for text in texts]


Hasher = Callable[[str], bytes]


def _encoded(
    taken: Sequence[rules.RowVerdict], ids: bytes, terms: ImportTerms, hashed: tuple[Hasher, Hasher]
) -> tuple[Pieces, Pieces, Pieces, int]:
    """Accepted rows under the keys of this moment: the indexes of their numbers, the rows of contacts and of
    consents, and how many consented. Column by column, which is quicker than row by row."""
    of_number, of_last4 = hashed
    numbers = [verdict.e164 or "" for verdict in taken]
    indexes = [of_number(number) for number in numbers]
    keys = [ids[at : at + ID] for at in range(0, len(ids), ID)]
    begins, hash_length = _moment(terms.now), _length(32)
    ends = _int64(terms.source_id) + _value(b"\x00") + _moment(terms.expires_at)
    home = _texts((phones.HOME_ZONE,))
    columns = zip(
        keys,
        _encrypted("phone", numbers),
        _encrypted("name", [verdict.name for verdict in taken]),
        _encrypted("note", [verdict.note for verdict in taken]),
        [_texts(verdict.tags) for verdict in taken],
        indexes,
        [of_last4(number) for number in numbers],
        [home if number.startswith("+86") else _texts(phones.zones_of(number)) for number in numbers],
        strict=True,
    )
    contacts = [
        b"".join(
            (
                _CONTACT_HEAD,
                key,
                begins,
                phone,
                name,
                note,
                tags,
                hash_length,
                index,
                hash_length,
                last4,
                zones,
                ends,
            )
        )
        for key, phone, name, note, tags, index, last4, zones in columns
    ]
    rows_of: dict[rules.ConsentGiven | None, list[bytes]] = {None: []}
    consents = []
    for key, verdict in zip(keys, taken, strict=True):
        given = verdict.consent
        if given is not None and given not in rows_of:
            consent = _consent(given, terms)
            rows_of[given] = [b"", *(_int64(purpose) + consent for purpose in terms.purposes)]
        consents.append((_CONSENT_HEAD + key).join(rows_of[given]))
    return Pieces(indexes), Pieces(contacts), Pieces(consents), sum(map(bool, consents))


def under_id(rows: bytes, pk: int, *, count: int = 1) -> bytes:
    """The row of a contact, or so many rows of its consents, as COPY takes them, under the id of another
    contact."""
    pk_bytes, head, length = pk.to_bytes(ID, "big"), len(_CONTACT_HEAD), len(rows) // count
    return b"".join(
        rows[at : at + head] + pk_bytes + rows[at + head + ID : at + length]
        for at in range(0, length * count, length or 1)
    )


def _consent(given: rules.ConsentGiven, terms: ImportTerms) -> bytes:
    """A consent without its contact and its purpose."""
    ends = given.given_at + timedelta(days=terms.consent_days)
    return b"".join((
        _moment(terms.now), _value(given.channel.encode()), _moment(given.given_at), _int64(terms.wording_id),
        _value(terms.evidence.encode()), _int64(terms.actor_id), _moment(ends), _value(b""), _value(b""),
        _value(b""),
    ))  # fmt: skip


# -- a process of its own


def beside(make: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
    """What `make` gives, made in a forked process. A refusal there is raised here; its death is an error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve(writing, make)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb", buffering=2**20) as pipe:
            while (result := pickle.load(pipe)) is not None:  # noqa: S301  (what our own child wrote, through a pipe of ours)
                if isinstance(result, str):
                    raise FileRefused(result)
                yield result
    except EOFError:
        raise RuntimeError("The process that prepares the import ended too soon; its log says why.") from None
    finally:
        os.waitpid(child, 0)  # its pipe is closed: it ends at the next word


def _serve(writing: int, make: Callable[[], Iterator[Batch]]) -> None:
    """In the child: hand on what comes, then end at once, without what an interpreter does at its end: that
    is the parent's."""
    code = 1
    try:
        os.nice(POLITE)
        encrypted_files.forget_connections()
        gc.disable()  # it lives for one list and makes no circles
        result: Queue[Batch | str | None] = Queue(AHEAD)
        hands_on = Thread(target=_hand_on, args=(writing, result))
        hands_on.start()
        try:
            for batch in make():
                result.put(batch)
        except FileRefused as refused:
            result.put(str(refused))
        result.put(None)
        hands_on.join()
        code = 0
    except BaseException:
        log.exception("import_not_prepared")
    finally:
        os._exit(code)


def _hand_on(writing: int, payload: "Queue[Batch | str | None]") -> None:
    """Write what was made while more is being made: the two processes seldom need equally long for a
    batch."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            while True:
                # straight into the pipe: no copy of a batch is made for it
                pickle.dump(made := payload.get(), pipe, protocol=5)
                pipe.flush()
                if made is None:
                    return
    except BrokenPipeError:
        code = 0  # nobody listens any more
    except BaseException:
        log.exception("import_not_handed_on")
    os._exit(code)
