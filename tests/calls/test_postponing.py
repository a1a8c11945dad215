"""What an agent puts off comes back at its time, first to that agent; a break keeps the desk empty; only
possible times are promised."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_out
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts import services as accounts
from apps.calls import queries, services
from apps.calls.models import Break, Call, Decision, Postponed
from apps.calls.services import desk as desk_services
from apps.calls.services.desk import break_of, held_entry, open_call
from apps.calls.services.postponing import postponed_of
from apps.campaigns import services as campaigns
from apps.campaigns.models import Line, QueueEntry
from apps.core.calendar import clock as our_clock
from apps.core.errors import BadInput, NotFound, WrongState
from tests.calls.desk import finish, hold, place, result
from tests.world import OTHER_PHONE, World


def in_hours(hours: float) -> datetime:
    return our_clock.now() + timedelta(hours=hours)


def put_off(world: World, at: datetime, agent: str = "agent", why: str = "prepare") -> Postponed:
    assert hold(world, agent) is not None
    return services.postpone(
        actor=world.people[agent],
        entry_id=QueueEntry.objects.get(held_by=world.people[agent]).pk,
        at=at,
        why=why,
    )


@pytest.fixture
def two_agents(world: World) -> World:
    campaigns.assign_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent2"]
    )
    return world


def test_it_comes_back_at_its_time_to_its_agent_first(two_agents: World, clock: Any) -> None:
    world = two_agents
    put_off(world, in_hours(1))
    assert hold(world) is None
    assert hold(world, "agent2") is None
    clock.shift(timedelta(hours=1))
    assert hold(world, "agent2") is None  # it is another's, for half an hour
    assert hold(world) is not None


def test_after_half_an_hour_others_may_take_it(two_agents: World, clock: Any) -> None:
    put_off(two_agents, in_hours(1))
    clock.shift(timedelta(hours=1, minutes=30))
    assert hold(two_agents, "agent2") is not None


def test_what_is_due_comes_before_what_waits(world: World, clock: Any) -> None:
    put_off(world, in_hours(1))
    other = world.add_contact(OTHER_PHONE)
    QueueEntry.objects.filter(contact=other).update(priority=9)
    clock.shift(timedelta(hours=1))
    entry = hold(world)
    assert entry is not None
    assert entry.contact == world.contact


def test_a_contact_is_put_off_again_and_stands_once(world: World, clock: Any) -> None:
    put_off(world, in_hours(1))
    clock.shift(timedelta(hours=1))
    put_off(world, in_hours(1), why="unreached")
    assert [(row.why, row.at) for row in postponed_of(world.people["agent"])] == [("unreached", in_hours(1))]


@pytest.mark.parametrize("hours", [-1, 0, 24 * 30 + 1])
def test_a_time_is_ahead_and_within_30_days(world: World, hours: float) -> None:
    with pytest.raises(BadInput):
        put_off(world, in_hours(hours))
    assert held_entry(world.people["agent"], our_clock.now()) is not None


def test_no_time_is_promised_at_which_the_law_forbids_the_call(world: World) -> None:
    with pytest.raises(BadInput) as refused:
        put_off(world, world.at("21:30"))
    assert "时段" in str(refused.value)
    assert not Decision.objects.exists()  # asking beforehand is no decision


def test_a_call_back_the_same_day_is_one_call_too_many(world: World) -> None:
    place(world)
    finish(Call.objects.get())
    with pytest.raises(BadInput):
        result(world, reason="call_back", call_back_at=in_hours(1))
    assert open_call(world.people["agent"]) is not None  # no result was stored
    tomorrow = in_hours(24)
    result(world, reason="call_back", call_back_at=tomorrow)
    entry = QueueEntry.objects.get()
    assert (entry.state, entry.not_before, entry.postponed.why) == ("waiting", tomorrow, "asked")


def test_the_call_takes_it_off_the_list(world: World, clock: Any) -> None:
    put_off(world, in_hours(1))
    clock.shift(timedelta(hours=1))
    assert place(world).allowed
    assert not Postponed.objects.exists()


def test_a_call_back_of_whoever_opted_out_never_comes(world: World, clock: Any) -> None:
    put_off(world, in_hours(1))
    world.opt_out()
    clock.shift(timedelta(hours=1))
    assert hold(world) is None


def test_it_is_taken_up_before_its_time_if_the_gate_allows_it(world: World, clock: Any) -> None:
    row = put_off(world, in_hours(2))
    assert services.take_up(actor=world.people["agent"], pk=row.pk).held_by == world.people["agent"]
    services.postpone(actor=world.people["agent"], entry_id=row.entry_id, at=in_hours(24), why="other")
    clock.move_to(world.at("21:30"))
    with pytest.raises(BadInput):
        services.take_up(actor=world.people["agent"], pk=row.pk)
    with pytest.raises(NotFound):
        services.take_up(actor=world.people["agent2"], pk=row.pk)


def test_taking_up_gives_back_what_lay_on_the_desk(two_agents: World) -> None:
    row = put_off(two_agents, in_hours(2))
    two_agents.add_contact(OTHER_PHONE)
    assert hold(two_agents) is not None
    services.take_up(actor=two_agents.people["agent"], pk=row.pk)
    other = hold(two_agents, "agent2")
    assert other is not None
    assert other.contact_id != two_agents.contact.pk


def test_whoever_takes_no_calls_takes_up_nobody(two_agents: World) -> None:
    agent = two_agents.people["agent"]
    row = put_off(two_agents, in_hours(2))
    services.begin_break(actor=agent, kind="rest")
    with pytest.raises(WrongState):
        services.take_up(actor=agent, pk=row.pk)
    services.end_break(actor=agent)
    accounts.suspend(actor=two_agents.people["supervisor"], agent=agent, reason="整改")
    agent.refresh_from_db()
    with pytest.raises(WrongState):
        services.take_up(actor=agent, pk=row.pk)


def test_what_was_put_off_stays_with_the_campaign(two_agents: World) -> None:
    """Whoever works it no more sees none of its contacts."""
    row = put_off(two_agents, in_hours(2))
    campaigns.release_agent(
        actor=two_agents.people["supervisor"], campaign=two_agents.campaign, agent=two_agents.people["agent"]
    )
    assert list(postponed_of(two_agents.people["agent"])) == []
    with pytest.raises(NotFound):
        services.take_up(actor=two_agents.people["agent"], pk=row.pk)


def test_a_line_that_is_used_up_today_is_no_obstacle_tomorrow(world: World) -> None:
    place(world)
    finish(Call.objects.get())
    Line.objects.update(calls_per_day=1)
    result(world, reason="call_back", call_back_at=in_hours(24))
    assert Postponed.objects.exists()


def test_an_old_page_puts_off_nobody_else(world: World) -> None:
    entry = hold(world)
    assert entry is not None
    with pytest.raises(WrongState):
        services.postpone(actor=world.people["agent"], entry_id=entry.pk + 1, at=in_hours(1), why="other")


def test_an_opt_out_while_the_gate_is_asked_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before is not written back over it."""
    asked = desk_services.authorize

    def opted_out_first(**asking: Any) -> services.Answer:
        world.opt_out()
        return asked(**asking)

    monkeypatch.setattr(desk_services, "authorize", opted_out_first)
    assert not place(world).allowed
    assert QueueEntry.objects.get().state == "dropped"


