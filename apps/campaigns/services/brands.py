"""Brands under which campaigns call: recorded and retired by compliance."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from ..models import Brand


@transaction.atomic
def record_brand(*, actor: User, name: str) -> Brand:
    """Raises `NotAllowed`, `BadInput`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    name = " ".join(checked_text(name, _("Give the brand a name."), most=80).split())
    if Brand.objects.filter(name=name).exists():
        raise BadInput(_("There is a brand of this name already."))
    return Brand.objects.create(name=name, recorded_by=actor)


@transaction.atomic
def retire_brand(*, actor: User, brand: Brand) -> Brand:
    """No new campaign calls under it; refusals of it stay. Raises `NotAllowed`, `WrongState`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    brand = Brand.objects.select_for_update().get(pk=brand.pk)
    if brand.retired_at is not None:
        raise WrongState()
    brand.retired_at = clock.now()
    brand.save(update_fields=["retired_at"])
    return brand
