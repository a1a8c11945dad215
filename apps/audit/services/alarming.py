"""Alarms: raised once, given an owner, closed with what it was; never by the person whom they are about."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import lock_alarm
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from .. import alarms
from ..alarms import Seen
from ..models import Alarm
from ..ports import notifying

log = structlog.get_logger(__name__)
QUIET = timedelta(days=1)  # what was closed is not raised again by the same things
PATIENCE = timedelta(days=1)  # then those who have not taken it are notified again
State, Verdict = Alarm.State, Alarm.Verdict


def look_for_alarms() -> int:
    """Ask every rule. Returns how many alarms are new. A rule that fails keeps no other from being asked;
    then the first error is raised."""
    now, raised, failed = clock.now(), 0, None
    for rule in list(alarms.RULES.values()):
        if rule.find is None:
            continue
        try:
            with transaction.atomic():
                limit = alarms.limit_of(rule.code, now)
                raised += sum(
                    raise_alarm(rule.code, seen, limit=limit) is not None for seen in rule.find(now, limit)
                )
        except Exception as error:
            log.exception("alarm_rule_failed", rule=rule.code)
            failed = failed or error
    _remind()
    if failed is not None:
        raise failed
    return raised


@transaction.atomic
def raise_alarm(code: str, seen: Seen, *, limit: int | None = None) -> Alarm | None:
    """Open an alarm, in the caller's transaction, and tell compliance. None where one is open already, which
    is brought up to date, or was closed within a day over as much."""
    now = clock.now()
    limit = alarms.limit_of(code, now) if limit is None else limit
    lock_alarm(code, seen.subject)
    same = Alarm.objects.select_for_update(of=("self",)).filter(code=code, subject=seen.subject)
    known = same.exclude(state=State.CLOSED).first()
    is_polled = alarms.RULES[code].find is not None
    if known is not None:
        # What is raised where it happens adds up; what a rule counts anew each time is as much as it says.
        known.count, known.last_at = (
            (max(known.count, seen.count) if is_polled else known.count + seen.count),
            now,
        )
        known.save(update_fields=["count", "last_at"])
        return None
    if is_polled and same.filter(closed_at__gt=now - QUIET, count__gte=seen.count).exists():
        return None
    made = Alarm.objects.create(
        code=code, subject=seen.subject, person_id=seen.person_id, client_id=seen.client_id, count=seen.count,
        limit=limit, last_at=now,
        created_at=now,
    )  # fmt: skip
    notifying.provider.notify(_watchers(made), "alarm_raised", alarm=made.pk)
    return made


def raise_alarm_about(
    code: str, count: int, *, actor: User | None = None, client: ApiClient | None = None
) -> None:
    """The same where it happens: of a person or a program."""
    if actor is not None:
        raise_alarm(code, Seen(f"person:{actor.pk}", count, person_id=actor.pk))
    elif client is not None:
        raise_alarm(code, Seen(f"client:{client.pk}", count, client_id=client.pk))


def _watchers(alarm: Alarm) -> list[User]:
    """Compliance, but for the person whom it is about; where nobody is left, the admins, who can make
    somebody an officer."""
    others = User.objects.filter(is_active=True).exclude(pk=alarm.person_id or 0)
    return list(others.filter(role=Role.COMPLIANCE)) or list(others.filter(role=Role.ADMIN))


def _remind() -> None:
    now = clock.now()
    for alarm in Alarm.objects.filter(
        state=State.OPEN, created_at__lt=now - PATIENCE, reminded_at__isnull=True
    ):
        notifying.provider.notify(_watchers(alarm), "alarm_waits", alarm=alarm.pk)
        alarm.reminded_at = now
        alarm.save(update_fields=["reminded_at"])


def _locked(actor: User, alarm: Alarm) -> Alarm:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    alarm = Alarm.objects.select_for_update(of=("self",)).get(pk=alarm.pk)
    if alarm.person_id == actor.pk:
        raise NotAllowed(_("The alarm is about you: somebody else looks into it."))
    if alarm.state == State.CLOSED:
        raise WrongState()
    return alarm


@transaction.atomic
def take_alarm(*, actor: User, alarm: Alarm) -> Alarm:
    """Look into it from now on. Raises `NotAllowed`, also for the person whom it is about, and
    `WrongState`."""
    alarm = _locked(actor, alarm)
    alarm.state, alarm.owner, alarm.taken_at = State.TAKEN, actor, clock.now()
    alarm.save()
    return alarm


@transaction.atomic
def close_alarm(*, actor: User, alarm: Alarm, verdict: str, note: str) -> Alarm:
    """Say what it was, in words. Raises as `take_alarm`, and `BadInput` without a verdict or a note."""
    alarm = _locked(actor, alarm)
    if verdict not in Verdict.values:
        raise BadInput(_("Say what it was."))
    alarm.note = checked_text(note, _("Say what you found."), most=300)
    alarm.state, alarm.verdict, alarm.closed_by, alarm.closed_at = State.CLOSED, verdict, actor, clock.now()
    notifying.provider.close_notices("alarm_raised", "alarm_waits", alarm=alarm.pk)
    alarm.owner = alarm.owner or actor
    alarm.save()
    return alarm
