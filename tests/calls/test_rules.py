"""Each rule alone, on both sides of its boundary. Facts of a legal call; one fact differs."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.calls.gate.facts import Facts, OldFacts
from apps.calls.gate.rules import EVERY_KIND, MARKETING, RULES, judge
from apps.core.calendar.workdays import Calendar
from tests.calls.legal import DAY, LEGAL, MOMENT, SHANGHAI

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = Calendar()

SECOND = timedelta(seconds=1)


def codes(**facts: Any) -> list[str]:
    return judge(replace(LEGAL, **facts)).codes


def at(text: str, zone: ZoneInfo = SHANGHAI) -> dict[str, Any]:
    moment = datetime.fromisoformat(text).replace(tzinfo=zone)
    holidays = (CALENDAR.statutory_holiday(moment.date()),)
    day = moment.date()
    return {
        "at": moment,
        "local_times": (moment,),
        "holidays": holidays,
        "holiday_over": CALENDAR.next_ordinary_day(day) if any(holidays) else None,
        "starts_on": day,
        "ends_on": day,
        "filing_from": day,
        "filing_until": day,
        "consent_given_at": moment - DAY,
        "consent_expires_at": moment + DAY,
        "contact_expires_at": moment + DAY,
        "script_expires_at": moment + DAY,
    }


def test_a_legal_call_is_refused_by_no_rule() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"contact_erasing": True}, "erased_contact"),
        ({"opted_out_at": MOMENT - 900 * DAY}, "opted_out"),
        ({"contact_expires_at": MOMENT}, "retention_due"),
        ({"source_state": "withdrawn"}, "source_not_approved"),
        ({"source_state": "draft"}, "source_not_approved"),
        ({"source_has_purpose": False}, "purpose_mismatch"),
        ({"consent_given_at": None, "consent_expires_at": None}, "no_consent"),
        ({"consent_given_at": MOMENT + SECOND}, "no_consent"),
        ({"consent_expires_at": MOMENT}, "consent_expired"),
        ({"consent_withdrawn_at": MOMENT}, "consent_withdrawn"),
        ({"contact_minor": True}, "minor"),
        ({"product_risk": "R4"}, "product_risk"),
        ({"product_risk": "R5"}, "product_risk"),
        ({"campaign_state": "paused"}, "campaign_not_running"),
        ({"campaign_state": "approved"}, "campaign_not_running"),
        ({"starts_on": date(2026, 11, 25), "ends_on": date(2026, 11, 25)}, "campaign_dates"),
        ({"starts_on": date(2026, 11, 23), "ends_on": date(2026, 11, 23)}, "campaign_dates"),
        ({"filing_from": None, "filing_until": None}, "no_filing"),
        ({"filing_from": date(2026, 11, 1), "filing_until": date(2026, 11, 23)}, "filing_expired"),
        ({"filing_from": date(2026, 11, 25), "filing_until": date(2026, 12, 23)}, "filing_expired"),
        ({"line_in_campaign": False}, "line_not_of_campaign"),
        ({"line_state": "blocked"}, "line_not_verified"),
        ({"line_state": "new"}, "line_not_verified"),
        ({"line_filed": False}, "line_not_verified"),
        ({"product_risk": "R3", "highest_risk": "R2"}, "product_risk"),
        ({"trade_may_market": False}, "industry_forbidden"),
        ({"trade_may_market": None}, "industry_forbidden"),
        ({"permit_missing": True}, "industry_forbidden"),
        ({"script_state": None, "script_expires_at": None}, "script_not_approved"),
        ({"script_expires_at": MOMENT}, "script_expired"),
        ({"holidays": ("National Day",)}, "holiday"),
        ({"holidays": (None,)}, "calendar_unknown"),
        ({"calls_today": 1}, "daily_cap"),
        ({"calls_of_week": (MOMENT - 3 * DAY, MOMENT - 2 * DAY, MOMENT - DAY)}, "weekly_cap"),
        ({"agent_assigned": False}, "agent_not_assigned"),
        ({"agent_suspended": True}, "agent_suspended"),
        ({"checklist_done": False}, "checklist_missing"),
        ({"agent_open_call": True}, "previous_call_open"),
    ],
)
def test_one_wrong_fact_is_refused_by_its_rule_alone(facts: dict[str, Any], code: str) -> None:
    assert codes(**facts) == [code]


@pytest.mark.parametrize(
    "facts",
    [
        {"contact_expires_at": MOMENT + SECOND},
        {"consent_given_at": MOMENT},
        {"consent_expires_at": MOMENT + SECOND},
        {"product_risk": "R3"},
        {"script_expires_at": MOMENT + SECOND},
        {"calls_of_week": (MOMENT - 3 * DAY, MOMENT - 2 * DAY)},
        {"agent_assigned": None, "agent_suspended": None, "agent_open_call": None, "checklist_done": None},
        {"line_state": "verified"},
    ],
)
def test_the_other_side_of_the_boundary_is_allowed(facts: dict[str, Any]) -> None:
    assert codes(**facts) == []


def test_an_unknown_contact_is_not_blamed_for_what_it_cannot_have() -> None:
    unknown = {
        "contact_known": False, "contact_expires_at": None, "source_state": None, "source_has_purpose": False,
        "consent_given_at": None, "consent_expires_at": None,
    }  # fmt: skip
    assert codes(**unknown) == ["unknown_contact"]


@pytest.mark.parametrize(
    ("hour", "refused"),
    [
        ("07:59:59.999999", True),
        ("08:00:00", False),
        ("20:59:59.999999", False),
        ("21:00:00", True),
        ("00:00:00", True),
        ("23:59:59", True),
    ],
)
def test_the_window_opens_at_8_and_closes_before_21(hour: str, refused: bool) -> None:
    assert codes(**at(f"2026-11-24T{hour}")) == (["outside_window"] if refused else [])


def test_a_campaign_may_narrow_the_window() -> None:
    narrow = {"window_start": time(9, 30), "window_end": time(18)}
    assert codes(**at("2026-11-24T09:29:59"), **narrow) == ["outside_window"]
    assert codes(**at("2026-11-24T09:30:00"), **narrow) == []
    assert codes(**at("2026-11-24T18:00:00"), **narrow) == ["outside_window"]


@pytest.mark.parametrize(
    ("now", "opens"), [("05:00", "2026-11-24T08:00:00+08:00"), ("21:30", "2026-11-25T08:00:00+08:00")]
)
def test_the_refusal_says_when_the_window_opens(now: str, opens: str) -> None:
    verdict = judge(replace(LEGAL, **at(f"2026-11-24T{now}")))
    assert verdict.refusals["outside_window"].retry_at == datetime.fromisoformat(opens)


def test_the_window_is_the_clients_own_also_across_daylight_saving() -> None:
    """New York's clocks go forward on 2026-03-08: 08:00 there is an hour earlier in UTC."""
    for day in ("2026-03-06", "2026-03-09"):
        assert codes(**at(f"{day}T07:59:59", NEW_YORK)) == ["outside_window"]
        assert codes(**at(f"{day}T08:00:00", NEW_YORK)) == []
    after_closing = judge(replace(LEGAL, **at("2026-03-07T22:00:00", NEW_YORK)))
    assert after_closing.refusals["outside_window"].retry_at == datetime.fromisoformat(
        "2026-03-08T08:00:00-04:00"
    )


