"""What belongs to an evidence pack, by its kind: rows of every store, and what the trail has about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.calls.models import Call, Decision, Disposition
from apps.campaigns.models import Campaign
from apps.contacts.models import Consent, Contact
from apps.core.crypto import blind_index
from apps.core.errors import NotAllowed, NotFound
from apps.core.web import ids
from apps.optouts.models import OptOut
from apps.quality import queries as quality
from apps.quality.models import Complaint, EvidencePack, Recording, Review, Transcript
from apps.rights.models import SubjectRequest
from apps.sharing.models import Share

Kind = EvidencePack.Kind


@dataclass(frozen=True)
class PackScope:
    """`subjects` are ids under which the access log knows what the pack is about; `thing` is what it is
    called."""

    thing: str
    calls: QuerySet[Call]
    decisions: QuerySet[Decision]
    consents: QuerySet[Consent] = field(default_factory=Consent.objects.none)
    opt_outs: QuerySet[OptOut] = field(default_factory=OptOut.objects.none)
    contact: Contact | None = None
    call: Call | None = None
    complaint: Complaint | None = None
    campaign: Campaign | None = None
    subjects: tuple[str, ...] = ()
    index: bytes | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_of_a_person(self) -> bool:
        return self.contact is not None or self.complaint is not None or self.call is not None

    @property
    def all_calls(self) -> QuerySet[Call]:
        """Every call to the number, also where the pack is about one of them."""
        return Call.objects.filter(number_index=self.index) if self.index else self.calls


def _person(index: bytes | None, key: int | None = None) -> Contact | None:
    """The contact with a number, also one of which only the record of a call is kept (R34)."""
    found = Contact.everyone.select_related("source")
    contact = found.filter(number_index=index).first() if index else None
    return contact or (found.filter(pk=key).first() if key else None)


def _refusals_of(contact: Contact | None, calls: QuerySet[Call]) -> QuerySet[OptOut]:
    """Every word of refusal of the person, in force or not, without the copies that a new key made: by the
    number, by the contact, by the calls in which they were said."""
    said = Q(evidence__in=[f"call:{key}" for key in calls.values_list("pk", flat=True)])
    if contact is not None:
        said |= Q(number_hash__in=list(blind_index.register_hashes(contact.phone).values())) | Q(
            contact_id=contact.pk
        )
    return OptOut.objects.filter(said, moved_from__isnull=True)


def _subjects(contact: Contact | None, calls: QuerySet[Call]) -> tuple[str, ...]:
    """How the access log names what is of the person or of the calls."""
    keys = list(calls.values_list("pk", flat=True))
    named = [ids.encode("cl", key) for key in keys]
    named += [
        ids.encode("rc", key) for key in Recording.everyone.filter(call__in=keys).values_list("pk", flat=True)
    ]
    for label, model in (
        ("quality.transcript", Transcript),
        ("calls.disposition", Disposition),
        ("review", Review),
    ):
        named += [
            f"{label}:{key}" for key in model.objects.filter(call__in=keys).values_list("pk", flat=True)
        ]
    if contact is not None:
        index = bytes(contact.number_index)
        of_person = Q(number_index=index) | Q(contact=contact) | Q(call__in=keys)
        named += [contact.public_id]
        named += [
            ids.encode("co", key) for key in Complaint.objects.filter(of_person).values_list("pk", flat=True)
        ]
        named += [
            ids.encode("rq", key)
            for key in SubjectRequest.objects.filter(number_index=index).values_list("pk", flat=True)
        ]
        shares = Share.objects.filter(campaign__entries__contact=contact).distinct()
        named += [ids.encode("sh", key) for key in shares.values_list("pk", flat=True)]
    return tuple(named)


def _of_person(contact: Contact, **more: Any) -> PackScope:
    index = bytes(contact.number_index)
    calls = Call.objects.filter(number_index=index)
    around = {
        "thing": contact.public_id, "calls": calls,
        "decisions": Decision.objects.filter(Q(contact_id=contact.pk) | Q(pk__in=calls.values("decision"))),
        "consents": contact.consents.all(), "opt_outs": _refusals_of(contact, calls), "contact": contact,
        "subjects": _subjects(contact, calls), "index": index,
    }  # fmt: skip
    return PackScope(**{**around, **more})


def _of_contact(pack: EvidencePack) -> PackScope:
    contact = Contact.objects.select_related("source").filter(pk=pack.subject_id or 0).first()
    if contact is None:
        raise NotFound()
    return _of_person(contact)


def _of_call(pack: EvidencePack) -> PackScope:
    call = Call.objects.filter(pk=pack.subject_id or 0).select_related("campaign", "decision").first()
    if call is None:
        raise NotFound()
    return _around(call)


def _around(call: Call, **more: Any) -> PackScope:
    calls, index = Call.objects.filter(pk=call.pk), bytes(call.number_index)
    contact = _person(index, call.contact_id or call.decision.contact_id)
    around = {
        "thing": call.public_id, "calls": calls, "decisions": Decision.objects.filter(pk=call.decision_id),
        "contact": contact,
        "consents": Consent.objects.filter(contact=contact.pk if contact else 0), "campaign": call.campaign,
        "call": call,
        "opt_outs": _refusals_of(contact, Call.objects.filter(number_index=index)),
        "subjects": _subjects(None, calls), "index": index,
    }  # fmt: skip
    return PackScope(**{**around, **more})


def _of_campaign(pack: EvidencePack) -> PackScope:
    campaign = Campaign.objects.filter(pk=pack.subject_id or 0).first()
    if campaign is None:
        raise NotFound()
    return PackScope(
        thing=campaign.public_id, calls=Call.objects.filter(campaign=campaign),
        decisions=Decision.objects.filter(campaign=campaign),
        campaign=campaign,
    )  # fmt: skip


def _of_opt_out(pack: EvidencePack) -> PackScope:
    entry = OptOut.objects.filter(pk=pack.subject_id or 0).first()
    if entry is None:
        raise NotFound()
    same = OptOut.objects.filter(Q(pk=entry.pk) | Q(number_hash=entry.number_hash), moved_from__isnull=True)
    call = _call_named(entry.evidence)
    contact = _person(bytes(call.number_index) if call else None, entry.contact_id)
    index = bytes(contact.number_index) if contact else bytes(call.number_index) if call else None
    calls = Call.objects.filter(number_index=index) if index else Call.objects.none()
    about = Q(pk__in=calls.values("decision")) | Q(contact_id=contact.pk if contact else 0)
    decisions = Decision.objects.filter(about) if index else Decision.objects.none()
    return PackScope(
        thing=entry.public_id, calls=calls, decisions=decisions, opt_outs=same, contact=contact, index=index
    )


def _call_named(evidence: str) -> Call | None:
    """The call in which a word was said, where the register says so (`call:17`)."""
    kind, _colon, key = evidence.partition(":")
    pk = ids.row_number(key) if kind == "call" else None
    return Call.objects.filter(pk=pk).first() if pk is not None else None


def _said_between(since: datetime, until: datetime) -> QuerySet[OptOut]:
    """Words that were said in the time, or took effect in it."""
    said = Q(created_at__gte=since, created_at__lt=until) | Q(said_at__gte=since, said_at__lt=until)
    return OptOut.objects.filter(said, moved_from__isnull=True)


def _of_period(pack: EvidencePack) -> PackScope:
    if pack.since is None or pack.until is None:
        raise NotFound()
    zone = timezone.get_default_timezone()
    since = datetime.combine(pack.since, time(), zone)
    until = datetime.combine(pack.until + timedelta(days=1), time(), zone)
    return PackScope(
        thing=f"{pack.since:%Y-%m-%d} – {pack.until:%Y-%m-%d}",
        calls=Call.objects.filter(reserved_at__gte=since, reserved_at__lt=until),
        decisions=Decision.objects.filter(at__gte=since, at__lt=until),
        opt_outs=_said_between(since, until), since=since, until=until,
    )  # fmt: skip


def _of_complaint(pack: EvidencePack) -> PackScope:
    complaint = pack.complaint
    if complaint is None:
        raise NotFound()
    about = {"thing": complaint.public_id, "complaint": complaint}
    call = Call.objects.filter(pk=complaint.call_id or 0).select_related("campaign", "decision").first()
    if call is not None:
        return _around(call, **about)
    index = bytes(complaint.number_index) if complaint.number_index else None
    contact = _person(index, complaint.contact_id)
    if contact is not None:
        return _of_person(contact, **about)
    calls = Call.objects.filter(number_index=index) if index else Call.objects.none()
    decisions = Decision.objects.filter(pk__in=calls.values("decision"))
    return PackScope(
        thing=complaint.public_id,
        complaint=complaint,
        calls=calls,
        decisions=decisions,
        opt_outs=_refusals_of(None, calls),
        index=index,
    )


_SCOPES: Mapping[str, Callable[[EvidencePack], PackScope]] = {
    Kind.CONTACT: _of_contact, Kind.CALL: _of_call, Kind.CAMPAIGN: _of_campaign, Kind.OPT_OUT: _of_opt_out,
    Kind.PERIOD: _of_period,
    Kind.COMPLAINT: _of_complaint,
}  # fmt: skip
_BY_PREFIX = {
    "ct": Kind.CONTACT,
    "cl": Kind.CALL,
    "cp": Kind.CAMPAIGN,
    "oo": Kind.OPT_OUT,
    "co": Kind.COMPLAINT,
}


def about_of(pack: EvidencePack) -> str:
    """The public id of what a pack is about; "" for one of a period."""
    prefixes = {kind: prefix for prefix, kind in _BY_PREFIX.items()}
    key = pack.complaint_id if pack.kind == Kind.COMPLAINT else pack.subject_id
    return ids.encode(prefixes[Kind(pack.kind)], key) if pack.kind in prefixes and key else ""


def scope_of(pack: EvidencePack) -> PackScope:
    """Raises `NotFound` when what it is about is gone."""
    return _SCOPES[pack.kind](pack)


def subject_of(actor: User, about: str) -> dict[str, Any]:
    """The columns of a pack that say what it is about, from a public id that the actor may see. Raises
    `NotFound`, `NotAllowed`.

    A complaint is also for the supervisor whose it is; everything else is for compliance.
    """
    prefix = about.partition("_")[0]
    kind = _BY_PREFIX.get(prefix)
    if kind is None:
        raise NotFound()
    key = ids.decode(prefix, about)
    if kind == Kind.COMPLAINT:
        complaint = (
            quality.complaints_of(actor).filter(pk=key).first() if actor.role in quality.STAFF else None
        )
        if complaint is None:
            raise NotFound()
        return {"kind": kind, "complaint": complaint}
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    return {"kind": kind, "subject_id": key}


def objects_of(scope: PackScope) -> list[Model]:
    """Things whose changes the trail has: what was consented to, the person, the campaign."""
    things: list[Model] = [*scope.consents]
    return [*things, *(each for each in (scope.contact, scope.campaign) if each is not None)]
