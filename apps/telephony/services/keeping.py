"""Trunks and diallers: recorded, changed, taken out of use by admins. What they may do takes effect at the
gateway within seconds."""

import secrets
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import Line
from apps.core.errors import BadInput, NotAllowed

from ..models import Dialler, Trunk
from ..rules import digest_of


def _require_admin(actor: User) -> None:
    if actor.role != Role.ADMIN:
        raise NotAllowed()


def _saved(row: Any) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    row.save()


@transaction.atomic
def record_trunk(*, actor: User, lines: Sequence[Line], trunk: Trunk | None = None, **fields: Any) -> Trunk:
    """A new trunk, or a change of one. A line goes by one trunk: raises `BadInput` for one that goes by
    another in use."""
    _require_admin(actor)
    trunk = trunk or Trunk()
    for name, value in fields.items():
        setattr(trunk, name, value)
    others = Trunk.objects.exclude(pk=trunk.pk).filter(is_active=True, lines__in=lines)
    if trunk.is_active and (other := others.first()):
        raise BadInput(_("One of the lines goes by %(trunk)s. Take it from there first."), trunk=other.name)
    _saved(trunk)
    trunk.lines.set(lines)
    return trunk


@transaction.atomic
def record_dialler(
    *, actor: User, addresses: Sequence[str], dialler: Dialler | None = None, **fields: Any
) -> Dialler:
    """A new dialler, or a change of one. Addresses are single ones or ranges (`192.0.2.0/28`); one that
    another dialler in use has would not identify the sender: raises `BadInput`."""
    _require_admin(actor)
    dialler = dialler or Dialler()
    ranges = []
    for address in addresses:
        try:
            ranges.append(ip_network(address.strip()))
        except ValueError:
            raise BadInput(
                _("%(address)s is no address. Write one as 192.0.2.10, a range as 192.0.2.0/28."),
                address=address[:43],
            ) from None
    for other in Dialler.objects.exclude(pk=dialler.pk).filter(is_active=True):
        known = [ip_network(address) for address in other.addresses]
        if any(
            ours.version == theirs.version and ours.overlaps(theirs) for ours in ranges for theirs in known
        ):
            raise BadInput(_("%(dialler)s sends from one of these addresses already."), dialler=other.name)
    for name, value in fields.items():
        setattr(dialler, name, value)
    dialler.addresses = [str(each) for each in ranges]
    _saved(dialler)
    return dialler


@transaction.atomic
def set_digest(*, actor: User, dialler: Dialler, user: str) -> tuple[Dialler, str]:
    """A new password for the dialler's digest. It is returned this once and nowhere kept; an empty `user`
    ends the digest."""
    _require_admin(actor)
    dialler = Dialler.objects.select_for_update(of=("self",)).get(pk=dialler.pk)
    password = secrets.token_urlsafe(24) if user else ""
    dialler.user = user or None
    dialler.password_hash = digest_of(user, password) if user else None
    _saved(dialler)
    return dialler, password


@transaction.atomic
def set_in_use(*, actor: User, row: Trunk | Dialler, is_active: bool) -> None:
    """Take a trunk or a dialler out of use, or back: from then on its calls are refused."""
    _require_admin(actor)
    row.is_active = is_active
    if isinstance(row, Trunk):
        record_trunk(actor=actor, trunk=row, lines=list(row.lines.all()))
    else:
        record_dialler(actor=actor, dialler=row, addresses=row.addresses)
