"""One statement loads the facts of a number, one stores the decision with its reservation.

Both run inside the transaction that holds the lock of the number (`core.database.locks`), so nothing that the
rules judged about it can change under them. What belongs to the campaign comes from `terms`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from apps.contacts.sql import DOUBT_IN_FORCE
from apps.core.database.locks import gate_lock, line_lock
from apps.core.database.prepared_statements import Prepared, Row, Step, run_together
from apps.core.errors import NotFound
from apps.core.privacy import forbidden_numbers, phones
from apps.optouts.queries import IN_FORCE

from ..models import COUNTS
from .facts import Facts
from .rules import Verdict, judge
from .terms import LineTerms, Terms, terms_of

_NUMBER = """
    (select token from policies_termstoken),
    contact.id, contact.is_minor, contact.erasing_at is not null, contact.expires_at, contact.zones,
        contact.source_id,
    consent.given_at, consent.expires_at, consent.withdrawn_at,
    (select min(said_at) from optouts_optout where number_hash in (REGISTER)),
    (select min(d.created_at) from contacts_numberdoubt d
     where d.number_index = %(index)s and DOUBT_IN_FORCE),
    counted.today, counted.week, counted.overdue""".replace("DOUBT_IN_FORCE", DOUBT_IN_FORCE)
_SAID_AT = 9  # where the word of refusal stands among what is known of the number
_AGENT = """
    coalesce(agent.suspended_at is not null or not agent.is_active, true),
    agent.role = 'agent' and (
        exists (select 1 from campaigns_campaignuserpermission r
            join auth_permission q on q.id = r.permission_id
                where r.user_id = agent.id and r.content_object_id = campaign.id and q.codename = 'work')
        or exists (select 1 from access_temporarygrant g where g.beneficiary_id = agent.id
            and g.campaign_id = campaign.id
                   and g."right" = 'work' and g.state = 'approved' and g.decided_at <= %(now)s::timestamptz
                   and g.ends_at > %(now)s::timestamptz)),
    exists (select 1 from calls_call k where k.agent_id = agent.id and k.contact_id is not null
            and k.state not in ('expired', 'withdrawn', 'released')
            and not (k.state = 'reserved' and k.reserved_until <= %(at)s::timestamptz)
            and not exists (select 1 from calls_disposition d where d.call_id = k.id))"""
_NO_AGENT = "null::bool, null::bool, null::bool"
_KEY = "(select id from calls_decision d where d.client_id = %(client)s and d.idempotency_key = %(key)s)"
_NO_KEY = "null::bigint"
_OF_CLIENT = (
    "and exists (select 1 from campaigns_campaign_clients m where m.campaign_id = campaign.id and "
    "m.apiclient_id = %(client)s::bigint)"
)
_FROM = """
from campaigns_campaign campaign
left join contacts_contact contact on contact.number_index = %(index)s
left join lateral (
    select given_at, expires_at, withdrawn_at from contacts_consent k
    where k.contact_id = contact.id and k.purpose_id = campaign.purpose_id and k.recipient = ''
    order by (withdrawn_at is null and given_at <= %(at)s::timestamptz
        and expires_at > %(at)s::timestamptz) desc, given_at desc limit 1
) consent on true
cross join lateral (
    select
        count(*) filter (
            where not overdue and slot_day = (%(at)s::timestamptz at time zone coalesce(contact.zones[1],
                %(home)s::text))::date
        ) today,
        array_agg(reserved_at order by reserved_at) filter (
            where not overdue and reserved_at > %(at)s::timestamptz - interval '7 days'
        ) week,
        coalesce(bool_or(overdue), false) overdue
    from (
        select reserved_at, slot_day,
               state = 'reserved' and handed_over_at is null and reserved_until <= %(at)s::timestamptz overdue
        from calls_call k
        where number_index = %(index)s and reserved_at > %(at)s::timestamptz - interval '9 days' and COUNTS
    ) recent
) counted
""".replace("COUNTS", COUNTS)


# Whether an entry of the register is in force for the campaign is asked where one was found; few numbers have
# any.
_REFUSED = f"""
select min(o.said_at) from optouts_optout o join campaigns_campaign campaign on campaign.code = %(campaign)s
where o.number_hash in (REGISTER) and {IN_FORCE}
    and (o.scope = 'everything' or o.scope = 'brand' and o.scope_value = campaign.brand
         or o.scope = 'purpose' and o.scope_value = (select code from contacts_purpose p
             where p.id = campaign.purpose_id))
