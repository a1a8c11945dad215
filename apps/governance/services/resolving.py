"""Nonconformities: done by their owner, checked by another person of compliance, reminded of when overdue."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify

from ..models import Nonconformity

State = Nonconformity.State


def _locked(found: Nonconformity, *states: str) -> Nonconformity:
    found = Nonconformity.objects.select_for_update(of=("self",)).select_related("owner").get(pk=found.pk)
    if found.state not in states:
        raise WrongState()
    return found


@transaction.atomic
def report_resolved(*, actor: User, nonconformity: Nonconformity, measures: str) -> Nonconformity:
    """By its owner, or by compliance. Raises `NotAllowed`, `WrongState`, `BadInput`."""
    found = _locked(nonconformity, State.OPEN)
    if actor.pk != found.owner_id and actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    found.measures = checked_text(measures, _("Say what was done."), most=500)
    found.state, found.done_by = State.DONE, actor
    found.save()
    close_notices("nonconformity_opened", "nonconformity_overdue", thing=thing_of(found))
    others = User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk)
    notify(others, "nonconformity_done", **_about(found))
    return found


@transaction.atomic
def check_nonconformity(*, actor: User, nonconformity: Nonconformity, close: bool) -> Nonconformity:
    """Closed, or open again; by compliance, and not by who did it. Raises `NotAllowed`, `FourEyes`,
    `WrongState`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    found = _locked(nonconformity, State.DONE)
    if found.done_by_id == actor.pk:
        raise FourEyes()
    if close:
        found.state, found.closed_by, found.closed_at = State.CLOSED, actor, clock.now()
    else:
        found.state, found.done_by, found.reminded_at = State.OPEN, None, None
        notify(_who(found), "nonconformity_opened", due=found.due_on.isoformat(), **_about(found))
    close_notices("nonconformity_done", thing=thing_of(found))
    found.save()
    return found


def thing_of(found: Nonconformity) -> str:
    return f"nonconformity:{found.pk}"


def _about(found: Nonconformity) -> dict[str, Any]:
    return {"thing": thing_of(found), "what": found.text[:60]}


def _who(found: Nonconformity) -> list[User]:
    """The owner; compliance where the owner has left."""
    return (
        [found.owner]
        if found.owner.is_active
        else list(User.objects.filter(role=Role.COMPLIANCE, is_active=True))
    )


def remind_of_nonconformities() -> int:
    """Remind the owners of what is overdue, once. Returns of how many."""
    now, reminded = clock.now(), 0
    late = Nonconformity.objects.filter(
        state=State.OPEN, due_on__lt=timezone.localdate(now), reminded_at__isnull=True
    )
    for found in late.select_related("owner"):
        with transaction.atomic():
            if Nonconformity.objects.filter(pk=found.pk, reminded_at__isnull=True).update(reminded_at=now):
                notify(_who(found), "nonconformity_overdue", due=found.due_on.isoformat(), **_about(found))
                reminded += 1
    return reminded
