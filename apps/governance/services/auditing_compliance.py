"""Compliance audits: planned, answered first by what is measured and then by people, reported, signed by two
(R35)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.documents import evidence_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.jobs.services import discard
from apps.notifications.services import close_notices, notify, was_notified

from ..measures.register import MEASURES, Span
from ..models import AuditAnswer, ComplianceAudit, Nonconformity
from ..queries import next_audit_due

State, Verdict = ComplianceAudit.State, AuditAnswer.Verdict
_POINTS = Path(__file__).parent.parent / "packs" / "audit-points.yaml"
REMIND = timedelta(days=90)
AGAIN = timedelta(days=30)


@dataclass(frozen=True)
class Point:
    """`subject` and `question` by language; `law` is a key of `core.laws.LAWS`."""

    code: str
    law: str
    duties: tuple[str, ...]
    subject: Mapping[str, str]
    question: Mapping[str, str]

    def in_words(self, what: str) -> str:
        texts: Mapping[str, str] = getattr(self, what)
        return texts["zh-hans" if (get_language() or "").startswith("zh") else "en"]


@cache
def points() -> dict[str, Point]:
    """By code, in their order."""
    return {
        each["code"]: Point(**{**each,
        "duties": tuple(each["duties"])}) for each in yaml.safe_load(_POINTS.read_text(encoding="utf-8"))
    }  # fmt: skip


def _span(since: date, until: date) -> Span:
    zone = timezone.get_default_timezone()
    return Span(
        datetime.combine(since, time(), zone),
        datetime.combine(until + timedelta(days=1), time(), zone),
        clock.now(),
    )


def _require(actor: User) -> None:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()


def _locked(actor: User, audit: ComplianceAudit, *states: str) -> ComplianceAudit:
    _require(actor)
    found = ComplianceAudit.objects.select_for_update(of=("self",)).get(pk=audit.pk)
    if found.state not in states:
        raise WrongState()
    return found


@transaction.atomic
def plan_audit(
    *, actor: User, title: str, scope: str, since: date, until: date, auditor: str, is_outside: bool = False
) -> ComplianceAudit:
    """Raises `NotAllowed`, `BadInput`."""
    _require(actor)
    if not since <= until:
        raise BadInput(_("The time that is audited ends before it begins."))
    return ComplianceAudit.objects.create(
        title=checked_text(title, _("Give the audit a title."), most=120),
        scope=checked_text(scope, _("Say what is audited."), most=2000),
        since=since, until=until, auditor=checked_text(auditor, _("Say who audits."), most=120),
        is_outside=is_outside, planned_by=actor,
        created_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def begin_audit(*, actor: User, audit: ComplianceAudit) -> ComplianceAudit:
    """Measure, and open every point with what was measured. Raises `NotAllowed`, `WrongState`, `BadInput`
    before the period is over."""
    audit = _locked(actor, audit, State.PLANNED)
    if audit.until >= timezone.localdate(clock.now()):
        raise BadInput(_("The period that is audited is not over yet."))
    span = _span(audit.since, audit.until)
    measured = {duty: asdict(measure.find(span)) for duty, measure in MEASURES.items()}
    AuditAnswer.objects.bulk_create(
        AuditAnswer(
            audit=audit,
            point=point.code,
            measured={duty: measured[duty] for duty in point.duties},
            created_at=clock.now(),
        )
        for point in points().values()
    )
    audit.state = State.RUNNING
    audit.save()
    return audit


@transaction.atomic
def answer_point(
    *, actor: User, answer: AuditAnswer, found: str, verdict: str, content: bytes | None = None,
    file_name: str = ""
) -> AuditAnswer:  # fmt: skip
    """What a person found, with a file where there is one. Raises `NotAllowed`, `WrongState`, `BadInput`."""
    _locked(actor, answer.audit, State.RUNNING)
    answer = AuditAnswer.objects.select_for_update(of=("self",)).get(pk=answer.pk)
    if verdict not in Verdict.values or verdict == Verdict.OPEN:
        raise BadInput(_("Choose a verdict."))
    answer.found = checked_text(found, _("Say what was found."), most=4000)
    answer.verdict, answer.answered_by = verdict, actor
    if content is not None:
        kept = evidence_files.keep(content, file_name=file_name)
        discard(answer.file)
        answer.file, answer.file_sha256 = kept.name, kept.sha256
    answer.save()
    return answer


@transaction.atomic
def open_nonconformity(
    *, actor: User, answer: AuditAnswer, text: str, owner: User, due_on: date
) -> Nonconformity:
    """What a point found not to conform, for somebody to resolve. Raises `NotAllowed`, `WrongState`,
    `BadInput`."""
    _locked(actor, answer.audit, State.RUNNING)
    if due_on < timezone.localdate(clock.now()):
        raise BadInput(_("The day that it is due on is over."))
    made = Nonconformity.objects.create(
        answer=answer, text=checked_text(text, _("Say what does not conform."), most=500), owner=owner,
        due_on=due_on,
        created_at=clock.now(),
    )  # fmt: skip
    notify(
        [owner],
        "nonconformity_opened",
        due=due_on.isoformat(),
        thing=f"nonconformity:{made.pk}",
        what=made.text[:60],
    )
    return made


@transaction.atomic
def report_audit(*, actor: User, audit: ComplianceAudit, conclusion: str) -> ComplianceAudit:
    """The first signature. Raises `NotAllowed`, `WrongState`; `BadInput` while a point is not judged, or
    lacks its consequence."""
    audit = _locked(actor, audit, State.RUNNING)
    waiting = audit.answers.filter(verdict=Verdict.OPEN).count()
    if waiting:
        raise BadInput(_("%(count)s points are not judged yet."), count=waiting)
    if audit.answers.filter(verdict=Verdict.NOT, nonconformities__isnull=True).exists():
        raise BadInput(_("What does not conform needs somebody who resolves it, by a day."))
    audit.conclusion = checked_text(conclusion, _("Write the conclusion."), most=4000)
    audit.state, audit.signed_by = State.REPORTED, actor
    audit.save()
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk),
        "audit_to_sign",
        audit=audit.public_id,
    )
    return audit


@transaction.atomic
def reopen_audit(*, actor: User, audit: ComplianceAudit) -> ComplianceAudit:
    """The second person does not sign: it is being carried out again. Raises `NotAllowed`, `WrongState`."""
    audit = _locked(actor, audit, State.REPORTED)
    audit.state, audit.signed_by = State.RUNNING, None
    audit.save()
    return audit


@transaction.atomic
def sign_audit(*, actor: User, audit: ComplianceAudit, read: str | None = None) -> ComplianceAudit:
    """The second signature: from then on nothing of it changes. `read` is the digest of what was read
    (`digest_of`).

    Raises `NotAllowed`, `FourEyes`, `WrongState`, `BadInput` for another text than the one that was read.
    """
    audit = _locked(actor, audit, State.REPORTED)
    if audit.signed_by_id == actor.pk:
        raise FourEyes()
    if read is not None and read != digest_of(document_of(audit)):
        raise BadInput(_("It was changed since you opened the page. Read it again."))
    audit.state, audit.countersigned_by, audit.signed_at = State.SIGNED, actor, clock.now()
    audit.signature = signatures.signature_of(document_of(audit))
    audit.save()
    close_notices("audit_to_sign", audit=audit.public_id)
    return audit


def digest_of(document: dict[str, Any]) -> str:
    """By what a page says which text somebody read: without who signs."""
    return signatures.digest(
        {name: value for name, value in document.items() if name not in {"signed_by", "signed_at"}}
    ).hex()


def document_of(audit: ComplianceAudit) -> dict[str, Any]:
    """What is signed."""
    return {
        "audit": audit.public_id, "title": audit.title, "scope": audit.scope,
        "since": audit.since.isoformat(),
        "until": audit.until.isoformat(), "auditor": audit.auditor, "is_outside": audit.is_outside,
        "conclusion": audit.conclusion,
        "signed_by": [audit.signed_by_id, audit.countersigned_by_id],
        "signed_at": signatures.moment(audit.signed_at) if audit.signed_at else None,
        "answers": [
            {"point": each.point, "measured": each.measured, "found": each.found, "verdict": each.verdict,
             "file_sha256": bytes(each.file_sha256).hex() if each.file_sha256 else None,
             "nonconformities": [{"text": one.text,
             "due_on": one.due_on.isoformat()} for one in each.nonconformities.order_by("pk")]}
            for each in audit.answers.order_by("pk")
        ],
    }  # fmt: skip


def remind_of_audit() -> bool:
    """From 90 days before it is due on, once a month, unless one runs. Returns whether somebody was
    reminded."""
    now = clock.now()
    due = next_audit_due(now)
    recent = Q(state=State.PLANNED, created_at__gt=now - REMIND) | Q(
        state__in=[State.RUNNING, State.REPORTED], created_at__gt=now - 4 * REMIND
    )
    runs = ComplianceAudit.objects.filter(recent).exists()
    if runs or timezone.localdate(now + REMIND) < due or was_notified("audit_due", since=now - AGAIN):
        return False
    notify(User.objects.filter(role=Role.COMPLIANCE, is_active=True), "audit_due", day=due.isoformat())
    return True
