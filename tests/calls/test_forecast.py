"""What the gate would say: of a whole list today, and of past calls under a draft."""

from datetime import time, timedelta
from typing import Any

import pytest

from apps.calls import services
from apps.calls.gate.rules import RULES
from apps.calls.models import Decision, Forecast
from apps.campaigns.models import QueueEntry
from apps.contacts.models import Consent, Contact, NumberDoubt
from apps.core.errors import NotAllowed
from apps.jobs.models import Job
from apps.policies import services as policies
from tests.world import World

Doubt = NumberDoubt.State


def run(forecast: Forecast) -> dict[str, Any]:
    services.run_forecast(forecast.job_id)
    forecast.refresh_from_db()
    assert forecast.job.state == Job.State.DONE
    counts: dict[str, Any] = forecast.counts
    return counts


def preview(world: World) -> dict[str, Any]:
    return run(services.ask_list(actor=world.people["supervisor"], campaign=world.campaign))


def doubt(world: World, contact: Contact, state: str, at: str) -> None:
    """A doubt about the number, raised and where it is not open decided at that time."""
    decided = (
        {}
        if state == Doubt.OPEN
        else {
            "decided_at": world.at(at),
            "decided_by": world.people["compliance"],
            "reason": "called back",
            "evidence": "call",
        }
    )
    NumberDoubt.objects.create(
        number_index=bytes(contact.number_index), contact=contact, state=state,
        origin=NumberDoubt.Origin.CALL, reference="x",
        raised_by=world.people["agent"], created_at=world.at(at), **decided,
    )  # fmt: skip


def test_the_list_is_counted_by_reason(world: World) -> None:
    world.add_contact("13900000001", consent=False)
    world.add_contact("13900000002", consent=False)
    world.add_contact("13900000003", is_minor=True, consent=False)
    result = preview(world)
    assert (result["total"], result["blocked"]) == (4, 3)
    assert result["by_code"] == {"no_consent": 3, "minor": 1}


def test_it_agrees_with_the_gate_contact_by_contact(world: World) -> None:
    """Every way in which contacts differ, judged in groups and one by one."""
    other = world.approved_source("other")
    ways: list[dict[str, Any]] = [
        {},
        {"consent": False},
        {"is_minor": True},
        {"zones": ["America/New_York"]},
        {"zones": []},
        {"expires_at": world.at("10:00") - timedelta(days=1)},
        {"erasing_at": world.at("09:00")},
        {"source": other},
    ]
    made = [world.add_contact(f"1390000{number:04}", **fields) for number, fields in enumerate(ways * 3)]
    Consent.objects.filter(contact=made[8]).update(withdrawal="test", withdrawn_at=world.at("09:00"))
    Consent.objects.filter(contact=made[16]).update(expires_at=world.at("09:59"))
    later = world.at("10:00") + timedelta(days=1)
    Consent.objects.filter(contact=made[9]).delete()
    world.consent(made[9], given_at=later)
    world.consent(world.contact, given_at=world.at("10:00") - timedelta(days=20))
    for days in (1, 2, 3):
        world.call(phone="13800001234", at=world.at("10:00") - timedelta(days=days))
    world.opt_out("13900000010")
    doubt(world, made[8], Doubt.OPEN, "09:30")
    doubt(world, made[17], Doubt.KEPT, "09:30")
    doubt(world, made[11], Doubt.ENDED, "09:30")
    doubt(world, world.contact, Doubt.ENDED, "09:30")
    world.consent(made[11], given_at=world.at("09:40"))  # fresh: it ends the doubt
    # as if the opt-out had not reached the queue
    QueueEntry.objects.filter(contact=made[10]).update(state="waiting")
    one_by_one: dict[str, int] = {}
    blocked = 0
    for contact in Contact.objects.filter(entries__state__in=["waiting", "held"]):
        answer = services.preview(campaign="spring", phone=contact.phone, line=world.line.number)
        blocked += not answer.allowed
        for reason in answer.reasons:
            one_by_one[reason["code"]] = one_by_one.get(reason["code"], 0) + 1
    result = preview(world)
    assert result["by_code"] == one_by_one
    assert result["blocked"] == blocked
    assert len(one_by_one) >= 9


def test_after_hours_it_is_made_for_the_next_opening(world: World, clock: Any) -> None:
    clock.move_to(world.at("22:00"))
    result = preview(world)
    assert result["at"].startswith("2026-11-25T08:00")
    assert result["blocked"] == 0


def test_its_page_says_it_in_a_sentence(world: World, browse: Any) -> None:
    world.add_contact("13900000001", consent=False)
    client = browse("supervisor")
    answer = client.post(f"/campaigns/{world.campaign.public_id}/forecast/")
    forecast = Forecast.objects.get()
    assert answer.headers["Location"] == f"/forecasts/{forecast.pk}/"
    services.run_forecast(forecast.job_id)
    text = client.get(f"/forecasts/{forecast.pk}/").content.decode()
    assert "2 人中有 1 人不可拨打" in text
    assert str(RULES["no_consent"].sentence) in text


