"""Complaints: linked, timed without the waits, closed with an outcome, kept from deletion meanwhile, compared
(R31)."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import time_machine
from django.db import connection

from apps.audit.models import AccessEvent
from apps.calls import services as calls
from apps.calls.models import Call
from apps.core.calendar import clock as site_clock
from apps.core.calendar.workdays import Calendar
from apps.core.crypto import blind_index
from apps.core.errors import BadInput, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.notifications.models import Notice
from apps.optouts.models import OptOut
from apps.optouts.services import approve_lift, ask_lift
from apps.quality import queries, services
from apps.quality.models import BasePeriod, Complaint
from apps.quality.rules import timing
from apps.retention.models import LegalHold
from tests.http import Api, problem
from tests.quality.complaining import complain
from tests.world import OTHER_PHONE, PHONE, World

from .sounds import hand_in


def close(world: World, complaint: Complaint, by: str = "compliance") -> Complaint:
    return services.close_complaint(
        actor=world.people[by], complaint=complaint, outcome="justified", remedy="已致歉"
    )


def test_a_complaint_by_number_finds_its_contact_call_script_and_agent(world: World) -> None:
    call = world.connected()
    complaint = complain(world, phone=PHONE)
    assert (complaint.contact, complaint.call, complaint.agent) == (
        world.contact,
        call,
        world.people["agent"],
    )
    assert complaint.script_version == call.script_version
    assert bytes(complaint.number_index or b"") == blind_index.number_index("+8613800001234")


def test_what_the_client_says_is_encrypted(world: World) -> None:
    complain(world, text="客户王小明不满意")
    with connection.cursor() as cursor:
        cursor.execute("select text from quality_complaint")
        assert "王小明".encode() not in bytes(cursor.fetchone()[0])
    assert "王小明" not in str(Complaint.objects.get().text)


def test_an_id_number_is_refused(world: World) -> None:
    with pytest.raises(PersonalDataFound):
        complain(world, text="我的身份证11010519491231002X")
    assert not Complaint.objects.exists()


def test_the_number_goes_on_the_register_in_the_same_transaction(world: World) -> None:
    complaint = complain(world, phone=PHONE, opts_out=True)
    opt_out = OptOut.objects.get()
    assert (opt_out.channel, opt_out.evidence, complaint.has_opted_out) == (
        "complaint",
        f"complaint:{complaint.pk}",
        True,
    )
    assert world.authorize().codes == ["opted_out"]
    with pytest.raises(BadInput):
        complain(world, opts_out=True)


@pytest.mark.parametrize(
    ("kind", "due"),
    [("after_no", date(2026, 11, 27)), ("unwanted", date(2026, 12, 1)), ("other", date(2026, 12, 15))],
)
def test_it_is_due_in_working_days_by_its_kind(world: World, kind: str, due: date) -> None:
    complaint = complain(world, kind=kind)
    assert complaint.due_at == world.at("18:00", due)
    assert complaint.answer_due == world.at("18:00", date(2026, 11, 26))


def test_an_unknown_year_makes_it_due_sooner_never_later() -> None:
    assert timing.working_days_after(date(2027, 12, 30), 3, Calendar()) == date(2028, 1, 2)


def test_the_clock_stands_while_the_client_is_waited_for(world: World, clock: time_machine.Traveller) -> None:
    complaint = complain(world)
    officer = world.people["compliance"]
    clock.shift(timedelta(hours=2))
    services.step(actor=officer, complaint=complaint, kind="answered", note="已致电")
    services.step(actor=officer, complaint=complaint, kind="paused", note="等通话时间")
    clock.shift(timedelta(hours=30))
    services.step(actor=officer, complaint=complaint, kind="resumed", note="已提供")
    clock.shift(timedelta(hours=1))
    complaint = close(world, complaint)
    assert complaint.handled_seconds == 3 * 3600
    clock.shift(timedelta(hours=5))
    complaint = services.reopen_complaint(actor=officer, complaint=complaint, note="客户不满意")
    clock.shift(timedelta(hours=1))
    assert close(world, complaint).handled_seconds == 4 * 3600


def test_steps_fit_their_state(world: World) -> None:
    complaint = complain(world)
    officer = world.people["compliance"]
    for kind in ("resumed", "closed", "escalated", "x"):
        with pytest.raises(WrongState):
            services.step(actor=officer, complaint=complaint, kind=kind, note="x")
    close(world, complaint)
    for kind in ("note", "paused", "answered"):
        with pytest.raises(WrongState):
            services.step(actor=officer, complaint=complaint, kind=kind, note="x")
    with pytest.raises(WrongState):
        close(world, complaint)


def test_what_it_is_about_is_kept_from_deletion_until_it_is_closed(
    world: World, clock: time_machine.Traveller
) -> None:
    from apps.quality.models import Recording
    from apps.retention import services as retention

    call = world.connected()
    kept = hand_in(call)
    complaint = complain(world, phone=PHONE)
    clock.shift(timedelta(days=370))
    run = retention.purge(pause=0)
    assert Call.objects.filter(pk=call.pk).exists()
    assert Recording.objects.filter(pk=kept.pk).exists()
    assert run.held["call"] == 1
    assert run.held["recording"] == 1
    close(world, complaint)
    assert LegalHold.objects.get().ended_at
    retention.purge(pause=0)
    assert not Call.objects.filter(pk=call.pk).exists()
    assert not Recording.objects.exists()
    complaint.refresh_from_db()
    assert complaint.call is None
    clock.shift(timedelta(days=370))
    retention.purge(pause=0)
    assert not Complaint.objects.exists()


def test_opened_again_it_is_held_again(world: World) -> None:
    complaint = close(world, complain(world))
    services.reopen_complaint(actor=world.people["compliance"], complaint=complaint, note="x")
    assert LegalHold.objects.filter(ended_at__isnull=True).count() == 1


def test_an_agents_result_of_a_call_becomes_a_complaint(world: World) -> None:
    result = world.authorize(agent="agent", client=world.client, checklist_done=True)
    assert result.call
    Call.objects.update(state="ended")
    calls.write_disposition(
        actor=world.people["agent"], call=result.call, reason="complaint", note="客户说打扰"
    )
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.call, complaint.owner) == (
        "agent",
        result.call,
        world.people["supervisor"],
    )
    assert Notice.objects.filter(code="complaint_recorded", recipient=world.people["supervisor"]).exists()


def test_the_call_may_be_found_later_and_is_the_same_numbers(world: World) -> None:
    complaint = complain(world, phone=PHONE)
    call = world.connected()
    linked = services.link_call(actor=world.people["compliance"], complaint=complaint, call=call)
    assert (linked.call, linked.agent) == (call, world.people["agent"])
    world.add_contact("13800001299")
    other = world.connected(phone="13800001299")
    with pytest.raises(BadInput):
        services.link_call(actor=world.people["compliance"], complaint=complaint, call=other)


def test_whose_it_is(world: World) -> None:
    call = world.connected()
    complaint = complain(world, phone=PHONE)
    assert queries.complaints_of(world.people["supervisor"]).get() == complaint
    assert not queries.complaints_of(world.people["supervisor2"]).exists()
    assert not queries.complaints_of(world.people["agent"]).exists()
    with pytest.raises(NotFound):
        complain(world, "supervisor2", call=call)
    with pytest.raises(NotAllowed):
        services.step(actor=world.people["supervisor"], complaint=complaint, kind="note", note="x")
    moved = services.move_complaint(
        actor=world.people["compliance"], complaint=complaint, owner=world.people["supervisor"]
    )
    services.step(actor=world.people["supervisor"], complaint=moved, kind="note", note="x")


def test_overdue_ones_are_reported_once_and_a_waiting_one_is_not(
    world: World, clock: time_machine.Traveller
) -> None:
    late, waits = complain(world), complain(world)
    services.step(actor=world.people["compliance"], complaint=waits, kind="paused", note="x")
    clock.shift(timedelta(days=10))
    assert services.escalate_complaints() == 1
    assert services.escalate_complaints() == 0
    assert {notice.facts["complaint"] for notice in Notice.objects.filter(code="complaint_overdue")} == {
        late.public_id
    }


def test_to_read_it_is_recorded(world: World, browse: Any) -> None:
    complaint = complain(world, text="客户王小明不满意")
    page = browse("compliance2").get(f"/complaints/{complaint.public_id}/")
    assert "客户王小明不满意" in page.content.decode()
    event = AccessEvent.objects.get(kind="disclosed")
    assert (event.subject, event.field, event.actor) == (
        complaint.public_id,
        "quality.complaint.text",
        world.people["compliance2"],
    )


# -- by the API


def test_another_system_records_a_complaint_once(world: World) -> None:
    call, api = world.connected(), Api(world.key)
    body = {"kind": "unwanted", "text": "多次来电", "call": call.public_id, "reference": "12300-17"}
    first, again = api.post("complaints", body), api.post("complaints", body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    complaint = Complaint.objects.get()
    assert (complaint.call, complaint.channel, complaint.has_opted_out) == (call, "api", True)
    assert OptOut.objects.get().channel == "complaint"


def test_a_number_in_a_program_s_text_is_taken_out_and_loses_no_refusal(world: World) -> None:
    resident = "110101199003072" + "316"
    body = {
        "kind": "unwanted",
        "text": f"身份证{resident}的客户多次投诉",
        "phone": PHONE,
        "reference": "12300-19",
    }
    assert Api(world.key).post("complaints", body).status_code == 201
    assert "opted_out" in world.authorize(reserve=False).codes
    kept = Complaint.objects.get().text
    assert isinstance(kept, Protected)
    assert resident not in clear_for_machine(kept)


@pytest.mark.parametrize("received_at", ["2031-01-01T00:00:00+08:00", "0001-01-01T00:00:00+14:00", "昨天", 1])
def test_a_time_that_cannot_be_true_loses_no_refusal(world: World, received_at: object) -> None:
    body = {
        "kind": "unwanted",
        "text": "多次来电",
        "phone": PHONE,
        "reference": "12300-18",
        "received_at": received_at,
    }
    assert Api(world.key).post("complaints", body).status_code == 201
    assert Complaint.objects.get().received_at == Complaint.objects.get().created_at
    assert "opted_out" in world.authorize(reserve=False).codes


def test_a_reference_used_again_loses_no_refusal(world: World) -> None:
    api = Api(world.key)
    body = {"kind": "unwanted", "text": "多次来电", "phone": PHONE, "reference": "12300-17", "opt_out": False}
    first = api.post("complaints", body).json()
    assert world.authorize(reserve=False).allowed
    assert api.post("complaints", {**body, "opt_out": True}).json() == first
    assert "opted_out" in world.authorize(reserve=False).codes
    other = api.post("complaints", {**body, "phone": OTHER_PHONE, "opt_out": True}).json()
    assert other != first
    assert OptOut.objects.count() == Complaint.objects.count() == 2


def test_who_is_named_beside_the_call_refuses_too(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    call = world.connected()
    body = {"kind": "unwanted", "text": "家人也不要再接到", "call": call.public_id, "reference": "n-1"}
    assert Api(world.key).post("complaints", {**body, "phone": OTHER_PHONE}).status_code == 201
    assert Api(world.key).post("complaints", {**body, "phone": "12", "reference": "n-2"}).status_code == 201
    for phone in (PHONE, OTHER_PHONE):
        assert "opted_out" in world.authorize(phone=phone, reserve=False).codes


def test_a_reference_that_came_without_a_number_loses_nobody(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    complain(world, reference="letter-7")
    for phone in (PHONE, OTHER_PHONE):
        complain(world, reference="letter-7", phone=phone, opts_out=True)
        assert "opted_out" in world.authorize(phone=phone, reserve=False).codes


def test_a_call_of_a_foreign_campaign_is_not_there(world: World) -> None:
    _client, key = world.api_client("other", "complaints")
    body = {"kind": "unwanted", "text": "x", "call": world.connected().public_id, "reference": "1"}
    assert problem(Api(key).post("complaints", body)) == (404, "not_found")


# -- compared


def test_a_time_is_compared_with_a_base_period_by_the_norms_own_case(
    world: World, clock: time_machine.Traveller
) -> None:
    base = services.record_base(
        actor=world.people["compliance"], name="2025", since=date(2025, 1, 1), until=date(2025, 12, 31),
        calls=20_000, complaints=100,
        handling_hours=50, origin="工单",
    )  # fmt: skip
    call = world.connected()
    complaint = complain(world, call=call)
    clock.shift(timedelta(hours=20))
    close(world, complaint)
    result = services.compared(base, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert result["before"].rate == 50
    assert (result["now"].calls, result["now"].complaints, result["now"].rate, result["now"].hours) == (
        1,
        1,
        10_000,
        20.0,
    )
    assert result["rate"] == 19_900
    assert result["hours"] == -60
    assert (result["norm_rate"], result["norm_hours"]) == (-45, -60)


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(Fraction(50), Fraction(55, 2), -45), (0, 5, None), (None, 5, None), (10.0, None, None), (100, 40, -60)],
)
def test_change_is_percent_of_the_base(before: Any, after: Any, percent: float | None) -> None:
    assert timing.change(before, after) == percent


def test_a_base_period_may_be_counted_from_our_own_calls(world: World, clock: time_machine.Traveller) -> None:
    complaint = complain(world, call=world.connected())
    clock.shift(timedelta(hours=6))
    close(world, complaint)
    base = services.base_of_ours(
        actor=world.people["compliance"], name="本月", since=world.today.replace(day=1), until=world.today
    )
    assert (base.calls, base.complaints, float(base.handling_hours)) == (1, 1, 6.0)
    with pytest.raises(BadInput):
        services.base_of_ours(
            actor=world.people["compliance"], name="x", since=date(2020, 1, 1), until=date(2020, 1, 2)
        )
    with pytest.raises(NotAllowed):
        services.record_base(actor=world.people["supervisor"], name="x")
    assert BasePeriod.objects.count() == 1


def test_the_clock_of_events_is_read_in_order() -> None:
    at = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(10)]
    assert timing.handled([("opened", at[0]), ("now", at[3])]) == timedelta(hours=3)
    events = [
        ("opened", at[0]),
        ("note", at[1]),
        ("paused", at[2]),
        ("note", at[3]),
        ("resumed", at[5]),
        ("closed", at[6]),
    ]
    assert timing.handled(events) == timedelta(hours=3)
    assert timing.handled([*events, ("now", at[9])]) == timedelta(hours=3)
    assert timing.handled([("opened", at[0]), ("paused", at[1]), ("closed", at[5])]) == timedelta(hours=1)


def test_the_call_is_chosen_from_those_of_the_client(world: World, browse: Any) -> None:
    ours = world.connected()
    world.add_contact(OTHER_PHONE)
    other = world.connected(phone=OTHER_PHONE)
    complaint = complain(world, phone=PHONE)
    client = browse("compliance")
    page = client.get(f"/complaints/{complaint.public_id}/").content.decode()
    assert f'<option value="{ours.public_id}"' in page
    assert other.public_id not in page
    client.post(f"/complaints/{complaint.public_id}/step/", {"step": "call", "call": ours.public_id})
    complaint.refresh_from_db()
    assert complaint.call == ours
    assert (
        f'<option value="{ours.public_id}" selected'
        in client.get(f"/complaints/{complaint.public_id}/").content.decode()
    )


def test_a_reference_that_reads_like_a_number_of_a_person_loses_no_refusal(world: World) -> None:
    """`4:12300-20261124-17` reads like a bank card: what was refused hung on the number of the client."""
    body = {"kind": "unwanted", "text": "不要再打", "phone": PHONE, "reference": f"工单 {OTHER_PHONE}"}
    first = Api(world.key).post("complaints", body)
    assert first.status_code == 201, first.content
    assert Api(world.key).post("complaints", body).json() == first.json()
    assert Complaint.objects.get().reference.startswith("~")
    assert "opted_out" in world.authorize(reserve=False).codes


def test_who_complains_again_after_a_lift_is_blocked_again(
    world: World, clock: time_machine.Traveller
) -> None:
    """Under the reference of before, which is one complaint: the word is a new one."""
    _client, key = world.api_client("tickets", "complaints")
    api, body = Api(key), {"kind": "after_no", "text": "仍接到来电", "phone": PHONE, "reference": "T-17"}
    first = api.post("complaints", body).json()["complaint"]
    clock.shift(timedelta(hours=2))
    lift = ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=site_clock.now() - timedelta(hours=1),
        evidence="会员中心表单",
    )  # fmt: skip
    approve_lift(actor=world.people["compliance2"], lift=lift)
    assert "opted_out" not in world.authorize(reserve=False).codes
    clock.shift(timedelta(minutes=5))
    assert api.post("complaints", body).json()["complaint"] == first
    assert "opted_out" in world.authorize(reserve=False).codes
