"""The first half of an import: rows are read, judged, told from rows before, encrypted, and put into the form that COPY takes.

It needs no database, so it runs in a process of its own beside the one that stores (`beside`): reading and encrypting take one
core, PostgreSQL the other. Batches come through a pipe that blocks when they are not fetched, so few of them are held.
"""

import os
import pickle
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import IO, Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.utils.translation import override

from apps.core import blind_index, cipher, fields, masks, phones, vault
from apps.core.reading import FileRefused, Layout, rows_of
from apps.core.streams import Stream

from .. import rules
from ..models import Contact

log = structlog.get_logger(__name__)
BATCH = 5_000
OWN_PROCESS = 10_000  # rows from which a second process is worth its start


@dataclass
class Batch:
    """Rows of a list up to the `done`-th. `rows`: index of the number, the contact as COPY takes it (without its id), the
    end of its consent (without contact and purpose) or b"". `repr` shows nothing of them."""

    start: int
    done: int = 0
    rows: list[tuple[bytes, bytes, bytes]] = field(default_factory=list, repr=False)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Terms:
    """What is the same for every row. Times are aware."""

    source_id: int
    wording_id: int
    actor_id: int
    evidence: str
    now: datetime  # of the start of the job, so that a second try judges as the first did
    expires_at: datetime
    consent_days: int
    skip: int  # rows that are stored already


def prepared(*, upload: str, belongs_to: str, layout: Layout, mapping: dict[str, int], terms: Terms, report: IO[bytes]) -> Iterator[Batch]:
    """The batches of a list. Writes the report: a line of JSON for each row."""
    zone = ZoneInfo(settings.TIME_ZONE)
    first_rows: dict[int, int] = {}  # of each number the row where it stood first
    accepted = rules.ACCEPTED
    batch, done = Batch(0), 0
    hashed = blind_index.indexers()
    encode = _encoder(terms, hashed)
    with Stream(upload, belongs_to=belongs_to) as file, override(settings.LANGUAGE_CODE):
        for number, cells in rows_of(file, layout):
            verdict = rules.judge_row(number, cells, mapping, zone=zone, now=terms.now)
            done += 1
            if verdict.status == accepted and verdict.e164:
                first = first_rows.setdefault(int(verdict.e164), number)
                if first != number:
                    verdict = rules.duplicate(number, verdict.e164, first)
                elif done > terms.skip:
                    batch.rows.append(encode(verdict))
            batch.counts[verdict.status] += 1
            report.write(_report_line(verdict))
            if done - batch.start == BATCH:
                batch.done = done
                yield batch
                batch, encode = Batch(done), _encoder(terms, hashed)
    if done > batch.start:
        batch.done = done
        yield batch
    report.flush()


def _report_line(verdict: rules.Verdict) -> bytes:
    phone = masks.mask_phone(verdict.e164) if verdict.e164 else ""
    message = str(verdict.message).replace("\\", "").replace('"', '\\"')
    return f'{{"row": {verdict.row}, "status": "{verdict.status}", "message": "{message}", "phone": "{phone}"}}\n'.encode()


# -- the binary form of COPY (PostgreSQL's manual, "COPY", file formats)

NULL = struct.pack(">i", -1)
CONTACT = "created_at, phone, name, note, tags, number_index, last4_index, zones, source_id, is_minor, expires_at"
CONSENT = "created_at, channel, given_at, wording_id, evidence, recorded_by_id, expires_at, recipient, evidence_file, withdrawal"
CONTACT_FIELDS, CONSENT_FIELDS = CONTACT.count(",") + 1, CONSENT.count(",") + 1
_VARCHAR = 1043  # the number of the type
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_length, _int64 = struct.Struct(">i").pack, struct.Struct(">iq").pack


def _value(value: bytes) -> bytes:
    return _length(len(value)) + value


def int64(value: int) -> bytes:
    return _int64(8, value)


def _moment(at: datetime) -> bytes:
    since = at - _EPOCH
    return int64((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


@lru_cache(maxsize=10_000)
def _texts(texts: tuple[str, ...]) -> bytes:
    """A one-dimensional array of text."""
    if not texts:
        return _value(struct.pack(">iii", 0, 0, _VARCHAR))
    head = struct.pack(">iiiii", 1, 0, _VARCHAR, len(texts), 1)
    return _value(head + b"".join(_value(text.encode()) for text in texts))


def _sealer(name: str) -> Callable[[bytes], bytes]:
    return cipher.sealer(purpose="fields", bound_to=fields.bound_to(Contact, name))


Hasher = Callable[[str], bytes]


def _encoder(terms: Terms, hashed: tuple[Hasher, Hasher]) -> Callable[[rules.Verdict], tuple[bytes, bytes, bytes]]:
    """What turns an accepted row into the rows of its contact and its consent, under the keys of this moment."""
    of_number, of_last4 = hashed
    phone, name, note = _sealer("phone"), _sealer("name"), _sealer("note")
    begins = _moment(terms.now)
    ends = int64(terms.source_id) + _value(b"\x00") + _moment(terms.expires_at)
    home = _texts((phones.HOME_ZONE,))
    consents: dict[rules.ConsentGiven, bytes] = {}

    def encode(verdict: rules.Verdict) -> tuple[bytes, bytes, bytes]:
        e164 = verdict.e164 or ""
        index = of_number(e164)
        contact = b"".join((
            begins,
            _value(phone(e164.encode())),
            _value(name(verdict.name.encode())) if verdict.name else NULL,
            _value(note(verdict.note.encode())) if verdict.note else NULL,
            _texts(verdict.tags),
            b"\x00\x00\x00\x20", index,
            b"\x00\x00\x00\x20", of_last4(e164),
            home if e164.startswith("+86") else _texts(phones.zones_of(e164)),
            ends,
        ))  # fmt: skip
        given = verdict.consent
        if given is None:
            return index, contact, b""
        if given not in consents:
            consents[given] = _consent(given, terms)
        return index, contact, consents[given]

    return encode


def _consent(given: rules.ConsentGiven, terms: Terms) -> bytes:
    ends = given.given_at + timedelta(days=terms.consent_days)
    return b"".join((
        _moment(terms.now), _value(given.channel.encode()), _moment(given.given_at), int64(terms.wording_id),
        _value(terms.evidence.encode()), int64(terms.actor_id), _moment(ends), _value(b""), _value(b""), _value(b""),
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
            while (told := pickle.load(pipe)) is not None:  # noqa: S301  (what our own child wrote, through a pipe of ours)
                if isinstance(told, str):
                    raise FileRefused(told)
                yield told
    except EOFError:
        raise RuntimeError("The process that prepares the import ended too soon; its log says why.") from None
    finally:
        os.waitpid(child, 0)  # its pipe is closed: it ends at the next word


def _serve(writing: int, make: Callable[[], Iterator[Batch]]) -> None:
    """In the child: hand on what comes, then end at once, without what an interpreter does at its end: that is the parent's."""
    code = 1
    try:
        vault.forget_connections()
        with os.fdopen(writing, "wb", buffering=2**20) as pipe:
            try:
                told: Any
                for told in make():
                    pickle.dump(told, pipe, protocol=5)
                    pipe.flush()
                pickle.dump(None, pipe)
            except FileRefused as refused:
                pickle.dump(str(refused), pipe)
        code = 0
    except BrokenPipeError:
        code = 0  # nobody listens any more
    except BaseException:
        log.exception("import_not_prepared")
    finally:
        os._exit(code)