# -- what if


def what_if(world: World, **values: Any) -> dict[str, Any]:
    hours = {
        "window_start": "08:00:00",
        "window_end": "21:00:00",
        "calls_per_day": 1,
        "calls_per_week": 3,
        "reservation_seconds": 60,
    }
    draft = policies.write_draft(
        actor=world.people["compliance"], kind="calling", values={**hours, **values}, reason="试算"
    )
    return run(services.ask_what_if(actor=world.people["compliance"], draft=draft))


def past_calls(world: World) -> None:
    """Three calls of one number on three days, one of them in the evening, and one refused in the night."""
    now = world.at("10:00")
    world.consent(world.contact, given_at=now - timedelta(days=20))
    for days, hour in ((6, "09:00"), (4, "20:30"), (2, "12:00")):
        world.call(at=world.at(hour, (now - timedelta(days=days)).date()))
    world.authorize(at=world.at("22:00", (now - timedelta(days=1)).date()))


def test_the_same_policy_changes_nothing(world: World) -> None:
    past_calls(world)
    result = what_if(world)
    assert result["total"] == 4
    assert "newly_refused" not in result
    assert "newly_allowed" not in result


def test_narrower_hours_would_have_refused_the_evening(world: World) -> None:
    past_calls(world)
    result = what_if(world, window_end="20:00:00")
    assert result["newly_refused"] == 1
    assert result["before:outside_window"] == 1
    assert result["then:outside_window"] == 2


def test_a_lower_cap_would_have_refused_the_third(world: World) -> None:
    past_calls(world)
    result = what_if(world, calls_per_week=2)
    assert result["newly_refused"] == 1
    assert result["then:weekly_cap"] == 2  # the third call, and the night's


def test_a_campaigns_own_terms(world: World) -> None:
    past_calls(world)
    changes = {"window_start": time(10).isoformat(), "window_end": time(21).isoformat(), "calls_per_week": 3}
    result = run(
        services.ask_what_if(actor=world.people["supervisor"], campaign=world.campaign, changes=changes)
    )
    assert result["newly_refused"] == 1


def test_a_calendar_that_makes_a_day_a_holiday(world: World) -> None:
    past_calls(world)
    day = (world.at("10:00") - timedelta(days=2)).date()
    draft = policies.write_draft(
        actor=world.people["compliance"], kind="calendar", reason="试算",
        values={"year": 2026, "holidays": {day.isoformat(): "特别放假"}, "working_days": [], "notice": "x"},
    )  # fmt: skip
    result = run(services.ask_what_if(actor=world.people["compliance"], draft=draft))
    assert result["newly_refused"] == 1


def test_a_trade_pack_that_forbids_the_trade(world: World) -> None:
    past_calls(world)
    pack = {
        "trade": "retail",
        "name": "x",
        "may_market": False,
        "highest_risk": "R3",
        "needs_qualification": False,
        "basis": "",
    }
    draft = policies.write_draft(actor=world.people["compliance"], kind="trade", reason="试算", values=pack)
    assert run(services.ask_what_if(actor=world.people["compliance"], draft=draft))["newly_refused"] == 3


def test_it_goes_on_where_a_lost_worker_stopped(world: World, monkeypatch: Any, clock: Any) -> None:
    past_calls(world)
    monkeypatch.setattr("apps.calls.services.forecasting.BATCH", 1)
    hours = {
        "window_start": "08:00:00",
        "window_end": "20:00:00",
        "calls_per_day": 1,
        "calls_per_week": 3,
        "reservation_seconds": 60,
    }
    draft = policies.write_draft(
        actor=world.people["compliance"], kind="calling", values=hours, reason="试算"
    )
    forecast = services.ask_what_if(actor=world.people["compliance"], draft=draft)
    seen = []

    def dies(*args: Any) -> Any:
        seen.append(1)
        if len(seen) == 3:
            raise MemoryError
        return iter(["total"])

    with monkeypatch.context() as patched:
        patched.setattr("apps.calls.services.forecasting._compare", dies)
        with pytest.raises(MemoryError):
            services.run_forecast(forecast.job_id)
    forecast.refresh_from_db()
    assert forecast.counts == {"total": 2}
    clock.shift(1)
    assert run(forecast)["total"] == 4


def test_facts_of_an_older_time_are_counted_apart(world: World, clock: Any) -> None:
    world.authorize()
    clock.shift(1)
    decision = Decision.objects.get()
    facts = {name: value for name, value in decision.facts.items() if name != "line_filed"}
    Decision.objects.bulk_create(
        [Decision(at=decision.at, allowed=True, facts=facts, campaign=world.campaign, policy=1)]
    )
    result = what_if(world)
    assert (result["total"], result["not_judged"]) == (2, 1)


@pytest.mark.parametrize("who", ["agent", "admin", "supervisor2"])
def test_only_who_runs_or_approves_the_campaign_asks(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        services.ask_list(actor=world.people[who], campaign=world.campaign)
    with pytest.raises(NotAllowed):
        services.ask_what_if(actor=world.people[who], campaign=world.campaign)
