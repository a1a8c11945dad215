"""Lines and agents beyond a limit: flagged once, reported, paused where the policy says so."""

from datetime import timedelta
from typing import Any

import pytest

from apps.calls import services
from apps.calls.models import Call, Decision, Disposition, Flag
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.notifications.models import Notice
from apps.policies import services as policies
from tests.world import World

LIMITS = {
    "hours": 24, "least_calls": 10, "unanswered_percent": 70, "short_percent": 50, "short_seconds": 5,
    "complaint_percent": 20,
    "refused_percent": 50, "pauses_line": False, "pauses_agent": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def limits(world: World) -> None:
    set_limits(world)


def set_limits(world: World, **changes: Any) -> None:
    draft = policies.write_draft(
        actor=world.people["compliance"], kind="measures", values={**LIMITS, **changes}, reason="x"
    )
    policies.approve_draft(actor=world.people["compliance2"], draft=draft)


def calls(
    world: World, count: int, *, agent: str | None = "agent", talked: float | None = 60, complained: int = 0
) -> None:
    """So many calls an hour ago, answered for `talked` seconds or not at all."""
    then = world.at("09:00")
    for number in range(count):
        decision = Decision.objects.create(
            at=then, allowed=True, facts={}, campaign=world.campaign, policy=1, line_asked=world.line.number
        )
        call = Call.objects.create(
            decision=decision, campaign=world.campaign, line=world.line,
            script_version=world.script.versions.get(),
            agent=world.people[agent] if agent else None, number_index=decision.pk.to_bytes(32, "big"),
            slot_day=then.date(),
            state="no_answer" if talked is None else "ended", reserved_at=then, reserved_until=then,
            answered_at=None if talked is None else then,
            ended_at=then + timedelta(seconds=talked or 0),
        )  # fmt: skip
        if number < complained:
            Disposition.objects.create(call=call, reason="complaint", written_by=world.people["agent"])


def reasons() -> set[tuple[str, str]]:
    return {("line" if flag.line_id else "agent", flag.reason) for flag in Flag.objects.all()}


def test_ordinary_calls_flag_nobody(world: World) -> None:
    calls(world, 20)
    assert services.measure() == []


def test_too_few_calls_are_not_judged(world: World) -> None:
    calls(world, 9, talked=None)
    assert services.measure() == []


def test_unanswered_calls_flag_line_and_agent(world: World) -> None:
    calls(world, 7, talked=None)
    calls(world, 3)
    services.measure()
    assert reasons() == {("line", "unanswered"), ("agent", "unanswered")}
    flag = Flag.objects.get(line=world.line)
    assert (flag.percent, flag.counted, flag.limit, flag.policy) == (70, 10, 70, 2)


def test_just_below_the_limit_flags_nobody(world: World) -> None:
    calls(world, 69, talked=None)
    calls(world, 31)
    assert services.measure() == []


def test_short_calls_are_a_share_of_the_connected(world: World) -> None:
    calls(world, 30, talked=None)
    calls(world, 25, talked=4.9)
    calls(world, 25, talked=5)
    services.measure()
    assert ("line", "short") in reasons()


def test_complaints_and_refusals(world: World) -> None:
    calls(world, 10, complained=2)
    services.measure()
    assert reasons() == {("line", "complaints"), ("agent", "complaints")}
    for _time in range(12):
        Decision.objects.create(
            at=world.at("09:00"), allowed=False, facts={}, codes=["opted_out"], campaign=world.campaign,
            policy=1,
            agent=world.people["agent2"], line_asked="+862155550199",
        )  # fmt: skip
    services.measure()
    assert ("agent", "refused") in reasons()


def test_old_calls_are_not_looked_at(world: World, clock: Any) -> None:
    calls(world, 20, talked=None)
    clock.shift(timedelta(hours=24))
    assert services.measure() == []


def test_a_flag_stands_until_it_is_closed_and_is_reported_once(world: World) -> None:
    calls(world, 20, talked=None)
    assert len(services.measure()) == 2
    assert services.measure() == []
    result = {notice.recipient.username for notice in Notice.objects.filter(code="flagged")}
    assert result == {"compliance", "compliance2", "supervisor", "supervisor2"}
    for flag in Flag.objects.all():
        services.close_flag(actor=world.people["compliance"], flag=flag, note="线路正常，名单过旧")
    assert len(services.measure()) == 2


def test_the_policy_pauses_line_and_agent(world: World) -> None:
    calls(world, 20, talked=None)
    set_limits(world, pauses_line=True, pauses_agent=True)
    services.measure()
    assert {flag.has_paused for flag in Flag.objects.all()} == {True}
    world.people["agent"].refresh_from_db()
    assert "自动措施" in world.people["agent"].suspended_for
    assert {"line_not_verified", "agent_suspended"} <= set(
        world.authorize(agent="agent", reserve=False).codes
    )


def test_closing_wants_a_word_the_role_and_an_open_flag(world: World) -> None:
    flag = Flag.objects.create(line=world.line, reason="short", counted=60, percent=70, limit=50, policy=1)
    with pytest.raises(NotAllowed):
        services.close_flag(actor=world.people["supervisor"], flag=flag, note="x")
    with pytest.raises(BadInput):
        services.close_flag(actor=world.people["compliance"], flag=flag, note=" ")
    services.close_flag(actor=world.people["compliance"], flag=flag, note="已核对")
    with pytest.raises(WrongState):
        services.close_flag(actor=world.people["compliance"], flag=flag, note="x")
