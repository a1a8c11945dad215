"""The norm, written from `requirements.md` alone: slow, plain, and knowing nothing of the gate's code.

A history is what happened around one number; `refusals` says which duties forbid a call at a moment.
Codes are the only thing that this shares with the product.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# 国务院办公厅关于2026年部分节假日安排的通知: holidays with their adjusted rest days.
HOLIDAYS_2026 = {
    date(2026, month, day)
    for month, first, last in (
        (1, 1, 3),
        (2, 15, 23),
        (4, 4, 6),
        (5, 1, 5),
        (6, 19, 21),
        (9, 25, 27),
        (10, 1, 7),
    )
    for day in range(first, last + 1)
}


@dataclass
class CampaignOfModel:
    code: str
    marketing: bool
    purpose: str
    running: bool = True
    first_day: date = date(2026, 1, 1)
    last_day: date = date(2027, 6, 30)
    opens: time = time(8)
    closes: time = time(21)
    week: int = 3
    day: int = 1
    risk: str = ""
    lines: tuple[str, ...] = ("own",)
    exception: tuple[datetime, datetime] | None = None  # when the wider terms hold
    exception_opens: time = time(8)
    exception_closes: time = time(21)
    exception_day: int = 1
    exception_week: int = 3


@dataclass
class ConsentOfModel:
    purpose: str
    given: datetime
    ends: datetime
    withdrawn: datetime | None = None


@dataclass
class CallOfModel:
    reserved: datetime
    until: datetime
    local_day: date
    used: bool = False


@dataclass
class History:
    """Around one number: where the client may be, where the contact came from, what happened."""

    zones: tuple[str, ...]
    source_approved: bool
    source_purposes: tuple[str, ...]
    deleted_after: datetime
    minor: bool
    consents: list[ConsentOfModel] = field(default_factory=list)
    calls: list[CallOfModel] = field(default_factory=list)
    opted_out: bool = False

    def opt_out(self) -> None:
        """R15: for good, and a call that is only reserved is withdrawn."""
        self.opted_out = True
        self.calls = [call for call in self.calls if call.used]


def clocks(history: History, at: datetime) -> list[datetime]:
    return [at.astimezone(ZoneInfo(zone)) for zone in history.zones]


def hours(campaign: CampaignOfModel, at: datetime) -> tuple[time, time]:
    if is_exempt(campaign, at):
        return campaign.exception_opens, campaign.exception_closes
    return campaign.opens, campaign.closes


def reserved_until(history: History, campaign: CampaignOfModel, at: datetime) -> datetime:
    """A reservation holds 60 seconds, and not beyond the calling hours of any place (R11)."""
    closes = hours(campaign, at)[1]
    ends = [datetime.combine(moment.date(), closes, moment.tzinfo) for moment in clocks(history, at)]
    return min([at + timedelta(seconds=60), *ends])


def is_exempt(campaign: CampaignOfModel, at: datetime) -> bool:
    return bool(
        not campaign.marketing and campaign.exception and campaign.exception[0] <= at < campaign.exception[1]
    )


def refusals(history: History, campaign: CampaignOfModel, line: str, at: datetime) -> set[str]:
    found: set[str] = set()
    at = at.astimezone(UTC)  # seven days are 168 hours, also when summer time begins in between
    local = clocks(history, at)
    exempt = is_exempt(campaign, at)
    # R15: from the opt-out on, for good
    if history.opted_out:
        found.add("opted_out")
    # R8: nothing is used after its storage period
    if not at < history.deleted_after:
        found.add("retention_due")
    # R3: only approved sources; R18: only for the purpose they were collected for
    if not history.source_approved:
        found.add("source_not_approved")
    if campaign.purpose not in history.source_purposes:
        found.add("purpose_mismatch")
    if campaign.marketing:
        found |= consent_refusals(history, campaign, at)
        # R25
        if history.minor:
            found.add("minor")
        # R24
        if campaign.risk in ("R4", "R5"):
            found.add("product_risk")
        # R12
        for moment in local:
            if moment.year > 2026:
                found.add("calendar_unknown")
            elif moment.date() in HOLIDAYS_2026:
                found.add("holiday")
    # R18: the campaign as it was approved
    if not campaign.running:
        found.add("campaign_not_running")
    if any(not campaign.first_day <= moment.date() <= campaign.last_day for moment in local):
        found.add("campaign_dates")
    # R21
    if line not in campaign.lines:
        found.add("line_not_of_campaign")
    # R11
    opens, closes = hours(campaign, at)
    for moment in local:
        if moment.time() < opens or moment.time() >= closes:
            found.add("outside_window")
    # R13: over all campaigns together
    per_day, per_week = (
        (campaign.exception_day, campaign.exception_week) if exempt else (campaign.day, campaign.week)
    )
    counting = [call for call in history.calls if call.used or at < call.until]
    if sum(1 for call in counting if call.local_day == local[0].date()) >= per_day:
        found.add("daily_cap")
    if sum(1 for call in counting if call.reserved > at - timedelta(days=7)) >= per_week:
        found.add("weekly_cap")
    return found


def consent_refusals(history: History, campaign: CampaignOfModel, at: datetime) -> set[str]:
    """R2: a consent for this purpose that was given, has not ended and was not withdrawn; else why not, by
    the one given last."""
    for_purpose = [consent for consent in history.consents if consent.purpose == campaign.purpose]
    for consent in for_purpose:
        if consent.given <= at < consent.ends and consent.withdrawn is None:
            return set()
    if not for_purpose:
        return {"no_consent"}
    last = max(for_purpose, key=lambda consent: consent.given)
    found = set()
    if last.given > at:
        found.add("no_consent")
    if at >= last.ends:
        found.add("consent_expired")
    if last.withdrawn is not None:
        found.add("consent_withdrawn")
    return found
