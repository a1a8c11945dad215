"""A violation opens its action; a grave one takes the agent off the telephone until another person has closed
it (R30)."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import Error, IntegrityError, transaction

from apps.accounts import services as accounts
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.notifications.models import Notice
from apps.quality import queries, services
from apps.quality.models import CorrectiveAction, Review, Violation
from tests.quality.finding import close, done, found
from tests.quality.judging import taken
from tests.world import World

from .sounds import hand_in


@pytest.mark.parametrize(
    ("gravity", "due"),
    [("grave", date(2026, 11, 25)), ("serious", date(2026, 11, 27)), ("minor", date(2026, 12, 8))],
)
def test_an_action_is_due_by_gravity_in_working_days(world: World, gravity: str, due: date) -> None:
    action = found(world, gravity).action
    assert (action.state, action.owner, action.due_on) == ("open", world.people["supervisor"], due)
    assert Notice.objects.filter(code="violation_found", recipient=world.people["agent"]).exists()


def test_a_grave_violation_takes_the_agent_off_the_telephone_until_it_is_checked(world: World) -> None:
    world.add_contact("13800001299")
    violation = found(world, "grave")
    asked: dict[str, Any] = {"phone": "13800001299", "agent": "agent", "checklist_done": True}
    assert world.authorize(**asked).codes == ["agent_suspended"]
    done(world, violation)
    assert world.authorize(**asked).codes == ["agent_suspended"]
    services.check_action(
        actor=world.people["compliance"], action=violation.action, is_corrected=True, note="已核对"
    )
    world.people["agent"].refresh_from_db()
    assert world.authorize(**asked).allowed


def test_the_agent_is_suspended_in_the_transaction_of_the_violation(world: World) -> None:
    review = taken(world, world.connected(), "compliance")
    with transaction.atomic():
        found(world, "grave", review)
        transaction.set_rollback(True)
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_at is None
    assert not Violation.objects.exists()


def test_nobody_puts_the_agent_back_while_a_grave_action_is_open(world: World) -> None:
    violation = found(world, "grave")
    agent = world.people["agent"]
    agent.refresh_from_db()
    with pytest.raises(WrongState):
        accounts.resume(actor=world.people["supervisor"], agent=agent)
    close(world, violation)
    agent.refresh_from_db()
    assert agent.suspended_at is None


def test_the_last_of_two_grave_ones_puts_the_agent_back(world: World) -> None:
    one = found(world, "grave")
    other = Violation.objects.create(
        review=one.review, call=one.call, agent=one.agent, campaign=one.campaign, called_at=one.called_at,
        kind="promise", gravity="grave",
        note="x", law="x", found_by=world.people["compliance"],
    )  # fmt: skip
    CorrectiveAction.objects.create(violation=other, owner=world.people["supervisor"], due_on=world.today)
    close(world, one)
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_at
    close(world, other)
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_at is None


def test_a_suspension_for_another_reason_stays(world: World) -> None:
    violation = found(world, "grave")
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="调查中")
    close(world, violation)
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_for == "调查中"


def test_who_resolves_does_not_check(world: World) -> None:
    violation = found(world)
    action = done(world, violation)
    with pytest.raises(FourEyes):
        services.check_action(actor=world.people["supervisor"], action=action, is_corrected=True, note="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        CorrectiveAction.objects.update(checked_by=world.people["supervisor"])


def test_what_is_not_corrected_is_sent_back(world: World) -> None:
    action = done(world, found(world))
    action = services.check_action(
        actor=world.people["compliance"], action=action, is_corrected=False, note="缺培训记录"
    )
    assert (action.state, action.reopened) == ("open", 1)
    assert [event.kind for event in action.events.all()] == ["opened", "done", "reopened"]
    assert Notice.objects.filter(code="action_reopened", recipient=world.people["supervisor"]).exists()


def test_a_closed_one_may_be_opened_again_and_a_grave_one_suspends_again(world: World) -> None:
    action = close(world, found(world, "grave"))
    services.reopen(actor=world.people["compliance2"], action=action, note="再次发生")
    world.people["agent"].refresh_from_db()
    assert world.people["agent"].suspended_at
    with pytest.raises(NotAllowed):
        services.reopen(actor=world.people["supervisor"], action=action, note="x")


def test_only_the_owner_reports_it_done_and_the_file_is_encrypted(world: World) -> None:
    action = found(world).action
    with pytest.raises(NotAllowed):
        services.report_done(actor=world.people["compliance"], action=action, measures="x", proof="x")
    action = services.report_done(
        actor=world.people["supervisor"], action=action, measures="x", proof="x", file=b"%PDF-1.7 training"
    )
    assert encrypted_files.get(action.proof_file) == b"%PDF-1.7 training"


def test_the_agent_concerned_neither_finds_nor_resolves_it(world: World) -> None:
    with pytest.raises(BadInput):
        found(world, owner=world.people["agent2"])
    with pytest.raises(FourEyes):
        found(world, owner=world.people["agent"], review=Review.objects.get())
    with pytest.raises(NotAllowed):
        found(world, actor=world.people["agent"], review=Review.objects.get())
    with pytest.raises(NotFound):
        found(world, actor=world.people["supervisor2"], review=Review.objects.get())


def test_evidence_lies_within_the_recording(world: World) -> None:
    call = world.connected(seconds=60)
    review = taken(world, call, "compliance")
    with pytest.raises(BadInput):
        found(world, review=review, start_ms=0, end_ms=1_000)  # there is none
    hand_in(call)
    with pytest.raises(BadInput):
        found(world, review=review, start_ms=59_000, end_ms=99_000)
    assert found(world, review=review, start_ms=5_000, end_ms=9_000).end_ms == 9_000


@pytest.mark.parametrize(
    "change", [{"note": " "}, {"kind": "x"}, {"gravity": "x"}, {"note": "打给13800001234"}, {"law": ""}]
)
def test_a_violation_says_what_happened_and_against_what(world: World, change: dict[str, str]) -> None:
    review = taken(world, world.connected(), "compliance")
    with pytest.raises(BadInput):
        found(world, change.pop("gravity", "minor"), review, **change)
    assert not Violation.objects.exists()


def test_a_finding_never_changes(world: World) -> None:
    violation = found(world)
    for change in ({"gravity": "serious"}, {"note": "x"}, {"kind": "other"}):
        with pytest.raises(Error), transaction.atomic():
            Violation.objects.filter(pk=violation.pk).update(**change)


def test_overdue_ones_are_reported_to_supervisors_and_then_to_compliance(
    world: World, clock: time_machine.Traveller
) -> None:
    action = found(world, "serious").action
    clock.move_to(world.at("09:00", action.due_on))
    assert services.escalate_overdue() == 0
    clock.shift(timedelta(days=1))
    assert services.escalate_overdue() == 1
    assert services.escalate_overdue() == 0
    overdue = Notice.objects.filter(code="action_overdue")
    assert {notice.recipient for notice in overdue} == {world.people["supervisor"]}
    clock.shift(timedelta(days=3))
    assert services.escalate_overdue() == 1
    assert world.people["compliance"] in {notice.recipient for notice in overdue.all()}


def test_repeat_offenders_show(world: World) -> None:
    one = found(world)
    found(world, review=one.review)
    assert queries.repeats_of(world.people["agent"].pk, "secrets") == 2
    (row,) = queries.agents_of(world.people["supervisor"])
    assert (row["person"], row["violations"], row["kinds"], row["open_actions"]) == (
        world.people["agent"],
        2,
        1,
        2,
    )
    assert queries.agents_of(world.people["supervisor2"]) == []


def test_an_action_moves_to_another_owner_and_keeps_its_day(world: World) -> None:
    action = found(world).action
    moved = services.move_action(
        actor=world.people["compliance"], action=action, owner=world.people["compliance2"]
    )
    assert (moved.owner, moved.due_on) == (world.people["compliance2"], action.due_on)
    with pytest.raises(BadInput):
        services.move_action(
            actor=world.people["compliance"], action=action, owner=world.people["supervisor2"]
        )
