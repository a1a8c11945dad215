"""The files of a pack, each as rows of plain words and ids: consents, scripts, decisions, calls, refusals,
reads, deletions.

Colleagues stand there by their role and number, others' numbers by their mask. Times are UTC, ISO 8601.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from apps.accounts.models import ApiClient, User
from apps.audit.models import AccessEvent
from apps.calls.models import Decision
from apps.calls.services import explain
from apps.calls.services.deciding import explain_codes
from apps.campaigns.models import Campaign, Line
from apps.core.crypto.signatures import moment
from apps.core.laws import cite
from apps.optouts.models import Dismissal, OptOut
from apps.optouts.queries import lifts_of
from apps.policies.models import CallingPolicy
from apps.quality.models import Recording
from apps.retention.certificates import certificate
from apps.retention.models import Erasure, PurgeRun
from apps.scripts.models import ScriptVersion

from .scopes import PackScope

AT_ONCE = 2_000
HIDDEN = "****"  # a caller number that is none of our lines may be a person's
Row = dict[str, Any]
TEXTS = ("company", "opening", "purpose", "body", "objections", "way_out", "forbidden")


def _at(value: datetime | None) -> str | None:
    return moment(value) if value else None


def _who(person: User | None, client: ApiClient | None = None) -> str | None:
    """A colleague by role and number, a program by its name."""
    return f"{person.role} {person.pk}" if person else f"client {client.name}" if client else None


def consents(scope: PackScope) -> Iterator[Row]:
    for each in scope.consents.select_related(
        "contact__source", "purpose", "wording__approved_by", "recorded_by", "client"
    ):
        source = each.contact.source
        yield {
            "purpose": each.purpose.name, "third_party": each.recipient, "way": each.get_channel_display(),
            "given_at": _at(each.given_at),
            "holds_until": _at(each.expires_at), "withdrawn_at": _at(each.withdrawn_at),
            "withdrawal": each.withdrawal,
            "wording": {"version": each.wording.version, "text": each.wording.text,
            "approved_by": _who(each.wording.approved_by),
                        "approved_at": _at(each.wording.approved_at)},
            "evidence": each.evidence,
            "evidence_sha256": bytes(each.evidence_sha256).hex() if each.evidence_sha256 else None,
            "recorded_by": _who(each.recorded_by, each.client), "recorded_at": _at(each.created_at),
            "source": {"code": source.code, "name": source.name, "origin": source.get_origin_display(),
            "basis": source.lawful_basis},
        }  # fmt: skip


def scripts(scope: PackScope) -> Iterator[Row]:
    """Each version that was spoken, with its whole review."""
    spoken = scope.calls.order_by().values_list("script_version", flat=True).distinct()
    for version in (
        ScriptVersion.objects.filter(pk__in=list(spoken)).select_related("script", "author").order_by("pk")
    ):
        yield {
            "script": str(version), "author": _who(version.author), "approved_at": _at(version.approved_at),
            "in_force_until": _at(version.expires_at), **{name: getattr(version, name) for name in TEXTS},
            "review": [
                {"at": _at(event.created_at), "what": event.get_kind_display(), "who": _who(event.actor),
                "note": event.note,
                 "checked_under": event.packs}
                for event in version.events.select_related("actor").order_by("created_at")
            ],
        }  # fmt: skip


def our_lines() -> set[str]:
    return set(Line.objects.values_list("number", flat=True))


def decision_row(decision: Decision, ours: set[str]) -> Row:
    """As pages tell it: what was refused by which rule of which law, from which facts."""
    return {
        "id": decision.public_id, "number": decision.pk, "at": _at(decision.at), "allowed": decision.allowed,
        "codes": decision.codes,
        "refused_because": [
            {"rule": each["code"], "duty": each["duty"], "law": cite(each["law"]),
            "passes_at": each["retry_at"]}
            for each in explain_codes(decision.codes, decision.retry_at)
        ],
        "not_applicable": decision.not_applicable, "policy": decision.policy, "facts": decision.facts,
        "judged_again": explain(decision),
        "campaign": decision.campaign.code,
        "line_asked": decision.line_asked if decision.line_asked in {"", *ours} else HIDDEN,
        "asked_by": _who(decision.agent, decision.client),
    }  # fmt: skip


def decisions(scope: PackScope) -> Iterator[Row]:
    rows, ours = (
        scope.decisions.select_related("campaign", "agent", "client").order_by("at", "pk"),
        our_lines(),
    )
    for decision in rows.iterator(chunk_size=AT_ONCE):
        yield decision_row(decision, ours)


def policies(scope: PackScope) -> Iterator[Row]:
    """The versions of the calling policy under which was decided."""
    for version in CallingPolicy.objects.filter(
        number__in=list(scope.decisions.order_by().values_list("policy", flat=True).distinct())
    ):
        yield {
            "policy": version.number, "in_force_from": _at(version.in_force_from),
            "hours": f"{version.window_start:%H:%M}-{version.window_end:%H:%M}",
            "calls_per_day": version.calls_per_day, "calls_in_7_days": version.calls_per_week,
        }  # fmt: skip


def calls(scope: PackScope) -> Iterator[Row]:
    times = ("reserved_at", "handed_over_at", "made_at", "answered_at", "ended_at", "opted_out_at")
    rows = scope.calls.select_related(
        "campaign", "line", "script_version__script", "agent", "client", "decision"
    )
    sounds = (
        {each.call_id: each for each in Recording.everyone.filter(call__in=scope.calls)}
        if scope.is_of_a_person
        else {}
    )
    for call in rows.order_by("reserved_at", "pk").iterator(chunk_size=AT_ONCE):
        sound = sounds.get(call.pk)
        yield {
            "id": call.public_id, "decision": call.decision.public_id, "campaign": call.campaign.code,
            "caller_number": call.line.number,
            "script": str(call.script_version), "state": call.get_state_display(),
            "who": _who(call.agent, call.client),
            **{name: _at(getattr(call, name)) for name in times}, "identity_said": call.identity_said,
            "recording_sha256": bytes(sound.sha256).hex() if sound else None,
        }  # fmt: skip


def campaigns(scope: PackScope) -> Iterator[Row]:
    """What the calls were made under: purpose, basis, filing, lines, approval."""
    keys = set(scope.calls.order_by().values_list("campaign", flat=True).distinct())
    found = Campaign.objects.filter(Q(pk__in=keys) | Q(pk=scope.campaign.pk if scope.campaign else None))
    for each in (
        found.select_related("filing", "purpose", "approved_by", "created_by")
        .prefetch_related("lines")
        .order_by("pk")
    ):
        yield {
            "campaign": each.code, "name": each.name, "kind": each.get_kind_display(), "trade": each.trade,
            "purpose": each.purpose.name,
            "lawful_basis": each.lawful_basis, "from": each.starts_on.isoformat(),
            "until": each.ends_on.isoformat(),
            "written_by": _who(each.created_by), "approved_by": _who(each.approved_by),
            "state": each.get_state_display(),
            "filing": {"number": each.filing.number, "authority": each.filing.authority,
            "from": each.filing.valid_from.isoformat(),
                       "until": each.filing.valid_until.isoformat()} if each.filing else None,
            "lines": sorted(line.number for line in each.lines.all()),
        }  # fmt: skip


def opt_outs(scope: PackScope) -> Iterator[Row]:
    """Each word of refusal: when it was said, when it took effect, what took its effect away."""
    for each in (
        scope.opt_outs.select_related("recorded_by", "client")
        .order_by("created_at", "pk")
        .iterator(chunk_size=AT_ONCE)
    ):
        hashes = [
            each.number_hash,
            *OptOut.objects.filter(moved_from=each).values_list("number_hash", flat=True),
        ]
        lifts = lifts_of(each.said_at, each.created_at).filter(number_hash__in=hashes)
        dismissed = Dismissal.objects.filter(opt_out=each).first()
        yield {
            "id": each.public_id, "way": each.get_channel_display(), "scope": each.get_scope_display(),
            "of": each.scope_value,
            "said_at": _at(each.said_at), "in_effect_at": _at(each.created_at),
            "seconds": max(0.0, (each.created_at - each.said_at).total_seconds()), "evidence": each.evidence,
            "recorded_by": _who(each.recorded_by, each.client),
            "lifted": [{"consent_given_at": _at(lift.consent_given_at),
            "evidence": lift.evidence} for lift in lifts],
            "was_none": _at(dismissed.created_at) if dismissed else None,
        }  # fmt: skip


def reads_of(scope: PackScope) -> Any:
    return (
        AccessEvent.objects.filter(subject__in=scope.subjects)
        if scope.subjects
        else AccessEvent.objects.none()
    )


def reads(scope: PackScope) -> Iterator[Row]:
    """Who saw or heard what of the person, when and why."""
    for each in reads_of(scope).select_related("actor", "client").order_by("pk").iterator(chunk_size=AT_ONCE):
        yield {
            "number": each.pk, "at": _at(each.created_at), "what": each.get_kind_display(),
            "of": each.subject, "field": each.field,
            "purpose": each.purpose, "who": _who(each.actor, each.client),
        }  # fmt: skip


def deletions(scope: PackScope) -> Iterator[Row]:
    """Certificates of what was deleted in the time, or of the person."""
    runs = PurgeRun.objects.none()
    if scope.since and scope.until:
        runs = PurgeRun.objects.filter(at__gte=scope.since, at__lt=scope.until, state=PurgeRun.State.DONE)
    elif scope.contact:
        about = Erasure.objects.filter(contact_ids__contains=[scope.contact.pk]).values_list("run", flat=True)
        runs = PurgeRun.objects.filter(pk__in=list(about))
    for run in runs.order_by("pk"):
        yield certificate(run)


SECTIONS: Mapping[str, Callable[[PackScope], Iterator[Row]]] = {
    "campaigns.jsonl": campaigns,
    "consents.jsonl": consents,
    "scripts.jsonl": scripts,
    "policies.jsonl": policies,
    "decisions.jsonl": decisions,
    "calls.jsonl": calls,
    "opt-outs.jsonl": opt_outs,
    "reads.jsonl": reads,
    "deletions.jsonl": deletions,
}