"""


def _on_register(statement: str, keys: int) -> str:
    """One place for each of the register's keys, not an array: PostgreSQL would plan for ten, and plan again
    on every call."""
    return statement.replace("REGISTER", ", ".join(f"%(register{number})s::bytea" for number in range(keys)))


@cache
def _refused_statement(keys: int) -> Prepared:
    return Prepared(f"refused{keys}", _on_register(_REFUSED, keys))


_OF_VERSION = """
and exists (select 1 from accounts_apiclient k join accounts_user o on o.id = k.owner_id
            where k.id = %(client)s::bigint and k.xmin::text || k.ctid::text = %(version)s and o.is_active)"""


@cache
def _facts_statement(
    with_agent: bool, with_client: bool, with_key: bool, with_call: bool, with_version: bool, keys: int
) -> Prepared:
    """Only what is asked about is looked up: a dialler without agents pays for none. A client sees its own
    campaigns only."""
    agent = "left join accounts_user agent on agent.id = %(agent)s" if with_agent else ""
    call = "nextval('calls_call_id_seq')" if with_call else "null::bigint"
    columns = (
        f"{_on_register(_NUMBER, keys)}, {_AGENT if with_agent else _NO_AGENT}, "
        f"{_KEY if with_key else _NO_KEY}, {call}"
    )
    statement = (
        f"select {columns} {_FROM} {agent} where campaign.code = %(campaign)s "
        f"{_OF_CLIENT if with_client else ''}"
    )
    statement += _OF_VERSION if with_version else ""
    asked = {
        "agent": with_agent,
        "client": with_client,
        "key": with_key,
        "call": with_call,
        "v": with_version,
    }
    name = "_".join(["facts", *(part for part, wanted in asked.items() if wanted)])
    return Prepared(f"{name}{keys}", statement)


_EXPIRE = Prepared(
    "expire",
    """
update calls_call set state = 'expired', ended_at = %(at)s::timestamptz
where number_index = %(index)s and state = 'reserved' and reserved_until <= %(at)s::timestamptz
    and handed_over_at is null
""",
)


# Where an exception allows more than one call a day: calls that were not made leave their slots.
_FREE_SLOT = Prepared(
    "free_slot",
    f"""
select min(free) from generate_series(1, %(calls_today)s::int + 1) free
where not exists (select from calls_call k where number_index = %(index)s and slot_day = %(slot_day)s::date
    and slot_number = free
                  and {COUNTS} and not (state = 'reserved' and handed_over_at is null
                      and reserved_until <= %(at)s::timestamptz))
""",
)
_DECISION = """
insert into calls_decision
    (at, created_at, allowed, reserves, codes, not_applicable, facts, retry_at, contact_id, campaign_id,
        policy, agent_id, client_id,
     idempotency_key, request_digest, script_version_id, line_asked)
values (%(at)s::timestamptz, %(now)s, %(allowed)s, %(reserves)s, %(codes)s, %(not_applicable)s, %(facts)s,
    %(retry_at)s, %(contact)s,
        %(campaign)s, %(policy)s, %(agent)s, %(client)s, %(key)s, %(digest)s, %(script)s, %(line_asked)s)
returning id"""
_DECISION_ALONE = Prepared("decision", f"{_DECISION}, null::bigint")
_RESERVATION = Prepared(
    "reservation",
    f"""
with decided as ({_DECISION})
insert into calls_call
    (id, created_at, decision_id, contact_id, campaign_id, line_id, script_version_id, agent_id, client_id,
        number_index, slot_day,
     slot_number, state, reserved_at, reserved_until, exception_id, handed_over_at, budget_line_id)
