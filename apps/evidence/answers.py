"""The first page of a pack: what it is about, answered in three sentences, in the language that was asked
for."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.calls.gate.rules import RULES
from apps.calls.models import Call
from apps.core.documents import pdf
from apps.core.wording import join_items
from apps.optouts.models import Lift, OptOut
from apps.optouts.queries import lifts_of
from apps.quality.models import EvidencePack

from .scopes import PackScope

Kind = EvidencePack.Kind
MOST_ROWS = 500


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else "–"


def _made(calls: Any) -> Any:
    """Calls that were made, or whose number a dialler was given, so that they may have been; `dialled` is
    when."""
    dialled = Coalesce("made_at", "handed_over_at", "reserved_at")
    return calls.filter(Call.counted()).exclude(state=Call.State.RESERVED).annotate(dialled=dialled)


def _consent(scope: PackScope) -> str:
    """That under which was called: the one that held at the first call, else the newest, with how it
    ended."""
    if scope.contact is None:
        return _("There is no contact with this number any more, so that its consents cannot be shown.")
    own = (
        scope.consents.filter(recipient="")
        .select_related("contact__source", "wording", "purpose")
        .order_by("-given_at")
    )
    first = _made(scope.calls).order_by("reserved_at").select_related("campaign").first()
    consent = None
    if first is not None:
        held = own.filter(
            purpose=first.campaign.purpose_id,
            given_at__lte=first.reserved_at,
            expires_at__gt=first.reserved_at,
        )
        consent = held.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=first.reserved_at)).first()
    consent = consent or own.first()
    if consent is None:
        return _("No consent of this person is on record.")
    sentence = _(
        'The number came from "%(source)s"; on %(day)s the person consented to "%(purpose)s" (%(way)s): '
        '"%(words)s".'
    )
    ended = _("It was withdrawn on %(day)s.") if consent.withdrawn_at else _("It holds until %(day)s.")
    text = sentence % {
        "source": consent.contact.source.name, "day": _time(consent.given_at),
        "purpose": consent.purpose.name,
        "way": consent.get_channel_display(), "words": consent.wording.text,
    }  # fmt: skip
    return f"{text} {ended % {'day': _time(consent.withdrawn_at or consent.expires_at)}}"


def _calls(scope: PackScope) -> str:
    found = _made(scope.calls).aggregate(count=Count("pk"), first=Min("reserved_at"), last=Max("reserved_at"))
    if not found["count"]:
        return _("No call was made.")
    names = _made(scope.calls).order_by("campaign__name").values_list("campaign__name", flat=True).distinct()
    sentence = ngettext(
        "%(count)s call was made, between %(first)s and %(last)s, for %(campaigns)s; the check before it "
        "allowed it.",
        "%(count)s calls were made, between %(first)s and %(last)s, for %(campaigns)s; the check before each "
        "allowed it.",
        found["count"],
    )
    return sentence % {
        "count": found["count"], "first": _time(found["first"]), "last": _time(found["last"]),
        "campaigns": join_items(names)
    }  # fmt: skip


def _refusal(scope: PackScope) -> str:
    """The first word that still holds, else the first one; how many calls came after any that held when they
    were dialled."""
    entries = list(scope.opt_outs.filter(dismissal__isnull=True).order_by("said_at"))
    if not entries and scope.contact is None:
        return _(
            "Whether the person opted out cannot be seen: there is no contact with this number any more."
        )
    if not entries:
        return _("The person has not opted out.")
    lifts = {entry.pk: _lift_of(entry) for entry in entries}
    entry = next((each for each in entries if lifts[each.pk] is None), entries[0])
    lift = lifts[entry.pk]
    words = {
        "said": _time(entry.said_at), "way": entry.get_channel_display(), "effect": _time(entry.created_at),
        "scope": f"{entry.get_scope_display()} {entry.scope_value}".strip(),
    }  # fmt: skip
    if scope.index is None:
        return _(
            "The person opted out of %(scope)s on %(said)s (%(way)s); it took effect at %(effect)s. The "
            "register holds no number, so that "
            "their calls cannot be named here: ask for a pack about the person."
        ) % words  # fmt: skip
    count = len({pk for each in entries for pk in _after(scope, each, lifts[each.pk])})
    sentence = ngettext(
        "The person opted out of %(scope)s on %(said)s (%(way)s); it took effect at %(effect)s, and "
        "%(after)s such call came after it.",
        "The person opted out of %(scope)s on %(said)s (%(way)s); it took effect at %(effect)s, and "
        "%(after)s such calls came after it.",
        count,
    )
    text = sentence % {**words, "after": count}
    lifted = _("Fresh consent lifted it on %(day)s.")
    return f"{text} {lifted % {'day': _time(lift.consent_given_at)}}" if lift else text


def _after(scope: PackScope, entry: OptOut, lift: Lift | None) -> Iterable[int]:
    """Calls that the word forbade, by when they were dialled."""
    calls = _made(scope.all_calls).filter(dialled__gt=entry.created_at)
    if lift is not None:
        calls = calls.filter(dialled__lt=lift.consent_given_at)
    if entry.scope == OptOut.Scope.PURPOSE:
        calls = calls.filter(campaign__purpose__code=entry.scope_value)
    elif entry.scope == OptOut.Scope.BRAND:
        calls = calls.filter(campaign__brand=entry.scope_value)
    found: Iterable[int] = calls.values_list("pk", flat=True)
    return found


def _lift_of(entry: OptOut) -> Lift | None:
    """What took the word's effect away; a lift names the number by the key of its day, as a copy of the word
    does."""
    hashes = [
        entry.number_hash,
        *OptOut.objects.filter(moved_from=entry).values_list("number_hash", flat=True),
    ]
    return (
        lifts_of(entry.said_at, entry.created_at)
        .filter(number_hash__in=hashes)
        .order_by("consent_given_at")
        .first()
    )


def _call(scope: PackScope) -> str:
    call = scope.calls.select_related("campaign", "line", "decision").first() if scope.call else None
    if call is None:
        return _calls(scope)
    return _("The call %(call)s was decided on %(at)s for %(campaign)s under the number %(line)s; state: "
        "%(state)s.") % {
        "call": call.public_id, "at": _time(call.decision.at), "campaign": call.campaign.name,
        "line": call.line.number,
        "state": call.get_state_display(),
    }  # fmt: skip


def _decided(scope: PackScope) -> str:
    found = scope.decisions.aggregate(
        count=Count("pk"), allowed=Count("pk", filter=Q(allowed=True)), first=Min("at"), last=Max("at")
    )
    return _("%(count)s decisions between %(first)s and %(last)s: %(allowed)s allowed, %(refused)s "
        "refused.") % {
        "count": found["count"], "first": _time(found["first"]), "last": _time(found["last"]),
        "allowed": found["allowed"],
        "refused": found["count"] - found["allowed"],
    }  # fmt: skip


def _refusals_by_rule(scope: PackScope) -> str:
    counts: dict[str, int] = {}
    for codes, count in (
        scope.decisions.filter(allowed=False).order_by().values_list("codes").annotate(Count("pk"))
    ):
        for code in codes:
            counts[code] = counts.get(code, 0) + count
    if not counts:
        return _("Nothing was refused.")
    most = sorted(counts.items(), key=lambda each: -each[1])[:8]
    rules = join_items(f"{RULES[code].name if code in RULES else code} {count}" for code, count in most)
    return _("Most often refused by: %(rules)s.") % {"rules": rules}


def _latency(scope: PackScope) -> str:
    waited = F("created_at") - F("said_at")
    found = scope.opt_outs.aggregate(count=Count("pk"), worst=Max(waited))
    if not found["count"]:
        return _("Nobody opted out in this time.")
    seconds = max(0.0, found["worst"].total_seconds())
    return _("%(count)s opt-outs; from the word to the block it took %(seconds)s seconds at most.") % {
        "count": found["count"], "seconds": f"{seconds:.1f}"
    }  # fmt: skip


def _under(scope: PackScope) -> str:
    campaign = scope.campaign
    if campaign is None:
        return ""
    sentence = _(
        "As it stands now: purpose %(purpose)s, lawful basis %(basis)s, filing %(filing)s; approved by two: "
        "%(approved)s."
    )
    return sentence % {
        "purpose": campaign.purpose.name, "basis": campaign.lawful_basis, "filing": campaign.filing or "–",
        "approved": _("yes") if campaign.was_approved else _("no"),
    }  # fmt: skip


def _complaint(scope: PackScope) -> str:
    complaint = scope.complaint
    if complaint is None:
        return ""
    return _("The complaint %(complaint)s (%(kind)s) came on %(at)s; state: %(state)s.") % {
        "complaint": complaint.public_id, "kind": complaint.get_kind_display(),
        "at": _time(complaint.received_at),
        "state": complaint.get_state_display(),
    }  # fmt: skip


_ANSWERS: Mapping[str, tuple[Callable[[PackScope], str], ...]] = {
    Kind.CONTACT: (_consent, _calls, _refusal),
    Kind.CALL: (_call, _consent, _refusal),
    Kind.CAMPAIGN: (_under, _decided, _refusals_by_rule),
    Kind.OPT_OUT: (_refusal, _calls, _decided),
    Kind.PERIOD: (_decided, _refusals_by_rule, _latency),
    Kind.COMPLAINT: (_complaint, _call, _consent),
}


def answer(pack: EvidencePack, scope: PackScope) -> list[str]:
    """Three sentences; one about an opt-out of which nobody knows whose it is."""
    if pack.kind == Kind.OPT_OUT and scope.index is None:
        return [_refusal(scope)]
    return [sentence for make in _ANSWERS[pack.kind] if (sentence := make(scope))]


def first_page(pack: EvidencePack, scope: PackScope) -> bytes:
    """The PDF that a person reads: the answer, then the decisions, the newest last; how to check the rest."""
    rows = [[_("time"), _("decision"), _("campaign"), _("refused because")]]
    for each in scope.decisions.select_related("campaign").order_by("at", "pk")[:MOST_ROWS]:
        because = join_items(RULES[code].name for code in each.codes if code in RULES)
        rows.append(
            [
                _time(each.at),
                f"{each.public_id} {_('allowed') if each.allowed else _('refused')}",
                each.campaign.name,
                because or "–",
            ]
        )
    more = scope.decisions.count() - MOST_ROWS
    return pdf.as_pdf(
        title=_("Evidence %(pack)s: %(kind)s, %(thing)s")
        % {"pack": pack.public_id, "kind": pack.get_kind_display(), "thing": scope.thing},
        above=[
            *answer(pack, scope),
            _("For %(recipient)s; reason: %(reason)s.") % {"recipient": pack.get_recipient_display(),
            "reason": pack.reason},
        ],
        rows=rows, widths=[110, 120, 110, 150],
        below=[
            *([_("%(count)s more decisions stand in "
                "decisions.jsonl.") % {"count": more}] if more > 0 else []),
            _("Everything else is in the files beside this one. verify_pack.py says whether all of it is as "
                "it was made; "
              "manifest.json names each file, signature.json holds the signature."),
        ],
    )  # fmt: skip
