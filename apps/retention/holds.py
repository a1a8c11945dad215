"""What holds keep, as conditions on rows. Held are objects, never people: a held call keeps no contact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from .models import LegalHold

Kind = LegalHold.Kind
NOTHING = Q(pk__in=[])


def in_force() -> QuerySet[LegalHold]:
    return LegalHold.objects.filter(ended_at__isnull=True)


@dataclass(frozen=True)
class Held:
    """The holds in force at one moment, as conditions on contacts, calls and decisions without a call."""

    contacts: Q
    calls: Q
    decisions: Q


def held() -> Held:
    contacts, calls, decisions = NOTHING, NOTHING, NOTHING
    for hold in in_force():
        if hold.kind == Kind.CONTACT:
            contacts |= Q(pk=hold.target_id)
        elif hold.kind == Kind.CALL:
            calls |= Q(pk=hold.target_id)
        elif hold.kind == Kind.CAMPAIGN:
            calls |= Q(campaign_id=hold.target_id)
            decisions |= Q(campaign_id=hold.target_id)
        else:
            calls |= of_query(hold.query, "reserved_at")
            if "line" not in hold.query:
                decisions |= of_query(hold.query, "at")
    return Held(contacts, calls, decisions)


def of_query(query: dict[str, Any], moment: str) -> Q:
    """`since` and `until` (ISO 8601, until not included), and the ids of a campaign, a line, an agent where they are given."""
    condition = Q(**{f"{moment}__gte": datetime.fromisoformat(query["since"]), f"{moment}__lt": datetime.fromisoformat(query["until"])})
    for name in ("campaign", "line", "agent"):
        if name in query:
            condition &= Q(**{f"{name}_id": query[name]})
    return condition


def keeping(*, contact_id: int | None = None, call: Any = None) -> list[LegalHold]:
    """The holds in force that keep this contact, or this call: what pages show beside it."""
    found = []
    for hold in in_force().select_related("owner"):
        keeps_contact = contact_id is not None and hold.kind == Kind.CONTACT and hold.target_id == contact_id
        if keeps_contact or (call is not None and _keeps_call(hold, call)):
            found.append(hold)
    return found


def _keeps_call(hold: LegalHold, call: Any) -> bool:
    if hold.kind == Kind.CALL:
        return bool(hold.target_id == call.pk)
    if hold.kind == Kind.CAMPAIGN:
        return bool(hold.target_id == call.campaign_id)
    if hold.kind == Kind.QUERY:
        return type(call)._base_manager.filter(of_query(hold.query, "reserved_at"), pk=call.pk).exists()
    return False
