"""What the gate would say: of a whole list today, and of past calls under a draft. Jobs both.

The list is judged in groups: the database counts the contacts that are alike in everything that the
rules look at, and each group is judged once. Whether a number is on the register can only be read from
the number itself, so the numbers are opened, hashed and compared, and nothing of that is kept.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts.models import Contact
from apps.contacts.sql import DOUBT_IN_FORCE
from apps.core.calendar import clock
from apps.core.calendar.workdays import Calendar
from apps.core.crypto import blind_index
from apps.core.errors import NotAllowed, WrongState
from apps.core.privacy import phones
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.optouts.queries import refused
from apps.policies import queries as policies
from apps.policies.models import PolicyDraft

from ..gate import loading
from ..gate.facts import Facts, OldFacts
from ..gate.rules import judge
from ..gate.supposing import Own, Supposed, under
from ..gate.terms import Terms, load
from ..models import COUNTS, Decision, Forecast

PAST = timedelta(days=30)
BATCH = 2_000
SIMULATED = {PolicyDraft.Kind.CALLING, PolicyDraft.Kind.CALENDAR, PolicyDraft.Kind.TRADE}
HASHED_AT_ONCE = 20_000
TASK = "apps.calls.tasks.run_forecast"


@transaction.atomic
def ask_list(*, actor: User, campaign: Campaign) -> Forecast:
    """Count who of the waiting contacts can be called today, and why not."""
    if not campaigns.campaigns_of(actor).filter(pk=campaign.pk).exists() or actor.role == Role.AGENT:
        raise NotAllowed()
    total = campaign.entries.filter(state__in=_WAITING).count()
    job = jobs.ask_for(kind="list forecast", task=TASK, owner=actor, total=total)
    return Forecast.objects.create(
        kind=Forecast.Kind.LIST, campaign=campaign, until=clock.now(), asked_by=actor, job=job
    )


@transaction.atomic
def ask_what_if(
    *,
    actor: User,
    draft: PolicyDraft | None = None,
    campaign: Campaign | None = None,
    changes: dict[str, Any] | None = None,
) -> Forecast:
    """Judge the decisions of the last 30 days again, under a policy's draft or other terms of a campaign."""
    if draft is not None and (actor.role != Role.COMPLIANCE or draft.kind not in SIMULATED):
        raise NotAllowed()
    if campaign is not None and not actor.has_perm("supervise", campaign) and actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if draft is None and campaign is None:
        raise WrongState()
    until = clock.now()
    job = jobs.ask_for(
        kind="what if", task=TASK, owner=actor, total=_decisions(until - PAST, until, campaign).count()
    )
    return Forecast.objects.create(
        kind=Forecast.Kind.WHAT_IF, draft=draft, campaign=campaign, changes=changes or {}, since=until - PAST,
        until=until,
        asked_by=actor, job=job,
    )  # fmt: skip


def run_forecast(job_id: int) -> None:
    """Do the work of a forecast, once; a what-if goes on where a lost worker stopped."""
    with jobs.lease(job_id) as job:
        if job is None:
            return
        forecast = Forecast.objects.select_related("campaign", "draft").get(job=job)
        if forecast.kind == Forecast.Kind.LIST:
            _forecast_list(forecast, job)
        else:
            _forecast_past(forecast, job)


# -- the list of a campaign