select coalesce(%(call)s, nextval('calls_call_id_seq')), %(now)s, decided.id, %(contact)s, %(campaign)s,
    %(line)s,
       %(script)s, %(agent)s, %(client)s, %(index)s, %(slot_day)s, %(slot_number)s,
       'reserved', %(at)s::timestamptz, %(until)s, %(exception)s, %(handed_over)s, %(budget_line)s
from decided returning decision_id, id
""",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate is asked about, in the form that statements want. `at` and `now` are aware.

    `number_zones` are the zones that the number itself tells: those of a number that is no contact.
    """

    campaign: str
    index: bytes
    register: list[bytes]  # under each key of the register
    number_zones: tuple[str, ...]
    line: str
    agent_id: int | None = None
    client_id: int | None = None
    # of the client's row, where the process remembered it: it has to be the one that stands
    client_version: str = ""
    idempotency_key: str | None = None
    checklist_done: bool | None = None
    hands_over: bool = False  # then the call's id is wanted before it is stored, for the trail
    knows_number: bool = False  # who named the number may dial it without being given it


@dataclass(frozen=True, slots=True)
class Loaded:
    """Facts, and the ids that storing a decision needs. `call_id` is that of the call to be stored, where it
    was wanted."""

    facts: Facts
    campaign_id: int
    contact_id: int | None
    line_id: int | None
    script_id: int | None
    policy: int
    reservation: timedelta
    has_overdue: bool
    exception_id: int | None
    call_id: int | None = None

    @property
    def slot_day(self) -> date:
        return self.facts.local_times[0].date()


def load(asked: Asked, *, at: datetime, now: datetime, locks: bool = False) -> tuple[Loaded, int | None]:
    """All facts of one call, and the decision made before under the same key of the same client.

    `locks` takes the lock of the number (of the agent, and of the terms, shared) first, in the same round
    trip: the facts are read once they are held. Raises `NotFound` when there is no such campaign, it is not
    the client's, or the client is not what was remembered of it.
    """
    values = {
        "campaign": asked.campaign,
        "index": asked.index,
        **{f"register{number}": each for number, each in enumerate(asked.register)},
        "agent": asked.agent_id,
        "client": asked.client_id,
        "version": asked.client_version,
        "key": asked.idempotency_key,
        "at": at,
        "now": now,
        "home": phones.HOME_ZONE,
    }
    wanted = (
        asked.agent_id is not None,
        asked.client_id is not None,
        asked.idempotency_key is not None,
        asked.hands_over,
        asked.client_version != "",
        len(asked.register),
    )
    lock = [gate_lock(asked.index, agent_id=asked.agent_id)] if locks else []
    row = run_together(*lock, (_facts_statement(*wanted), values))[-1]
    if row is None:
        raise NotFound()
    token, *known, decided, call_id = row
    if known[_SAID_AT]:
        (known[_SAID_AT],) = _refused_statement(len(asked.register)).run(values) or (None,)
    terms = terms_of(asked.campaign, token)
    found = loaded(terms, tuple(known), asked, at=at)
    line = terms.lines.get(asked.line)
    if line is not None and line.has_budget:
        found = replace(found, facts=_with_budget(found.facts, line, at, locks=locks))
    return (replace(found, call_id=call_id) if call_id else found), decided


def is_allowed_again(asked: Asked, *, reserved_at: datetime, slot_day: date, now: datetime) -> bool:
    """Whether a call that was reserved would be allowed now, itself not counted. The caller holds the lock of
    its number."""
    facts = load(asked, at=now, now=now)[0].facts
    if reserved_at in facts.calls_of_week:
        is_of_today = bool(facts.local_times) and facts.local_times[0].date() == slot_day
        facts = replace(
            facts,
            calls_today=facts.calls_today - is_of_today,
            calls_of_week=tuple(at for at in facts.calls_of_week if at != reserved_at),
            line_calls_of_hour=facts.line_calls_of_hour - 1,
            line_calls_of_day=facts.line_calls_of_day - 1,
        )
    return judge(replace(facts, agent_open_call=None)).allowed


