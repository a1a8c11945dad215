"""Opt-outs that other systems report: whatever their form, a refusal is not lost."""

from typing import Any

from django.db import transaction

from apps.accounts.models import ApiClient
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.calendar.timestamps import read_timestamp
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.errors import NotFound
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.core.web.lenient_json import shortened, text_of, under_names
from apps.optouts.models import OptOut
from apps.optouts.services import is_ours, record_opt_out

# What other systems call the same, in lower case.
NUMBER = ("phone", "phones", "number", "numbers", "mobile", "msisdn", "from", "tel")
CONTACT = ("contact", "contact_id")
FIELDS = frozenset({*NUMBER, *CONTACT, "evidence", "said_at", "scope", "scope_value"})
UNNAMED = "unnamed"  # evidence of a system that names none: one entry a number
MOST_EVIDENCE = 60


@transaction.atomic
def take_opt_out(*, client: ApiClient, said: dict[str, Any]) -> tuple[list[OptOut], list[str]]:
    """Put every number that a request names on the register. Returns the entries, and the names of what could not be used.

    A scope that names no purpose or brand of ours is one of everything. Raises `PhoneInvalid` or `NotFound` when no number is named.
    """
    ignored = sorted(name for name in said if name.lower() not in FIELDS)
    said = {name: under_names(said, (name,)) for name in sorted(FIELDS)}
    evidence = shortened(text_of(said.get("evidence")), MOST_EVIDENCE)
    if not evidence:
        ignored.append("evidence")
    said_at = read_timestamp(said.get("said_at"), now=clock.now())
    if said.get("said_at") is not None and said_at is None:
        ignored.append("said_at")
    scope, value = _scope(said)
    if scope == OptOut.Scope.EVERYTHING and text_of(said.get("scope")) not in {"", "everything"}:
        ignored.append("scope")
    phone = "; ".join(text_of(said[name]) for name in NUMBER if said[name] is not None)
    numbers, unusable = _numbers(phone, text_of(under_names(said, CONTACT)))
    entries = [
        record_opt_out(
            phone=number, channel=OptOut.Channel.API, evidence=f"{client.pk}:{evidence or UNNAMED}", said_at=said_at, client=client,
            contact_id=contact_id, scope=scope, scope_value=value,
        )
        for number, contact_id in numbers
    ]  # fmt: skip
    return entries, ignored + unusable


def _scope(said: dict[str, Any]) -> tuple[str, str]:
    scope, value = text_of(said.get("scope")).lower(), text_of(said.get("scope_value"))
    if is_ours(scope, value):
        return scope, value
    return OptOut.Scope.EVERYTHING, ""


def _numbers(phone: str, contact_id: str) -> tuple[list[tuple[Phone, int | None]], list[str]]:
    """Every number that a request names, with its contact where that is named too; and which of both could not be used."""
    contact = _contact(contact_id)
    named = phones.numbers_in(phone)
    unusable = [name for name, is_lost in (("contact", contact_id and contact is None), ("phone", phone and not named)) if is_lost]
    if not named and contact is None:
        if phone:
            named = [phones.normalise(phone)]  # says what is wrong with it
        else:
            raise NotFound()
    numbers: list[tuple[Phone, int | None]] = [] if contact is None else [(contact.phone, contact.pk)]
    index_of_contact = None if contact is None else blind_index.number_index(contact.phone)
    for number in named:
        if blind_index.number_index(number) != index_of_contact:
            numbers.append((Protected(number, "phone"), None))
    return numbers, unusable


def _contact(public_id: str) -> Contact | None:
    try:
        return Contact.objects.filter(pk=ids.decode("ct", public_id)).first()
    except NotFound:
        return None
