"""A call that every rule allows."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.calls.gate.facts import Facts

SHANGHAI = ZoneInfo("Asia/Shanghai")


MOMENT = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)


DAY = timedelta(days=1)


LEGAL = Facts(
    at=MOMENT,
    kind="marketing",
    trade="retail",
    product_risk="",
    trade_may_market=True,
    highest_risk="R3",
    permit_missing=False,
    contact_known=True,
    contact_erasing=False,
    contact_minor=False,
    contact_expires_at=MOMENT + DAY,
    opted_out_at=None,
    source_state="approved",
    source_has_purpose=True,
    consent_given_at=MOMENT - DAY,
    consent_expires_at=MOMENT + DAY,
    consent_withdrawn_at=None,
    local_times=(MOMENT,),
    holidays=("",),
    holiday_over=None,
    calls_today=0,
    calls_of_week=(),
    next_local_day=datetime(2026, 11, 25, tzinfo=SHANGHAI),
    calls_per_day=1,
    calls_per_week=3,
    caps_exception=None,
    campaign_state="running",
    starts_on=date(2026, 11, 24),
    ends_on=date(2026, 11, 24),
    window_start=time(8),
    window_end=time(21),
    hours_exception=None,
    filing_from=date(2026, 11, 24),
    filing_until=date(2026, 11, 24),
    line_in_campaign=True,
    line_state="verified",
    line_filed=True,
    script_state="published",
    script_expires_at=MOMENT + DAY,
    agent_assigned=True,
    agent_suspended=False,
    agent_open_call=False,
    checklist_done=True,
)