_WAITING = (QueueEntry.State.WAITING, QueueEntry.State.HELD)
_PHONES = """
select contact.id, contact.phone from campaigns_queueentry entry
    join contacts_contact contact on contact.id = entry.contact_id
where entry.campaign_id = %s and entry.state in ('waiting', 'held') and contact.id > %s
    order by contact.id limit %s
"""
_GROUPS = """
select
    contact.is_minor, contact.erasing_at is not null, contact.expires_at <= %(at)s, contact.zones,
        contact.source_id,
    consent.given_at > %(at)s, consent.expires_at <= %(at)s, consent.withdrawn_at is not null,
    contact.id = any(%(opted)s::bigint[]),
    exists (select from contacts_numberdoubt d where d.number_index = contact.number_index
        and DOUBT_IN_FORCE),
    coalesce(cardinality(array_positions(recent.days,
        (%(at)s at time zone coalesce(contact.zones[1], %(home)s))::date)), 0),
    coalesce(recent.week, 0),
    count(*)
from campaigns_queueentry entry
join contacts_contact contact on contact.id = entry.contact_id
left join (
    select distinct on (contact_id) contact_id, given_at, expires_at, withdrawn_at from contacts_consent
    where purpose_id = %(purpose)s and recipient = ''
    order by contact_id, (withdrawn_at is null and given_at <= %(at)s and expires_at > %(at)s) desc,
        given_at desc
) consent on consent.contact_id = contact.id
left join (
    select number_index, count(*) filter (where reserved_at > %(at)s - interval '7 days') week,
        array_agg(slot_day) days
    from calls_call k
    where reserved_at > %(at)s - interval '9 days' and COUNTS
          and not (state = 'reserved' and handed_over_at is null and reserved_until <= %(at)s)
    group by number_index
) recent on recent.number_index = contact.number_index
where entry.campaign_id = %(campaign)s and entry.state in ('waiting', 'held')
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
""".replace("COUNTS", COUNTS).replace("DOUBT_IN_FORCE", DOUBT_IN_FORCE)


def _forecast_list(forecast: Forecast, job: Job) -> None:
    if (campaign := forecast.campaign) is None:
        raise WrongState()
    terms = load(campaign.code)
    at = moment_of(terms, forecast.until)
    opted = _opted_out(campaign, job)
    values: dict[str, Any] = {
        "at": at,
        "opted": opted,
        "home": phones.HOME_ZONE,
        "purpose": campaign.purpose_id,
        "campaign": campaign.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, values)
        groups = cursor.fetchall()
    line = next((number for number, line in terms.lines.items() if line.state == "verified"), "")
    asked = loading.Asked(campaign=campaign.code, index=b"", register=[], number_zones=(), line=line)
    total, blocked, by_code = 0, 0, Counter[str]()
    for *alike, count in groups:
        verdict = judge(loading.loaded(terms, _row_of(tuple(alike), at), asked, at=at).facts)
        total += count
        if not verdict.allowed:
            blocked += count
            by_code.update(dict.fromkeys(verdict.codes, count))
    forecast.counts = {
        "total": total,
        "blocked": blocked,
        "by_code": dict(by_code.most_common()),
        "at": at.isoformat(),
    }
    said = _("%(blocked)s of %(total)s cannot be called.") % {
        "blocked": f"{blocked:,}",
        "total": f"{total:,}",
    }
    with transaction.atomic():
        forecast.save(update_fields=["counts"])
        jobs.move_on(job, done=total, total=total)
        jobs.end(job, state=Job.State.DONE, sentence=said)


def moment_of(terms: Terms, now: datetime) -> datetime:
    """Now within calling hours (Shanghai's), else the moment they open next: a list is made for a day."""
    start, end, _exception = terms.window_at(now)
    local = now.astimezone(ZoneInfo(phones.HOME_ZONE))
    if start <= local.time() < end:
        return now
    day = local.date() if local.time() < start else local.date() + timedelta(days=1)
    return datetime.combine(day, start, local.tzinfo)


def _opted_out(campaign: Campaign, job: Job) -> list[int]:
    """The waiting contacts whose number is on the register."""
    phone: Any = Contact._meta.get_field("phone")
    opted: list[int] = []
    after = done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PHONES, [campaign.pk, after, HASHED_AT_ONCE])
            rows = cursor.fetchall()
            if not rows:
                return opted
            numbers = [(pk, phone.from_db_value(encrypted)) for pk, encrypted in rows]
            canonical = [(pk, number) for pk, number in numbers if number.kind == "phone"]
            hashes = {
                each: pk for pk, number in canonical for each in blind_index.register_hashes(number).values()
            }
        opted.extend(
            {hashes[found] for found in refused(hashes, purpose=campaign.purpose.code, brand=campaign.brand)}
        )
        after, done = rows[-1][0], done + len(rows)
        jobs.move_on(job, done=done)


