"""Deadlines watched each morning: reminded at 5, 2 and 1 working days, escalated once they are over."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.privacy.fields import without_values
from apps.notifications.services import notify
from apps.policies import queries as policies

from .. import rules
from ..models import RequestEvent, SubjectRequest
from .receiving import note

State = SubjectRequest.State


UNVERIFIED_EVERY = 7  # days


@transaction.atomic
def watch_deadlines() -> dict[str, int]:
    """Count provisional days anew, remind owners, escalate what is overdue. Of paused ones, whose clock
    stands, the owner is reminded each week that somebody has to make sure who asks. Returns how many of
    each."""
    now = clock.now()
    today, calendar = timezone.localdate(now), policies.calendar(now)
    payload = {"recounted": 0, "reminded": 0, "escalated": 0, "unverified": _remind_of_unverified(today)}
    for request in (
        without_values(SubjectRequest.objects.select_for_update(of=("self",), skip_locked=True))
        .filter(state=State.OPEN)
        .select_related("owner")
    ):
        payload["recounted"] += _recount(request, calendar)
        left = rules.days_left(today, request.due_on, calendar)
        mark = rules.reminder_due(left, request.reminded)
        if mark is not None:
            notify(_who_handles(request), "request_due", request=request.public_id, days=left)
            note(request, RequestEvent.Kind.REMINDED, text=str(left))
            request.reminded = mark
            payload["reminded"] += 1
        if left < 0 and not request.escalated:
            notify(
                {*_who_handles(request),
                *User.objects.filter(role__in=[Role.COMPLIANCE, Role.ADMIN], is_active=True)},
                "request_overdue", request=request.public_id,
            )  # fmt: skip
            note(request, RequestEvent.Kind.ESCALATED)
            request.escalated = True
            payload["escalated"] += 1
        request.save(update_fields=["due_on", "is_provisional", "reminded", "escalated"])
    return payload


def _remind_of_unverified(today: date) -> int:
    """Returns of how many people were reminded."""
    waiting = without_values(SubjectRequest.objects.filter(state=State.IDENTITY, paused_on__lt=today))
    reminded = 0
    for request in waiting.select_related("owner"):
        days = (today - request.paused_on).days if request.paused_on else 0
        if days and days % UNVERIFIED_EVERY == 0:
            notify(_who_handles(request), "request_unverified", request=request.public_id, days=days)
            reminded += 1
    return reminded


def _who_handles(request: SubjectRequest) -> set[User]:
    """Its owner; every officer where the owner has left."""
    return (
        {request.owner}
        if request.owner.is_active
        else set(User.objects.filter(role=Role.COMPLIANCE, is_active=True))
    )


def _recount(request: SubjectRequest, calendar: rules.Calendar) -> bool:
    """A day that had to be counted without a calendar is counted anew once the calendar is known; never to a
    sooner day."""
    if not request.is_provisional:
        return False
    due = rules.due_after(timezone.localdate(request.received_at), calendar)
    if due.is_provisional:
        return False
    request.due_on, request.is_provisional = max(due.day, request.due_on), False
    return True
