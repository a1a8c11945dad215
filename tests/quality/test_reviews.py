"""A review: taken by one person, judged by the card after listening, appealed once, decided by another
(R29)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.notifications.models import Notice
from apps.quality import queries, services
from apps.quality.models import Review, SamplingPlan, ScoreCardVersion
from apps.quality.rules import cards
from tests.quality.judging import ITEMS, YES, card, judged, listen, taken
from tests.world import World

from .sounds import hand_in

# -- the queue


def test_a_review_has_one_reviewer(world: World) -> None:
    review = taken(world, world.connected())
    assert (review.state, review.reviewer) == ("taken", world.people["supervisor"])
    with pytest.raises(WrongState):
        services.take(actor=world.people["compliance"], review=review)


def test_the_riskiest_comes_first_and_the_one_at_hand_again(world: World) -> None:
    world.add_contact("13800001299")
    low = services.choose_by_hand(actor=world.people["supervisor"], call=world.connected())
    high = services.choose_by_hand(
        actor=world.people["supervisor"], call=world.connected(phone="13800001299")
    )
    Review.objects.filter(pk=high.pk).update(risk=60)
    assert services.take_next(actor=world.people["supervisor"]) == high
    assert services.take_next(actor=world.people["supervisor"]) == high
    assert services.take_next(actor=world.people["compliance"]) == low
    assert services.take_next(actor=world.people["compliance2"]) is None


def test_a_review_that_is_left_goes_back_into_the_queue(world: World, clock: time_machine.Traveller) -> None:
    review = taken(world, world.connected())
    clock.shift(timedelta(hours=9))
    assert services.take_next(actor=world.people["compliance"]) == review


def test_a_plan_may_want_another_department(world: World) -> None:
    from apps.accounts.models import Department

    review = services.choose_by_hand(actor=world.people["supervisor"], call=world.connected())
    Review.objects.update(not_department=world.department)
    with pytest.raises(NotFound):
        services.take(actor=world.people["supervisor"], review=review)
    officer = world.people["compliance"]
    officer.department = Department.objects.create(name="other")
    officer.save()
    assert services.take(actor=officer, review=review).reviewer == officer


def test_two_reviews_of_a_call_go_to_two_people(world: World) -> None:
    first = judged(world, world.connected())
    Review.objects.create(
        call=first.call,
        agent=first.agent,
        campaign=first.campaign,
        called_at=first.called_at,
        due_on=first.due_on,
        twin=first,
    )
    assert services.take_next(actor=world.people["supervisor"]) is None
    assert services.take_next(actor=world.people["compliance"]) is not None


def test_agents_and_admins_review_nothing(world: World) -> None:
    for name in ("agent", "admin"):
        with pytest.raises(NotAllowed):
            services.take_next(actor=world.people[name])


def test_only_connected_calls_are_reviewed(world: World) -> None:
    result = world.authorize()
    assert result.call
    with pytest.raises(WrongState):
        services.choose_by_hand(actor=world.people["supervisor"], call=result.call)


# -- the verdict


@pytest.mark.parametrize(
    ("answers", "score", "passed", "fatal"),
    [
        ({}, 100, True, []),
        ({"result": "no"}, 80, True, []),
        ({"opening": "no"}, 60, False, []),
        ({"result": "na"}, 100, True, []),
        ({"opening": "no", "result": "na"}, 50, False, []),
        ({"privacy": "no"}, 0, False, ["privacy"]),
    ],
)
def test_points_follow_from_the_answers(
    world: World, answers: dict[str, str], score: int, passed: bool, fatal: list[str]
) -> None:
    review = judged(world, world.connected(), **answers)
    assert (review.score, review.has_passed, review.failed_fatal) == (score, passed, fatal)
    assert Notice.objects.filter(code="review_done", recipient=world.people["agent"]).exists()


@pytest.mark.parametrize(
    "answers", [{"privacy": "yes"}, YES | {"opening": "na"}, YES | {"opening": "perhaps"}]
)
def test_every_item_is_answered_as_it_may_be(world: World, answers: dict[str, str]) -> None:
    review = taken(world, world.connected())
    with pytest.raises(BadInput):
        services.give_verdict(
            actor=world.people["supervisor"], review=review, version=card(world), answers=answers
        )


def test_who_judges_has_listened(world: World) -> None:
    call = world.connected()
    hand_in(call)
    review = taken(world, call)
    with pytest.raises(WrongState):
        services.give_verdict(
            actor=world.people["supervisor"], review=review, version=card(world), answers=YES
        )
    listen(world, call, "supervisor")
    assert (
        services.give_verdict(
            actor=world.people["supervisor"], review=review, version=card(world), answers=YES
        ).score
        == 100
    )


def test_another_persons_review_is_not_judged(world: World) -> None:
    review = taken(world, world.connected())
    with pytest.raises(NotAllowed):
        services.give_verdict(
            actor=world.people["compliance"], review=review, version=card(world), answers=YES
        )


def test_the_database_lets_nobody_review_their_own_call(world: World) -> None:
    review = taken(world, world.connected())
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(reviewer=world.people["agent"])


def test_a_remark_stands_on_a_stretch_of_the_recording(world: World) -> None:
    call = world.connected(seconds=60)
    hand_in(call)
    review = taken(world, call)
    made = services.remark(
        actor=world.people["supervisor"], review=review, start_ms=1_000, end_ms=5_000, text="语速过快"
    )
    with pytest.raises(BadInput):
        services.remark(
            actor=world.people["supervisor"], review=review, start_ms=70_000, end_ms=80_000, text="x"
        )
    with pytest.raises(PersonalDataFound):
        services.remark(
            actor=world.people["supervisor"], review=review, start_ms=0, end_ms=0, text="回拨13800001234"
        )
    services.delete_remark(actor=world.people["supervisor"], remark=made)
    assert not review.remarks.exists()


# -- the appeal


def test_an_agent_appeals_once_and_another_person_decides(world: World) -> None:
    review = judged(world, world.connected(), opening="no")
    review = services.appeal(actor=world.people["agent"], review=review, text="我说了公司名称")
    with pytest.raises(WrongState):
        services.appeal(actor=world.people["agent"], review=review, text="再次")
    with pytest.raises(FourEyes):
        services.settle(actor=world.people["supervisor"], review=review, is_upheld=True, note="x")
    settled = services.settle(
        actor=world.people["compliance"],
        review=review,
        is_upheld=False,
        note="复听属实",
        answers={"opening": "yes"},
    )
    assert (settled.state, settled.score, settled.has_passed) == ("settled", 100, True)
    assert settled.first_verdict == {"answers": YES | {"opening": "no"}, "score": 60, "passed": False}
    assert Notice.objects.filter(code="review_settled", recipient=world.people["agent"]).exists()


def test_a_verdict_may_stand(world: World) -> None:
    review = services.appeal(
        actor=world.people["agent"], review=judged(world, world.connected(), opening="no"), text="x"
    )
    settled = services.settle(actor=world.people["compliance"], review=review, is_upheld=True, note="未说")
    assert (settled.score, settled.is_upheld, settled.first_verdict) == (60, True, None)


def test_another_decision_changes_an_answer(world: World) -> None:
    review = services.appeal(
        actor=world.people["agent"], review=judged(world, world.connected(), opening="no"), text="x"
    )
    with pytest.raises(BadInput):
        services.settle(
            actor=world.people["compliance"], review=review, is_upheld=False, note="x", answers={}
        )


def test_an_appeal_is_ones_own_and_in_time(world: World, clock: time_machine.Traveller) -> None:
    review = judged(world, world.connected())
    with pytest.raises(NotAllowed):
        services.appeal(actor=world.people["agent2"], review=review, text="x")
    clock.shift(timedelta(days=8))
    with pytest.raises(WrongState):
        services.appeal(actor=world.people["agent"], review=review, text="x")


# -- cards


def test_a_card_is_put_in_force_by_a_second_person_and_stays_as_it_is(world: World) -> None:
    first = card(world)
    second = services.write_card(
        actor=world.people["compliance"], code="standard", name="通用", trade="", items=ITEMS, pass_mark=90
    )
    with pytest.raises(FourEyes):
        services.approve_card(actor=world.people["compliance"], version=second)
    review = judged(world, world.connected())
    services.approve_card(actor=world.people["compliance2"], version=second)
    first.refresh_from_db()
    assert (first.state, review.version) == ("retired", first)
    assert queries.score_card_for("retail") == second
    with pytest.raises(Exception, match="in_force_stays"), transaction.atomic():
        ScoreCardVersion.objects.filter(pk=first.pk).update(pass_mark=1)


def test_a_trade_has_its_own_card_before_the_one_for_all(world: World) -> None:
    card(world)
    own = services.write_card(
        actor=world.people["compliance2"],
        code="finance",
        name="金融",
        trade="finance",
        items=ITEMS,
        pass_mark=90,
    )
    services.approve_card(actor=world.people["compliance"], version=own)
    assert queries.score_card_for("finance") == own
    assert queries.score_card_for("retail") == card(world)


def _items(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [item | change for item, change in zip(ITEMS, changes, strict=False)] + ITEMS[len(changes) :]


@pytest.mark.parametrize(
    "items",
    [
        [],
        ITEMS[:2],
        list(reversed(ITEMS)),
        _items({"code": "opening"}),
        _items({"section": "manner"}),
        _items({"weight": 0}),
        _items({"text": {"en": "x"}}),
        [{"code": "x"}] * 3,
        "no list",
    ],
)
def test_what_is_no_card_is_refused(items: Any) -> None:
    with pytest.raises(BadInput):
        cards.read_items(items)


def test_only_compliance_writes_cards_and_plans(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.write_card(
            actor=world.people["supervisor"], code="x", name="x", trade="", items=ITEMS, pass_mark=80
        )
    with pytest.raises(NotAllowed):
        services.write_plan(actor=world.people["supervisor"], name="x", campaign=None)
    assert not SamplingPlan.objects.exists()


# -- agreement


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], None),
        ([("yes", "yes")] * 5, 1.0),
        # Cohen's textbook example
        ([("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15, 0.4),
        ([("yes", "no"), ("no", "yes")], -1.0),
    ],
)
def test_kappa_is_agreement_beyond_chance(pairs: list[tuple[str, str]], expected: float | None) -> None:
    found = cards.kappa(pairs)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_agreement_of_double_reviews_is_shown(world: World) -> None:
    first = judged(world, world.connected(), opening="no")
    twin = Review.objects.create(
        call=first.call,
        agent=first.agent,
        campaign=first.campaign,
        called_at=first.called_at,
        due_on=first.due_on,
        twin=first,
    )
    services.take(actor=world.people["compliance"], review=twin)
    services.give_verdict(actor=world.people["compliance"], review=twin, version=card(world), answers=YES)
    result = queries.agreement_of(world.people["compliance"], world.at("00:00"))
    assert result["calls"] == 1
    assert result["answers"] == pytest.approx(0.0)
