"""The norm, rule by rule: pure functions of facts. Their order is the order of every page.

A rule gives None or a `Refusal`. `duty` is the number in the requirements, `law` the article
that stands behind it. Which kinds of call a rule holds for is data (`MARKETING`, `EVERY_KIND`).
All refusals are reported, not only the first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.laws import LAWS, Law

from .facts import Facts

MARKETING = frozenset({"marketing"})
EVERY_KIND = frozenset({"marketing", "notification", "service"})
WEEK = timedelta(days=7)
NEVER_SOLD = frozenset({"R4", "R5"})


@dataclass(frozen=True)
class Refusal:
    """Why not. `retry_at` is when the reason passes by itself, if that can be known."""

    retry_at: datetime | None = None


Judge = Callable[[Facts], Refusal | None]


@dataclass(frozen=True)
class Rule:
    code: str
    name: Promise | str  # what it looks at, neither yes nor no
    duty: str
    law: Law
    applies: frozenset[str]
    sentence: Promise | str
    judge: Judge


RULES: dict[str, Rule] = {}


def rule(
    code: str, *, name: Any, duty: str, law: Law, applies: frozenset[str], says: Any
) -> Callable[[Judge], Rule]:
    def register(judge: Judge) -> Rule:
        RULES[code] = Rule(code, name, duty, law, applies, says, judge)
        return RULES[code]

    return register


# -- the client


@rule(
    "unknown_contact",
    name=_("contact on record"),
    duty="R3",
    law=LAWS["pipl-13"],
    applies=EVERY_KIND,
    says=_("No contact with this number is on record."),
)
def unknown_contact(facts: Facts) -> Refusal | None:
    return None if facts.contact_known else Refusal()


@rule(
    "erased_contact",
    name=_("contact not being erased"),
    duty="R20",
    law=LAWS["pipl-47"],
    applies=EVERY_KIND,
    says=_("The contact is being erased."),
)
def erased_contact(facts: Facts) -> Refusal | None:
    return Refusal() if facts.contact_erasing else None


@rule(
    "opted_out",
    name=_("opt-out register"),
    duty="R15",
    law=LAWS["ad-43"],
    applies=EVERY_KIND,
    says=_("The client has opted out of calls."),
)
def opted_out(facts: Facts) -> Refusal | None:
    return Refusal() if facts.opted_out_at else None


@rule(
    "retention_due",
    name=_("storage period of the contact"),
    duty="R8",
    law=LAWS["pipl-19"],
    applies=EVERY_KIND,
    says=_("The contact's storage period is over; it is due for deletion."),
)
def retention_due(facts: Facts) -> Refusal | None:
    return Refusal() if facts.contact_expires_at and facts.contact_expires_at <= facts.at else None


@rule(
    "source_not_approved",
    name=_("approved data source"),
    duty="R3",
    law=LAWS["pipl-13"],
    applies=EVERY_KIND,
    says=_("The contact's data source is not approved, or was withdrawn."),
)
def source_not_approved(facts: Facts) -> Refusal | None:
    return Refusal() if facts.contact_known and facts.source_state != "approved" else None


@rule(
    "purpose_mismatch",
    name=_("purpose of collection"),
    duty="R18",
    law=LAWS["pipl-6"],
    applies=EVERY_KIND,
    says=_("The contact was not collected for the purpose of this campaign."),
)
def purpose_mismatch(facts: Facts) -> Refusal | None:
    return Refusal() if facts.contact_known and not facts.source_has_purpose else None


@rule(
    "no_consent",
    name=_("consent given"),
    duty="R2",
    law=LAWS["ad-43"],
    applies=MARKETING,
    says=_("The client has given no consent for this purpose."),
)
def no_consent(facts: Facts) -> Refusal | None:
    """A consent dated after the call is none yet."""
    if not facts.contact_known or (facts.consent_given_at and facts.consent_given_at <= facts.at):
        return None
    return Refusal(retry_at=facts.consent_given_at)


@rule(
    "consent_expired",
    name=_("consent in force"),
    duty="R2",
    law=LAWS["pipl-14"],
    applies=MARKETING,
    says=_("The client's consent has expired."),
)
def consent_expired(facts: Facts) -> Refusal | None:
    return Refusal() if facts.consent_expires_at and facts.consent_expires_at <= facts.at else None


@rule(
    "consent_withdrawn",
    name=_("consent not withdrawn"),
    duty="R2",
    law=LAWS["pipl-15"],
    applies=MARKETING,
    says=_("The client has withdrawn the consent."),
)
def consent_withdrawn(facts: Facts) -> Refusal | None:
    return Refusal() if facts.consent_withdrawn_at else None


@rule(
    "minor",
    name=_("client of age"),
    duty="R25",
    law=LAWS["pipl-31"],
    applies=MARKETING,
    says=_("The client is a minor: no marketing."),
)
def minor(facts: Facts) -> Refusal | None:
    return Refusal() if facts.contact_minor else None


# -- the campaign


@rule(
    "product_risk",
    name=_("risk level of the product"),
    duty="R24",
    law=LAWS["suit"],
    applies=MARKETING,
    says=_("Products of risk level R4 and R5 are not sold by outbound calls."),
)
def product_risk(facts: Facts) -> Refusal | None:
    """R4 and R5 for everybody; the trade's pack may draw the line lower."""
    return Refusal() if facts.product_risk in NEVER_SOLD or facts.product_risk > facts.highest_risk else None


