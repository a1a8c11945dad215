"""One statement loads all facts, one stores the decision with its reservation.

Both run inside the transaction that holds the lock of the number (`core.locks`), so nothing
that the rules judged about it can change under them.
"""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.core import phones, workdays
from apps.core.errors import NotFound
from apps.core.prepared import fetch_one

from .facts import Facts
from .rules import Verdict

_FACTS = """
select
    campaign.id, campaign.kind, campaign.trade, campaign.product_risk, campaign.state, campaign.starts_on, campaign.ends_on,
    campaign.window_start, campaign.window_end, campaign.calls_per_week,
    contact.id, contact.is_minor, contact.erasing_at is not null, contact.expires_at, contact.zones,
    source.state,
    exists (select 1 from contacts_datasource_purposes p where p.datasource_id = source.id and p.purpose_id = campaign.purpose_id),
    consent.given_at, consent.expires_at, consent.withdrawn_at,
    (select min(said_at) from optouts_optout where number_hash = %(register)s),
    filing.valid_from, filing.valid_until,
    line.id, line.state,
    exists (select 1 from campaigns_campaign_lines m where m.campaign_id = campaign.id and m.line_id = line.id),
    script.id, script.state, script.expires_at,
    counted.today, counted.week, counted.overdue,
    agent.suspended_at is not null or not agent.is_active,
    exists (select 1 from campaigns_campaignuserpermission r join auth_permission q on q.id = r.permission_id
            where r.user_id = agent.id and r.content_object_id = campaign.id and q.codename = 'work')
        or exists (select 1 from access_temporarygrant g where g.beneficiary_id = agent.id and g.campaign_id = campaign.id
                   and g."right" = 'work' and g.state = 'approved' and g.decided_at <= %(now)s and g.ends_at > %(now)s),
    agent.role = 'agent',
    exists (select 1 from calls_call k where k.agent_id = agent.id and k.state not in ('expired', 'withdrawn')
            and not (k.state = 'reserved' and k.reserved_until <= %(at)s)
            and not exists (select 1 from calls_disposition d where d.call_id = k.id)),
    policy.number, policy.window_start, policy.window_end, policy.calls_per_day, policy.calls_per_week, policy.reservation_seconds
from campaigns_campaign campaign
cross join lateral (select * from policies_callingpolicy where in_force_from <= %(now)s order by number desc limit 1) policy
left join contacts_contact contact on contact.number_index = %(index)s
left join contacts_datasource source on source.id = contact.source_id
left join campaigns_filing filing on filing.id = campaign.filing_id
left join campaigns_line line on line.number = %(line)s
left join scripts_scriptversion script on script.script_id = campaign.script_id and script.state = 'approved'
left join accounts_user agent on agent.id = %(agent)s
left join lateral (
    select given_at, expires_at, withdrawn_at from contacts_consent k
    where k.contact_id = contact.id and k.purpose_id = campaign.purpose_id
    order by (withdrawn_at is null and given_at <= %(at)s and expires_at > %(at)s) desc, given_at desc limit 1
) consent on true
cross join lateral (
    select
        count(*) filter (where not overdue and slot_day = (%(at)s at time zone coalesce(contact.zones[1], %(home)s))::date) today,
        array_agg(reserved_at order by reserved_at) filter (where not overdue and reserved_at > %(at)s - interval '7 days') week,
        coalesce(bool_or(overdue), false) overdue
    from (
        select reserved_at, slot_day, state = 'reserved' and reserved_until <= %(at)s overdue
        from calls_call
        where number_index = %(index)s and reserved_at > %(at)s - interval '9 days' and state not in ('expired', 'withdrawn')
    ) recent
) counted
where campaign.code = %(campaign)s
"""

_EXPIRE = """
update calls_call set state = 'expired', ended_at = %(at)s
where number_index = %(index)s and state = 'reserved' and reserved_until <= %(at)s
"""

_DECISION = """
insert into calls_decision
    (at, created_at, allowed, reserves, codes, not_applicable, facts, retry_at, contact_id, campaign_id, policy, agent_id, client_id,
     idempotency_key, request_digest, script_version_id, line_asked)
values (%(at)s, %(now)s, %(allowed)s, %(reserves)s, %(codes)s, %(not_applicable)s, %(facts)s, %(retry_at)s, %(contact)s, %(campaign)s,
        %(policy)s, %(agent)s, %(client)s, %(key)s, %(digest)s, %(script)s, %(line_asked)s)
returning id
"""
_RESERVATION = f"""
with decided as ({_DECISION})
insert into calls_call
    (created_at, decision_id, contact_id, campaign_id, line_id, script_version_id, agent_id, client_id, number_index, slot_day, slot_number,
     state, reserved_at, reserved_until)
select %(now)s, decided.id, %(contact)s, %(campaign)s, %(line)s, %(script)s, %(agent)s, %(client)s, %(index)s, %(slot_day)s, 1,
       'reserved', %(at)s, %(until)s
from decided returning decision_id, id
"""


