"""Automatic measures: lines and agents whose calls go beyond the limits of the measures policy.

A flag stands until a person closes it. Whether the line or the agent is paused as well is the
policy's; the gate knows at once, because it reads their state on every call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import services as campaigns
from apps.campaigns.models import Line
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import whole_text
from apps.notifications.services import notify
from apps.policies import queries as policies
from apps.policies.models import MeasuresPolicy

from ..models import Flag

_CALLS = """
select {who}, count(*), count(*) filter (where answered_at is null), count(*)
    filter (where answered_at is not null),
    count(*) filter (where answered_at is not null
        and ended_at - answered_at < make_interval(secs => %(short)s)),
    count(*) filter (where exists (select 1 from calls_disposition d where d.call_id = calls_call.id
        and d.reason = 'complaint'))
from calls_call
where reserved_at > %(since)s and reserved_at <= %(at)s and state in ('ended', 'no_answer', 'busy', 'failed')
    and {who} is not null
group by 1
"""
_ASKED = """
select {who}, count(*), count(*) filter (where not allowed) from calls_decision {join}
where at > %(since)s and at <= %(at)s and {who} is not null group by 1
"""
_OF_LINE = {"who": "line.id", "join": "join campaigns_line line on line.number = line_asked"}
_OF_AGENT = {"who": "agent_id", "join": ""}


@dataclass(frozen=True)
class Excess:
    """One limit gone beyond: `percent` of `counted`."""

    who: int
    reason: str
    counted: int
    percent: int
    limit: int


def measure(*, at: datetime | None = None) -> list[Flag]:
    """Flag what went beyond a limit in the policy's hours, once until the flag is closed."""
    at = at or clock.now()
    policy = policies.measures_policy(at)
    flags = []
    for excess in _excesses("line_id", _OF_LINE, policy, at):
        flags += _flag(Line.objects.get(pk=excess.who), excess, policy)
    for excess in _excesses("agent_id", _OF_AGENT, policy, at):
        flags += _flag(User.objects.get(pk=excess.who), excess, policy)
    return flags


def _excesses(who: str, asked_by: dict[str, str], policy: MeasuresPolicy, at: datetime) -> Iterator[Excess]:
    values: dict[str, Any] = {
        "since": at - timedelta(hours=policy.hours),
        "at": at,
        "short": policy.short_seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CALLS.format(who=who), values)
        calls = cursor.fetchall()
        cursor.execute(_ASKED.format(**asked_by), values)
        asked = cursor.fetchall()
    for pk, total, unanswered, connected, short, complaints in calls:
        yield from _beyond(pk, Flag.Reason.UNANSWERED, unanswered, total, policy.unanswered_percent, policy)
        yield from _beyond(pk, Flag.Reason.SHORT, short, connected, policy.short_percent, policy)
        yield from _beyond(
            pk, Flag.Reason.COMPLAINTS, complaints, connected, policy.complaint_percent, policy
        )
    for pk, total, refused in asked:
        yield from _beyond(pk, Flag.Reason.REFUSED, refused, total, policy.refused_percent, policy)


def _beyond(
    who: int, reason: str, part: int, whole: int, limit: int, policy: MeasuresPolicy
) -> Iterator[Excess]:
    if whole >= policy.least_calls and part * 100 >= limit * whole:
        yield Excess(who, reason, whole, part * 100 // whole, limit)


@transaction.atomic
def _flag(who: Line | User, excess: Excess, policy: MeasuresPolicy) -> list[Flag]:
    of = {"line": who} if isinstance(who, Line) else {"agent": who}
    flag, made = Flag.objects.get_or_create(
        **of,
        reason=excess.reason,
        closed_at=None,
        defaults={
            "counted": excess.counted,
            "percent": excess.percent,
            "limit": excess.limit,
            "policy": policy.number,
        },
    )
    if not made:
        return []
    with override("zh-hans"):  # stored: the language of the organisation
        because = _("automatic measure: %(reason)s, %(percent)s %% of %(counted)s") % {
            "reason": flag.get_reason_display(),
            "percent": flag.percent,
            "counted": flag.counted,
        }
    flag.has_paused = _pause(who, because, policy)
    flag.save(update_fields=["has_paused"])
    notify(
        _concerned(who),
        "flagged",
        who=str(who),
        reason=flag.reason,
        percent=flag.percent,
        counted=flag.counted,
    )
    return [flag]


def _pause(who: Line | User, because: str, policy: MeasuresPolicy) -> bool:
    if isinstance(who, Line) and policy.pauses_line:
        campaigns.block_line(actor=None, line=who, because=because)
        return True
    if isinstance(who, User) and policy.pauses_agent and who.suspended_at is None:
        accounts.suspend(actor=None, agent=who, reason=because)
        return True
    return False


def _concerned(who: Line | User) -> Iterable[User]:
    concerned = Q(role=Role.COMPLIANCE)
    if isinstance(who, User):
        concerned |= Q(role=Role.SUPERVISOR, department=who.department_id)
    return User.objects.filter(concerned, is_active=True)


@transaction.atomic
def close_flag(*, actor: User, flag: Flag, note: str) -> Flag:
    """Somebody has looked into it. A line that was paused is verified anew, an agent resumed, by their own
    pages."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    flag = Flag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    if flag.closed_at:
        raise WrongState()
    if not note.strip():
        raise BadInput(_("Say what was found and done."))
    flag.closed_at, flag.closed_by, flag.note = clock.now(), actor, whole_text(note, 300)
    flag.save()
    return flag
