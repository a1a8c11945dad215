"""Drafts of policies: written by one person of compliance, put in force by another."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from apps.notifications.services import close_notices, notify

from .models import PolicyDraft, PolicyVersion
from .queries import MODELS, calendar

WARN_DAYS = 60  # before a year begins whose calendar is not known (R12)


def version_of(draft: PolicyDraft, **fields: Any) -> PolicyVersion:
    """The version that a draft would become, not saved."""
    model = MODELS[draft.kind]
    values = {name: _field(model, name).to_python(value) for name, value in draft.values.items()}
    return model(
        in_force_from=draft.in_force_from,
        reason=draft.reason,
        written_by=draft.written_by,
        **values,
        **fields,
    )


def _field(model: type[PolicyVersion], name: str) -> Any:
    return model._meta.get_field(name)


@transaction.atomic
def write_draft(
    *, actor: User, kind: str, values: dict[str, Any], reason: str, in_force_from: datetime | None = None
) -> PolicyDraft:
    """A new version to be decided by somebody else. `BadInput` says where it would loosen the norm."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    draft = PolicyDraft(
        kind=kind, values=values, reason=reason, in_force_from=in_force_from or clock.now(), written_by=actor
    )
    _check(draft)
    draft.save()
    others = User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk)
    notify(others, "policy_draft", thing=f"policy_draft:{draft.pk}")
    return draft


def _check(draft: PolicyDraft) -> None:
    try:
        draft.full_clean()
        version_of(draft, number=0).full_clean(exclude=["number", "approved_by"])
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None


def _open(actor: User, draft: PolicyDraft) -> PolicyDraft:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    draft = PolicyDraft.objects.select_for_update().select_related("written_by").get(pk=draft.pk)
    if draft.state != PolicyDraft.State.OPEN:
        raise WrongState()
    if draft.written_by_id == actor.pk:
        raise FourEyes()
    return draft


# Kinds of which each value of a field has versions of its own.
_BY_ITSELF = {
    PolicyDraft.Kind.CALENDAR: "year",
    PolicyDraft.Kind.TRADE: "trade",
    PolicyDraft.Kind.RETENTION: "data_class",
}


def _are_of_the_same(one: PolicyDraft, other: PolicyDraft) -> bool:
    name = _BY_ITSELF.get(PolicyDraft.Kind(one.kind))
    return name is None or one.values.get(name) == other.values.get(name)


@transaction.atomic
def approve_draft(*, actor: User, draft: PolicyDraft) -> PolicyVersion:
    """Put the draft in force, now or on its day: never backwards. Raises `FourEyes`, `WrongState`, also when
    another one of the same was approved since it was written: it would take that back unread."""
    draft = _open(actor, draft)
    _check(draft)
    since = PolicyDraft.objects.filter(
        kind=draft.kind, state=PolicyDraft.State.APPROVED, decided_at__gt=draft.created_at
    )
    if any(_are_of_the_same(draft, each) for each in since):
        raise WrongState(
            _("Another version was approved since this draft was written. Write it from that one.")
        )
    model = MODELS[draft.kind]
    now = clock.now()
    last = model._default_manager.select_for_update().order_by("-number").first()
    version = version_of(draft, number=last.number + 1 if last else 1, approved_by=actor)
    version.in_force_from = max(draft.in_force_from, now)
    version.save()
    draft.state, draft.decided_by, draft.decided_at, draft.version = (
        PolicyDraft.State.APPROVED,
        actor,
        now,
        version.number,
    )
    draft.save()
    close_notices("policy_draft", thing=f"policy_draft:{draft.pk}")
    return version


@transaction.atomic
def refuse_draft(*, actor: User, draft: PolicyDraft) -> PolicyDraft:
    draft = _open(actor, draft)
    draft.state, draft.decided_by, draft.decided_at = PolicyDraft.State.REFUSED, actor, clock.now()
    draft.save()
    close_notices("policy_draft", thing=f"policy_draft:{draft.pk}")
    return draft


@transaction.atomic
def warn_of_unknown_year(*, at: datetime | None = None) -> bool:
    """From 60 days before a year whose calendar is not known, tell compliance once a week."""
    at = at or clock.now()
    today = timezone.localdate(at)
    known = calendar(at)
    if known.days_until_unknown(today) > WARN_DAYS:
        return False
    week = timedelta(days=7)
    if Notice.objects.filter(code="calendar_unknown", created_at__gt=at - week).exists():
        return False
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True),
        "calendar_unknown",
        day=f"{max(known.last_known_year + 1, today.year)}-01-01",
    )
    return True


def title_of(kind: str) -> str:
    return capfirst(str(PolicyDraft.Kind(kind).label))
