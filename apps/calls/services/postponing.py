"""Contacts that are called later: put off on the desk, or by a client who asked to be called back.

A time is taken only when the gate would allow the call then: nobody is promised a call that the law forbids
(R11-R13).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import queries as campaigns
from apps.campaigns.models import QueueEntry
from apps.core.calendar import clock
from apps.core.database.locks import lock_agent
from apps.core.errors import BadInput, NotFound, WrongState
from apps.core.wording import join_items

from ..gate.rules import RULES
from ..models import Call, Postponed
from .deciding import Answer, preview
from .desk import PLACE, break_of, free_desk, held_entry, hold_for, line_for, open_call

FURTHEST = timedelta(days=30)
State = QueueEntry.State


def postponed_of(agent: User) -> QuerySet[Postponed]:
    """What waits for the agent in campaigns that are still theirs, the soonest first."""
    rows = Postponed.objects.filter(
        agent=agent, entry__state=State.WAITING, entry__campaign__in=campaigns.campaigns_of(agent)
    )
    return rows.select_related("entry__contact", "entry__campaign").order_by("at", "pk")


@transaction.atomic
def postpone(*, actor: User, entry_id: int, at: datetime, why: str) -> Postponed:
    """Put the contact on the desk off until `at`. Raises `BadInput` for a time at which it may not be
    called."""
    lock_agent(actor.pk)
    entry = held_entry(actor, clock.now(), lock=True)
    if entry is None or entry.pk != entry_id:
        raise WrongState(_("This contact is no longer on your desk. Take the next one."))
    return _put_off(entry, actor=actor, at=at, why=why)


@transaction.atomic
def call_back(*, actor: User, call: Call, at: datetime) -> Postponed:
    """The client of a call asked to be called back at `at`."""
    entry = (
        QueueEntry.objects.select_for_update()
        .filter(campaign=call.campaign_id, contact=call.contact_id)
        .first()
    )
    if entry is None:
        raise BadInput(
            _("The client is not in the queue of this campaign: write a ticket instead."), form_field="at"
        )
    return _put_off(entry, actor=actor, at=at, why=Postponed.Why.ASKED)


def _put_off(entry: QueueEntry, *, actor: User, at: datetime, why: str) -> Postponed:
    now = clock.now()
    if not now < at <= now + FURTHEST:
        raise BadInput(_("Choose a time within the next 30 days."), form_field="at")
    if why not in Postponed.Why.values:
        raise BadInput(_("Say why the contact is put off."), form_field="why")
    line = line_for(entry.campaign, at, later=True)
    answer = preview(
        campaign=entry.campaign.code, phone=entry.contact.phone, line=line.number if line else "", at=at
    )
    if not answer.allowed:
        raise BadInput(
            _("The client may not be called then because of: %(why)s."), why=_why(answer), form_field="at"
        )
    entry.state, entry.held_by, entry.held_until, entry.not_before = State.WAITING, None, None, at
    entry.save(update_fields=PLACE)
    return Postponed.objects.update_or_create(entry=entry, defaults={"agent": actor, "at": at, "why": why})[0]


def _why(answer: Answer) -> str:
    return join_items(RULES[reason["code"]].name for reason in answer.reasons)


@transaction.atomic
def take_up(*, actor: User, pk: int) -> QueueEntry:
    """Put a postponed contact of one's own on the desk now. Raises `BadInput` when it may not be called
    now."""
    lock_agent(actor.pk)
    now = clock.now()
    row = postponed_of(actor).filter(pk=pk).first()
    if row is None:
        raise NotFound()
    if actor.suspended_at or break_of(actor):
        raise WrongState(_("You take no calls now: you are suspended, or in a break."))
    if open_call(actor):
        raise WrongState(_("Write the result of your last call first."))
    waiting = QueueEntry.objects.select_for_update(of=("self",)).select_related("campaign", "contact")
    entry = waiting.filter(pk=row.entry_id, state=State.WAITING).first()
    if entry is None:  # another agent took it meanwhile
        raise NotFound()
    free_desk(actor)
    answer = hold_for(entry, actor, now)
    if not answer.allowed:
        raise BadInput(_("The client may not be called now because of: %(why)s."), why=_why(answer))
    return entry
