"""Whether the trail is as it was signed: every row, every tree head, the chain, and the heads outside. Names
the first thing that is not.

The same judgement for the database and for an exported trail: `Judge` takes a stream's tree heads in order,
with the rows of each.
"""

import base64
import json
import sys
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any

import psycopg
import structlog
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.errors import BadInput

from ..heads import Heads, read_heads
from ..models import LEAST_DAYS, TrailCheck, TrailCut, TreeHead
from ..ports import notifying
from ..rules import HASH_BYTES, leaf, tree_head
from ..trail_tables import FORM, Stream, connections_sharing_snapshot, one_snapshot, streams
from ..wording import sentence_of_finding

log = structlog.get_logger(__name__)
MOST_FINDINGS = 100
ROWS_AT_ONCE, TREE_HEADS_AT_ONCE = 50_000, 500
ID_BYTES = 8
AT_ONCE = 2  # groups that PostgreSQL hashes side by side


@dataclass(frozen=True)
class TrailFault:
    """One thing that is not as it was: in which stream, at which tree head (0: none), and what."""

    stream: str
    tree_head: int
    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return sentence_of_finding(self.code, self.facts)

    def as_json(self) -> dict[str, Any]:
        return {"stream": self.stream, "tree_head": self.tree_head, "code": self.code, "facts": self.facts}


@dataclass
class TrailReport:
    """What was looked at, and what was found; `findings` stops at a hundred, `count` goes on."""

    findings: list[TrailFault] = field(default_factory=list)
    count: int = 0
    tree_heads: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)  # of erasable streams: gone by themselves
    unsigned: dict[str, int] = field(default_factory=dict)
    lost_by_restore: int = 0

    def add(self, stream: str, head: int, code: str, **facts: Any) -> None:
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(TrailFault(stream, head, code, facts))

    def as_json(self) -> dict[str, Any]:
        return {
            "tree_heads": self.tree_heads, "rows": self.rows, "erased": self.erased,
            "unsigned": self.unsigned,
            "lost_by_restore": self.lost_by_restore, "count": self.count,
            "findings": [finding.as_json() for finding in self.findings],
        }  # fmt: skip


@dataclass(frozen=True)
class RowHashes:
    """The ids (8 bytes each) and hashes (32 bytes each) of rows, packed: compared as a whole, and
    distinguished only when they differ."""

    ids: bytes
    leaves: bytes

    @classmethod
    def of(cls, ids: Iterable[int], leaves: Sequence[bytes]) -> "RowHashes":
        numbers = array("q", ids)
        if sys.byteorder == "little":
            numbers.byteswap()
        return cls(numbers.tobytes(), b"".join(leaves))

    def by_id(self) -> dict[int, bytes]:
        return dict(zip(self.numbers(), self.in_order(), strict=False))

    def in_order(self) -> list[bytes]:
        return [self.leaves[at : at + HASH_BYTES] for at in range(0, len(self.leaves), HASH_BYTES)]

    def __len__(self) -> int:
        return len(self.leaves) // HASH_BYTES

    def between(self, first: int, last: int) -> "RowHashes":
        """Those at the places from `first` up to `last`."""
        return RowHashes(
            self.ids[first * ID_BYTES : last * ID_BYTES], self.leaves[first * HASH_BYTES : last * HASH_BYTES]
        )

    def numbers(self) -> "array[int]":
        found = array("q", self.ids)
        if sys.byteorder == "little":
            found.byteswap()
        return found


@dataclass(frozen=True)
class HeadRecord:
    """A tree head as it is stored or was exported, and the hashes kept under it (None: they are gone)."""

    document: dict[str, Any]
    key: str
    signature: bytes
    hashes: RowHashes | None


