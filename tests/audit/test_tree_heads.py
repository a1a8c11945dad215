"""The trail under tree heads: complete whatever commits when, and whatever is changed afterwards is named."""

import base64
import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import count
from typing import Any, cast

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from apps.audit import heads, services
from apps.audit.models import AccessEvent, TrailCheck, TrailCut, TreeHead, TreeHeadRows
from apps.audit.rules import leaf, tree_head
from apps.audit.services.verifying import TrailReport
from apps.audit.trail_tables import streams
from apps.core.crypto import signatures
from apps.core.errors import BadInput
from apps.evidence import verify_pack
from apps.notifications.models import Notice
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


# -- the tree: entries and roots published with the reference implementation of RFC 6962

ENTRIES = [
    b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_tree_is_that_of_the_rfc(size: int) -> None:
    assert tree_head(b"".join(leaf(entry) for entry in ENTRIES[:size])).hex() == ROOTS[size]


def _rfc(leaves: list[bytes]) -> bytes:
    """Section 2.1 word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + _rfc(leaves[:split]) + _rfc(leaves[split:])).digest()


@pytest.mark.parametrize("size", [1, 2, 3, 31, 32, 33, 100, 257])
def test_joining_pairs_gives_the_split_of_the_rfc(size: int) -> None:
    leaves = [leaf(bytes([each % 256, each // 256])) for each in range(size)]
    assert tree_head(b"".join(leaves)) == _rfc(leaves)


# -- what is signed


NUMBERS = count(1)


def read_something(world: World, times: int = 1) -> None:
    """Never the same twice: two equal rows that changed places would be no change."""
    for _each in range(times):
        subject = f"contact:{next(NUMBERS)}"
        services.record_access(
            kind=AccessEvent.Kind.VIEWED, subject=subject, purpose="list", actor=world.people["supervisor"]
        )


@pytest.fixture
def signed(world: World) -> World:
    """A world with three tree heads of reads, and what it took to make it under tree heads of changes."""
    for times in (5, 1, 8):
        read_something(world, times)
        services.sign_trail()
    world.opt_out()
    world.authorize()  # refused: a decision without a call
    services.sign_trail()
    return world


def test_every_column_of_the_trail_is_signed() -> None:
    for stream in streams():
        with connection.cursor() as cursor:
            there = {
                column.name for column in connection.introspection.get_table_description(cursor, stream.table)
            }
        assert there == set(stream.columns), stream.name


def test_all_of_it_is_signed_and_as_it_was(signed: World) -> None:
    report = services.verify_trail()
    assert report.count == 0
    assert report.rows["reads"] == AccessEvent.objects.count() == 14
    assert set(report.tree_heads) == {"changes", "reads", "decisions"}
    assert report.tree_heads["reads"] == 3
    assert report.rows["decisions"] == 1
    assert set(report.unsigned.values()) == {0}


def test_tree_heads_are_chained_and_signed(signed: World) -> None:
    first, second, third = TreeHead.objects.filter(stream="reads").order_by("number")
    assert bytes(first.previous) == bytes(32)
    assert bytes(second.previous) == signatures.digest(first.document())
    assert (third.after, third.upto) == (second.upto, AccessEvent.objects.latest("pk").pk)
    assert len(bytes(third.signature)) == 64


def test_nothing_new_means_no_tree_head(signed: World) -> None:
    before = TreeHead.objects.count()
    assert services.sign_trail() == 0
    assert TreeHead.objects.count() == before


def test_many_rows_go_under_many_tree_heads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    services.sign_trail()
    monkeypatch.setattr("apps.audit.services.signing.MOST_ROWS", 4)
    read_something(world, 10)
    assert services.sign_trail() == 10
    assert list(
        TreeHead.objects.filter(stream="reads").order_by("-number").values_list("rows", flat=True)[:3]
    ) == [2, 4, 4]
    assert services.verify_trail().count == 0


# -- what is changed is named


def as_owner(*statements: str) -> None:
    """What the owner of the database can do: with triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("set local session_replication_role = origin")


def first_of(report: TrailReport) -> tuple[str, int, str, dict[str, Any]]:
    finding = report.findings[0]
    assert finding.sentence
    return finding.stream, finding.tree_head, finding.code, finding.facts


def test_a_changed_row_is_named(signed: World) -> None:
    third = AccessEvent.objects.order_by("pk")[2].pk
    as_owner(f"update audit_accessevent set actor_id = {signed.people['agent'].pk} where id = {third}")
    assert first_of(services.verify_trail()) == ("reads", 1, "row_changed", {"row": third})


def test_a_removed_row_is_named(signed: World) -> None:
    sixth = AccessEvent.objects.order_by("pk")[5].pk
    as_owner(f"delete from audit_accessevent where id = {sixth}")
    assert first_of(services.verify_trail()) == ("reads", 2, "row_removed", {"row": sixth})


def test_a_row_put_in_afterwards_is_named(signed: World) -> None:
    for forged in (-7, 0):
        as_owner(
            "insert into audit_accessevent (id, created_at, kind, subject, field, count, purpose)"
            f" values ({forged}, now(), 'sign_in_failed', 'x', '', 1, 'y')"
        )
        assert ("row_added", {"row": forged}) in [
            (each.code, each.facts) for each in services.verify_trail().findings
        ]


def test_two_rows_that_changed_places_are_named(signed: World) -> None:
    one, other = AccessEvent.objects.order_by("pk").values_list("pk", flat=True)[7:9]
    as_owner(
        f"update audit_accessevent set id = -1 where id = {one}",
        f"update audit_accessevent set id = {one} where id = {other}",
        f"update audit_accessevent set id = {other} where id = -1",
    )  # fmt: skip
    assert {(each.code, each.facts["row"]) for each in services.verify_trail().findings} == {
        ("row_changed", one),
        ("row_changed", other),
    }


def test_a_decision_may_go_and_may_not_change(signed: World) -> None:
    from apps.calls.models import Decision

    decision = Decision.objects.get()
    as_owner(f"update calls_decision set allowed = not allowed where id = {decision.pk}")
    assert first_of(services.verify_trail()) == ("decisions", 1, "row_changed", {"row": decision.pk})
    as_owner(f"delete from calls_decision where id = {decision.pk}")
    report = services.verify_trail()
    assert (report.count, report.erased) == (0, {"decisions": 1})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("update audit_treehead set root = sha256('x') where stream = 'reads' and number = 2",
        "tree_head_changed"),
        ("update audit_treehead set created_at = created_at - interval '1 day' where stream = 'reads' and "
            "number = 2", "tree_head_changed"),
        ("update audit_treehead set signature = sha256('x') || sha256('x') where stream = 'reads' and number "
            "= 2", "tree_head_changed"),
        ("update audit_treehead set key = 'other' where stream = 'reads' and number = 2",
        "tree_head_changed"),
        ("update audit_treeheadrows set leaves = ids from audit_treehead s"
         " where s.id = tree_head_id and s.stream = 'reads' and s.number = 2",
         "hashes_changed"),
        ("delete from audit_treeheadrows where tree_head_id = (select id from audit_treehead where stream = "
            "'reads' and number = 2)",
         "hashes_changed"),
    ],
)  # fmt: skip
def test_a_changed_tree_head_is_named(signed: World, change: str, code: str) -> None:
    as_owner(change)
    assert first_of(services.verify_trail())[:3] == ("reads", 2, code)


