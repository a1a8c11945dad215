"""Purposes: what contacts are used for. Compliance names them; consents, sources and campaigns choose among
them (R18).

A purpose by itself permits nothing: the source that names it and the campaign that pursues it are each
approved by a second person.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from ..models import Purpose


@transaction.atomic
def record_purpose(*, actor: User, code: str, name: str) -> Purpose:
    """Its code and name stay as they are. Raises `NotAllowed`, `BadInput`, ValidationError for a code that is
    none."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if Purpose.objects.filter(code=code).exists():
        raise BadInput(_("There is a purpose of this code already."))
    purpose = Purpose(
        code=code, name=checked_text(name, _("Give the purpose a name."), most=120), recorded_by=actor
    )
    purpose.full_clean()
    purpose.save()
    return purpose


@transaction.atomic
def retire_purpose(*, actor: User, purpose: Purpose) -> Purpose:
    """No new source, consent or campaign names it; what names it already goes on. Raises `NotAllowed`,
    `WrongState`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    purpose = Purpose.objects.select_for_update().get(pk=purpose.pk)
    if purpose.retired_at is not None:
        raise WrongState()
    purpose.retired_at = clock.now()
    purpose.save(update_fields=["retired_at"])
    return purpose
