"""Legal holds: placed with a reason, an owner and a day of review; ended by somebody, with a reason."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.campaigns.models import Campaign
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.free_text import whole_text
from apps.notifications.services import notify, was_notified
from apps.quality.models import Complaint, Recording

from ..hold_locks import change_holds
from ..holds import in_force
from ..models import LegalHold

TARGETS: dict[str, type[Any]] = {
    LegalHold.Kind.CONTACT: Contact,
    LegalHold.Kind.CALL: Call,
    LegalHold.Kind.CAMPAIGN: Campaign,
    LegalHold.Kind.RECORDING: Recording,
    LegalHold.Kind.COMPLAINT: Complaint,
}
COMPLAINT_DAYS = 90


@transaction.atomic
def place_hold(
    *,
    actor: User,
    kind: str,
    reason: str,
    review_on: date,
    target_id: int | None = None,
    query: dict[str, Any] | None = None,
    owner: User | None = None,
) -> LegalHold:
    """Keep an object from deletion. From the commit on no purge deletes it; a batch under way is waited for.

    Raises `NotFound` when the object is gone already, `BadInput` for a query without `since` and `until`.
    """
    _may(actor)
    if not reason.strip():
        raise BadInput(_("Say why it is held: a case, a request of an authority, a dispute."))
    if forbidden_numbers.find(reason) or phones.find_in(reason):
        raise PersonalDataFound(_("The reason holds a number of a person. Name the case instead."))
    if review_on <= timezone.localdate(clock.now()):
        raise BadInput(_("A hold is reviewed on a day to come."))
    change_holds()
    if kind == LegalHold.Kind.QUERY:
        target_id, query = None, _checked(query or {})
    elif kind not in TARGETS or not TARGETS[kind]._base_manager.filter(pk=target_id).exists():
        raise NotFound()
    return LegalHold.objects.create(
        kind=kind, target_id=target_id, query=query or {}, reason=whole_text(reason, 300),
        owner=owner or actor, review_on=review_on,
        placed_by=actor, created_at=clock.now(),
    )  # fmt: skip


def _checked(query: dict[str, Any]) -> dict[str, Any]:
    try:
        since, until = datetime.fromisoformat(query["since"]), datetime.fromisoformat(query["until"])
    except (KeyError, TypeError, ValueError):
        raise BadInput(_("Say from when until when the calls are held.")) from None
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        raise BadInput(_("The end lies before the beginning."))
    return {name: query[name] for name in ("since", "until", "campaign", "line", "agent") if query.get(name)}


def _of_complaint(complaint: Complaint) -> str:
    return _("complaint %(number)s") % {"number": complaint.public_id}


def hold_complaint(complaint: Complaint) -> LegalHold:
    """What a complaint is about stays for as long as it is open: placed in the transaction that opens it."""
    change_holds()
    return LegalHold.objects.create(
        kind=LegalHold.Kind.COMPLAINT, target_id=complaint.pk,
        reason=_of_complaint(complaint),
        owner=complaint.owner, review_on=timezone.localdate(clock.now()) + timedelta(days=COMPLAINT_DAYS),
        placed_by=complaint.recorded_by or complaint.owner, created_at=clock.now(),
    )  # fmt: skip


def release_complaint(complaint: Complaint, *, actor: User) -> None:
    """The complaint is closed, so the hold ends that its opening placed; one that somebody placed beside it
    stays."""
    change_holds()
    reasons = []
    for code, _name in settings.LANGUAGES:  # it was placed in the language of who opened the complaint
        with override(code):
            reasons.append(_of_complaint(complaint))
    placed = in_force().filter(kind=LegalHold.Kind.COMPLAINT, target_id=complaint.pk, reason__in=reasons)
    for hold in placed.select_for_update():
        hold.ended_at, hold.ended_by, hold.end_reason = clock.now(), actor, _("the complaint is closed")
        hold.save()


@transaction.atomic
def end_hold(*, actor: User, hold: LegalHold, reason: str) -> LegalHold:
    """End a hold: what it deferred is erased by the next purge, as if it had been due all along."""
    _may(actor)
    if not reason.strip():
        raise BadInput(_("Say why it ends."))
    change_holds()
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.ended_at is not None:
        raise WrongState()
    hold.ended_at, hold.ended_by, hold.end_reason = clock.now(), actor, whole_text(reason, 300)
    hold.save()
    return hold


def _may(actor: User) -> None:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()


@transaction.atomic
def remind_of_holds() -> int:
    """Tell the owners whose hold is to be reviewed, once, also where nothing ran on its day. Returns how
    many."""
    due = [
        hold
        for hold in in_force().filter(review_on__lte=timezone.localdate(clock.now())).select_related("owner")
        if not was_notified("hold_to_review", since=clock.start_of_day(hold.review_on), hold=hold.pk)
    ]
    for hold in due:
        notify([hold.owner], "hold_to_review", hold=hold.pk)
    return len(due)
