"""The gate from the outside: who may be called, when, how often, and what is kept of the answer."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.accounts import services as accounts
from apps.calls import services as calls
from apps.calls.gate.facts import Facts
from apps.calls.gate.rules import judge
from apps.calls.models import Call, Decision
from apps.campaigns import services as campaigns
from apps.contacts import services as contacts
from apps.contacts.models import Purpose
from apps.core.errors import NotFound
from apps.core.web import ids
from apps.policies.models import CallingPolicy
from apps.scripts import services as scripts
from tests.world import LINE, OTHER_PHONE, PHONE, World


def test_a_contact_with_consent_may_be_called(world: World) -> None:
    result = world.authorize()
    assert result.allowed
    assert result.codes == []
    assert result.call is not None


def test_the_reservation_holds_a_minute(world: World, clock: time_machine.Traveller) -> None:
    result = world.authorize()
    assert result.call is not None
    assert result.call.reserved_until - result.call.reserved_at == timedelta(seconds=60)


def test_second_call_of_the_day_is_refused_even_from_another_campaign(world: World) -> None:
    world.running_campaign("autumn")
    world.call(campaign="spring", at="10:00")
    assert world.authorize(campaign="autumn", at="15:00").codes == ["daily_cap"]


def test_the_next_calendar_day_of_the_client_is_a_new_day(
    world: World, clock: time_machine.Traveller
) -> None:
    clock.move_to(world.at("20:59:59"))
    world.call()
    clock.move_to(world.at("08:00") + timedelta(days=1))
    assert world.authorize().allowed


def test_a_fourth_call_waits_until_the_first_is_seven_days_old_to_the_second(
    world: World, clock: time_machine.Traveller
) -> None:
    first = world.at("10:00")
    for days in range(3):
        clock.move_to(first + timedelta(days=days))
        world.call()
    clock.move_to(first + timedelta(days=7) - timedelta(seconds=1))
    refused = world.authorize()
    assert refused.codes == ["weekly_cap"]
    assert refused.retry_at["weekly_cap"] == (first + timedelta(days=7)).isoformat()
    clock.move_to(first + timedelta(days=7))
    assert world.authorize().allowed


def test_notices_count_like_marketing_calls(world: World) -> None:
    notice = world.approved_script("notice", kind="notification", trade="general")
    world.running_campaign("notice", kind="notification", trade="general", script=notice)
    world.call(campaign="notice")
    assert world.authorize(campaign="spring").codes == ["daily_cap"]


def test_a_notice_needs_no_consent_but_keeps_the_hours(world: World) -> None:
    notice = world.approved_script("notice", kind="notification", trade="general")
    world.running_campaign("notice", kind="notification", trade="general", script=notice)
    world.add_contact(OTHER_PHONE, consent=False)
    world.call(campaign="notice", phone=OTHER_PHONE, at="10:00")
    assert world.authorize(campaign="notice", phone=OTHER_PHONE, at="21:00").codes == [
        "outside_window",
        "daily_cap",
    ]


def test_an_expired_reservation_does_not_count(world: World, clock: time_machine.Traveller) -> None:
    assert world.authorize().allowed
    clock.shift(timedelta(seconds=59))
    assert world.authorize().codes == ["daily_cap"]
    clock.shift(timedelta(seconds=1))
    assert world.authorize().allowed
    assert Call.objects.filter(state=Call.State.EXPIRED).count() == 1


def test_a_check_without_reservation_counts_for_nothing(world: World) -> None:
    assert world.authorize(reserve=False).allowed
    assert Call.objects.count() == 0
    assert world.authorize().allowed


def test_an_unknown_number_is_refused_for_that_alone(world: World) -> None:
    assert world.authorize(phone=OTHER_PHONE).codes == ["unknown_contact"]


def test_an_unknown_campaign_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.authorize(campaign="no-such")
    assert Decision.objects.count() == 0


def test_a_contact_without_consent_gets_no_marketing(world: World) -> None:
    world.add_contact(OTHER_PHONE, consent=False)
    assert world.authorize(phone=OTHER_PHONE).codes == ["no_consent"]


def test_consent_for_another_purpose_is_no_consent(world: World) -> None:
    other = Purpose.objects.create(code="loans", name="贷款营销")
    contact = world.add_contact(OTHER_PHONE, consent=False)
    world.consent(contact, purpose=other)
    assert world.authorize(phone=OTHER_PHONE).codes == ["no_consent"]


def test_a_consent_given_after_a_withdrawal_is_enough(world: World) -> None:
    contact = world.add_contact(OTHER_PHONE, consent=False)
    world.consent(
        contact, given_at=timezone.now() - timedelta(days=9), withdrawn_at=timezone.now() - timedelta(days=2)
    )
    assert world.authorize(phone=OTHER_PHONE, reserve=False).codes == ["consent_withdrawn"]
    world.consent(contact, given_at=timezone.now() - timedelta(days=1))
    assert world.authorize(phone=OTHER_PHONE).allowed


def test_a_consent_given_before_a_withdrawal_is_none_whenever_it_is_recorded(world: World) -> None:
    contact = world.add_contact(OTHER_PHONE, consent=False)
    world.consent(contact, given_at=timezone.now() - timedelta(days=9), withdrawn_at=timezone.now())
    world.consent(contact, given_at=timezone.now() - timedelta(days=1))
    assert world.authorize(phone=OTHER_PHONE).codes == ["consent_withdrawn"]


def test_a_contact_collected_for_another_purpose_is_not_used(world: World) -> None:
    other = Purpose.objects.create(code="loans", name="贷款营销")
    source = world.approved_source("loans", purpose=other)
    world.add_contact(OTHER_PHONE, source=source)
    assert world.authorize(phone=OTHER_PHONE).codes == ["purpose_mismatch"]


def test_withdrawing_a_source_stops_its_contacts_at_once(world: World) -> None:
    contacts.withdraw_source(actor=world.people["compliance"], source=world.source)
    assert world.authorize().codes == ["source_not_approved"]


def test_an_opt_out_stops_every_campaign(world: World) -> None:
    world.running_campaign("autumn")
    world.opt_out()
    assert world.authorize(campaign="spring").codes == ["opted_out"]
    assert world.authorize(campaign="autumn").codes == ["opted_out"]


def test_an_opt_out_outlives_the_contact(world: World) -> None:
    world.opt_out()
    world.contact.delete()
    assert world.authorize().codes == ["unknown_contact", "opted_out"]
    world.add_contact(PHONE)
    assert world.authorize().codes == ["opted_out"]


def test_a_strange_caller_number_is_refused(world: World) -> None:
    assert world.authorize(line="02155550199").codes == ["line_not_of_campaign"]
    assert world.authorize(line="not a number").codes == ["line_not_of_campaign"]


def test_a_line_of_another_campaign_is_refused(world: World) -> None:
    other = world.verified_line("+862155550102")
    world.running_campaign("autumn", lines=[other])
    assert world.authorize(campaign="spring", line="02155550102").codes == ["line_not_of_campaign"]
    assert world.authorize(campaign="autumn", line="021-5555 0102").allowed


def test_retiring_the_script_stops_the_campaign_at_once(world: World) -> None:
    version = world.script.versions.get()
    scripts.retire(actor=world.people["compliance"], version=version)
    assert world.authorize().codes == ["script_not_approved"]


def test_an_expired_approval_stops_the_campaign(world: World, clock: time_machine.Traveller) -> None:
    clock.move_to(world.at("10:00") - timedelta(days=175))  # the approval ends in five days from MOMENT
    later = world.approved_script("later")
    end = later.versions.get().expires_at
    assert end is not None
    clock.move_to(end - timedelta(days=10))
    world.running_campaign("later", script=later)
    assert world.authorize(campaign="later", at=end - timedelta(seconds=1), reserve=False).allowed
    assert world.authorize(campaign="later", at=end, reserve=False).codes == ["script_expired"]


def test_pausing_the_campaign_stops_it_at_once(world: World) -> None:
    campaigns.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
    assert world.authorize().codes == ["campaign_not_running"]


def test_an_agent_of_another_campaign_is_refused(world: World) -> None:
    assert world.authorize(agent="agent2").codes == ["agent_not_assigned"]
    assert world.authorize(agent="supervisor").codes == ["agent_not_assigned"]


def test_a_suspended_agent_is_refused_at_once(world: World) -> None:
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="诱导")
    assert world.authorize(agent="agent").codes == ["agent_suspended"]


def test_a_deactivated_agent_is_refused(world: World) -> None:
    agent = world.people["agent"]
    agent.is_active = False
    agent.save()
    assert world.authorize(agent="agent").codes == ["agent_suspended"]


def test_the_next_call_waits_for_the_result_of_the_one_before(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    first = world.authorize(agent="agent", checklist_done=True).call
    assert first is not None
    assert world.authorize(phone=OTHER_PHONE, agent="agent", checklist_done=True).codes == [
        "previous_call_open"
    ]


def test_a_minor_gets_no_marketing(world: World) -> None:
    world.add_contact(OTHER_PHONE, is_minor=True)
    assert world.authorize(phone=OTHER_PHONE).codes == ["minor"]


def test_a_contact_due_for_deletion_is_not_called(world: World) -> None:
    world.add_contact(OTHER_PHONE, expires_at=timezone.now())
    assert world.authorize(phone=OTHER_PHONE).codes == ["retention_due"]


def test_a_foreign_client_is_called_by_their_own_clock(world: World) -> None:
    world.add_contact("+12125550123")
    assert world.authorize(phone="+12125550123", at="2026-11-24T07:59:00-05:00", reserve=False).codes == [
        "outside_window"
    ]
    assert world.authorize(phone="+12125550123", at="2026-11-24T08:00:00-05:00", reserve=False).allowed


def test_a_tighter_policy_takes_over_when_it_comes_into_force(world: World) -> None:
    CallingPolicy.objects.create(
        number=2,
        in_force_from=world.at("12:00"),
        calls_per_week=1,
        written_by=world.people["compliance"],
        approved_by=world.people["compliance2"],
    )
    before = world.authorize(reserve=False)
    assert before.answer.policy == 1


@pytest.mark.parametrize(
    "loose",
    [
        {"calls_per_day": 2},
        {"calls_per_week": 4},
        {"window_start": "07:59"},
        {"window_end": "21:01"},
        {"reservation_seconds": 61},
    ],
)
def test_the_database_refuses_a_policy_laxer_than_the_norm(world: World, loose: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CallingPolicy.objects.create(number=9, in_force_from=timezone.now(), **loose)


def test_the_database_holds_the_daily_cap_by_itself(world: World) -> None:
    call = world.call()
    twin = Call.objects.get(pk=call.pk)
    result = world.authorize(reserve=False)
    twin.pk, twin.decision = None, Decision.objects.get(pk=ids.decode("dc", str(result.answer.decision_id)))
    with pytest.raises(IntegrityError, match="one_call_a_slot"), transaction.atomic():
        twin.save()


# -- what is kept


def test_the_decision_is_stored_with_facts_and_policy_and_no_personal_data(world: World) -> None:
    result = world.authorize(agent="agent2")
    decision = Decision.objects.get()
    assert ids.encode("dc", decision.pk) == result.answer.decision_id
    assert decision.codes == ["agent_not_assigned"]
    assert decision.policy == 1
    assert "13800001234" not in str(decision.facts)
    assert "王" not in str(decision.facts)


def test_a_stored_decision_replays_to_the_same_verdict(world: World) -> None:
    world.running_campaign("autumn")
    world.call(campaign="autumn")
    world.opt_out()
    world.authorize(agent="agent2", line="02155550199", at="22:00")
    decision = Decision.objects.latest("pk")
    again = judge(Facts.from_json(decision.facts))
    assert (
        again.codes
        == decision.codes
        == ["opted_out", "line_not_of_campaign", "outside_window", "daily_cap", "agent_not_assigned"]
    )
    assert list(again.not_applicable) == decision.not_applicable


def test_a_decision_cannot_be_changed(world: World) -> None:
    world.authorize()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Decision.objects.update(allowed=False)


def test_every_refusal_tells_rule_duty_law_and_both_languages(world: World) -> None:
    (reason,) = world.authorize(at="22:00").answer.reasons
    assert reason["code"] == "outside_window"
    assert reason["duty"] == "R11"
    assert reason["law"] == "《在线外呼规范》"
    assert reason["message"]["en"].startswith("It is outside")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in reason["message"]["zh"])
    assert reason["retry_at"] == "2026-11-25T08:00:00+08:00"


def test_a_preview_stores_nothing(world: World) -> None:
    answer = calls.preview(campaign="spring", phone=calls.find_number(phone=PHONE), line=LINE)
    assert answer.allowed
    assert answer.decision_id is None
    assert not Decision.objects.exists()


# -- the same request again


def test_the_same_key_gives_the_same_answer_and_one_call(world: World) -> None:
    first = world.authorize(client=world.client, idempotency_key="a")
    second = world.authorize(client=world.client, idempotency_key="a")
    assert first.answer == second.answer
    assert Call.objects.count() == 1


def test_the_same_key_for_another_number_is_refused(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    world.authorize(client=world.client, idempotency_key="a")
    with pytest.raises(calls.KeyReused):
        world.authorize(phone=OTHER_PHONE, client=world.client, idempotency_key="a")


def test_a_refusal_under_a_key_stays_that_refusal(world: World) -> None:
    refused = world.authorize(client=world.client, idempotency_key="a", at="22:00")
    again = world.authorize(client=world.client, idempotency_key="a")
    assert again.answer == refused.answer
