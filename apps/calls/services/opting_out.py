"""Opt-outs that other systems report: whatever their form, a refusal is not lost."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.calendar.timestamps import read_timestamp
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.core.web import ids
from apps.core.web.lenient_json import (
    ITEMS,
    MOST_REPORTS,
    leaves,
    plain_name,
    reports_in,
    shortened,
    text_of,
    texts_under,
    under_names,
)
from apps.optouts.models import OptOut
from apps.optouts.services import is_ours, record_opt_out

# What other systems call the same, as `plain_name` has it.
NUMBER = (
    "phone", "phones", "phonenumber", "phonenumbers", "number", "numbers", "mobile", "mobiles", "mobilephone",
    "mobilenumber", "msisdn",
    "from", "tel", "telephone", "cellphone", "customerphone", "手机", "手机号", "手机号码", "电话",
    "电话号码", "号码",
)  # fmt: skip
CONTACT = ("contact", "contactid")
EVIDENCE = ("evidence", "reference", "messageid")
SAID_AT = ("saidat",)
SCOPE = ("scope", "scopevalue")
FIELDS = frozenset({*NUMBER, *CONTACT, *EVIDENCE, *SAID_AT, *SCOPE})
UNNAMED = "unnamed"  # evidence of a system that names none: one entry a number
MOST_EVIDENCE = 60


def take_opt_out(*, client: ApiClient, said: dict[str, Any]) -> tuple[list[OptOut], list[str]]:
    """Put every number that a request names on the register; what stands in a list is taken one by one.
    Returns the entries, and the names of what could not be used.

    A scope that names no purpose or brand of ours is one of everything. Raises `BadInput` (`PhoneInvalid`)
    when no number is named, or more than `MOST_REPORTS`.
    """
    entries: dict[int, OptOut] = {}
    ignored: list[str] = []
    errors = []
    for report in reports_in(said, NUMBER, CONTACT, either=True):
        try:
            recorded, unused = _take(client, report)
        except HeguiError as error:
            errors.append(error)
            unused = ["phone"]
        else:
            entries |= {each.pk: each for each in recorded}
        ignored += [name for name in unused if name not in ignored]
    if not entries:
        raise errors[0]
    return list(entries.values()), ignored


@transaction.atomic
def _take(client: ApiClient, said: dict[str, Any]) -> tuple[list[OptOut], list[str]]:
    ignored = sorted(
        name for name, value in said.items() if name != ITEMS and not _names_in(name, value) & FIELDS
    )
    evidence = shortened("; ".join(texts_under(said, EVIDENCE)), MOST_EVIDENCE)
    if not evidence:
        ignored.append("evidence")
    at_text = under_names(said, SAID_AT)
    said_at = read_timestamp(at_text, now=clock.now())
    if at_text is not None and said_at is None:
        ignored.append("said_at")
    scope, value = _scope(said)
    if scope == OptOut.Scope.EVERYTHING and text_of(under_names(said, ("scope",))) not in {"", "everything"}:
        ignored.append("scope")
    numbers, unusable = _numbers(said)
    if len(numbers) > MOST_REPORTS:
        raise BadInput(_("Send at most %(most)s at once. Nothing of it was taken."), most=MOST_REPORTS)
    entries = [
        record_opt_out(
            phone=number, channel=OptOut.Channel.API, evidence=f"{client.pk}:{evidence or UNNAMED}",
            said_at=said_at, client=client,
            contact_id=contact_id, scope=scope, scope_value=value,
        )
        for number, contact_id in numbers
    ]  # fmt: skip
    return entries, ignored + unusable


def _names_in(name: str, value: Any) -> set[str]:
    return {plain_name(name), *(below for below, _text in leaves(value))}


def _scope(said: dict[str, Any]) -> tuple[str, str]:
    scope, value = text_of(under_names(said, ("scope",))).lower(), text_of(under_names(said, ("scopevalue",)))
    if is_ours(scope, value):
        return scope, value
    return OptOut.Scope.EVERYTHING, ""


def _numbers(said: dict[str, Any]) -> tuple[list[tuple[Phone, int | None]], list[str]]:
    """Every number that a request names, with its contact where that is named too; and which of both could
    not be used.

    Numbers under a name that is none of ours are taken where no other is found: better a number too many than
    a refusal lost.
    """
    ids_named = texts_under(said, CONTACT)
    contacts = {contact.pk: contact for contact in map(_contact, ids_named) if contact is not None}
    texts = [*texts_under(said, NUMBER), *(text for text in ids_named if _contact(text) is None)]
    named = [number for text in texts for number in phones.numbers_of_refusal(text)]
    if not named and not contacts:
        named = [number for _name, text in leaves(said) for number in phones.numbers_of_refusal(text)]
    is_lost = {
        "contact": ids_named
        and not contacts
        and not any(phones.numbers_of_refusal(text) for text in ids_named),
        "phone": any(
            phones.has_unread(text) or not phones.numbers_of_refusal(text)
            for text in texts_under(said, NUMBER)
        ),
    }
    unusable = [name for name, lost in is_lost.items() if lost]
    if not named and not contacts:
        if texts:
            named = [phones.normalise(texts[0])]  # says what is wrong with it
        else:
            raise BadInput(_("Name the number that is to be on the register, or its contact."))
    numbers: list[tuple[Phone, int | None]] = [(contact.phone, contact.pk) for contact in contacts.values()]
    known = {blind_index.number_index(contact.phone) for contact in contacts.values()}
    numbers += [
        (Protected(number, "phone"), None)
        for number in dict.fromkeys(named)
        if blind_index.number_index(number) not in known
    ]
    return numbers, unusable


def _contact(public_id: str) -> Contact | None:
    try:
        return Contact.objects.filter(pk=ids.decode("ct", public_id)).first()
    except NotFound:
        return None
