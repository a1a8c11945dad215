"""Breaks of agents: nothing is put on the desk of whoever takes one."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.calendar import clock
from apps.core.database.locks import lock_agent
from apps.core.errors import BadInput, WrongState

from ..models import Break
from .desk import free_desk, open_call

LONGEST = timedelta(hours=12)


@transaction.atomic
def begin_break(*, actor: User, kind: str) -> Break:
    """The contact on the desk goes back to the others at once. Raises `WrongState` in a call, or before its
    result is written."""
    if kind not in Break.Kind.values:
        raise BadInput(_("Choose the kind of the break."))
    lock_agent(actor.pk)
    if open_call(actor):
        raise WrongState(_("Write the result of your last call first."))
    free_desk(actor)
    return Break.objects.get_or_create(
        agent=actor, ended_at=None, defaults={"kind": kind, "started_at": clock.now()}
    )[0]


@transaction.atomic
def end_break(*, actor: User) -> None:
    """Does nothing where none lasts: another page may have ended it."""
    lock_agent(actor.pk)
    if lasting := Break.objects.filter(agent=actor, ended_at__isnull=True).first():
        lasting.ended_at = max(clock.now(), lasting.started_at)
        lasting.save(update_fields=["ended_at"])


def end_forgotten_breaks() -> int:
    """Whoever went home in a break is not in it the next morning."""
    forgotten = Break.objects.filter(ended_at__isnull=True, started_at__lt=clock.now() - LONGEST)
    return forgotten.update(ended_at=F("started_at") + LONGEST)
