"""Opt-outs that other systems report: whatever their form, a refusal is not lost."""

from typing import Any

from django.db import transaction

from apps.accounts.models import ApiClient
from apps.campaigns.models import Campaign
from apps.contacts.models import Contact, Purpose
from apps.core import clock, ids, phones
from apps.core.blind_index import Phone
from apps.core.errors import NotFound
from apps.core.protected import Protected
from apps.core.timestamps import read_timestamp
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out

FIELDS = frozenset({"contact", "phone", "evidence", "said_at", "scope", "scope_value"})
UNNAMED = "unnamed"  # evidence of a system that names none: one entry a number
MOST_EVIDENCE = 60


@transaction.atomic
def take_opt_out(*, client: ApiClient, said: dict[str, Any]) -> tuple[list[OptOut], list[str]]:
    """Put every number that a request names on the register. Returns the entries, and the names of what could not be used.

    A scope that names no purpose or brand of ours is one of everything. Raises `PhoneInvalid` or `NotFound` when no number is named.
    """
    ignored = sorted(said.keys() - FIELDS)
    evidence = _text(said.get("evidence"))[:MOST_EVIDENCE]
    if not evidence:
        ignored.append("evidence")
    said_at = read_timestamp(said.get("said_at"), now=clock.now())
    if said.get("said_at") is not None and said_at is None:
        ignored.append("said_at")
    scope, value = _scope(said)
    if scope == OptOut.Scope.EVERYTHING and _text(said.get("scope")) not in {"", "everything"}:
        ignored.append("scope")
    numbers, contact_id = _numbers(said)
    entries = [
        record_opt_out(
            phone=number, channel=OptOut.Channel.API, evidence=f"{client.pk}:{evidence or UNNAMED}", said_at=said_at, client=client,
            contact_id=contact_id, scope=scope, scope_value=value,
        )
        for number in numbers
    ]  # fmt: skip
    return entries, ignored


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\x00", "").strip()


def _scope(said: dict[str, Any]) -> tuple[str, str]:
    scope, value = _text(said.get("scope")).lower(), _text(said.get("scope_value"))
    if scope == OptOut.Scope.PURPOSE and Purpose.objects.filter(code=value).exists():
        return scope, value
    if scope == OptOut.Scope.BRAND and value and Campaign.objects.filter(brand=value).exists():
        return scope, value
    return OptOut.Scope.EVERYTHING, ""


def _numbers(said: dict[str, Any]) -> tuple[list[Phone], int | None]:
    """The numbers of a request, and the contact that it names. All numbers of a text count."""
    contact = _contact(said.get("contact"))
    if text := _text(said.get("phone")):
        numbers: list[Phone] = [Protected(number, "phone") for number in phones.numbers_in(text)]
        if not numbers and contact is None:
            numbers = [Protected(phones.normalise(text), "phone")]
        if numbers:
            return numbers, contact.pk if contact else None
    if contact is None:
        raise NotFound()
    return [contact.phone], contact.pk


def _contact(value: Any) -> Contact | None:
    try:
        return Contact.objects.filter(pk=ids.decode("ct", _text(value))).first()
    except NotFound:
        return None
