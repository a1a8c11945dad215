"""What somebody knows better: the client's time zone than the number tells (R11), the client their own name
(R20)."""

from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.database.locks import lock_number
from apps.core.errors import BadInput, NotAllowed
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected

from ..models import Contact
from .locking import locked_contact


@transaction.atomic
def correct_name(*, contact: Contact, name: Protected) -> Contact:
    """The name as the person themselves says it. The caller has checked who asks."""
    contact = locked_contact(contact.pk)
    values: Any = contact
    values.name = name
    contact.save(update_fields=["name"])
    return contact


@transaction.atomic
def set_zone(*, actor: User, contact: Contact, zone: str) -> Contact:
    """Call the contact by the clock of this IANA zone; "" goes back to what the number tells.

    Another zone is called by as well as the number's own, so that both clocks have to allow a call: one
    person's word does not open the night (R11). Takes the number's lock, as
    everything does that the gate judges by.
    """
    if actor.role not in {Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    if zone and zone not in available_timezones():
        raise BadInput(_('There is no time zone of this name. Write it as "Asia/Urumqi".'))
    lock_number(bytes(contact.number_index))
    contact = locked_contact(contact.pk)
    contact.zones = _clocks(phones.zones_of(contact.phone), zone)
    contact.save(update_fields=["zones"])
    return contact


def _clocks(own: tuple[str, ...], zone: str) -> list[str]:
    """By which clocks a person is called whose number tells `own` zones, and of whom somebody says `zone`
    ("": nothing)."""
    return list(own) if not zone or zone in own else [*own, zone]