def test_every_zone_that_the_client_may_be_in_has_to_be_inside_the_window() -> None:
    moment = datetime.fromisoformat("2026-11-24T09:00:00-05:00")
    zones = tuple(moment.astimezone(ZoneInfo(zone)) for zone in ("America/New_York", "America/Los_Angeles"))
    facts = at("2026-11-24T22:00:00") | {"local_times": zones, "holidays": ("", "")}
    assert codes(**facts) == ["outside_window"]
    retry_at = judge(replace(LEGAL, **facts)).refusals["outside_window"].retry_at
    assert retry_at == datetime.fromisoformat("2026-11-24T08:00:00-08:00"), (
        "the first hour of the west, the eleventh of the east"
    )


def test_zones_whose_days_never_meet_have_no_next_time() -> None:
    moment = datetime.fromisoformat("2026-11-24T22:00:00+08:00")
    zones = tuple(
        moment.astimezone(ZoneInfo(zone))
        for zone in ("Asia/Shanghai", "America/Sao_Paulo", "Pacific/Honolulu")
    )
    facts = at("2026-11-24T22:00:00") | {"local_times": zones, "holidays": ("", "", "")}
    assert judge(replace(LEGAL, **facts)).refusals["outside_window"].retry_at is None


def test_a_client_whose_zone_is_unknown_is_not_called() -> None:
    assert codes(local_times=(), holidays=()) == ["outside_window", "calendar_unknown"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-01", ["holiday"]),
        ("2026-10-07", ["holiday"]),
        ("2026-10-08", []),
        ("2026-10-10", []),  # a Saturday that is a make-up working day
        ("2026-11-28", []),  # an ordinary Saturday
        ("2027-01-04", ["calendar_unknown"]),
    ],
)
def test_marketing_rests_on_statutory_holidays(day: str, expected: list[str]) -> None:
    assert codes(**at(f"{day}T10:00:00")) == expected


def test_the_refusal_says_when_the_holiday_is_over() -> None:
    verdict = judge(replace(LEGAL, **at("2026-10-03T10:00:00")))
    assert verdict.refusals["holiday"].retry_at == datetime.fromisoformat("2026-10-08T00:00:00+08:00")