_LINE_USED = Prepared(
    "line_used",
    f"""
select count(*) filter (where reserved_at > %(at)s::timestamptz - interval '1 hour'),
       count(*) filter (where reserved_at >= %(day)s::timestamptz),
       min(reserved_at) filter (where reserved_at > %(at)s::timestamptz - interval '1 hour')
from calls_call k
where budget_line_id = %(line)s::bigint
    and reserved_at > least(%(at)s::timestamptz - interval '1 hour', %(day)s::timestamptz) and {COUNTS}
      and not (state = 'reserved' and handed_over_at is null and reserved_until <= %(at)s::timestamptz)
""",
)


def _with_budget(facts: Facts, line: LineTerms, at: datetime, *, locks: bool) -> Facts:
    """How much of its budget a line has used: in the last hour, and on the calendar day of the carrier
    (Shanghai).

    `locks` takes the line's lock first, after that of the number, so that diallers who ask together do not go
    beyond it together.
    """
    home = ZoneInfo(phones.HOME_ZONE)
    day = datetime.combine(at.astimezone(home).date(), time(), home)
    lock = [line_lock(line.id)] if locks else []
    of_hour, of_day, oldest = run_together(*lock, (_LINE_USED, {"at": at, "day": day, "line": line.id}))[
        -1
    ] or (0, 0, None)
    is_day_full = line.calls_per_day is not None and of_day >= line.calls_per_day
    free_at = day + timedelta(days=1) if is_day_full else oldest + timedelta(hours=1) if oldest else None
    return replace(facts, line_calls_of_hour=of_hour, line_calls_of_day=of_day, line_free_at=free_at)


def loaded(terms: Terms, row: tuple[Any, ...], asked: Asked, *, at: datetime) -> Loaded:
    """Put what is known of the number together with the campaign's terms."""
    (
        contact_id, is_minor, erasing, expires_at, zones, source_id, given_at, consent_until, withdrawn_at,
        opted_out_at, doubted_at,
        today, week, overdue, suspended, assigned, open_call,
    ) = row  # fmt: skip
    local_times = tuple(
        at.astimezone(_zone(zone)) for zone in (asked.number_zones if zones is None else zones)
    )
    days = [local.date() for local in local_times]
    policy, pack, calendar = terms.policy_at(at), terms.pack_at(at), terms.calendar_at(at)
    window_start, window_end, hours_exception = terms.window_at(at)
    calls_per_day, calls_per_week, caps_exception = terms.caps_at(at)
    holidays = tuple(calendar.statutory_holiday(day) for day in days)
    line = terms.lines.get(asked.line)
    source = terms.sources.get(source_id)
    facts = Facts(
        at=at,
        kind=terms.kind,
        trade=terms.trade,
        product_risk=terms.product_risk,
        voice_unlabelled=terms.voice_unlabelled,
        trade_may_market=pack.may_market if pack else None,
        highest_risk=pack.highest_risk if pack else "",
        permit_missing=bool(pack and pack.needs_qualification and not terms.has_qualification),
        contact_known=contact_id is not None,
        contact_erasing=bool(erasing),
        contact_minor=bool(is_minor),
        contact_expires_at=expires_at,
        opted_out_at=opted_out_at,
        source_state=source.state_on(days) if source else None,
        source_has_purpose=bool(source and source.has_purpose),
        consent_given_at=given_at,
        consent_expires_at=consent_until,
        consent_withdrawn_at=withdrawn_at,
        local_times=local_times,
        holidays=holidays,
        holiday_over=calendar.next_ordinary_day(max(days)) if any(holidays) else None,
        calls_today=today,
        calls_of_week=tuple(week or ()),
        next_local_day=_next_day(local_times),
        calls_per_day=calls_per_day,
        calls_per_week=calls_per_week,
        caps_exception=caps_exception.public_id if caps_exception else None,
        campaign_state=terms.state,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        window_start=window_start,
        window_end=window_end,
        hours_exception=hours_exception,
        filing_from=terms.filing_from,
        filing_until=terms.filing_until,
        line_in_campaign=line is not None,
        line_state=line.state if line else None,
        line_filed=bool(
            line
            and line.filed_from
            and line.filed_until
            and all(line.filed_from <= day <= line.filed_until for day in days)
        ),
        script_state=terms.script_state,
        script_expires_at=terms.script_expires_at,
        agent_assigned=None if asked.agent_id is None else bool(assigned),
        agent_suspended=None if asked.agent_id is None else bool(suspended),
        agent_open_call=None if asked.agent_id is None else open_call,
        checklist_done=asked.checklist_done,
        number_doubted_at=doubted_at,
        line_calls_per_hour=line.calls_per_hour if line else None,
        line_calls_per_day=line.calls_per_day if line else None,
    )
    return Loaded(
        facts,
        terms.campaign_id,
        contact_id,
        line.id if line else None,
        terms.script_id,
        policy.number,
        timedelta(seconds=policy.reservation_seconds),
        overdue,
        caps_exception.pk if caps_exception else None,
    )


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _next_day(local_times: tuple[datetime, ...]) -> datetime | None:
    if not local_times:
        return None
    return datetime.combine(local_times[0].date() + timedelta(days=1), time(), local_times[0].tzinfo)