class Judge:
    """Takes the tree heads of a stream one after the other."""

    def __init__(
        self, stream: str, report: TrailReport, keys: Mapping[str, bytes], *, erasable: bool, dropped: int
    ) -> None:
        self.stream, self.report, self.keys, self.erasable, self.dropped = (
            stream,
            report,
            keys,
            erasable,
            dropped,
        )
        self.number, self.upto, self.previous = 0, 0, bytes(HASH_BYTES)
        self.digests: dict[int, str] = {}
        report.tree_heads[stream], report.rows[stream] = 0, 0

    def take(self, payload: HeadRecord, here: RowHashes) -> None:
        """A tree head, and the rows that lie in its stretch now."""
        document = payload.document
        number = document["number"]
        for missing in range(self.number + 1, number):
            self.report.add(self.stream, missing, "tree_head_removed")
        self.report.tree_heads[self.stream] += 1
        self.report.rows[self.stream] += len(here)
        digest = signatures.digest(document)
        if not signatures.is_signed(document, key=payload.key, signature=payload.signature, keys=self.keys):
            self.report.add(self.stream, number, "tree_head_changed")
        elif number == self.number + 1 and (document["previous"], document["after"]) != (
            self.previous.hex(),
            self.upto,
        ):
            self.report.add(self.stream, number, "chain_broken")
        elif document["form"] > FORM:
            self.report.add(self.stream, number, "form_unknown")
        else:
            self._judge_rows(payload, here)
        self.number, self.upto, self.previous = number, document["upto"], digest
        self.digests[number] = digest.hex()

    def _judge_rows(self, payload: HeadRecord, here: RowHashes) -> None:
        number, root = payload.document["number"], bytes.fromhex(payload.document["root"])
        if number <= self.dropped:  # what a drop that was cut short has left is as it was signed
            signed = payload.hashes.by_id() if payload.hashes else {}
            for pk, each in here.by_id().items():
                if signed.get(pk) != each:
                    self.report.add(self.stream, number, "row_added", row=pk)
            return
        whole = tree_head(here.leaves) == root
        if whole and payload.hashes == here:
            return
        if (
            (whole and not self.erasable)
            or payload.hashes is None
            or tree_head(payload.hashes.leaves) != root
        ):
            self.report.add(self.stream, number, "hashes_changed")
            if not whole and not self.erasable:
                self.report.add(
                    self.stream,
                    number,
                    "stretch_changed",
                    after=payload.document["after"] + 1,
                    upto=payload.document["upto"],
                )
            return
        self._name_rows(number, payload.hashes.by_id(), here.by_id())

    def _name_rows(self, number: int, signed: dict[int, bytes], here: dict[int, bytes]) -> None:
        for pk in sorted(signed.keys() | here.keys()):
            if pk not in here:
                if self.erasable:
                    self.report.erased[self.stream] = self.report.erased.get(self.stream, 0) + 1
                else:
                    self.report.add(self.stream, number, "row_removed", row=pk)
            elif pk not in signed:
                self.report.add(self.stream, number, "row_added", row=pk)
            elif signed[pk] != here[pk]:
                self.report.add(self.stream, number, "row_changed", row=pk)


# -- the database


def verify_trail(*, progress: Callable[[str, int], None] | None = None) -> TrailReport:
    """Recompute everything, in one snapshot."""
    report, keys = TrailReport(), signatures.public_keys()
    # before the snapshot: the file is written after its tree heads, so it holds every one of these
    outside = list(read_heads())
    digests: dict[str, dict[int, str]] = {}
    with one_snapshot(), connections_sharing_snapshot(AT_ONCE) as links:
        for stream in streams():
            judge = Judge(
                stream.name, report, keys, erasable=stream.erasable, dropped=_judge_cuts(stream, report, keys)
            )
            for pk, _text in stream.rows(-(2**63), 0):
                report.add(stream.name, 0, "row_added", row=pk)
            for tree_heads, kept, here in _read_ahead(stream, links):
                _judge_tree_heads(tree_heads, kept, here, judge)
                if progress:
                    progress(stream.name, report.rows[stream.name])
            report.unsigned[stream.name] = stream.count_above(judge.upto)
            digests[stream.name] = judge.digests
        _judge_heads(report, digests, outside)
    return report