@pytest.mark.parametrize("kind", ["notification", "service"])
def test_rules_of_marketing_do_not_hold_for_other_kinds(kind: str) -> None:
    facts = replace(
        LEGAL,
        kind=kind,
        holidays=("National Day",),
        consent_given_at=None,
        consent_expires_at=None,
        contact_minor=True,
        product_risk="R5",
    )
    verdict = judge(facts)
    assert verdict.codes == []
    spared = {code for code, rule in RULES.items() if rule.applies == MARKETING}
    assert set(verdict.not_applicable) == spared


@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
def test_hours_caps_and_opt_outs_hold_for_every_kind(kind: str) -> None:
    facts = replace(
        LEGAL, kind=kind, calls_today=1, opted_out_at=MOMENT, local_times=(MOMENT.replace(hour=22),)
    )
    assert judge(facts).codes == ["opted_out", "outside_window", "daily_cap"]


def test_the_daily_cap_passes_at_the_clients_midnight() -> None:
    assert judge(replace(LEGAL, calls_today=1)).refusals["daily_cap"].retry_at == LEGAL.next_local_day


def test_the_weekly_cap_passes_when_one_more_call_fits() -> None:
    week = (MOMENT - 6 * DAY, MOMENT - 4 * DAY, MOMENT - 2 * DAY)
    assert judge(replace(LEGAL, calls_of_week=week)).refusals["weekly_cap"].retry_at == week[0] + 7 * DAY


def test_a_stricter_campaign_waits_until_enough_calls_are_a_week_old() -> None:
    week = (MOMENT - 6 * DAY, MOMENT - 4 * DAY, MOMENT - 2 * DAY)
    assert (
        judge(replace(LEGAL, calls_of_week=week, calls_per_week=1)).refusals["weekly_cap"].retry_at
        == week[2] + 7 * DAY
    )


def test_all_refusals_are_reported_in_the_order_of_the_rules() -> None:
    facts = replace(LEGAL, opted_out_at=MOMENT, campaign_state="paused", calls_today=1, agent_suspended=True)
    assert judge(facts).codes == ["opted_out", "campaign_not_running", "daily_cap", "agent_suspended"]


def test_facts_read_back_are_judged_alike() -> None:
    assert judge(Facts.from_json(json.loads(LEGAL.as_json()))).codes == []


def test_times_are_reported_in_the_first_of_two_zones() -> None:
    two = {
        "local_times": (MOMENT, MOMENT.astimezone(NEW_YORK).replace(hour=12)),
        "holidays": ("", ""),
        "calls_today": 1,
    }
    assert judge(replace(LEGAL, **two)).retry_at["daily_cap"].endswith("+08:00")


def test_facts_survive_being_stored() -> None:
    facts = replace(
        LEGAL,
        calls_of_week=(MOMENT - DAY,),
        filing_from=None,
        holidays=("", None),
        local_times=(MOMENT, MOMENT),
    )
    assert Facts.from_json(json.loads(facts.as_json())) == facts


def test_facts_of_an_older_time_are_not_guessed() -> None:
    stored = json.loads(LEGAL.as_json())
    del stored["holiday_over"]
    with pytest.raises(OldFacts):
        Facts.from_json(stored)


def test_every_rule_names_its_duty_and_its_law() -> None:
    for code, rule in RULES.items():
        assert rule.code == code
        assert rule.duty.startswith("R")
        assert str(rule.law).startswith("《")
        assert str(rule.sentence).endswith((".", "。"))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"contact_expires_at": MOMENT - DAY}, "retention_due"),
        ({"consent_expires_at": MOMENT - DAY}, "consent_expired"),
        ({"script_expires_at": MOMENT - DAY}, "script_expired"),
        ({"calls_today": 2}, "daily_cap"),
        ({"calls_today": 1, "calls_per_day": 0}, "daily_cap"),
        ({"campaign_state": "draft"}, "campaign_not_running"),
        ({"campaign_state": "submitted"}, "campaign_not_running"),
        ({"campaign_state": "ended"}, "campaign_not_running"),
        ({"filing_from": None}, None),  # half a filing is none to judge; `no_filing` looks at its end
        ({"filing_from": date(2026, 11, 1), "filing_until": date(2026, 12, 1)}, None),
        ({"starts_on": date(2026, 11, 1), "ends_on": date(2026, 12, 1)}, None),
        ({"calls_per_day": 2, "calls_today": 1}, None),
        ({"product_risk": "R1", "highest_risk": "R1"}, None),
        ({"product_risk": "R4", "highest_risk": "R5"}, "product_risk"),  # whatever a pack says
        ({"line_in_campaign": False, "line_state": None, "line_filed": False}, "line_not_of_campaign"),
        ({"calls_of_week": tuple(MOMENT - n * DAY for n in (6, 5, 4, 3))}, "weekly_cap"),
        ({"consent_given_at": MOMENT - SECOND}, None),
        ({"source_state": None}, "source_not_approved"),
        ({"line_state": "void"}, "line_not_verified"),
    ],
)
def test_well_beyond_a_boundary_is_judged_like_at_it(facts: dict[str, Any], code: str | None) -> None:
    assert codes(**facts) == ([code] if code else [])


