"""Exceptions from hours and caps: for calls that are no marketing, approved, for a while (R11, R13)."""

from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.calls.models import Call, Decision
from apps.calls.services import record_event
from apps.campaigns import services
from apps.campaigns.models import CallException, Campaign
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from tests.world import World

HOURS = {"covers": "hours", "window_start": time(6), "window_end": time(23)}
CAPS = {"covers": "caps", "calls_per_day": 2, "calls_per_week": 5}


@pytest.fixture
def notice(world: World) -> Campaign:
    script = world.approved_script("notice", kind="notification", trade="general")
    return world.running_campaign("notice", kind="notification", trade="general", script=script)


def ask(world: World, campaign: Campaign, **fields: Any) -> CallException:
    now = timezone.now()
    return services.ask_exception(
        actor=world.people["supervisor"], campaign=campaign,
        **{"starts_at": now, "ends_at": now + timedelta(days=3), "reason": "台风停运通知", **HOURS, **fields},
    )  # fmt: skip


def approve(world: World, exception: CallException) -> CallException:
    return services.approve_exception(actor=world.people["compliance"], exception=exception)


def test_an_approved_exception_widens_the_hours(world: World, notice: Campaign) -> None:
    exception = ask(world, notice)
    assert world.authorize(campaign="notice", at="22:00", reserve=False).codes == ["outside_window"]
    approve(world, exception)
    assert world.authorize(campaign="notice", at="22:00", reserve=False).allowed
    assert Decision.objects.latest("pk").facts["hours_exception"] == exception.public_id
    assert world.authorize(campaign="notice", at="23:00", reserve=False).codes == ["outside_window"]


def test_it_ends_by_itself(world: World, notice: Campaign, clock: time_machine.Traveller) -> None:
    approve(world, ask(world, notice))
    clock.move_to(world.at("22:00") + timedelta(days=3))
    assert world.authorize(campaign="notice", reserve=False).codes == ["outside_window"]


def test_it_ends_at_once_when_compliance_ends_it(world: World, notice: Campaign) -> None:
    exception = approve(world, ask(world, notice))
    services.end_exception(actor=world.people["compliance"], exception=exception)
    assert world.authorize(campaign="notice", at="22:00", reserve=False).codes == ["outside_window"]
    with pytest.raises(WrongState):
        services.end_exception(actor=world.people["compliance"], exception=exception)


def test_a_second_call_a_day_is_stored_in_a_slot_of_its_own(world: World, notice: Campaign) -> None:
    caps = {
        "covers": "caps",
        "calls_per_day": 2,
        "calls_per_week": 5,
        "window_start": None,
        "window_end": None,
    }
    approve(world, ask(world, notice, **caps))
    world.call(campaign="notice", at="10:00")
    second = world.call(campaign="notice", at="12:00")
    assert second.slot_number == 2
    assert second.exception is not None
    assert world.authorize(campaign="notice", at="14:00").codes == ["daily_cap"]
    assert world.authorize(campaign="spring", at="14:00").codes == ["daily_cap"]


def test_a_call_that_was_not_made_leaves_its_slot_to_another(world: World, notice: Campaign) -> None:
    caps = {
        "covers": "caps",
        "calls_per_day": 2,
        "calls_per_week": 5,
        "window_start": None,
        "window_end": None,
    }
    approve(world, ask(world, notice, **caps))
    asked = {"campaign": "notice", "knows_number": True}
    first = world.authorize(at="10:00", **asked)
    world.authorize(at="10:10", **asked)
    record_event(call_id=first.call.pk, event="released", client=None)
    third = world.authorize(at="10:20", **asked)
    assert third.allowed
    assert third.call.slot_number == 1
    assert world.authorize(at="10:30", **asked).codes == ["daily_cap"]


def test_without_an_exception_no_second_slot_can_be_stored(world: World, notice: Campaign) -> None:
    call = world.call(campaign="notice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(slot_number=2)


def test_marketing_has_none_by_service_table_and_gate(world: World) -> None:
    with pytest.raises(BadInput):
        ask(world, world.campaign)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        CallException.objects.create(
            campaign=world.campaign, asked_by=world.people["supervisor"],
            approved_by=world.people["compliance"], approved_at=now,
            starts_at=now, ends_at=now + timedelta(days=1), reason="x", **HOURS,
        )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": timezone.now() + timedelta(days=365)},
        {"window_end": time(5)},
        {"window_start": None},
        {"covers": "caps"},
        {"covers": "caps", "window_start": None, "window_end": None, "calls_per_day": 4, "calls_per_week": 5},
        {"covers": "caps", "window_start": None, "window_end": None, "calls_per_day": 1, "calls_per_week": 8},
        {"reason": ""},
    ],
)
def test_what_is_asked_has_bounds_and_a_reason(world: World, notice: Campaign, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        ask(world, notice, **wrong)
    assert not CallException.objects.exists()


def test_two_people_and_the_right_roles(world: World, notice: Campaign) -> None:
    exception = ask(world, notice)
    with pytest.raises(NotAllowed):
        services.approve_exception(actor=world.people["supervisor"], exception=exception)
    with pytest.raises(NotAllowed):
        services.ask_exception(actor=world.people["supervisor2"], campaign=notice, reason="x", **HOURS)
    asker = world.people["supervisor"]
    asker.role = "compliance"
    with pytest.raises(FourEyes):
        services.approve_exception(actor=asker, exception=exception)


def test_the_page_asks_and_approves(world: World, notice: Campaign, browse: Any) -> None:
    fields = {
        "covers": "hours", "window_start": "06:00", "window_end": "23:00", "starts_at": "2026-11-24T09:00",
        "ends_at": "2026-11-25T09:00",
        "reason": "台风停运通知",
    }  # fmt: skip
    browse("supervisor").post(f"/campaigns/{notice.public_id}/exceptions/", fields)
    exception = CallException.objects.get()
    browse("compliance").post(f"/exceptions/{exception.public_id}/approve/")
    assert "台风停运通知" in browse("supervisor").get(f"/campaigns/{notice.public_id}/").content.decode()
    assert world.authorize(campaign="notice", at="22:00", reserve=False).allowed