@dataclass(frozen=True)
class Loaded:
    """Facts, and the ids that storing a decision needs."""

    facts: Facts
    campaign_id: int
    contact_id: int | None
    line_id: int | None
    script_id: int | None
    policy: int
    reservation: timedelta
    has_overdue: bool

    @property
    def slot_day(self) -> Any:
        return self.facts.local_times[0].date()


def load(
    *,
    campaign: str,
    index: bytes,
    register: bytes,
    number_zones: tuple[str, ...],
    line: str,
    agent_id: int | None,
    checklist_done: bool | None,
    at: datetime,
    now: datetime,
) -> Loaded:
    """All facts of one call. Raises `NotFound` when there is no such campaign.

    `number_zones` are the zones that the number itself tells: those of a number that is no contact.
    """
    asked = {
        "campaign": campaign,
        "index": index,
        "register": register,
        "line": line,
        "agent": agent_id,
        "at": at,
        "now": now,
        "home": phones.HOME_ZONE,
    }
    row = fetch_one(_FACTS, asked)
    if row is None:
        raise NotFound()
    (
        campaign_id,
        kind,
        trade,
        product_risk,
        state,
        starts_on,
        ends_on,
        window_start,
        window_end,
        calls_per_week,
        contact_id,
        is_minor,
        erasing,
        expires_at,
        zones,
        source_state,
        has_purpose,
        given_at,
        consent_until,
        withdrawn_at,
        opted_out_at,
        filing_from,
        filing_until,
        line_id,
        line_state,
        line_in_campaign,
        script_id,
        script_state,
        script_until,
        today,
        week,
        overdue,
        suspended,
        assigned,
        is_agent,
        open_call,
        policy,
        policy_start,
        policy_end,
        per_day,
        per_week,
        reservation,
    ) = row
    local_times = tuple(at.astimezone(ZoneInfo(zone)) for zone in (number_zones if zones is None else zones))
    holidays = tuple(workdays.statutory_holiday(local.date()) for local in local_times)
    facts = Facts(
        at=at,
        kind=kind,
        trade=trade,
        product_risk=product_risk,
        contact_known=contact_id is not None,
        contact_erasing=bool(erasing),
        contact_minor=bool(is_minor),
        contact_expires_at=expires_at,
        opted_out_at=opted_out_at,
        source_state=source_state,
        source_has_purpose=has_purpose,
        consent_given_at=given_at,
        consent_expires_at=consent_until,
        consent_withdrawn_at=withdrawn_at,
        local_times=local_times,
        holidays=holidays,
        holiday_over=workdays.next_ordinary_day(max(local.date() for local in local_times)) if any(holidays) else None,
        calls_today=today,
        calls_of_week=tuple(week or ()),
        next_local_day=_next_day(local_times),
        calls_per_day=per_day,
        calls_per_week=min(per_week, calls_per_week or per_week),
        campaign_state=state,
        starts_on=starts_on,
        ends_on=ends_on,
        window_start=max(policy_start, window_start or policy_start),
        window_end=min(policy_end, window_end or policy_end),
        filing_from=filing_from,
        filing_until=filing_until,
        line_in_campaign=line_in_campaign,
        line_state=line_state,
        script_state=script_state,
        script_expires_at=script_until,
        agent_assigned=None if agent_id is None else bool(assigned and is_agent),
        agent_suspended=None if agent_id is None else bool(suspended),
        agent_open_call=None if agent_id is None else open_call,
        checklist_done=checklist_done,
    )
    return Loaded(facts, campaign_id, contact_id, line_id, script_id, policy, timedelta(seconds=reservation), overdue)


def _next_day(local_times: tuple[datetime, ...]) -> datetime | None:
    if not local_times:
        return None
    return datetime.combine(local_times[0].date() + timedelta(days=1), time(), local_times[0].tzinfo)


def store(
    loaded: Loaded,
    verdict: Verdict,
    *,
    index: bytes,
    line: str,
    reserve: bool,
    now: datetime,
    agent_id: int | None,
    client_id: int | None,
    idempotency_key: str | None,
    digest: bytes | None,
) -> tuple[int, int | None]:
    """The decision, and its call when it reserves. Returns both ids."""
    reserves = reserve and verdict.allowed
    at = loaded.facts.at
    values: dict[str, Any] = {
        "at": at,
        "now": now,
        "allowed": verdict.allowed,
        "reserves": reserves,
        "codes": verdict.codes,
        "not_applicable": list(verdict.not_applicable),
        "facts": json.dumps(loaded.facts.as_json()),
        "retry_at": json.dumps(verdict.retry_at),
        "contact": loaded.contact_id,
        "campaign": loaded.campaign_id,
        "policy": loaded.policy,
        "agent": agent_id,
        "client": client_id,
        "key": idempotency_key,
        "digest": digest,
        "index": index,
        "script": loaded.script_id,
        "line_asked": line,
    }
    if not reserves:
        (decision_id,) = fetch_one(_DECISION, values)
        return decision_id, None
    if loaded.has_overdue:
        fetch_one(_EXPIRE, values)
    reservation = {"line": loaded.line_id, "slot_day": loaded.slot_day, "until": at + loaded.reservation}
    decision_id, call_id = fetch_one(_RESERVATION, {**values, **reservation})
    return decision_id, call_id
