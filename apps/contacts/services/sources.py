"""Data sources: recorded by one person, approved by another, withdrawn at once (R3)."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState

from ..models import DataSource, Purpose


@transaction.atomic
def create_source(*, actor: User, purposes: Iterable[Purpose], **fields: str) -> DataSource:
    """Record a source; it brings nothing in until compliance approves it."""
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    source = DataSource(recorded_by=actor, **fields)
    source.full_clean()
    source.save()
    source.purposes.set(purposes)
    return source


def _decidable(actor: User, source: DataSource, *states: str) -> DataSource:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    locked = DataSource.objects.select_for_update().get(pk=source.pk)
    if locked.state not in states:
        raise WrongState()
    return locked


@transaction.atomic
def approve_source(*, actor: User, source: DataSource) -> DataSource:
    """Raises `FourEyes` for one's own source and `BadInput` for bought or shared data."""
    source = _decidable(actor, source, DataSource.State.DRAFT)
    if source.recorded_by_id == actor.pk:
        raise FourEyes()
    if source.origin in DataSource.NEVER_APPROVED:
        raise BadInput(_("Bought data, or data shared without agreement, is never approved (R3)."))
    source.state, source.approved_by, source.approved_at = DataSource.State.APPROVED, actor, clock.now()
    source.save()
    return source


@transaction.atomic
def refuse_source(*, actor: User, source: DataSource) -> DataSource:
    source = _decidable(actor, source, DataSource.State.DRAFT)
    source.state = DataSource.State.REFUSED
    source.save()
    return source


@transaction.atomic
def withdraw_source(*, actor: User, source: DataSource) -> DataSource:
    """From this commit on the gate refuses every contact of the source."""
    source = _decidable(actor, source, DataSource.State.APPROVED)
    source.state = DataSource.State.WITHDRAWN
    source.save()
    return source
