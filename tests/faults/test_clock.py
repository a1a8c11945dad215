"""Clocks jump, also across an edge: no call outside of the window, whatever was reserved before."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.calls import services
from apps.calls.models import Call
from apps.campaigns.models import Campaign, Filing
from apps.core.calendar import clock as our_clock
from apps.scripts.models import ScriptVersion
from tests.conftest import SHANGHAI
from tests.http import Api, problem
from tests.world import PHONE, World

HOUR = timedelta(hours=1)
EDGES = [
    "2026-11-25T08:00",
    "2026-11-25T21:00",
    "2026-11-26T00:00",
    "2026-10-01T00:00",
    "2026-10-08T00:00",
    "2027-01-01T00:00",
]


def is_lawful(moment: datetime) -> bool:
    """Marketing, in Shanghai: between eight and nine in the evening, on no holiday, in a year that is
    known."""
    local = moment.astimezone(SHANGHAI)
    holiday = local.month == 10 and local.day <= 7
    return 8 <= local.hour < 21 and not holiday and local.year == 2026


@pytest.fixture
def wide(world: World) -> World:
    """Everything but the hour and the day is in order, the whole year round."""
    begin, end = datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2027, 6, 1, tzinfo=SHANGHAI)
    Campaign.objects.update(starts_on=begin.date(), ends_on=end.date())
    Filing.objects.update(valid_from=begin.date(), valid_until=end.date())
    ScriptVersion.objects.update(expires_at=end)
    world.consent(world.contact, given_at=begin, expires_at=end)
    return world


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("back", [False, True])
def test_a_jump_over_an_edge_lets_nothing_through(wide: World, clock: Any, edge: str, back: bool) -> None:
    moment = datetime.fromisoformat(edge).replace(tzinfo=SHANGHAI)
    way = -HOUR if back else HOUR
    for minutes in (-90, -61, -60, -59, -1, 0, 1, 59, 60, 61):
        clock.move_to(moment + timedelta(minutes=minutes))
        for _jump in range(2):
            Call.objects.all().update(state="expired")
            result = wide.authorize()
            assert result.allowed == is_lawful(our_clock.now()), our_clock.now()
            clock.shift(way)


def test_a_reservation_ends_with_the_hours(wide: World, clock: Any) -> None:
    clock.move_to(wide.at("20:59:30"))
    result = wide.authorize(agent="agent")
    assert result.call is not None
    assert result.call.reserved_until == wide.at("21:00")
    clock.move_to(wide.at("21:00"))
    assert services.claim_call(client=wide.client) is None
    taken = services.record_event(call_id=result.call.pk, event="ringing", client=None)
    assert taken.call.end_requested_at is not None, (
        "a call that was made all the same counts, and is to be ended"
    )


def test_a_number_is_not_handed_over_again_after_hours(wide: World, clock: Any) -> None:
    clock.move_to(wide.at("20:59:30"))
    asked = {"campaign": "spring", "phone": PHONE, "line": wide.line.number}
    key = {"Idempotency-Key": "k"}
    api = Api(wide.key)
    assert api.post("calls/authorize", asked, **key).json()["number"]
    clock.move_to(wide.at("21:00"))
    assert problem(api.post("calls/authorize", asked, **key)) == (409, "wrong_state")
    assert problem(api.post("calls/authorize", {**asked, "phone": "13800001235"}, **key)) == (
        422,
        "idempotency_key_reused",
    )


def test_a_clock_that_goes_back_gives_no_second_call_of_the_day(wide: World, clock: Any) -> None:
    clock.move_to(wide.at("10:00"))
    wide.call()
    clock.shift(-HOUR)
    assert wide.authorize().codes == ["daily_cap"]
