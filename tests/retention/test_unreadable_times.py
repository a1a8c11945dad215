"""A time that no reader can read, planted in tables that only grow: nothing stops, and the check names the
row."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.urls import reverse

from apps.core.database.unreadable_times import UNREADABLE
from apps.optouts import services as optouts
from apps.optouts.models import OptOut
from apps.retention import ledger
from apps.retention.services import check_consistency, watch_ledger, write_register_now
from tests.http import Api
from tests.world import OTHER_PHONE, PHONE, World

# table, column, constraint that keeps such a time out today
PLANTED = {
    "opt-out": ("optouts_optout", "said_at", "opt_out_time_is_possible"),
    "message": ("optouts_message", "sent_at", "message_time_is_possible"),
    "decision": ("calls_decision", "at", None),
    "access event": ("audit_accessevent", "created_at", None),
    "notice": ("notifications_notice", "created_at", None),
}


@pytest.fixture(params=PLANTED)
def planted(request: Any, world: World) -> tuple[str, str]:
    """A row as it came in before times were bounded: 1 January of the year before the first."""
    optouts.take_message(client=world.client, sender=f"+86{OTHER_PHONE}", text="TD", message_id="m")
    optouts.take_message(client=world.client, sender=f"+86{OTHER_PHONE}", text="不是我吧", message_id="n")
    world.authorize(reserve=False)
    Api(world.key).get("campaigns/spring/queue")
    table, column, constraint = PLANTED[request.param]
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        if constraint:
            cursor.execute(f"alter table {table} drop constraint {constraint}")
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(
            f"update {table} set {column} = '0001-01-01 00:00:00+00 BC' where id = (select min(id) from "
            f"{table})"
        )
        cursor.execute(f"alter table {table} enable trigger user")
    return table, column


def test_nothing_stops_and_the_check_names_the_row(
    world: World, planted: tuple[str, str], browse: Any
) -> None:
    api = Api(world.key)
    assert api.post("opt-outs", {"phone": PHONE, "evidence": "x"}).status_code == 201
    assert "opted_out" in world.authorize(reserve=False).codes
    assert api.post("sms", {"from": PHONE, "text": "TD", "message_id": "later"}).status_code == 200
    officer = browse("compliance")
    for page in ("opt_outs", "decisions", "trail", "inbox", "home", "contacts"):
        assert officer.get(reverse(page)).status_code == 200, page
    assert watch_ledger()
    assert sum(line.kind == "refused" for line in ledger.read_ledger()) >= 2
    named = check_consistency()["times_impossible"]
    assert any(each.startswith(f"{planted[0]}.{planted[1]} ") for each in named)


def test_it_is_read_as_long_ago(world: World) -> None:
    with connection.cursor() as cursor:
        for text in ("0001-01-01 00:00:00+00 BC", "infinity", "20000-01-01 00:00:00+00"):
            cursor.execute("select %s::timestamptz", [text])
            assert cursor.fetchone() == (UNREADABLE,)


def test_no_such_time_is_stored(world: World) -> None:
    with pytest.raises(IntegrityError, match="opt_out_time_is_possible"), transaction.atomic():
        OptOut.objects.create(
            number_hash=b"x" * 32, key_id="k1", channel="api", evidence="x", said_at=UNREADABLE
        )


def test_a_ledger_that_fails_makes_no_error_of_a_stored_refusal(world: World, monkeypatch: Any) -> None:
    from apps.retention.services import writing_ledger

    def fails() -> int:
        raise RuntimeError("anything")

    monkeypatch.setattr(writing_ledger, "write_register", fails)
    write_register_now()
    assert watch_ledger() is False