def test_after_an_erasure_the_desk_goes_on(world: World, browse: Any) -> None:
    """The call of somebody who was erased has no result any more: nobody waits for one."""
    place(world)
    call = Call.objects.get()
    finish(call)
    assert open_call(world.people["agent"]) is not None
    Call.objects.filter(pk=call.pk).update(contact=None)
    assert open_call(world.people["agent"]) is None
    services.begin_break(actor=world.people["agent"], kind="rest")


def test_a_dialler_s_queue_leaves_it_to_its_agent(world: World, clock: Any) -> None:
    client, key = world.api_client("crm", "authorize")
    world.campaign.clients.add(client)

    def queue() -> list[Any]:
        answer = Client().get(
            f"/api/v1/campaigns/{world.campaign.code}/queue",
            headers={"authorization": f"Bearer {key}"},
            secure=True,
        )
        assert answer.status_code == 200, answer.content
        rows: list[Any] = answer.json()
        return rows

    assert len(queue()) == 1
    put_off(world, in_hours(1))
    assert queue() == []
    clock.shift(timedelta(minutes=89))
    assert queue() == []
    clock.shift(timedelta(minutes=1))
    assert len(queue()) == 1  # its agent did not come: others may


# -- breaks


def test_nothing_comes_to_the_desk_in_a_break(two_agents: World, clock: Any) -> None:
    agent = two_agents.people["agent"]
    assert hold(two_agents) is not None
    services.begin_break(actor=agent, kind="meal")
    assert hold(two_agents) is None
    assert hold(two_agents, "agent2") is not None  # at once, not in an hour
    clock.shift(timedelta(minutes=20))
    services.begin_break(actor=agent, kind="rest")  # the one that lasts goes on
    services.end_break(actor=agent)
    services.end_break(actor=agent)
    assert break_of(agent) is None
    lasted = Break.objects.get()
    assert (lasted.kind, lasted.ended_at) == ("meal", our_clock.now())