def reserved_until(loaded: Loaded) -> datetime:
    """A reservation ends with the calling hours, if that is sooner: it never lets a call be made after
    them."""
    closes = (
        datetime.combine(local.date(), loaded.facts.window_end, local.tzinfo)
        for local in loaded.facts.local_times
    )
    return min(loaded.facts.at + loaded.reservation, *closes)


def store(
    loaded: Loaded,
    verdict: Verdict,
    asked: Asked,
    *event: Step,
    reserve: bool,
    now: datetime,
    digest: bytes | None,
    commit: bool,
) -> tuple[int, int | None]:
    """The decision, and its call when it reserves. Returns the ids of both.

    `event` is what the trail has to hold with them; `commit` ends the transaction, in the same round trip.
    """
    reserves = reserve and verdict.allowed
    at = loaded.facts.at
    values: dict[str, Any] = {
        "at": at,
        "now": now,
        "allowed": verdict.allowed,
        "reserves": reserves,
        "codes": verdict.codes,
        "not_applicable": list(verdict.not_applicable),
        "facts": loaded.facts.as_json().decode(),
        "retry_at": to_json(verdict.retry_at).decode(),
        "contact": loaded.contact_id,
        "campaign": loaded.campaign_id,
        "policy": loaded.policy,
        "agent": asked.agent_id,
        "client": asked.client_id,
        "key": asked.idempotency_key,
        "digest": digest,
        "index": asked.index,
        "script": loaded.script_id,
        "line_asked": forbidden_numbers.without(asked.line)[0],
    }
    if not reserves:
        return _ids(run_together((_DECISION_ALONE, values), commit=commit))
    expire = [(_EXPIRE, values)] if loaded.has_overdue else []
    values |= {
        "line": loaded.line_id,
        "slot_day": loaded.slot_day,
        "slot_number": _free_slot(loaded, values) if loaded.facts.calls_today else 1,
        "until": reserved_until(loaded),
        "exception": loaded.exception_id,
        "budget_line": loaded.line_id
        if loaded.facts.line_calls_per_hour or loaded.facts.line_calls_per_day
        else None,
        "call": loaded.call_id,
        "handed_over": now if asked.hands_over or asked.knows_number else None,
    }
    return _ids(run_together(*expire, *event, (_RESERVATION, values), commit=commit))


def _free_slot(loaded: Loaded, values: dict[str, Any]) -> int:
    """The first slot of the day without a call that counts. The caller holds the lock of the number."""
    (free,) = _FREE_SLOT.run(
        {**values, "calls_today": loaded.facts.calls_today, "slot_day": loaded.slot_day}
    ) or (1,)
    return int(free)


def _ids(rows: list[Row]) -> tuple[int, int | None]:
    decision_id, call_id = rows[-1] or (0, None)  # an insert that returns gives a row or raises
    return decision_id, call_id