def _together(tree_heads: Iterator[TreeHead]) -> Iterator[list[TreeHead]]:
    """Tree heads in groups whose rows are read at once: about 20,000 rows, or 200 tree heads."""
    group: list[TreeHead] = []
    for head in tree_heads:
        group.append(head)
        if len(group) == TREE_HEADS_AT_ONCE or sum(each.rows for each in group) >= ROWS_AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _read_ahead(
    stream: Stream, links: Sequence[Any]
) -> Iterator[tuple[list[TreeHead], dict[int, RowHashes], RowHashes]]:
    """Tree heads in groups, the hashes kept under each, and those of the rows that are there now. While one
    group is judged PostgreSQL hashes the next ones, a thread waiting on each of the connections."""
    groups = _together(
        TreeHead.objects.filter(stream=stream.name).order_by("number").iterator(chunk_size=1_000)
    )
    free, reading = (
        deque(links),
        deque[tuple[list[TreeHead], Any, Future[tuple[dict[int, RowHashes], RowHashes]]]](),
    )
    with ThreadPoolExecutor(max_workers=len(links), thread_name_prefix="verify") as threads:

        def read_next() -> None:
            if free and (tree_heads := next(groups, None)) is not None:
                link = free.popleft()
                reading.append((tree_heads, link, threads.submit(_read, link, stream, tree_heads)))

        for _link in links:
            read_next()
        while reading:
            tree_heads, link, found = reading.popleft()
            kept, here = found.result()
            free.append(link)
            read_next()
            yield tree_heads, kept, here


def _read(link: Any, stream: Stream, tree_heads: list[TreeHead]) -> tuple[dict[int, RowHashes], RowHashes]:
    with psycopg.Cursor(link) as cursor:
        found = cursor.execute(
            "select tree_head_id, ids, leaves from audit_treeheadrows where tree_head_id = any(%b)",
            [[head.pk for head in tree_heads]],
            binary=True, prepare=False,
        )  # fmt: skip
        kept = {pk: RowHashes(bytes(ids), bytes(leaves)) for pk, ids, leaves in found}
    return kept, RowHashes(
        *stream.hashes(min(each.after for each in tree_heads), max(each.upto for each in tree_heads), link)
    )


def _judge_tree_heads(
    tree_heads: list[TreeHead], kept: Mapping[int, RowHashes], here: RowHashes, judge: Judge
) -> None:
    numbers = here.numbers()
    for head in tree_heads:
        own = here.between(bisect_right(numbers, head.after), bisect_right(numbers, head.upto))
        judge.take(HeadRecord(head.document(), head.key, bytes(head.signature), kept.get(head.pk)), own)


def _judge_cuts(stream: Stream, report: TrailReport, keys: Mapping[str, bytes]) -> int:
    """The number of the tree head up to which rows were dropped, as signed records say; 0 when none was."""
    dropped = 0
    for cut in TrailCut.objects.filter(stream=stream.name).order_by("number"):
        signed_at = (
            TreeHead.objects.filter(stream=stream.name, number=cut.number)
            .values_list("created_at", flat=True)
            .first()
        )
        if not signatures.is_signed(cut.document(), key=cut.key, signature=bytes(cut.signature), keys=keys):
            report.add(stream.name, cut.number, "cut_changed")
        elif cut.created_at > clock.now() or (
            signed_at is not None and signed_at > cut.created_at - timedelta(days=LEAST_DAYS)
        ):
            report.add(stream.name, cut.number, "cut_too_soon")
        else:
            dropped = cut.number
    return dropped