@pytest.mark.parametrize(
    ("first", "last", "retry_at"),
    [
        (date(2026, 11, 26), date(2026, 12, 1), "2026-11-26T00:00:00+08:00"),  # it begins later
        (date(2026, 11, 1), date(2026, 11, 23), None),  # it is over
    ],
)
@pytest.mark.parametrize(
    ("code", "names"),
    [("campaign_dates", ("starts_on", "ends_on")), ("filing_expired", ("filing_from", "filing_until"))],
)
def test_what_begins_later_says_when_and_what_is_over_does_not(
    first: date, last: date, retry_at: str | None, code: str, names: tuple[str, str]
) -> None:
    verdict = judge(replace(LEGAL, **{names[0]: first, names[1]: last}))
    assert verdict.codes == [code]
    assert verdict.retry_at.get(code) == retry_at


@pytest.mark.parametrize(
    ("code", "names"),
    [("campaign_dates", ("starts_on", "ends_on")), ("filing_expired", ("filing_from", "filing_until"))],
)
def test_a_client_between_two_days_needs_both_and_is_reported_no_moment(
    code: str, names: tuple[str, str]
) -> None:
    """While it is the 24th in one zone and the 23rd in the other, what begins or ends on one does not hold in
    both."""
    moment = datetime.fromisoformat("2026-11-24T08:30:00+00:00")
    zones = tuple(moment.astimezone(ZoneInfo(zone)) for zone in ("America/Los_Angeles", "Asia/Shanghai"))
    wide = {
        "starts_on": date(2026, 11, 1),
        "ends_on": date(2026, 12, 1),
        "filing_from": date(2026, 11, 1),
        "filing_until": date(2026, 12, 1),
    }
    both: dict[str, Any] = wide | {
        "local_times": (zones[0].replace(hour=10, day=23), zones[1].replace(hour=16)),
        "holidays": ("", ""),
    }
    for first, last in ((date(2026, 11, 24), date(2026, 11, 30)), (date(2026, 11, 1), date(2026, 11, 23))):
        verdict = judge(replace(LEGAL, **(both | {names[0]: first, names[1]: last})))
        assert verdict.codes == [code]
        assert verdict.retry_at == {}
    assert codes(**(both | {names[0]: date(2026, 11, 23), names[1]: date(2026, 11, 24)})) == []


def test_a_consent_for_later_says_from_when() -> None:
    assert (
        judge(replace(LEGAL, consent_given_at=MOMENT + DAY)).retry_at["no_consent"]
        == (MOMENT + DAY).isoformat()
    )


def test_times_are_reported_in_the_clients_zone() -> None:
    abroad = at("2026-11-24T22:00:00", NEW_YORK) | {"next_local_day": MOMENT, "calls_today": 1}
    result = judge(replace(LEGAL, **abroad)).retry_at
    assert {code: text[-6:] for code, text in result.items()} == {
        "outside_window": "-05:00",
        "daily_cap": "-05:00",
    }


def test_the_verdict_says_yes_or_no() -> None:
    assert judge(LEGAL).allowed is True
    assert judge(replace(LEGAL, opted_out_at=MOMENT)).allowed is False


def test_a_cap_of_nothing_names_no_moment() -> None:
    assert judge(replace(LEGAL, calls_per_week=0)).refusals["weekly_cap"].retry_at is None


def test_verdicts_and_refusals_do_not_change() -> None:
    verdict = judge(replace(LEGAL, opted_out_at=MOMENT))
    for frozen, name in (
        (verdict, "refusals"),
        (verdict.refusals["opted_out"], "retry_at"),
        (RULES["minor"], "code"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(frozen, name, None)


def test_a_holiday_in_any_zone_stops_marketing_and_names_no_moment_for_two() -> None:
    two = {
        "local_times": (MOMENT, MOMENT),
        "holidays": ("", "National Day"),
        "holiday_over": date(2026, 11, 25),
    }
    verdict = judge(replace(LEGAL, **two))
    assert verdict.codes == ["holiday"]
    assert verdict.retry_at == {}
    assert judge(replace(LEGAL, holidays=("x",), holiday_over=None)).retry_at == {}
