"""The agent's desk: the next contact, the call, the opt-out, the result."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services as accounts
from apps.calls import services
from apps.calls.models import Call, Decision, Ticket
from apps.calls.services.desk import held_entry, line_for, open_call
from apps.campaigns import services as campaigns
from apps.campaigns.models import Filing, Line, QueueEntry
from apps.core.calendar import clock as our_clock
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.optouts.models import OptOut
from apps.scripts import services as scripts
from tests.calls.desk import BOTH, finish, hold, place, result
from tests.http import Api
from tests.world import COMPANY, OTHER_PHONE, PHONE, SECTIONS, World

# -- the next contact


def test_the_desk_shows_who_may_be_called(world: World) -> None:
    entry = hold(world)
    assert entry is not None
    assert entry.contact == world.contact
    assert hold(world) == entry


def test_two_agents_never_get_the_same_contact(world: World) -> None:
    campaigns.assign_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent2"]
    )
    other = world.add_contact(OTHER_PHONE)
    first, second = hold(world, "agent"), hold(world, "agent2")
    assert first is not None
    assert second is not None
    assert {first.contact_id, second.contact_id} == {world.contact.pk, other.pk}


def test_higher_priority_comes_first(world: World) -> None:
    other = world.add_contact(OTHER_PHONE)
    QueueEntry.objects.filter(contact=other).update(priority=5)
    entry = hold(world)
    assert entry is not None
    assert entry.contact == other


def test_blocked_contacts_never_appear(world: World) -> None:
    world.add_contact(OTHER_PHONE, consent=False)
    QueueEntry.objects.filter(contact__consents__isnull=True).update(priority=9)
    entry = hold(world)
    assert entry is not None
    assert entry.contact == world.contact
    blocked = QueueEntry.objects.get(contact__consents__isnull=True)
    assert blocked.not_before == our_clock.now() + timedelta(hours=1)


def test_after_hours_the_desk_is_empty_and_fills_in_the_morning(world: World, clock: Any) -> None:
    clock.move_to(world.at("21:00"))
    assert hold(world) is None
    clock.move_to(world.at("08:00") + timedelta(days=1))
    assert hold(world) is not None


def test_a_contact_on_the_desk_leaves_it_when_it_may_no_longer_be_called(world: World, clock: Any) -> None:
    clock.move_to(world.at("20:59:59"))
    assert hold(world) is not None
    clock.move_to(world.at("21:00"))
    assert hold(world) is None
    assert held_entry(world.people["agent"], our_clock.now()) is None


def test_an_opt_out_takes_the_contact_off_the_desk(world: World) -> None:
    assert hold(world) is not None
    world.opt_out()
    assert hold(world) is None


def test_pausing_the_campaign_empties_the_desk(world: World) -> None:
    assert hold(world) is not None
    campaigns.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    assert hold(world) is None


def test_a_suspended_agent_has_an_empty_desk_and_holds_nobody_up(world: World) -> None:
    campaigns.assign_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent2"]
    )
    assert hold(world) is not None
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="整改")
    world.people["agent"].refresh_from_db()
    assert held_entry(world.people["agent"], our_clock.now()) is None  # at once, whoever looks
    assert hold(world) is None
    assert hold(world, "agent2") is not None


def test_a_hold_lapses_and_another_agent_takes_over(world: World, clock: Any) -> None:
    campaigns.assign_agent(
        actor=world.people["supervisor"], campaign=world.campaign, agent=world.people["agent2"]
    )
    assert hold(world) is not None
    assert hold(world, "agent2") is None
    clock.shift(timedelta(minutes=15))
    assert hold(world, "agent2") is not None


def test_only_agents_have_a_desk(world: World) -> None:
    with pytest.raises(NotAllowed):
        hold(world, "supervisor")


# -- the call


def test_a_call_is_reserved_and_the_entry_leaves_the_queue(world: World) -> None:
    answer = place(world)
    assert answer.allowed
    assert QueueEntry.objects.get().state == "called"
    assert open_call(world.people["agent"]) is not None


@pytest.mark.parametrize("ticked", [set(), {1}, {2}, {1, 3}])
def test_the_check_list_has_to_be_complete(world: World, ticked: set[int]) -> None:
    """The gate is not asked: an agent who forgot a tick is no refused call."""
    with pytest.raises(services.Unticked):
        place(world, ticked)
    assert not Decision.objects.exists()
    assert held_entry(world.people["agent"], our_clock.now()) is not None


def test_a_contact_that_is_not_on_the_desk_is_not_called(world: World) -> None:
    with pytest.raises(WrongState):
        services.place_call(actor=world.people["agent"], entry_id=world.queue_entry().pk, ticked=BOTH)


def test_a_refused_contact_goes_back(world: World, clock: Any) -> None:
    entry = hold(world)
    assert entry is not None
    QueueEntry.objects.update(held_until=world.at("22:00"))
    clock.move_to(world.at("21:00"))
    answer = services.place_call(actor=world.people["agent"], entry_id=entry.pk, ticked=BOTH)
    assert [reason["code"] for reason in answer.reasons] == ["outside_window"]
    assert QueueEntry.objects.get().state == "waiting"


def test_ending_a_call_that_no_dialler_took_withdraws_it(world: World) -> None:
    place(world)
    call = open_call(world.people["agent"])
    assert call is not None
    assert services.request_end(actor=world.people["agent"], call=call).state == "withdrawn"
    assert open_call(world.people["agent"]) is None


def test_another_agent_does_not_end_it(world: World) -> None:
    place(world)
    call = open_call(world.people["agent"])
    assert call is not None
    with pytest.raises(NotAllowed):
        services.request_end(actor=world.people["agent2"], call=call)


# -- the opt-out


def test_opting_out_before_the_call(world: World) -> None:
    hold(world)
    services.opt_out_on_desk(actor=world.people["agent"])
    assert OptOut.objects.get().recorded_by == world.people["agent"]
    assert hold(world) is None


def test_opting_out_after_the_call_has_ended_is_noted_on_the_call(world: World) -> None:
    place(world)
    call = open_call(world.people["agent"])
    assert call is not None
    finish(call)
    services.opt_out_on_desk(actor=world.people["agent"])
    call.refresh_from_db()
    assert call.opted_out_at is not None


def test_with_nobody_on_the_desk_there_is_nobody_to_opt_out(world: World) -> None:
    with pytest.raises(WrongState):
        services.opt_out_on_desk(actor=world.people["agent2"])


# -- the result


@pytest.fixture
def ended(world: World) -> Call:
    place(world)
    call = open_call(world.people["agent"])
    assert call is not None
    finish(call)
    call.refresh_from_db()
    return call


def test_the_result_frees_the_desk_for_the_next_contact(world: World, ended: Call) -> None:
    world.add_contact(OTHER_PHONE)
    result(world, note="下次短信联系", identity_said=True)
    ended.refresh_from_db()
    assert ended.identity_said is True
    assert str(ended.disposition.note) == "****"
    entry = hold(world)
    assert entry is not None
    assert entry.contact != world.contact


def test_the_result_opted_out_puts_the_number_on_the_register(world: World, ended: Call) -> None:
    result(world, reason="opted_out")
    assert OptOut.objects.count() == 1


@pytest.mark.parametrize("before", ["near", "purpose"])
def test_the_result_opted_out_counts_beside_a_lesser_word(world: World, ended: Call, before: str) -> None:
    api = Api(world.key)
    if before == "near":
        api.post("sms", {"from": PHONE, "text": "我不是机主", "message_id": "n1"})
    else:
        api.post(
            "opt-outs", {"phone": PHONE, "evidence": "w1", "scope": "purpose", "scope_value": "membership"}
        )
    result(world, reason="opted_out")
    assert OptOut.objects.filter(channel="agent", scope="everything").count() == 1


def test_a_ticket_has_an_owner_and_a_due_date(world: World, ended: Call) -> None:
    with pytest.raises(BadInput):
        result(world, ticket="寄合同")
    result(world, ticket="寄合同", ticket_due=date(2026, 11, 27))
    ticket = Ticket.objects.get()
    assert (ticket.owner, ticket.due_on) == (world.people["agent"], date(2026, 11, 27))


def test_a_ticket_may_be_the_supervisors_but_nobody_elses(world: World, ended: Call) -> None:
    due = {"ticket": "寄合同", "ticket_due": date(2026, 11, 27)}
    with pytest.raises(BadInput):
        result(world, ticket_owner=world.people["agent2"], **due)
    with pytest.raises(BadInput):
        result(world, **{**due, "ticket_due": date(2026, 11, 23)})
    result(world, ticket_owner=world.people["supervisor"], **due)
    ticket = Ticket.objects.get()
    with pytest.raises(NotAllowed):
        services.close_ticket(actor=world.people["agent"], ticket=ticket)
    closed = services.close_ticket(actor=world.people["supervisor"], ticket=ticket)
    assert closed.closed_at is not None
    with pytest.raises(WrongState):
        services.close_ticket(actor=world.people["supervisor"], ticket=ticket)


@pytest.mark.parametrize("field", ["note", "ticket"])
def test_an_id_number_in_the_result_is_refused(world: World, ended: Call, field: str) -> None:
    with pytest.raises(PersonalDataFound):
        result(world, **{field: "证件 110101188002045240"}, ticket_due=date(2026, 11, 27))
    assert not hasattr(Call.objects.get(), "disposition")


def test_no_result_while_the_call_goes_on_and_no_second_one(world: World) -> None:
    place(world)
    with pytest.raises(WrongState):
        result(world)
    call = open_call(world.people["agent"])
    assert call is not None
    finish(call)
    result(world)
    with pytest.raises(WrongState):
        services.write_disposition(actor=world.people["agent"], call=call, reason="interested")


def test_somebody_elses_call_gets_no_result(world: World, ended: Call) -> None:
    with pytest.raises(NotAllowed):
        services.write_disposition(actor=world.people["agent2"], call=ended, reason="interested")


def test_an_unknown_reason_is_refused(world: World, ended: Call) -> None:
    with pytest.raises(BadInput):
        result(world, reason="dunno")


# -- lines and doubts


def test_the_desk_uses_a_line_whose_filing_is_in_force(world: World) -> None:
    second = world.verified_line("01085550102")
    world.campaign.lines.add(second)
    lapsed = Filing.objects.create(
        number="old",
        authority="x",
        valid_from=world.today - timedelta(days=9),
        valid_until=world.today - timedelta(days=1),
    )
    Line.objects.filter(pk=world.line.pk).update(filing=lapsed)
    assert place(world).allowed
    assert Call.objects.get().line == second


def test_calls_spread_over_the_lines_of_a_campaign(world: World) -> None:
    second = world.verified_line("01085550102")
    world.campaign.lines.add(second)
    world.call()
    assert line_for(world.campaign, our_clock.now()) == second


def test_a_line_that_has_used_up_its_budget_is_passed_over(world: World) -> None:
    second = world.verified_line("01085550102")
    world.campaign.lines.add(second)
    Line.objects.filter(pk=second.pk).update(calls_per_hour=1)
    world.add_contact(OTHER_PHONE)
    world.call(phone=OTHER_PHONE, line="01085550102")
    assert line_for(world.campaign, our_clock.now()) == world.line


def test_a_line_is_chosen_by_the_calls_of_the_day_alone(world: World) -> None:
    """Not by reading all that were ever made, for each contact that is looked at."""
    with CaptureQueriesContext(connection) as asked:
        assert line_for(world.campaign, our_clock.now()) == world.line
    (of_calls,) = [each["sql"] for each in asked if '"calls_call"' in each["sql"]]
    assert re.search(r'FROM "calls_call" WHERE .*"reserved_at" >= .* GROUP BY', of_calls)


def test_the_result_wrong_number_puts_the_number_in_doubt(world: World, clock: Any) -> None:
    assert place(world).allowed
    finish(Call.objects.get())
    result(world, reason="wrong_number")
    clock.shift(timedelta(days=1))
    assert world.authorize(reserve=False).codes == ["number_in_doubt"]


def test_holding_locks_one_row_at_a_time(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        world.add_contact(f"1390000{number:04}")
    with CaptureQueriesContext(connection) as asked:
        assert hold(world) is not None
    locking = [
        each["sql"] for each in asked if "campaigns_queueentry" in each["sql"] and "FOR UPDATE" in each["sql"]
    ]
    assert len(locking) == 3  # what lies on the desk, what the agent put off, then the queue
    assert all("LIMIT 1" in each for each in locking)


def test_the_script_names_the_agent_s_own_number(world: World, browse: Any) -> None:
    """One text for all agents; where nobody entered a number, the variable stays visible and is not read
    aloud by mistake."""
    said = {**SECTIONS, "opening": f"您好，我是{COMPANY}的客服，工号{{{{ staff }}}}。"}
    written = scripts.write_version(
        actor=world.people["supervisor"], script=world.script, company=COMPANY, **said
    )
    world.approve(scripts.submit(actor=world.people["supervisor"], version=written))
    assert hold(world) is not None
    assert "工号{{ staff }}。" in browse("agent").get(reverse("desk")).content.decode()
    agent = world.people["agent"]
    accounts.change_details(
        actor=world.people["admin"],
        user=agent,
        display_name="甲",
        email="",
        department=agent.department,
        staff_number="8021",
    )
    assert "工号8021。" in browse("agent").get(reverse("desk")).content.decode()


@pytest.mark.parametrize("number", ["8021 ", "工号", "1234567890123"])
def test_a_staff_number_is_short_and_plain(world: World, number: str) -> None:
    agent = world.people["agent"]
    with pytest.raises(BadInput):
        accounts.change_details(
            actor=world.people["admin"],
            user=agent,
            display_name="甲",
            email="",
            department=agent.department,
            staff_number=number,
        )


# -- what a result cannot be


@pytest.mark.parametrize("reason", ["interested", "call_back"])
def test_a_client_who_refused_is_not_interested(world: World, ended: Call, reason: str) -> None:
    services.opt_out_on_desk(actor=world.people["agent"])
    with pytest.raises(BadInput) as refused:
        result(world, reason=reason, ticket="x", ticket_due=world.at("10:00").date())
    assert refused.value.form_field == "reason"


def test_a_call_back_has_a_time_or_a_ticket(world: World, ended: Call) -> None:
    with pytest.raises(BadInput) as refused:
        result(world, reason="call_back")
    assert refused.value.form_field == "call_back_at"
    result(world, reason="call_back", ticket="周五回拨", ticket_due=world.at("10:00").date())


def test_an_opt_out_in_the_wrap_up_keeps_what_was_typed(
    world: World, ended: Call, browse: Callable[[str], Client]
) -> None:
    answer = browse("agent").post(
        reverse("desk_opt_out"), {"note": "问了年费", "ticket": "寄资料", "ticket_due": "2026-11-30"}
    )
    form = answer.context["form"]
    assert (form["note"].value(), form["ticket"].value(), form["ticket_due"].value()) == (
        "问了年费",
        "寄资料",
        "2026-11-30",
    )
    assert form["reason"].value() == "opted_out"
    assert "data-carried" in answer.content.decode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"ticket": "x"}, "ticket_due"),
        ({"ticket": "x", "ticket_due": "2020-01-01"}, "ticket_due"),
        ({"reason": "call_back"}, "call_back_at"),
        ({"reason": "call_back", "call_back_at": "2020-01-01T10:00"}, "call_back_at"),
    ],
)
def test_an_error_of_a_result_stands_at_its_field(
    world: World, ended: Call, browse: Callable[[str], Client], sent: dict[str, str], field: str
) -> None:
    answer = browse("agent").post(reverse("desk_result"), {"reason": "interested", **sent})
    assert list(answer.context["form"].errors) == [field]
