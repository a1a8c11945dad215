"""The month: every duty measured, red ones with somebody who resolves them, signed by two (R35 and design,
section 14)."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse

from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.contacts.models import Consent, Contact, MinorFlag
from apps.contacts.services.minors import flag_minor
from apps.core.calendar import clock as site_clock
from apps.core.crypto import signatures
from apps.core.duties import DUTIES
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.governance import services
from apps.governance.measures import MEASURES, MeasureState, Span, measure_all
from apps.governance.models import IncidentNotice, MonthReport, Nonconformity
from apps.governance.services.month_reports import month_before, span_of
from apps.optouts.services import approve_lift, ask_lift, record_opt_out
from tests.rights.asking import ask, execute
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture
def span(world: World) -> Span:
    now = site_clock.now()
    return Span(now - timedelta(days=20), now + timedelta(hours=1), now)


def state(duty: str, span: Span) -> str:
    return MEASURES[duty].find(span).state


def test_every_duty_is_measured_and_says_its_sentence(span: Span) -> None:
    assert set(MEASURES) == set(DUTIES)
    for duty, found in measure_all(span).items():
        assert MEASURES[duty].sentence(found.figures), duty
        assert found.state in MeasureState.values


MET = {"R2", "R3", "R11", "R13", "R18", "R21", "R24", "R26", "R28", "R33", "R36"}
NOT_DIALLED = {"handed_over_at": None, "made_at": None}  # then it is judged by its reservation
NOTHING_TO_MEASURE = {"R12", "R15", "R19", "R20", "R25", "R32", "R38"}


def test_a_quiet_legal_world_meets_its_duties(world: World, span: Span) -> None:
    world.call()
    assert {duty for duty in MET if state(duty, span) != MeasureState.GREEN} == set()


def test_what_could_not_be_measured_is_not_called_met(world: World, span: Span) -> None:
    world.call()
    assert {duty for duty in NOTHING_TO_MEASURE if state(duty, span) != MeasureState.UNMEASURED} == set()


def moved(call: Call, **fields: Any) -> Call:
    """As if the gate had let it through, which it does not."""
    Call.objects.filter(pk=call.pk).update(**fields)
    return call


def test_what_should_never_happen_shows_in_red(world: World, span: Span) -> None:
    """Each planted by hand past the gate."""
    call = world.call()
    zone_midnight = world.at("02:00")
    with transaction.atomic():
        moved(
            call, reserved_at=zone_midnight, reserved_until=zone_midnight, handed_over_at=None, made_at=None
        )
        assert state("R11", span) == MeasureState.RED
        transaction.set_rollback(True)
    with transaction.atomic():
        Consent.objects.filter(contact=world.contact).update(
            withdrawn_at=site_clock.now() - timedelta(days=1), withdrawal="x"
        )
        assert state("R2", span) == MeasureState.RED
        transaction.set_rollback(True)
    with transaction.atomic():
        moved(call, slot_day=date(2026, 10, 1))
        assert (
            MEASURES["R12"].find(Span(world.at("2026-09-30T00:00:00+08:00"), span.until, span.now)).state
            == MeasureState.RED
        )
        transaction.set_rollback(True)
    with transaction.atomic():
        world.opt_out()
        record_opt_out(phone="+86" + OTHER_PHONE, channel="agent", evidence="x", contact_id=world.contact.pk)
        later = site_clock.now() + timedelta(minutes=5)
        moved(call, reserved_at=later, reserved_until=later, made_at=later)
        assert state("R15", span) == MeasureState.RED
        transaction.set_rollback(True)


def test_a_campaign_that_called_and_ended_since_is_measured(world: World, span: Span) -> None:
    """A report about a month is about the campaigns of that month."""
    world.connected()
    Campaign.objects.update(state=Campaign.State.ENDED, lawful_basis="", product_risk="R5")
    assert {duty for duty in ("R18", "R24") if state(duty, span) != MeasureState.RED} == set()
    earlier = Span(span.since - timedelta(days=40), span.since, span.now)
    assert state("R18", earlier) == MeasureState.UNMEASURED


def test_more_calls_than_the_norm_allows_are_found(
    world: World, span: Span, clock: time_machine.Traveller
) -> None:
    calls = []
    for _day in range(4):
        clock.shift(timedelta(days=3))
        calls.append(world.call())
    wide = Span(span.since, site_clock.now() + timedelta(hours=1), site_clock.now())
    assert state("R13", wide) == MeasureState.GREEN
    for place, call in enumerate(calls):
        moved(call, slot_day=date(2027, 1, 1) + timedelta(days=2 * place))
    assert state("R13", wide) == MeasureState.RED, "four in seven days"


def test_the_month_is_measured_once_and_its_red_ones_have_an_owner(
    world: World, clock: time_machine.Traveller
) -> None:
    assert month_before(date(2027, 1, 15)) == date(2026, 12, 1)
    assert span_of(date(2026, 2, 1)).until.astimezone(span_of(date(2026, 2, 1)).since.tzinfo).date() == date(
        2026, 3, 1
    )
    report = services.make_due_report()
    assert report is not None
    assert services.make_due_report() is None
    red = {duty for duty, found in report.measured.items() if found["state"] == MeasureState.RED}
    assert red
    assert {each.duty for each in Nonconformity.objects.all()} == red
    services.make_report(month=report.month)
    assert Nonconformity.objects.count() == len(red), "one of a duty at a time"
    with pytest.raises(BadInput):
        services.make_report(month=world.today)


def signed(world: World) -> MonthReport:
    report = services.make_report(month=month_before(world.today))
    for duty, found in report.measured.items():
        if found["state"] == MeasureState.RED:
            services.note_report(
                actor=world.people["compliance"], report=report, duty=duty, note="新站点，尚未运行。"
            )
    return services.sign_report(actor=world.people["compliance"], report=report)


def test_two_people_sign_and_then_it_stays(world: World) -> None:
    first = services.make_report(month=month_before(world.today))
    with pytest.raises(BadInput):
        services.sign_report(actor=world.people["compliance"], report=first)
    with pytest.raises(NotAllowed):
        services.sign_report(actor=world.people["supervisor"], report=first)
    once = signed(world)
    with pytest.raises(FourEyes):
        services.sign_report(actor=world.people["compliance"], report=once)
    with pytest.raises(WrongState):
        services.make_report(month=once.month)
    back = services.reopen_report(actor=world.people["compliance2"], report=once)
    assert back.state == "draft"
    services.sign_report(actor=world.people["compliance"], report=back)
    done = services.sign_report(actor=world.people["compliance2"], report=back)
    assert signatures.is_valid(services.document_of_month(done), done.signature)
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        MonthReport.objects.filter(pk=done.pk).update(notes={})


def test_nobody_signs_what_they_have_not_read(world: World) -> None:
    once = signed(world)
    read = services.digest_of(services.document_of_month(once))
    back = services.reopen_report(actor=world.people["compliance"], report=once)
    changed = services.note_report(actor=world.people["compliance"], report=back, duty="R1", note="另有说明")
    services.sign_report(actor=world.people["compliance"], report=changed)
    with pytest.raises(BadInput):
        services.sign_report(actor=world.people["compliance2"], report=changed, read=read)
    read = services.digest_of(services.document_of_month(MonthReport.objects.get()))
    assert (
        services.sign_report(actor=world.people["compliance2"], report=changed, read=read).state == "signed"
    )


def test_a_note_is_about_the_figures_that_were_read(world: World) -> None:
    report = services.make_report(month=month_before(world.today))
    services.note_report(actor=world.people["compliance"], report=report, duty="R3", note="一个来源")
    services.note_report(actor=world.people["compliance"], report=report, duty="R9", note="无备份")
    world.approved_source("more")
    again = services.make_report(month=report.month)
    assert set(again.notes) == {"R9"}


def test_consent_for_another_purpose_is_none(world: World, span: Span) -> None:
    world.call()
    world.consent(world.contact, recipient="合作方")
    Consent.objects.filter(recipient="").update(
        withdrawn_at=site_clock.now() - timedelta(days=1), withdrawal="x"
    )
    assert state("R2", span) == MeasureState.RED


def test_a_lifted_word_and_a_call_of_another_kind(world: World, span: Span) -> None:
    record_opt_out(phone="+86" + OTHER_PHONE, channel="agent", evidence="x", contact_id=world.contact.pk)
    later = site_clock.now() + timedelta(minutes=5)
    call = moved(world.call(), made_at=later)
    assert state("R15", span) == MeasureState.RED, "reserved before the word, dialled after it"
    Call.objects.filter(pk=call.pk).update(made_at=site_clock.now() - timedelta(minutes=5))
    assert state("R15", span) == MeasureState.GREEN


def test_what_was_late_shows_also_when_it_is_over(world: World, span: Span) -> None:
    incident = services.record_incident(
        actor=world.people["compliance"], kind="leak", title="x",
        discovered_at=site_clock.now() - timedelta(hours=9),
        since=site_clock.now() - timedelta(hours=9), until=site_clock.now(),
    )  # fmt: skip
    IncidentNotice.objects.create(
        incident=incident,
        recipient="authority",
        text="x",
        how="x",
        given_at=site_clock.now(),
        given_by=world.people["compliance"],
    )
    assert state("R37", span) == MeasureState.RED


def test_what_does_not_conform_is_resolved_and_checked_by_another(
    world: World, clock: time_machine.Traveller
) -> None:
    services.make_due_report()
    found = Nonconformity.objects.first()
    assert found
    resolve: Any = {"nonconformity": found, "measures": "已补做"}
    with pytest.raises(NotAllowed):
        services.report_resolved(actor=world.people["supervisor"], **resolve)
    services.report_resolved(actor=found.owner, **resolve)
    with pytest.raises(FourEyes):
        services.check_nonconformity(actor=found.owner, nonconformity=found, close=True)
    other = next(
        person
        for person in (world.people["compliance"], world.people["compliance2"])
        if person != found.owner
    )
    again = services.check_nonconformity(actor=other, nonconformity=found, close=False)
    assert (again.state, again.reminded_at) == ("open", None)
    services.report_resolved(actor=found.owner, **resolve)
    assert services.check_nonconformity(actor=other, nonconformity=found, close=True).state == "closed"
    clock.shift(timedelta(days=60))
    assert services.remind_of_nonconformities() > 0
    assert services.remind_of_nonconformities() == 0


def test_the_pages(world: World, browse: Any) -> None:
    report = services.make_due_report()
    assert report
    page = browse("compliance").get(reverse("month", kwargs={"pk": report.pk})).content.decode()
    assert all(f"（{duty}）" in page for duty in DUTIES)
    for form, head in (("pdf", b"%PDF"), ("json", b"{")):
        assert (
            browse("admin")
            .get(reverse("month_paper", kwargs={"pk": report.pk, "form": form}))
            .content.startswith(head)
        )
    for name in ("months", "nonconformities", "compliance_audits"):
        assert browse("compliance").get(reverse(name)).status_code == 200


def test_a_word_holds_until_fresh_consent_and_counts_when_it_was_called_against(
    world: World, span: Span, clock: Any
) -> None:
    call = world.call()
    record_opt_out(phone="+86" + PHONE, channel="form", evidence="a", contact_id=world.contact.pk)
    moved(call, made_at=site_clock.now() + timedelta(minutes=1))
    assert state("R15", span) == MeasureState.RED
    clock.shift(timedelta(minutes=30))
    lift = ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=site_clock.now(), evidence="b"
    )
    approve_lift(actor=world.people["compliance2"], lift=lift)
    assert state("R15", span) == MeasureState.RED, "the call came before the consent"


def test_a_minor_s_mark_counts_for_the_time_that_it_was_up(world: World, span: Span, clock: Any) -> None:
    call = world.call()
    flag = flag_minor(actor=world.people["agent"], contact=world.contact, reason="自称十五岁")
    moved(call, reserved_at=site_clock.now() + timedelta(minutes=1))
    assert state("R25", span) == MeasureState.RED
    MinorFlag.objects.filter(pk=flag.pk).update(
        lifted_at=site_clock.now() + timedelta(minutes=5), lifted_by=world.people["compliance"], evidence="x"
    )
    assert state("R25", span) == MeasureState.RED


@pytest.mark.parametrize("zones", [["Asia/Urumqi"], ["Asia/Shanghai", "Asia/Urumqi"]], ids=str)
def test_hours_are_judged_in_every_zone_of_the_number(world: World, span: Span, zones: list[str]) -> None:
    call = world.call()
    Contact.everyone.filter(pk=world.contact.pk).update(zones=zones)
    early = world.at("09:30")  # 07:30 by the sun of Urumqi
    moved(call, reserved_at=early, reserved_until=early, **NOT_DIALLED)
    assert state("R11", span) == MeasureState.RED


def test_a_deletion_that_was_carried_out_in_time_is_not_late(world: World, span: Span, clock: Any) -> None:
    world.call()
    request = execute(world, ask(world))
    assert request.state == "remainder"
    late = Span(span.since, span.until + timedelta(days=40), span.now + timedelta(days=40))
    assert state("R20", late) == MeasureState.GREEN