@rule(
    "industry_forbidden",
    name=_("marketing allowed in the trade"),
    duty="R26",
    law=LAWS["norm"],
    applies=MARKETING,
    says=_(
        "The trade's pack does not allow marketing calls, or asks for a permit that the campaign does not "
        "name."
    ),
)
def industry_forbidden(facts: Facts) -> Refusal | None:
    """A trade without a pack is not called for."""
    return None if facts.trade_may_market and not facts.permit_missing else Refusal()


@rule(
    "campaign_not_running",
    name=_("campaign running"),
    duty="R18",
    law=LAWS["pipl-6"],
    applies=EVERY_KIND,
    says=_("The campaign is not running."),
)
def campaign_not_running(facts: Facts) -> Refusal | None:
    return None if facts.campaign_state == "running" else Refusal()


@rule(
    "campaign_dates",
    name=_("dates of the campaign"),
    duty="R18",
    law=LAWS["pipl-6"],
    applies=EVERY_KIND,
    says=_("Today lies outside the dates of the campaign."),
)
def campaign_dates(facts: Facts) -> Refusal | None:
    """Judged by the calendar day of every zone that the client may be in."""
    if all(facts.starts_on <= day <= facts.ends_on for day in facts.days):
        return None
    return Refusal(retry_at=_midnight(facts, facts.starts_on) if max(facts.days) < facts.starts_on else None)


@rule(
    "no_filing",
    name=_("telecom filing"),
    duty="R21",
    law=LAWS["telecom"],
    applies=EVERY_KIND,
    says=_("The campaign has no telecom filing."),
)
def no_filing(facts: Facts) -> Refusal | None:
    return Refusal() if facts.filing_until is None else None


@rule(
    "filing_expired",
    name=_("telecom filing in force"),
    duty="R21",
    law=LAWS["telecom"],
    applies=EVERY_KIND,
    says=_("The campaign's telecom filing is not in force today."),
)
def filing_expired(facts: Facts) -> Refusal | None:
    if facts.filing_until is None or facts.filing_from is None:
        return None
    if all(facts.filing_from <= day <= facts.filing_until for day in facts.days):
        return None
    return Refusal(
        retry_at=_midnight(facts, facts.filing_from) if max(facts.days) < facts.filing_from else None
    )


def _midnight(facts: Facts, day: date) -> datetime | None:
    """When `day` begins, for a client in one zone."""
    if len(facts.local_times) != 1:
        return None
    return datetime.combine(day, time(), facts.local_times[0].tzinfo)


@rule(
    "line_not_of_campaign",
    name=_("line of the campaign"),
    duty="R21",
    law=LAWS["fraud-13"],
    applies=EVERY_KIND,
    says=_("The caller number is not one of the campaign's lines."),
)
def line_not_of_campaign(facts: Facts) -> Refusal | None:
    return None if facts.line_in_campaign else Refusal()