def _row_of(alike: tuple[Any, ...], at: datetime) -> tuple[Any, ...]:
    """A row of the facts statement for a group: moments that matter only by their side are set beside
    `at`."""
    (
        is_minor,
        erasing,
        is_due,
        zones,
        source,
        begins_later,
        has_ended,
        withdrawn,
        opted,
        doubted,
        today,
        week,
    ) = alike
    before, after = at - timedelta(hours=1), at + timedelta(days=1)
    has_consent = begins_later is not None
    return (
        1, is_minor, erasing, before if is_due else after, zones, source,
        (after if begins_later else before) if has_consent else None,
        (before if has_ended else after) if has_consent else None,
        before if withdrawn else None,
        before if opted else None,
        before if doubted else None,
        today, [before] * week, False, None, None, None,
    )  # fmt: skip


# -- past calls under a draft


def _decisions(since: datetime, until: datetime, campaign: Campaign | None) -> Any:
    found = Decision.objects.filter(at__gte=since, at__lt=until)
    return found.filter(campaign=campaign) if campaign else found


def supposed_of(forecast: Forecast) -> Supposed:
    """What is supposed to be otherwise."""
    if forecast.draft is None:
        result = forecast.changes
        window = (
            (time.fromisoformat(result["window_start"]), time.fromisoformat(result["window_end"]))
            if result.get("window_start")
            else None
        )
        return Supposed(campaign_window=window, campaign_calls_per_week=result.get("calls_per_week"))
    values = forecast.draft.values
    if forecast.draft.kind == PolicyDraft.Kind.CALLING:
        window = (time.fromisoformat(values["window_start"]), time.fromisoformat(values["window_end"]))
        return Supposed(
            policy_window=window,
            calls_per_day=values["calls_per_day"],
            calls_per_week=values["calls_per_week"],
        )
    if forecast.draft.kind == PolicyDraft.Kind.CALENDAR:
        known = policies.calendar(forecast.until)
        year = {date.fromisoformat(day): name for day, name in values["holidays"].items()}
        return Supposed(calendar=Calendar({**known.entered, values["year"]: year}))
    names = {
        "may_market": "may_market",
        "highest_risk": "highest_risk",
        "needs_qualification": "needs_qualification",
    }
    return replace(Supposed(trade=values["trade"]), **{name: values[key] for name, key in names.items()})


def _forecast_past(forecast: Forecast, job: Job) -> None:
    supposed = supposed_of(forecast)
    counts = Counter(forecast.counts)
    done = job.done
    own = {
        pk: Own(start, end, week, bool(permit))
        for pk, start, end, week, permit in Campaign.objects.values_list(
            "pk", "window_start", "window_end", "calls_per_week", "qualification"
        )
    }
    for batch in _batches(forecast):
        for _pk, campaign_id, stored, codes in batch:
            counts.update(_compare(stored, codes, supposed, own[campaign_id]))
        done += len(batch)
        with transaction.atomic():
            forecast.counts, forecast.done_to = dict(counts), batch[-1][0]
            forecast.save(update_fields=["counts", "done_to"])
            jobs.move_on(job, done=done)
    said = _(
        "%(newly)s calls that were allowed would be refused, %(freed)s that were refused would be allowed."
    ) % {"newly": f"{counts['newly_refused']:,}", "freed": f"{counts['newly_allowed']:,}"}
    jobs.end(job, state=Job.State.DONE, sentence=said)


def _batches(forecast: Forecast) -> Iterator[list[tuple[int, int, dict[str, Any], list[str]]]]:
    decisions = _decisions(
        forecast.since or forecast.until - PAST, forecast.until, forecast.campaign
    ).order_by("pk")
    after = forecast.done_to
    while batch := list(
        decisions.filter(pk__gt=after).values_list("pk", "campaign_id", "facts", "codes")[:BATCH]
    ):
        yield batch
        after = batch[-1][0]


def _compare(stored: dict[str, Any], codes: list[str], supposed: Supposed, own: Own) -> Iterator[str]:
    """What one past decision counts for."""
    yield "total"
    try:
        facts = Facts.from_json(stored)
    except OldFacts:
        yield "not_judged"
        return
    verdict = judge(under(facts, supposed, own))
    if verdict.allowed and codes:
        yield "newly_allowed"
    if not verdict.allowed and not codes:
        yield "newly_refused"
    yield from (f"before:{code}" for code in codes)
    yield from (f"then:{code}" for code in verdict.codes)
