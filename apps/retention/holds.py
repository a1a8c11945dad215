"""What holds keep, as conditions on rows. Held are objects, never people: a held call keeps no contact."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.quality.models import Complaint, Recording

from .models import LegalHold

Kind = LegalHold.Kind
NOTHING = Q(pk__in=[])


def in_force() -> QuerySet[LegalHold]:
    return LegalHold.objects.filter(ended_at__isnull=True)


@dataclass(frozen=True)
class HeldRows:
    """The holds in force at one moment, as conditions on rows: of `decisions`, those without a call."""

    contacts: Q = NOTHING
    calls: Q = NOTHING
    decisions: Q = NOTHING
    recordings: Q = NOTHING
    transcripts: Q = NOTHING
    reviews: Q = NOTHING
    complaints: Q = NOTHING

    def __or__(self, other: "HeldRows") -> "HeldRows":
        return HeldRows(
            **{each.name: getattr(self, each.name) | getattr(other, each.name) for each in fields(self)}
        )


def held() -> HeldRows:
    kept = HeldRows()
    for hold in in_force():
        kept |= _kept_by(hold)
    return kept


def _kept_by(hold: LegalHold) -> HeldRows:
    target = hold.target_id or 0
    if hold.kind == Kind.CONTACT:
        return HeldRows(contacts=Q(pk=target))
    if hold.kind == Kind.CALL:
        return _of_call(Q(pk=target), Q(call=target))
    if hold.kind == Kind.CAMPAIGN:
        campaign = Q(campaign_id=target)
        return HeldRows(
            calls=campaign, decisions=campaign, recordings=campaign, transcripts=campaign, reviews=campaign
        )
    if hold.kind == Kind.RECORDING:
        return HeldRows(recordings=Q(pk=target))
    if hold.kind == Kind.COMPLAINT:
        calls = list(Complaint.objects.filter(pk=target, call__isnull=False).values_list("call", flat=True))
        return _of_call(Q(pk__in=calls), Q(call__in=calls)) | HeldRows(complaints=Q(pk=target))
    sound = of_query(hold.query, "started_at")
    return HeldRows(
        calls=of_query(hold.query, "reserved_at"),
        decisions=NOTHING if "line" in hold.query else of_query(hold.query, "at"),
        recordings=sound,
        transcripts=sound,
        reviews=NOTHING if "line" in hold.query else of_query(hold.query, "called_at"),
    )


def _of_call(calls: Q, about_calls: Q) -> HeldRows:
    """A call is kept with what was said in it and what was made of that."""
    return HeldRows(calls=calls, recordings=about_calls, transcripts=about_calls, reviews=about_calls)


def of_query(query: dict[str, Any], moment: str) -> Q:
    """`since` and `until` (ISO 8601, until not included), and the ids of a campaign, a line, an agent where
    they are given."""
    condition = Q(
        **{
            f"{moment}__gte": datetime.fromisoformat(query["since"]),
            f"{moment}__lt": datetime.fromisoformat(query["until"]),
        }
    )
    for name in ("campaign", "line", "agent"):
        if name in query:
            condition &= Q(**{f"{name}_id": query[name]})
    return condition


def keeping(
    *, contact_id: int | None = None, call: Any = None, recording: Any = None, complaint_id: int | None = None
) -> list[LegalHold]:
    """The holds in force that keep this contact, call, recording or complaint: what pages show beside it."""
    found = []
    for hold in in_force().select_related("owner"):
        keeps_contact = contact_id is not None and hold.kind == Kind.CONTACT and hold.target_id == contact_id
        keeps_complaint = (
            complaint_id is not None and hold.kind == Kind.COMPLAINT and hold.target_id == complaint_id
        )
        kept = _kept_by(hold)
        keeps_call = call is not None and type(call)._base_manager.filter(kept.calls, pk=call.pk).exists()
        keeps_sound = (
            recording is not None and Recording.objects.filter(kept.recordings, pk=recording.pk).exists()
        )
        if keeps_contact or keeps_complaint or keeps_call or keeps_sound:
            found.append(hold)
    return found
