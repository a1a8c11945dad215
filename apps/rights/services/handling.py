"""A request on its way: identity verified or open again, noted, given to another, refused with a reason."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.free_text import checked_text, whole_text
from apps.core.privacy.protected import Protected
from apps.notifications.services import close_notices, notify
from apps.policies import queries as policies

from .. import queries, rules
from ..models import RequestEvent, SubjectRequest
from .certifying import certify
from .receiving import note

MOST_ANSWER = 4_000

State = SubjectRequest.State


def locked(actor: User, request: SubjectRequest, *states: str) -> SubjectRequest:
    """The row, for a change by compliance. Raises `NotAllowed`, `WrongState`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    request = (
        SubjectRequest.objects.select_for_update(of=("self",))
        .select_related("owner", "purpose")
        .get(pk=request.pk)
    )
    if request.state not in states:
        raise WrongState()
    return request


@transaction.atomic
def verify_identity(*, actor: User, request: SubjectRequest, how: str) -> SubjectRequest:
    """It is the person whose number it is; the clock goes on, as many working days later as it stood."""
    request = locked(actor, request, State.IDENTITY)
    now = clock.now()
    request.verification = checked_text(
        how, _("Say how the identity was verified: a call back, papers seen, a code."), most=200
    )
    request.verified_by, request.verified_at, request.state = actor, now, State.OPEN
    if request.paused_on is not None:
        due = rules.resumed(
            request.due_on, request.paused_on, timezone.localdate(now), policies.calendar(now)
        )
        request.due_on, request.paused_on = due.day, None
        close_notices("request_unverified", request=request.public_id)
        request.is_provisional = request.is_provisional or due.is_provisional
    request.save()
    note(request, RequestEvent.Kind.VERIFIED, actor, request.verification)
    return request


@transaction.atomic
def pause_request(*, actor: User, request: SubjectRequest, why: str) -> SubjectRequest:
    """Doubt about who asks: the clock stands until the identity is verified again."""
    request = locked(actor, request, State.OPEN)
    why = checked_text(why, _("Say what is doubtful about who asks."), most=300)
    request.state, request.paused_on = State.IDENTITY, timezone.localdate(clock.now())
    request.save()
    note(request, RequestEvent.Kind.PAUSED, actor, why)
    return request


@transaction.atomic
def add_note(*, actor: User, request: SubjectRequest, text: str) -> SubjectRequest:
    request = locked(actor, request, *(each for each in State.values if each != State.UNCONFIRMED))
    note(request, RequestEvent.Kind.NOTE, actor, checked_text(text, _("Write the note.")))
    return request


@transaction.atomic
def move_request(*, actor: User, request: SubjectRequest, owner: User) -> SubjectRequest:
    request = locked(actor, request, State.IDENTITY, State.OPEN, State.REMAINDER)
    if not queries.owners().filter(pk=owner.pk).exists():
        raise BadInput(_("Requests are handled by compliance."))
    request.owner = owner
    request.save(update_fields=["owner"])
    note(request, RequestEvent.Kind.MOVED, actor, str(owner))
    notify(
        {owner}, "request_received", about=actor, request=request.public_id, due=request.due_on.isoformat()
    )
    return request


@transaction.atomic
def refuse_request(*, actor: User, request: SubjectRequest, why: str, answer: str = "") -> SubjectRequest:
    """Refused, with the reason that the person is given, and the way to complain about it (PIPL, article
    50)."""
    request = locked(actor, request, State.IDENTITY, State.OPEN)
    request.refusal = checked_text(why, _("Say why it is refused, and by which law."), most=300)
    close(request, State.REFUSED, answer)
    note(request, RequestEvent.Kind.REFUSED, actor, request.refusal)
    return request


def check_answer(answer: str) -> None:
    """Raises `BadInput` for an answer that is too long, `PersonalDataFound` for one with the number of an ID
    or a bank card (R1)."""
    if forbidden_numbers.find(whole_text(answer, MOST_ANSWER)):
        raise PersonalDataFound()


def close(request: SubjectRequest, state: str, answer: str) -> None:
    """In the caller's transaction: over, without the number; certified."""
    values: Any = request
    check_answer(answer)
    if answer := whole_text(answer, MOST_ANSWER):
        values.answer = Protected(answer, "text")
    request.state = state
    if request.is_over:
        values.phone, request.paused_on, request.code_word, request.closed_at = None, None, None, clock.now()
    request.certificate = certify(request)
    request.save()
    if request.is_over:
        close_notices(
            "request_received",
            "request_due",
            "request_overdue",
            "request_unverified",
            request=request.public_id,
        )
