"""A policy's new version: written by one person, put in force by another, never looser than the norm."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.campaigns import services as campaigns
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from apps.policies import queries, services
from apps.policies.models import CalendarYear, CallingPolicy, PolicyDraft, RetentionPolicy, TradePack
from apps.scripts import services as scripts
from tests.governance.assessed import approved as assessed
from tests.world import COMPANY, SECTIONS, World

HOURS = {
    "window_start": "09:00:00",
    "window_end": "20:00:00",
    "calls_per_day": 1,
    "calls_per_week": 2,
    "reservation_seconds": 60,
}


def draft(world: World, *, kind: str = "calling", by: str = "compliance", **values: Any) -> PolicyDraft:
    return services.write_draft(
        actor=world.people[by],
        kind=kind,
        values={**HOURS, **values} if kind == "calling" else values,
        reason="收紧",
    )


def approved(world: World, **more: Any) -> Any:
    return services.approve_draft(actor=world.people["compliance2"], draft=draft(world, **more))


def test_an_approved_draft_is_the_next_version_and_the_gate_keeps_to_it(world: World) -> None:
    assert world.authorize(at="20:30", reserve=False).allowed
    version = approved(world)
    assert (version.number, version.written_by, version.approved_by) == (
        2,
        world.people["compliance"],
        world.people["compliance2"],
    )
    result = world.authorize(at="20:30", reserve=False)
    assert result.codes == ["outside_window"]
    assert result.answer.policy == 2


def test_until_its_day_the_version_before_holds(world: World, clock: time_machine.Traveller) -> None:
    begins = timezone.now() + timedelta(days=2)
    written = services.write_draft(
        actor=world.people["compliance"], kind="calling", values=HOURS, reason="收紧", in_force_from=begins
    )
    services.approve_draft(actor=world.people["compliance2"], draft=written)
    assert world.authorize(at="20:30", reserve=False).allowed
    clock.shift(timedelta(days=2))
    assert world.authorize(at="20:30", reserve=False).codes == ["outside_window"]


def test_a_version_never_begins_in_the_past(world: World) -> None:
    written = services.write_draft(
        actor=world.people["compliance"],
        kind="calling",
        values=HOURS,
        reason="收紧",
        in_force_from=timezone.now() - timedelta(days=9),
    )
    assert (
        services.approve_draft(actor=world.people["compliance2"], draft=written).in_force_from
        == timezone.now()
    )


@pytest.mark.parametrize(
    "loose",
    [
        {"window_start": "07:59:00"},
        {"window_end": "21:01:00"},
        {"calls_per_day": 2},
        {"calls_per_week": 4},
        {"reservation_seconds": 61},
        {"window_start": "20:00:00", "window_end": "09:00:00"},
    ],
)
def test_a_draft_may_not_loosen_the_norm(world: World, loose: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        draft(world, **loose)
    assert not PolicyDraft.objects.exists()


def test_the_table_refuses_a_loose_version_whoever_writes_it(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CallingPolicy.objects.create(number=9, in_force_from=timezone.now(), calls_per_week=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        TradePack.objects.create(
            number=99, in_force_from=timezone.now(), trade="finance", name="x", highest_risk="R4"
        )


def test_versions_are_never_changed(world: World) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        CallingPolicy.objects.update(calls_per_week=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        CallingPolicy.objects.all().delete()


def test_nobody_approves_their_own(world: World) -> None:
    written = draft(world)
    with pytest.raises(FourEyes):
        services.approve_draft(actor=world.people["compliance"], draft=written)
    with pytest.raises(FourEyes):
        services.refuse_draft(actor=world.people["compliance"], draft=written)


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_writes_and_decides(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        draft(world, by=role)
    with pytest.raises(NotAllowed):
        services.approve_draft(actor=world.people[role], draft=draft(world))


def test_a_decided_draft_stays_decided(world: World) -> None:
    written = draft(world)
    services.refuse_draft(actor=world.people["compliance2"], draft=written)
    with pytest.raises(WrongState):
        services.approve_draft(actor=world.people["compliance2"], draft=written)
    assert CallingPolicy.objects.count() == 1


def test_the_others_of_compliance_are_notified(world: World) -> None:
    draft(world)
    assert {notice.recipient.username for notice in Notice.objects.filter(code="policy_draft")} == {
        "compliance2"
    }


def test_a_trade_pack_stops_its_trade_at_once(world: World) -> None:
    assert world.authorize(reserve=False).allowed
    approved(
        world,
        kind="trade",
        trade="retail",
        name="retail",
        may_market=False,
        highest_risk="R3",
        needs_qualification=False,
        basis="《广告法》",
    )
    assert world.authorize(reserve=False).codes == ["industry_forbidden"]


def test_compliance_adds_a_trade_without_a_programmer(world: World) -> None:
    pack = {
        "trade": "pets",
        "name": "宠物",
        "may_market": True,
        "highest_risk": "R1",
        "needs_qualification": False,
        "basis": "",
    }
    approved(world, kind="trade", **pack)
    assert ("pets", "宠物") in queries.trade_choices()
    script = world.approved_script("pets", trade="pets")
    supervisor = world.people["supervisor"]
    campaign = campaigns.create_campaign(
        actor=supervisor, lines=[world.line], code="pets", name="宠物回访", kind="marketing", trade="pets",
        purpose=world.purpose, lawful_basis="同意", filing=world.filing, script=script,
        starts_on=world.today, ends_on=world.today + timedelta(days=60), checklist=["核对资料"],
    )  # fmt: skip
    assessed(world, campaign)  # nobody has said yet what the trade deals in (R36)
    campaigns.submit_campaign(actor=supervisor, campaign=campaign)
    campaigns.approve_campaign(actor=world.people["compliance"], campaign=campaign)
    campaigns.run_campaign(actor=supervisor, campaign=campaign)
    assert world.authorize(campaign="pets").allowed


def test_an_entered_year_lets_marketing_go_on(world: World, clock: time_machine.Traveller) -> None:
    world.campaign.ends_on = world.today + timedelta(days=80)
    world.campaign.save()
    new_year = world.at("2027-01-05T10:00+08:00")
    assert world.authorize(at=new_year, reserve=False).codes == ["calendar_unknown"]
    approved(
        world,
        kind="calendar",
        year=2027,
        holidays={"2027-01-01": "元旦", "2027-01-06": "元旦"},
        working_days=[],
        notice="国办发明电〔2026〕1号",
    )
    assert CalendarYear.objects.get().year == 2027
    clock.move_to(new_year)
    assert world.authorize(reserve=False).allowed
    refused = world.authorize(at=new_year + timedelta(days=1), reserve=False)
    assert refused.codes == ["holiday"]
    assert refused.retry_at["holiday"] == "2027-01-07T00:00:00+08:00"


def test_compliance_is_warned_once_a_week_from_sixty_days_before(
    world: World, clock: time_machine.Traveller
) -> None:
    clock.move_to(world.at("2026-11-01T09:00+08:00"))
    assert not services.warn_of_unknown_year()
    clock.move_to(world.at("2026-11-02T09:00+08:00"))
    assert services.warn_of_unknown_year()
    assert not services.warn_of_unknown_year()
    clock.shift(timedelta(days=8))
    assert services.warn_of_unknown_year()
    assert {notice.recipient.username for notice in Notice.objects.filter(code="calendar_unknown")} == {
        "compliance",
        "compliance2",
    }
    assert "2027-01-01" in Notice.objects.filter(code="calendar_unknown")[0].sentence


def test_the_page_writes_a_draft_and_the_second_person_approves_it(world: World, browse: Any) -> None:
    values = {
        "window_start": "09:00", "window_end": "20:00", "calls_per_day": 1, "calls_per_week": 2,
        "reservation_seconds": 60,
        "reason": "收紧",
    }  # fmt: skip
    answer = browse("compliance").post("/policies/new/calling/", values)
    written = PolicyDraft.objects.get()
    assert answer.headers["Location"] == f"/policies/drafts/{written.pk}/"
    other = browse("compliance2")
    assert "收紧" in other.get(f"/policies/drafts/{written.pk}/").content.decode()
    other.post(f"/policies/drafts/{written.pk}/approve/")
    assert CallingPolicy.objects.latest().calls_per_week == 2
    assert "compliance2" in other.get("/policies/").content.decode()


def test_the_page_says_where_a_calendar_is_wrong(world: World, browse: Any) -> None:
    values = {
        "year": 2027,
        "notice": "国办发明电〔2026〕1号",
        "holiday_lines": "2027-13-01 元旦",
        "working_lines": "",
        "reason": "新年",
    }
    text = browse("compliance").post("/policies/new/calendar/", values).content.decode()
    assert "第 1 行" in text
    assert "2027-13-01 元旦" in text
    assert not PolicyDraft.objects.exists()


@pytest.mark.parametrize(
    ("trade", "approvers"), [("finance", 1), ("education", 1), ("medical", 1), ("retail", 0), ("retail", 4)]
)
def test_no_pack_lets_fewer_people_approve_a_script_than_the_norm(
    world: World, trade: str, approvers: int
) -> None:
    pack = {"trade": trade, "name": "x", "script_approvers": approvers}
    with pytest.raises(BadInput):
        services.write_draft(actor=world.people["compliance"], kind="trade", values=pack, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        TradePack.objects.create(number=99, in_force_from=timezone.now(), **pack)


def test_a_pack_may_ask_for_more_people(world: World) -> None:
    pack = {"trade": "retail", "name": "x", "script_approvers": 2}
    draft = services.write_draft(actor=world.people["compliance"], kind="trade", values=pack, reason="x")
    services.approve_draft(actor=world.people["compliance2"], draft=draft)
    version = scripts.write_version(
        actor=world.people["supervisor"], script=world.script, company=COMPANY, **SECTIONS
    )
    assert scripts.submit(actor=world.people["supervisor"], version=version).approvals_needed == 2


def test_a_period_that_nobody_changes_stays_on_the_page(world: World, browse: Any) -> None:
    """However often another one was changed."""
    for number in range(31):
        approved(
            world,
            kind="retention",
            data_class="code",
            days=29 - number % 2,
            action="delete",
            basis="",
            basis_ends_on=None,
        )
    page = browse("compliance").get("/policies/")
    (section,) = [each for each in page.context["kinds"] if each["kind"] == "retention"]
    in_force = [row["of"] for row in section["rows"] if row["is_in_force"]]
    assert (
        len(in_force) == len(set(in_force)) == RetentionPolicy.objects.values("data_class").distinct().count()
    )
    assert in_force == sorted(in_force)
    assert len(section["older"]) == 30


def test_a_draft_of_before_does_not_take_back_what_was_approved_since(
    world: World, clock: time_machine.Traveller
) -> None:
    early = draft(world, window_end="20:00")
    of_another = draft(world, kind="trade", trade="pets", name="宠物", may_market=True, highest_risk="R1",
                       needs_qualification=False, basis="")  # fmt: skip
    clock.shift(60)
    approved(world, window_end="18:00")
    with pytest.raises(WrongState):
        services.approve_draft(actor=world.people["compliance2"], draft=early)
    assert CallingPolicy.objects.order_by("-number")[0].window_end.hour == 18
    services.approve_draft(actor=world.people["compliance2"], draft=of_another)