def test_a_removed_tree_head_is_named(signed: World) -> None:
    as_owner(
        "delete from audit_treeheadrows", "delete from audit_treehead where stream = 'reads' and number = 2"
    )
    assert ("reads", 2, "tree_head_removed") in [
        (each.stream, each.tree_head, each.code) for each in services.verify_trail().findings
    ]


def test_the_last_tree_head_and_its_rows_are_missed_by_the_heads_outside(signed: World) -> None:
    last = TreeHead.objects.filter(stream="reads").latest("number")
    as_owner(
        f"delete from audit_treeheadrows where tree_head_id = {last.pk}",
        f"delete from audit_treehead where id = {last.pk}",
        f"delete from audit_accessevent where id > {last.after}",
    )  # fmt: skip
    assert first_of(services.verify_trail()) == ("reads", 3, "tree_head_removed", {})
    with pytest.raises(heads.HeadsAhead):
        services.sign_trail()
    assert services.broken_chains() == ["reads"]


def test_who_has_the_keys_too_is_found_out_by_the_heads_outside(signed: World) -> None:
    """Everything signed anew with the right key: only the file outside still knows."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
    AccessEvent.objects.order_by("pk")[:1].get().delete()
    TreeHeadRows.objects.all().delete()
    TreeHead.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = origin")
    kept = heads.heads_file().read_bytes()
    heads.heads_file().unlink()
    services.sign_trail()
    heads.heads_file().write_bytes(kept)
    codes = {each.code for each in services.verify_trail().findings}
    assert codes & {"head_differs", "tree_head_removed"}


def test_the_last_tree_head_made_anew_under_its_number_is_not_reported_over_the_first(signed: World) -> None:
    """By the owner, with the right key, and the same number of tree heads as before."""
    last = TreeHead.objects.filter(stream="reads").latest("number")
    gone = AccessEvent.objects.latest("pk").pk
    as_owner(
        f"delete from audit_accessevent where id = {gone}",
        f"delete from audit_treeheadrows where tree_head_id = {last.pk}",
        f"delete from audit_treehead where id = {last.pk}",
    )  # fmt: skip
    with pytest.raises(heads.HeadsAhead):
        services.sign_trail()
    # signed anew inside, not exported outside
    assert TreeHead.objects.filter(stream="reads").latest("number").number == last.number
    assert first_of(services.verify_trail())[:3] == ("reads", last.number, "head_differs")
    with heads.growing(heads.heads_file()) as file:  # and exported outside by hand, with the right key
        file.append(heads._line(heads.current_heads()))
        file.sync()
    assert first_of(services.verify_trail())[:3] == ("reads", last.number, "head_differs")


def test_a_changed_line_of_the_heads_is_named(signed: World) -> None:
    lines = heads.heads_file().read_text().splitlines()
    lines[1] = lines[1].replace('"reads":[2', '"reads":[1')
    lines[2] = lines[2][:-9]
    heads.heads_file().write_text("\n".join(lines) + "\n")
    found = [(each.code, each.facts) for each in services.verify_trail().findings]
    assert found == [("head_changed", {"line": 2}), ("head_changed", {"line": 3})]


MUTATIONS: list[tuple[str, Callable[[random.Random, int, dict[str, list[int]]], str]]] = [
    ("reads", lambda chance, pk,
    there: f"update audit_accessevent set purpose = 'p{chance.random()}' where id = {pk}"),
    ("reads", lambda chance, pk,
    there: f"update audit_accessevent set count = count + {chance.randint(1, 9)} where id = {pk}"),
    ("reads", lambda chance, pk,
    there: f"update audit_accessevent set created_at = created_at + interval '1 us' where id = {pk}"),
    ("reads", lambda chance, pk,
    there: f"update audit_accessevent set address = '192.0.2.{chance.randint(1, 250)}' where id = {pk}"),
    ("reads", lambda chance, pk, there: f"update audit_accessevent set kind = 'disclosed' where id = {pk}"),
    ("reads", lambda chance, pk, there: f"delete from audit_accessevent where id = {pk}"),
    ("reads", lambda chance, pk,
    there: "insert into audit_accessevent (id, created_at, kind, subject, field, count, purpose) values "
     f"({-chance.randint(1, 10**9)}, now(), 'sign_in_failed', 'x', '', 1, 'y')"),
    ("reads", lambda chance, pk,
    there: f"update audit_accessevent set id = case id when {pk} then {pk + 1} else {pk} end "
     f"where id in ({pk}, {pk + 1})"),
    ("changes", lambda chance, pk, there:
     f"update auditlog_logentry set changes = '{{\"x\": [\"{chance.random()}\", \"\"]}}' where id = {pk}"),
    ("changes", lambda chance, pk,
    there: f"update auditlog_logentry set action = (action + 1) % 3 where id = {pk}"),
    ("changes", lambda chance, pk,
    there: f"update auditlog_logentry set object_pk = object_pk || '1' where id = {pk}"),
    ("changes", lambda chance, pk,
    there: f"update auditlog_logentry set timestamp = timestamp - interval '1 us' where id = {pk}"),
    ("changes", lambda chance, pk, there: f"delete from auditlog_logentry where id = {pk}"),
    ("decisions", lambda chance, pk,
    there: f"update calls_decision set facts = '{{\"x\": {chance.random()}}}' where id = {pk}"),
    ("decisions", lambda chance, pk, there: f"update calls_decision set policy = policy + 1 where id = {pk}"),
    ("tree_heads", lambda chance, pk, there: f"update audit_treehead set rows = rows + 1 where id = {pk}"),
    ("tree_heads", lambda chance, pk,
    there: f"update audit_treehead set root = sha256('{chance.random()}') where id = {pk}"),
    ("tree_heads", lambda chance, pk,
    there: f"update audit_treehead set upto = upto + 1000000 where id = {pk}"),
    ("tree_heads", lambda chance, pk, there: f"delete from audit_treeheadrows where tree_head_id = {pk}"),
    ("tree_heads", lambda chance, pk,
    there: f"update audit_treeheadrows set ids = sha256('{chance.random()}') where tree_head_id = {pk}"),
]  # fmt: skip


def test_a_thousand_mutations_are_a_thousand_found(signed: World) -> None:
    from auditlog.models import LogEntry

    from apps.calls.models import Decision

    chance = random.Random(20_261_125)
    there = {
        "reads": list(AccessEvent.objects.values_list("pk", flat=True)),
        "changes": list(LogEntry.objects.values_list("pk", flat=True)),
        "decisions": list(Decision.objects.values_list("pk", flat=True)),
        "tree_heads": list(TreeHead.objects.values_list("pk", flat=True)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("alter table audit_accessevent drop constraint audit_accessevent_pkey")
        # so that two rows can change places
        cursor.execute("alter table audit_accessevent add primary key (id) deferrable")
    missed = []
    for each in range(1_000):
        kind, mutation = MUTATIONS[each % len(MUTATIONS)]
        statement = mutation(chance, chance.choice(there[kind][:-1] or there[kind]), there)
        place = transaction.savepoint()
        as_owner(statement)
        if services.verify_trail().count == 0:
            missed.append(statement)
        transaction.savepoint_rollback(place)
    assert missed == []


# -- late commits


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_not_skipped(world: World) -> None:
    """Its id is lower than that of a row which is committed already: signing waits for it, or takes it next
    time."""
    services.sign_trail()
    added, go_on = threading.Event(), threading.Event()

    def add_slowly() -> None:
        try:
            with transaction.atomic():
                read_something(world)
                added.set()
                go_on.wait(30)
        finally:
            connection.close()

    slow = threading.Thread(target=add_slowly)
    slow.start()
    assert added.wait(30)
    read_something(world)
    signed_meanwhile = services.sign_trail()
    go_on.set()
    slow.join(30)
    assert signed_meanwhile == 0
    assert services.sign_trail() == 2
    report = services.verify_trail()
    assert (report.count, set(report.unsigned.values())) == (0, {0})


@pytest.mark.django_db(transaction=True)
def test_signing_beside_many_writers_misses_nothing(world: World) -> None:
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                with transaction.atomic():
                    read_something(world, 3)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _each in range(4)]
    for writer in writers:
        writer.start()
    signed = [services.sign_trail() for _each in range(20)]
    stop.set()
    for writer in writers:
        writer.join(30)
    services.sign_trail()
    report = services.verify_trail()
    assert (report.count, set(report.unsigned.values())) == (0, {0})
    assert report.rows["reads"] == AccessEvent.objects.count()
    assert sum(map(bool, signed)) > 5


# -- heads outside, restore


def test_heads_stand_outside_with_every_tree_head(signed: World) -> None:
    lines = list(heads.read_heads())
    assert all(line.is_signed for line in lines)
    last = TreeHead.objects.filter(stream="reads").latest("number")
    assert lines[-1].heads["reads"] == (3, signatures.digest(last.document()).hex())
    assert len(lines) == 4


def test_heads_that_a_crash_kept_back_are_written_later(signed: World) -> None:
    whole = heads.heads_file().read_bytes()
    heads.heads_file().write_bytes(whole[:-40])
    assert heads.write_heads()
    assert list(heads.read_heads())[-1].heads == heads.current_heads()
    assert services.verify_trail().count == 0


def test_what_a_restore_lost_is_counted_and_not_missed(signed: World) -> None:
    last = TreeHead.objects.filter(stream="reads").latest("number")
    as_owner(
        f"delete from audit_treeheadrows where tree_head_id = {last.pk}",
        f"delete from audit_treehead where id = {last.pk}",
        f"delete from audit_accessevent where id > {last.after}",
    )  # fmt: skip
    heads.note_restore()
    read_something(signed, 2)
    services.sign_trail()
    report = services.verify_trail()
    assert (report.count, report.lost_by_restore) == (0, 1)


def test_admins_are_reported_when_the_heads_cannot_be_written(signed: World) -> None:
    heads.heads_file().unlink()
    heads.heads_file().mkdir()
    read_something(signed)
    assert not services.watch_tree_heads()
    assert TreeHead.objects.filter(stream="reads").count() == 4  # the tree heads stand all the same
    assert not services.watch_tree_heads()
    assert Notice.objects.filter(code="trail_not_signed", recipient=signed.people["admin"]).count() == 1


# -- it goes by whole stretches


def test_the_trail_cannot_be_deleted_row_by_row(signed: World) -> None:
    for model in (AccessEvent, TreeHead, TreeHeadRows):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all().delete()


def test_old_stretches_go_and_the_chain_stays(signed: World, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=200))
    read_something(signed, 2)
    services.sign_trail()
    now = AccessEvent.objects.latest("pk").created_at
    due = services.count_due(before=now - timedelta(days=190))
    assert due > 14
    assert services.drop_trail(before=now - timedelta(days=190), reason="purge:1") == due
    assert AccessEvent.objects.count() == 2
    assert TreeHead.objects.filter(stream="reads").count() == 4
    assert TrailCut.objects.get(stream="reads").rows == 14
    report = services.verify_trail()
    assert (report.count, report.rows["reads"]) == (0, 2)
    assert services.drop_trail(before=now - timedelta(days=190), reason="purge:2") == 0


def test_nothing_younger_than_180_days_goes_whatever_is_asked(
    signed: World, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=179, hours=23))
    now = TreeHead.objects.latest("pk").created_at + timedelta(days=179, hours=23)
    assert services.drop_trail(before=now, reason="purge:1") == 0
    assert not TrailCut.objects.exists()
    tree_head = TreeHead.objects.filter(stream="reads").latest("number")
    with pytest.raises(DatabaseError), transaction.atomic():
        TrailCut.objects.create(
            created_at=now,
            stream="reads",
            number=tree_head.number,
            upto=tree_head.upto,
            rows=1,
            reason="x",
            key="x",
            signature=b"x",
        )


def test_a_drop_that_was_cut_short_is_finished(
    signed: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(timedelta(days=181))
    now = TreeHead.objects.latest("pk").created_at + timedelta(days=181)
    monkeypatch.setattr("apps.audit.services.dropping._delete_rows", lambda stream, last: 0)
    services.drop_trail(before=now, reason="purge:1")
    assert AccessEvent.objects.count() == 14
    assert services.verify_trail().count == 0  # what is left is as it was signed
    monkeypatch.undo()
    services.drop_trail(before=now, reason="purge:2")
    assert AccessEvent.objects.count() == 0
    assert TrailCut.objects.filter(stream="reads").count() == 1
    assert services.verify_trail().count == 0


def test_a_forged_cut_is_named(signed: World) -> None:
    as_owner(
        "insert into audit_trailcut (created_at, stream, number, upto, rows, reason, key, signature)"
        " select now() + interval '1 year', stream, number, upto, 1, 'x', key, signature"
        " from audit_treehead where stream = 'reads' and number = 1",
        "delete from audit_accessevent where id <= (select upto from audit_treehead where stream = 'reads' "
        "and number = 1)",
    )
    codes = [each.code for each in services.verify_trail().findings]
    assert codes[0] == "cut_changed"
    assert codes.count("row_removed") == 5


# -- the check, the export, the commands


def test_the_check_keeps_its_result_and_tells(signed: World) -> None:
    assert services.check_trail().findings == []
    assert not Notice.objects.filter(code="trail_broken").exists()
    as_owner("delete from audit_accessevent where id = (select min(id) from audit_accessevent)")
    check = services.check_trail()
    assert check.findings[0]["code"] == "row_removed"
    assert {notice.recipient.role for notice in Notice.objects.filter(code="trail_broken")} == {
        "admin",
        "compliance",
    }
    assert TrailCheck.objects.count() == 2


def test_an_exported_trail_is_checked_without_a_database(signed: World) -> None:
    lines = list(services.export_trail())
    report = services.verify_export(lines)
    assert report.count == 0
    assert report.rows["reads"] == 14
    rows = [place for place, line in enumerate(lines) if line.startswith(b"[")]
    changed = [*lines]
    changed[rows[3]] = changed[rows[3]].replace(b"2026", b"2025", 1)
    assert first_of(services.verify_export(changed))[2] == "row_changed"
    assert (
        first_of(services.verify_export([line for place, line in enumerate(lines) if place != rows[-3]]))[2]
        == "row_removed"
    )
    forged = json.loads(lines[1])
    forged["tree_head"]["rows"] += 1
    assert (
        first_of(services.verify_export([lines[0], json.dumps(forged).encode(), *lines[2:]]))[2]
        == "tree_head_changed"
    )
    # the end is cut off
    assert first_of(services.verify_export(lines[: rows[-1] - 1])) == (
        "decisions",
        1,
        "tree_head_removed",
        {},
    )
    head = json.loads(lines[0])
    head["hegui_trail"]["streams"]["reads"]["dropped"] = 3
    assert first_of(services.verify_export([json.dumps(head).encode(), *lines[1:]]))[2] == "export_changed"
    with_other_keys = services.verify_export(
        lines, keys={name: bytes(32) for name in signatures.public_keys()}
    )
    assert {each.code for each in with_other_keys.findings} == {"export_changed", "tree_head_changed"}


@pytest.mark.parametrize(
    "content", [b"", b"nothing\n", b"{}\n", b"[1, 2]\n", b'{"hegui_trail": 1}\n', b"\xff\xfe\n"]
)
def test_what_is_no_export_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        services.verify_export(content.splitlines(keepends=True))


def test_the_commands(signed: World, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_trail")
    assert "as it was signed" in capsys.readouterr().out
    call_command("export_trail", str(tmp_path / "trail.jsonl"))
    call_command("verify_trail", "--file", str(tmp_path / "trail.jsonl"), "--json")
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])["count"] == 0
    as_owner("update audit_accessevent set purpose = 'x' where id = (select min(id) from audit_accessevent)")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_trail")
    assert ended.value.code == 3
    assert "was changed after it was signed" in capsys.readouterr().err


# -- the page


def test_the_page_says_up_to_where_the_trail_is_signed_and_what_was_found(
    signed: World, browse: Callable[[str], Client]
) -> None:
    officer = browse("compliance")
    services.check_trail()
    shown = officer.get("/trail/heads/", headers={"accept-language": "en"}).content.decode()
    assert "Signed up to 2026-11-24 10:00:00" in shown
    assert "rows are as they were signed" in shown
    assert TreeHead.objects.filter(stream="reads").latest("number").root_hex in shown
    assert "Signed up to" in officer.get("/trail/", headers={"accept-language": "en"}).content.decode()
    assert (
        "Signed up to"
        not in browse("supervisor").get("/trail/", headers={"accept-language": "en"}).content.decode()
    )
    assert (
        "last checked:" in officer.get(reverse("duties"), headers={"accept-language": "en"}).content.decode()
    )
    gone = AccessEvent.objects.order_by("pk")[0].pk
    as_owner(f"delete from audit_accessevent where id = {gone}")
    services.check_trail()
    for url in ("/trail/heads/", "/trail/"):
        assert (
            f"Row {gone} was removed." in officer.get(url, headers={"accept-language": "en"}).content.decode()
        )


def test_an_export_from_the_page_is_whole_and_in_the_trail(
    signed: World, browse: Callable[[str], Client]
) -> None:
    officer = browse("compliance")
    services.sign_trail()
    answer = officer.post("/trail/heads/export/")
    assert services.verify_export(cast(StreamingHttpResponse, answer).streaming_content).count == 0
    assert AccessEvent.objects.latest("pk").kind == AccessEvent.Kind.EXPORTED


def test_one_row_is_proved_to_somebody_who_holds_nothing_else(world: World, browse: Any) -> None:
    for place in range(5):
        services.record_access(
            kind="viewed", subject=f"user:{place}", purpose="look up", actor=world.people["supervisor"]
        )
    services.sign_trail()
    event = AccessEvent.objects.order_by("pk")[2]
    read = json.loads(browse("compliance").get(reverse("trail_proof", kwargs={"pk": event.pk})).content)
    proof, (head,) = read["proof"], read["heads"]
    assert dict(zip(read["columns"], json.loads(proof["row"]), strict=True))["subject"] == event.subject
    assert verify_pack.root_of(leaf(proof["row"].encode()), proof["path"]).hex() == head["head"]["root"]
    assert verify_pack.is_signed(
        head["head"], base64.b64decode(read["public_keys"][head["key"]]), bytes.fromhex(head["signature"])
    )
    late = services.record_access(
        kind="viewed", subject="user:9", purpose="look up", actor=world.people["supervisor"]
    )
    fresh = json.loads(browse("admin").get(reverse("trail_proof", kwargs={"pk": late.pk})).content)
    assert fresh["heads"] == [], "not signed yet, and said so"