@rule(
    "line_not_verified",
    name=_("verified line"),
    duty="R21",
    law=LAWS["fraud-13"],
    applies=EVERY_KIND,
    says=_("The line is not verified, or no filing covers it today."),
)
def line_not_verified(facts: Facts) -> Refusal | None:
    return (
        Refusal()
        if facts.line_in_campaign and not (facts.line_state == "verified" and facts.line_filed)
        else None
    )


@rule(
    "script_not_approved",
    name=_("approved script"),
    duty="R28",
    law=LAWS["ad-4"],
    applies=EVERY_KIND,
    says=_("The campaign has no approved script."),
)
def script_not_approved(facts: Facts) -> Refusal | None:
    """Refuse when nothing reviewed is in force. An expired version was, and is refused by that name below."""
    return None if facts.script_state in {"published", "expired"} else Refusal()


@rule(
    "script_expired",
    name=_("approval of the script in force"),
    duty="R28",
    law=LAWS["ad-4"],
    applies=EVERY_KIND,
    says=_("The approval of the script has expired."),
)
def script_expired(facts: Facts) -> Refusal | None:
    return Refusal() if facts.script_expires_at and facts.script_expires_at <= facts.at else None


@rule(
    "synthetic_voice_unlabelled",
    name=_("label of the synthetic voice"),
    duty="R38",
    law=LAWS["label-2025"],
    applies=EVERY_KIND,
    says=_("A machine speaks in this campaign, and its script does not say so at the beginning."),
)
def synthetic_voice_unlabelled(facts: Facts) -> Refusal | None:
    """A script for a machine is approved only when its opening says so; any other is for people."""
    return Refusal() if facts.voice_unlabelled else None


# -- when and how often


@rule(
    "outside_window",
    name=_("calling hours"),
    duty="R11",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("It is outside calling hours where the client lives."),
)
def outside_window(facts: Facts) -> Refusal | None:
    """The first moment of the window is inside, the last is not; in every zone the client may be in."""
    return (
        None
        if facts.local_times and _is_inside(facts, facts.local_times)
        else Refusal(retry_at=_window_opens(facts))
    )


def _is_inside(facts: Facts, local_times: Iterable[datetime]) -> bool:
    return all(facts.window_start <= local.time() < facts.window_end for local in local_times)


def _window_opens(facts: Facts) -> datetime | None:
    """When the window opens next in every zone the client may be in; None when it never does."""
    openings = [
        datetime.combine(local.date() + timedelta(days=days), facts.window_start, local.tzinfo)
        for local in facts.local_times
        for days in range(3)
    ]
    zones = [local.tzinfo for local in facts.local_times]
    fitting = (at for at in openings if at > facts.at and _is_inside(facts, map(at.astimezone, zones)))
    return min(fitting, default=None)


@rule(
    "holiday",
    name=_("no statutory holiday"),
    duty="R12",
    law=LAWS["norm"],
    applies=MARKETING,
    says=_("No marketing calls on a statutory holiday."),
)
def holiday(facts: Facts) -> Refusal | None:
    if not any(facts.holidays):
        return None
    return Refusal(retry_at=_midnight(facts, facts.holiday_over) if facts.holiday_over else None)


@rule(
    "calendar_unknown",
    name=_("holiday calendar on record"),
    duty="R12",
    law=LAWS["norm"],
    applies=MARKETING,
    says=_("The holiday calendar of this year is not known yet."),
)
def calendar_unknown(facts: Facts) -> Refusal | None:
    return Refusal() if None in facts.holidays or not facts.holidays else None


@rule(
    "daily_cap",
    name=_("calls a day"),
    duty="R13",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("The number has had its call for today, over all campaigns."),
)
def daily_cap(facts: Facts) -> Refusal | None:
    return None if facts.calls_today < facts.calls_per_day else Refusal(retry_at=facts.next_local_day)


