"""The ledger outside the database: append-only, whole to the last line that was acknowledged, and nobody
else's."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.utils.translation import override

from apps.core.documents.append_only import set_aside
from apps.optouts.models import OptOut
from apps.optouts.services import approve_lift, ask_lift
from apps.retention import ledger, services
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def lines() -> list[tuple[int, str]]:
    return [(line.number, line.kind) for line in ledger.read_ledger()]


def write(*kinds: str) -> None:
    for kind in kinds:
        with ledger.writing() as book:
            book.append(kind, {"hashes": ["00"]})


def test_lines_follow_each_other() -> None:
    write("erasing", "erased", "erasing")
    assert lines() == [(1, "erasing"), (2, "erased"), (3, "erasing")]
    assert ledger.head()[0] == 3


def test_there_may_be_no_ledger_yet() -> None:
    assert (lines(), ledger.head()) == ([], (0, "0" * 64))


HARMS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": lambda rows: [rows[0], rows[1].replace(b"erased", b"erasing"), rows[2]],
    "removed": lambda rows: [rows[0], rows[2]],
    "swapped": lambda rows: [rows[0], rows[2], rows[1]],
    "put in between": lambda rows: [rows[0], rows[0], *rows[1:]],
    "no line": lambda rows: [rows[0], b"nothing\n", *rows[2:]],
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_done_to_it_shows_at_its_line(harm: str) -> None:
    write("erasing", "erased", "erasing")
    path = ledger.ledger_file()
    path.write_bytes(b"".join(HARMS[harm](path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(ledger.LedgerBroken, match="line 2"):
        lines()


def test_a_line_that_a_crash_cut_off_is_taken_away_by_the_next_writer() -> None:
    write("erasing", "erased")
    path = ledger.ledger_file()
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[1][:-5])
    assert lines() == [(1, "erasing"), (2, "erased")]
    write("erasing")
    assert lines() == [(1, "erasing"), (2, "erased"), (3, "erasing")]


def test_a_ledger_under_another_key_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    write("erasing")
    monkeypatch.setattr(ledger, "_secret", lambda: b"another")
    with pytest.raises(ledger.LedgerBroken, match="line 1"):
        lines()


def test_the_register_is_written_as_it_changes_and_each_change_once(world: World) -> None:
    world.opt_out()
    assert services.write_register() == 1
    assert services.write_register() == 0
    world.opt_out(OTHER_PHONE, evidence="call:2")
    services.write_register()
    assert lines() == [(1, "refused"), (2, "refused")]
    facts = [line.facts["number_hash"] for line in ledger.read_ledger()]
    assert facts == [bytes(entry.number_hash).hex() for entry in OptOut.objects.order_by("pk")]
    assert PHONE not in ledger.ledger_file().read_text()


def test_a_lift_is_written_with_its_two_people(world: World, clock: time_machine.Traveller) -> None:
    world.opt_out()
    clock.move_to(world.at("12:00"))
    lift = ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=world.at("11:00"), evidence="录音"
    )
    approve_lift(actor=world.people["compliance2"], lift=lift)
    services.write_register()
    (result,) = [line.facts for line in ledger.read_ledger() if line.kind == "lifted"]
    assert (result["asked_by_id"], result["decided_by_id"]) == (
        world.people["compliance"].pk,
        world.people["compliance2"].pk,
    )


def test_a_ledger_that_is_ahead_of_its_database_is_reported_and_not_written(world: World) -> None:
    with ledger.writing() as book:
        book.append("refused", {}, position=99)
    world.opt_out()
    with pytest.raises(ledger.LedgerAhead):
        services.write_register()
    assert not services.watch_ledger()
    assert not services.watch_ledger()
    assert world.people["admin"].notices.filter(code="ledger_behind").count() == 1
    assert "ledger" in services.check_consistency()


def test_an_opt_out_stands_though_the_ledger_cannot_be_written(world: World) -> None:
    ledger.ledger_file().parent.parent.mkdir(parents=True, exist_ok=True)
    ledger.ledger_file().parent.write_text("a file where the folder should be")
    world.opt_out()
    services.write_register_now()
    assert "opted_out" in world.authorize().codes
    ledger.ledger_file().parent.unlink()
    assert services.watch_ledger()
    assert lines() == [(1, "refused")]


def test_a_database_that_begins_anew_begins_a_new_ledger(world: World) -> None:
    write("erasing")
    set_aside(ledger.ledger_file())
    world.opt_out()
    assert services.watch_ledger()
    assert lines() == [(1, "refused")]
    assert len(list(ledger.ledger_file().parent.iterdir())) == 2
