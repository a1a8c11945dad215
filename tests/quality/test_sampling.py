"""Which calls of a day go to people: at risk, no agent forgotten, quotas, chance; and a day is sampled once
(R29)."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from apps.accounts.models import User
from apps.calls.models import Call
from apps.core.calendar import clock as our_clock
from apps.quality import services
from apps.quality.models import Review, SamplingPlan
from apps.quality.rules import choosing
from apps.quality.rules.choosing import Before, Candidate, SampleTerms
from tests.world import World

from .sounds import hand_in

NONE = SampleTerms(random_percent=0, least_risk=30, most=100, agent_week=0, campaign_day=0, double_percent=0)


def chosen(
    candidates: list[Candidate], terms: SampleTerms = NONE, before: Before | None = None, seed: int = 1
) -> dict[int, tuple[str, ...]]:
    return {
        each.candidate.call: each.why
        for each in choosing.choose(candidates, terms, before or Before(), Random(seed))
    }


def test_calls_at_risk_come_first_and_the_riskiest_when_there_is_no_room() -> None:
    calls = [
        Candidate(1, 1, 1, ("short",)),
        Candidate(2, 1, 1, ("finding",)),
        Candidate(3, 1, 1, ("complaint", "finding")),
    ]
    assert chosen(calls) == {3: ("complaint", "finding"), 2: ("finding",)}
    assert list(chosen(calls, SampleTerms(0, 30, 1, 0, 0, 0))) == [3]
    assert calls[2].risk == 100


def test_no_agent_is_forgotten_whatever_the_limit() -> None:
    calls = [Candidate(number, number % 3, 1) for number in range(30)]
    found = chosen(calls, SampleTerms(0, 30, 0, 0, 0, 0), Before(long_ago=frozenset({1, 2})))
    assert sorted(calls[call].agent or 0 for call in found) == [1, 2]
    assert set(found.values()) == {("long_ago",)}


def test_quotas_of_agents_count_what_was_reviewed_in_the_week() -> None:
    calls = [Candidate(number, number % 2, 1) for number in range(40)]
    found = chosen(calls, SampleTerms(0, 30, 100, 3, 0, 0), Before(of_agent={0: 2, 1: 3}))
    assert [calls[call].agent for call in found] == [0]


def test_each_campaign_has_its_share() -> None:
    calls = [Candidate(number, None, number % 4) for number in range(40)]
    found = chosen(calls, SampleTerms(0, 30, 100, 0, 2, 0))
    assert sorted(calls[call].campaign for call in found) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_chance_takes_its_percent_and_the_same_seed_takes_the_same() -> None:
    calls = [Candidate(number, None, 1) for number in range(1_000)]
    terms = SampleTerms(10, 30, 500, 0, 0, 0)
    one = chosen(calls, terms)
    assert len(one) == 100
    assert one == chosen(calls, terms)
    assert one != chosen(calls, terms, seed=2)


def test_some_are_reviewed_twice() -> None:
    calls = [Candidate(number, None, 1, ("finding",)) for number in range(100)]
    assert (
        sum(
            each.twice
            for each in choosing.choose(calls, SampleTerms(0, 30, 100, 0, 0, 20), Before(), Random(1))
        )
        == 20
    )


# -- a day


@pytest.fixture
def old_hands(world: World) -> None:
    User.objects.update(date_joined=our_clock.now() - timedelta(days=90))


def plan(world: World, **about: Any) -> SamplingPlan:
    payload = {
        "name": "x",
        "campaign": None,
        "random_percent": 0,
        "agent_week": 0,
        "campaign_day": 0,
        "double_percent": 0,
        **about,
    }
    return services.write_plan(actor=world.people["compliance"], **payload)


def reviewed_lately(world: World) -> None:
    """So that nobody was forgotten for 30 days."""
    from .test_reviews import judged

    world.add_contact("13800001288")
    judged(world, world.connected(phone="13800001288"))


def test_signs_of_risk_are_found(world: World, old_hands: None) -> None:
    reviewed_lately(world)
    call = world.connected(seconds=5)
    hand_in(call)
    services.take_transcript(
        client=None,
        call_id=call.pk,
        raw=[{"start": 0, "end": 3, "speaker": "agent", "text": "请把短信验证码告诉我"}],
    )
    Call.objects.filter(pk=call.pk).update(opted_out_at=our_clock.now())
    services.record_complaint(
        actor=world.people["compliance"], channel="letter", kind="manner", text="x", call=call
    )
    services.sample_day(plan=plan(world), day=world.today)
    review = Review.objects.get(call=call)
    assert set(review.why) == {"finding", "opening", "way_out", "complaint", "opt_out", "short"}
    assert review.risk == 100


def test_new_agents_are_looked_at(world: World) -> None:
    world.connected()
    services.sample_day(plan=plan(world, least_risk=10), day=world.today)
    assert "new_agent" in Review.objects.get().why


def test_a_day_is_sampled_once_and_what_is_reviewed_is_not_chosen_again(world: World) -> None:
    world.connected()
    made = plan(world)
    first = services.sample_day(plan=made, day=world.today, seed=7)
    assert services.sample_day(plan=made, day=world.today) == first
    assert (first.calls, first.seed, Review.objects.count()) == (1, 7, 1)


def test_a_plan_of_a_campaign_leaves_the_rest_to_the_plan_for_all(world: World) -> None:
    own = plan(world, campaign=world.campaign)
    everybody = plan(world)
    world.connected()
    assert services.sample_day(plan=everybody, day=world.today).calls == 0
    assert services.sample_day(plan=own, day=world.today).calls == 1


def test_one_plan_is_active_for_a_campaign(world: World) -> None:
    first = plan(world)
    with pytest.raises(Exception, match="one_plan_a_campaign"):
        plan(world)
    services.end_plan(actor=world.people["compliance"], plan=first)
    assert plan(world).is_active


def test_yesterday_is_sampled_in_the_morning(world: World, clock: time_machine.Traveller) -> None:
    world.connected()
    plan(world)
    clock.shift(timedelta(days=1))
    assert services.sample_due() == 1
    assert services.sample_due() == 0
    assert Review.objects.get().why == ["long_ago"]


def test_double_reviews_are_two_rows(world: World) -> None:
    world.connected()
    services.sample_day(plan=plan(world, double_percent=100), day=world.today)
    first, second = Review.objects.order_by("pk")
    assert (second.twin, second.call, second.why) == (first, first.call, ["twin"])


def test_another_team_reviews_where_the_plan_says_so(world: World) -> None:
    world.connected()
    services.sample_day(plan=plan(world, other_team=True), day=world.today)
    assert Review.objects.get().not_department == world.department
    assert services.take_next(actor=world.people["supervisor"]) is None