def test_no_break_before_the_result_is_written(world: World) -> None:
    place(world)
    with pytest.raises(WrongState):
        services.begin_break(actor=world.people["agent"], kind="rest")
    with pytest.raises(BadInput):
        services.begin_break(actor=world.people["agent"], kind="holiday")


def test_two_breaks_at_once_cannot_be_stored(world: World) -> None:
    row = {"agent": world.people["agent"], "kind": "rest", "started_at": our_clock.now()}
    Break.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Break.objects.create(**row)


def test_the_day_counts_calls_talk_and_breaks_since_midnight(world: World, clock: Any) -> None:
    agent = world.people["agent"]
    clock.move_to(world.at("10:00"))
    # from 22:00 to 01:00
    Break.objects.create(agent=agent, kind="rest", started_at=in_hours(-12), ended_at=in_hours(-9))
    Break.objects.create(agent=agent, kind="meal", started_at=in_hours(-0.5))
    world.connected(seconds=90)
    day = queries.day_of(agent, our_clock.now())
    assert (day.calls, day.connected, day.talked, day.paused) == (
        1,
        1,
        timedelta(seconds=90),
        timedelta(hours=1.5),
    )


def test_a_break_ends_with_the_session_the_suspension_and_the_day(world: World, clock: Any) -> None:
    agent = world.people["agent"]
    for end in (
        lambda: user_logged_out.send(sender=type(agent), request=None, user=agent),
        lambda: accounts.suspend(actor=world.people["supervisor"], agent=agent, reason="整改"),
        lambda: (clock.shift(timedelta(hours=13)), services.end_forgotten_breaks()),
    ):
        services.begin_break(actor=agent, kind="meal")
        end()
        assert break_of(agent) is None
    longest = Break.objects.latest("pk")
    assert longest.ended_at is not None
    assert longest.ended_at - longest.started_at == timedelta(hours=12)


# -- the page


def test_a_result_has_its_key_whatever_the_call(world: World, browse: Any) -> None:
    place(world)
    call = Call.objects.get()
    keys = []
    for answered in (None, call.reserved_at):
        Call.objects.filter(pk=call.pk).update(state="ended", answered_at=answered, ended_at=call.reserved_at)
        page = browse("agent").get(reverse("desk")).content.decode()
        keys.append(re.findall(r'value="opted_out"[^>]*data-key="(\d)"', page))
    assert keys == [["6"], ["6"]]


def test_not_reached_is_no_result_of_an_answered_call(world: World, browse: Any) -> None:
    place(world)
    finish(Call.objects.get())
    with pytest.raises(BadInput):
        result(world, reason="not_reached")
    page = browse("agent").get(reverse("desk")).content.decode()
    assert 'value="not_reached"' not in page
    assert 'value="call_back"' in page


def test_what_is_wrong_is_said_at_its_place_and_ticks_stay(world: World, browse: Any) -> None:
    entry = hold(world)
    assert entry is not None
    page = (
        browse("agent").post(reverse("desk_call"), {"entry_id": entry.pk, "ticked": ["2"]}).content.decode()
    )
    assert 'id="unticked"' in page
    assert page.count("checked") == 1
    later = (
        browse("agent")
        .post(reverse("desk_postpone"), {"entry_id": entry.pk, "at": "2026-01-01T10:00", "why": "other"})
        .content.decode()
    )
    assert "请选择 30 天以内的时间。" in later
    assert not Decision.objects.exists()


def test_the_desk_shows_the_client_s_earlier_calls(world: World, browse: Any) -> None:
    world.call()
    QueueEntry.objects.update(state="held", held_by=world.people["agent"], held_until=in_hours(1))
    page = browse("agent").get(reverse("desk")).content.decode()
    assert "历次通话" in page
    assert "有意向" in page


def test_who_is_suspended_sees_since_when_and_by_whom(world: World, browse: Any) -> None:
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="整改")
    page = browse("agent").get(reverse("desk")).content.decode()
    assert world.people["supervisor"].display_name in page
    accounts.resume(actor=world.people["supervisor"], agent=world.people["agent"])
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_by is None


def test_the_list_of_what_was_put_off_shows_masks(world: World, browse: Any) -> None:
    put_off(world, in_hours(1))
    page = browse("agent").get(reverse("desk_later")).content.decode()
    assert "138****1234" in page
    assert "需先查询信息" in page