@rule(
    "weekly_cap",
    name=_("calls in 7 days"),
    duty="R13",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("The number has had its calls of the last 7 days, over all campaigns."),
)
def weekly_cap(facts: Facts) -> Refusal | None:
    """Passes when enough of those calls are 7 days old that one more fits under the cap."""
    too_many = len(facts.calls_of_week) - facts.calls_per_week
    if too_many < 0:
        return None
    return Refusal(retry_at=facts.calls_of_week[too_many] + WEEK if facts.calls_per_week else None)


@rule(
    "line_budget",
    name=_("budget of the line"),
    duty="R21",
    law=LAWS["telecom"],
    applies=EVERY_KIND,
    says=_("The line has had the calls that its carrier allows for this hour or day."),
)
def line_budget(facts: Facts) -> Refusal | None:
    """The budget is data of the line, from the contract with its carrier; a line without one has none."""
    hour, day = facts.line_calls_per_hour, facts.line_calls_per_day
    is_used_up = (hour is not None and facts.line_calls_of_hour >= hour) or (
        day is not None and facts.line_calls_of_day >= day
    )
    return Refusal(retry_at=facts.line_free_at) if is_used_up else None


@rule(
    "number_in_doubt",
    name=_("number not in doubt"),
    duty="R40",
    law=LAWS["pipl-14"],
    applies=EVERY_KIND,
    says=_("Somebody said that this number belongs to another person; it waits until a person has looked."),
)
def number_in_doubt(facts: Facts) -> Refusal | None:
    """The consent of somebody else is no consent: from the doubt on until it is resolved, or until fresh
    consent is given."""
    return Refusal() if facts.number_doubted_at else None


# -- the agent


@rule(
    "agent_not_assigned",
    name=_("agent assigned to the campaign"),
    duty="R6",
    law=LAWS["pipl-51"],
    applies=EVERY_KIND,
    says=_("The agent does not work this campaign."),
)
def agent_not_assigned(facts: Facts) -> Refusal | None:
    return Refusal() if facts.agent_assigned is False else None


@rule(
    "agent_suspended",
    name=_("agent not suspended"),
    duty="R30",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("The agent is suspended from calling."),
)
def agent_suspended(facts: Facts) -> Refusal | None:
    return Refusal() if facts.agent_suspended else None


@rule(
    "checklist_missing",
    name=_("check list before the call"),
    duty="R27",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("The check list before the call is not complete."),
)
def checklist_missing(facts: Facts) -> Refusal | None:
    return Refusal() if facts.checklist_done is False else None


@rule(
    "previous_call_open",
    name=_("result of the previous call"),
    duty="R27",
    law=LAWS["norm"],
    applies=EVERY_KIND,
    says=_("The previous call still needs its result."),
)
def previous_call_open(facts: Facts) -> Refusal | None:
    return Refusal() if facts.agent_open_call else None


@dataclass(frozen=True)
class Verdict:
    """The verdicts of all rules together."""

    refusals: dict[str, Refusal]
    not_applicable: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return not self.refusals

    @property
    def codes(self) -> list[str]:
        return list(self.refusals)

    @property
    def retry_at(self) -> dict[str, str]:
        """When each refusal passes by itself, ISO 8601; those that cannot be dated are left out."""
        return {
            code: refusal.retry_at.isoformat() for code, refusal in self.refusals.items() if refusal.retry_at
        }


def judge(facts: Facts) -> Verdict:
    """Every rule that holds for this kind of call, in order. Times are given in the client's zone."""
    judges, spared = _holding_for(facts.kind)
    refusals = {code: refusal for code, judge_it in judges if (refusal := judge_it(facts))}
    if refusals and facts.local_times:
        zone = facts.local_times[0].tzinfo
        refusals = {
            code: Refusal(each.retry_at.astimezone(zone)) if each.retry_at else each
            for code, each in refusals.items()
        }
    return Verdict(refusals, spared)


@cache
def _holding_for(kind: str) -> tuple[tuple[tuple[str, Judge], ...], tuple[str, ...]]:
    """The rules that hold for a kind of call, and the codes of those that do not."""
    holding = tuple((code, each.judge) for code, each in RULES.items() if kind in each.applies)
    return holding, tuple(code for code, each in RULES.items() if kind not in each.applies)