def _judge_heads(
    report: TrailReport, digests: Mapping[str, Mapping[int, str]], lines: Iterable[Heads]
) -> None:
    """The tree heads against the heads outside. What a restore lost is not missed, and counted."""
    outside: dict[str, dict[int, tuple[str, int]]] = {}
    for each in lines:
        if not each.is_signed:
            report.add("", 0, "head_changed", line=each.line)
            continue
        for stream, heads in outside.items():
            kept = each.heads.get(stream, (0, ""))[0]
            for lost in [number for number in heads if each.is_restore and number > kept]:
                del heads[lost]
                report.lost_by_restore += 1
        for stream, (number, digest) in each.heads.items():
            known = outside.setdefault(stream, {}).setdefault(number, (digest, each.line))
            if known[0] != digest:  # the first that was read counts: a later signature cannot replace it
                report.add(stream, number, "head_differs", line=known[1])
    for stream, heads in outside.items():
        for number, (digest, line) in sorted(heads.items()):
            here = digests.get(stream, {}).get(number)
            if here is None:
                report.add(stream, number, "tree_head_removed")
            elif here != digest:
                report.add(stream, number, "head_differs", line=line)


def check_trail() -> TrailCheck:
    """Verify, keep the result, and tell compliance and the admins when something is not as it was signed."""
    report = verify_trail()
    check = TrailCheck.objects.create(
        created_at=clock.now(), ended_at=clock.now(), tree_heads=sum(report.tree_heads.values()),
        rows=sum(report.rows.values()),
        findings=[finding.as_json() for finding in report.findings],
    )  # fmt: skip
    log.info("trail_checked", check=check.pk, rows=check.rows, findings=report.count)
    if report.findings:
        people = User.objects.filter(role__in=[Role.ADMIN, Role.COMPLIANCE], is_active=True)
        notifying.provider.notify(
            people, "trail_broken", count=report.count, first=report.findings[0].sentence
        )
    return check


# -- an exported trail


def verify_export(lines: Iterable[bytes], *, keys: Mapping[str, bytes] | None = None) -> TrailReport:
    """The same over what `export_trail` wrote, without a database. `keys`: public halves that the reader
    trusts, by id; without them those of the file. Raises `BadInput` for what is no export."""
    report = TrailReport()
    try:
        _judge_export(iter(lines), report, keys)
    except (ValueError, KeyError, TypeError, StopIteration):
        raise BadInput(_("This is no exported trail, or a line of it is cut off.")) from None
    return report


def _judge_export(lines: Iterator[bytes], report: TrailReport, keys: Mapping[str, bytes] | None) -> None:
    first = json.loads(next(lines))
    trail = first["hegui_trail"]
    keys = keys or {name: base64.b64decode(key) for name, key in first["public_keys"].items()}
    if not signatures.is_signed(
        trail, key=first["key"], signature=bytes.fromhex(first["signature"]), keys=keys
    ):
        report.add("", 0, "export_changed")
    judges = {
        name: Judge(name, report, keys, erasable=bool(about["erasable"]), dropped=int(about["dropped"]))
        for name, about in trail["streams"].items()
    }
    result: dict[str, Any] | None = None
    ids: list[int] = []
    leaves: list[bytes] = []
    for line in chain(lines, [b""]):
        if line.startswith(b"["):
            text = line.rstrip(b"\n")
            ids.append(int(text[1 : text.index(b",")]))
            leaves.append(leaf(text))
            continue
        if result is not None:
            document = result["tree_head"]
            head = HeadRecord(document, result["key"], bytes.fromhex(result["signature"]), _hashes_of(result))
            judges[document["stream"]].take(head, RowHashes.of(ids, leaves))
        result, ids, leaves = json.loads(line) if line else None, [], []
    for name, about in trail["streams"].items():
        for missing in range(judges[name].number + 1, int(about["tree_heads"]) + 1):
            report.add(name, missing, "tree_head_removed")


def _hashes_of(payload: dict[str, Any]) -> RowHashes | None:
    hashes = payload.get("hashes")
    return (
        None if hashes is None else RowHashes(bytes.fromhex(hashes["ids"]), bytes.fromhex(hashes["leaves"]))
    )
