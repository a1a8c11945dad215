"""Lines that only grow, in a file and in a table of another PostgreSQL: one writer at a time, nothing
changed, nothing lost."""

import threading
from pathlib import Path

import psycopg
import pytest

from apps.core.documents.append_only import (
    LineTable,
    Location,
    copy_lines,
    growing,
    location_of,
    set_aside,
    whole_lines,
)
from apps.core.errors import StorageAway


@pytest.fixture(params=["file", "table"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    if request.param == "file":
        return location_of(tmp_path, "ledger")
    return location_of(request.getfixturevalue("elsewhere"), request.node.name)


def write(place: Location, *lines: bytes) -> None:
    with growing(place) as held:
        for line in lines:
            held.append(line)
        held.sync()


def test_what_was_written_is_there_in_its_order(place: Location) -> None:
    assert not place.exists()
    assert list(whole_lines(place)) == []
    write(place, b"one", b"two")
    write(place, b"three")
    assert place.exists()
    assert list(whole_lines(place)) == [b"one", b"two", b"three"]
    with growing(place) as held:
        assert held.last_line() == b"three"


def test_what_was_not_flushed_is_not_written(place: Location) -> None:
    with growing(place) as held:
        held.append(b"never")
    assert list(whole_lines(place)) == []


def test_writers_wait_for_one_another(place: Location) -> None:
    def count_on() -> None:
        for _each in range(10):
            with growing(place) as held:
                last = int(held.last_line() or b"0")
                held.append(str(last + 1).encode())
                held.sync()

    threads = [threading.Thread(target=count_on) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(whole_lines(place)) == [str(number).encode() for number in range(1, 41)]


def test_who_waits_while_it_is_set_aside_writes_into_the_new_one(place: Location) -> None:
    write(place, b"old")
    waits = threading.Thread(target=lambda: write(place, b"new"))
    if isinstance(place, LineTable):
        set_aside(place)
        waits.start()
    else:
        with growing(place):
            waits.start()
            waits.join(0.3)  # it waits for us
            set_aside(place)
    waits.join(30)
    assert list(whole_lines(place)) == [b"new"]


def test_lines_are_copied_from_one_to_the_other(place: Location, tmp_path: Path, elsewhere: str) -> None:
    write(place, b"one", b"two")
    for target in (
        location_of(tmp_path / "copy", "ledger"),
        LineTable(elsewhere, f"copy of {type(place).__name__}"),
    ):
        copy_lines(place, target)
        copy_lines(place, target)
        assert list(whole_lines(target)) == [b"one", b"two"]


def test_nobody_changes_a_line_of_the_table(elsewhere: str) -> None:
    table = LineTable(elsewhere, "stays")
    write(table, b"one")
    with psycopg.connect(elsewhere, autocommit=True) as link:
        for harm in ("update hegui_lines set line = 'x'", "delete from hegui_lines", "truncate hegui_lines"):
            with pytest.raises(psycopg.errors.CheckViolation):
                link.execute(harm)
    assert list(whole_lines(table)) == [b"one"]


def test_a_server_that_is_away_is_as_a_disk_that_fails(elsewhere: str) -> None:
    table = LineTable("postgresql://hegui:secret@127.0.0.1:9/lines", "ledger")
    with pytest.raises(OSError, match="OperationalError"), growing(table):
        pass
    with pytest.raises(StorageAway):
        table.exists()
    assert "secret" not in str(table)
