"""Recording a refusal: at once, once, for good, without the number."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.calls.models import Call
from apps.campaigns.models import QueueEntry
from apps.optouts.models import OptOut
from tests.world import PHONE, World


def test_a_reserved_call_is_withdrawn_in_the_same_transaction(world: World) -> None:
    reserved = world.authorize().call
    world.opt_out()
    assert reserved is not None
    reserved.refresh_from_db()
    assert reserved.state == Call.State.WITHDRAWN


def test_the_queues_drop_the_number(world: World) -> None:
    autumn = world.running_campaign("autumn")
    QueueEntry.objects.create(campaign=autumn, contact=world.contact)
    world.opt_out()
    assert set(QueueEntry.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.parametrize("state", [Call.State.DIALLING, Call.State.RINGING, Call.State.ANSWERED])
def test_a_call_under_way_is_flagged_for_the_dialler_to_end(world: World, state: str) -> None:
    Call.objects.filter(pk=world.authorize().call.pk).update(state=state)  # type: ignore[union-attr]
    world.opt_out()
    call = Call.objects.get()
    assert call.state == state
    assert call.end_requested_at is not None
    assert call.opted_out_at is not None


def test_a_withdrawn_reservation_does_not_count_but_the_opt_out_does(world: World, clock: Any) -> None:
    world.authorize()
    world.opt_out()
    clock.shift(timedelta(days=400))
    assert "opted_out" in world.authorize().codes


def test_the_same_evidence_twice_is_one_entry(world: World) -> None:
    first = world.opt_out(evidence="call:7")
    assert world.opt_out(evidence="call:7") == first
    assert world.opt_out(evidence="call:8") != first
    assert OptOut.objects.count() == 2


def test_the_same_evidence_may_refuse_more_later(world: World) -> None:
    narrow = world.opt_out(evidence="crm:7", scope="purpose", scope_value="membership")
    assert world.opt_out(evidence="crm:7", scope="purpose", scope_value="membership") == narrow
    whole = world.opt_out(evidence="crm:7")
    assert (whole.scope, whole.evidence) == ("everything", "crm:7#2")
    assert world.opt_out(evidence="crm:7", scope="brand", scope_value="明澜") == whole, (
        "everything holds it already"
    )


def test_the_register_holds_no_number(world: World) -> None:
    world.opt_out()
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(o)::text from optouts_optout o")
        (text,) = cursor.fetchone()
    assert PHONE not in text


@pytest.mark.parametrize(
    "change", [lambda: OptOut.objects.update(channel="api"), lambda: OptOut.objects.all().delete()]
)
def test_entries_are_never_changed_and_never_deleted(world: World, change: Any) -> None:
    world.opt_out()
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
