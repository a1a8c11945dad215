"""An impact assessment: begun from a thing that needs one, written, handed in, decided by a second person of
compliance (R36)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify

from ..models import Assessment, Risk
from ..rules.assessing import changed_facts, verdicts_for
from .subjects import described, kind_of, why_needed

State, Verdict = Assessment.State, Assessment.Verdict
WRITERS = (Role.SUPERVISOR, Role.COMPLIANCE)
GOES_AHEAD = (Verdict.ACCEPTABLE, Verdict.WITH_MEASURES)
TEXTS = ("necessity", "influence", "measures")
MOST_RISKS = 30


def assessments_of(about: Model) -> QuerySet[Assessment]:
    return Assessment.objects.filter(about_kind=kind_of(about), about_id=about.pk)


def is_missing(about: Model) -> bool:
    """Whether the thing needs an assessment and the last decided one does not let it go ahead as it is
    now."""
    if not why_needed(about):
        return False
    last = (
        assessments_of(about)
        .filter(state__in=[State.APPROVED, State.REFUSED])
        .order_by("-decided_at", "-pk")
        .first()
    )
    return (
        last is None
        or last.state != State.APPROVED
        or last.verdict not in GOES_AHEAD
        or bool(what_changed(last, about))
    )


def what_changed(assessment: Assessment, about: Model) -> list[str]:
    """Names of the facts that read otherwise than when it was assessed."""
    return changed_facts(assessment.description, described(about))


@transaction.atomic
def begin_assessment(*, actor: User, about: Model, like: Assessment | None = None) -> Assessment:
    """A draft for a thing that the actor may see; with `like`, its texts and risks to begin from. The one
    under way, where there is one.

    Raises `NotAllowed`.
    """
    _require_writer(actor)
    under_way = assessments_of(about).filter(state__in=[State.DRAFT, State.SUBMITTED]).first()
    if under_way is not None:
        return under_way
    made = Assessment.objects.create(
        about_kind=kind_of(about), about_id=about.pk, title=str(about)[:160], triggers=why_needed(about),
        description=described(about),
        written_by=actor, created_at=clock.now(),
        **({name: getattr(like, name) for name in TEXTS} if like else {}),
    )  # fmt: skip
    made.authors.add(actor)
    for risk in like.risks.all() if like else ():
        Risk.objects.create(
            assessment=made, threat=risk.threat, likelihood=risk.likelihood, harm=risk.harm,
            measure=risk.measure,
            owner=risk.owner if risk.owner and risk.owner.is_active else actor, due_on=None,
            remaining=risk.remaining,
        )  # fmt: skip
    return made


def _require_writer(actor: User) -> None:
    if actor.role not in WRITERS:
        raise NotAllowed()


def _locked(assessment: Assessment, *states: str) -> Assessment:
    found = Assessment.objects.select_for_update(of=("self",)).get(pk=assessment.pk)
    if found.state not in states:
        raise WrongState()
    return found


def may_write(actor: User, assessment: Assessment) -> bool:
    """Whether a draft is the actor's to write: their own; or compliance takes it over, which then does not
    decide it alone."""
    is_theirs = assessment.written_by_id == actor.pk or actor.role == Role.COMPLIANCE
    return actor.role in WRITERS and assessment.state == State.DRAFT and is_theirs


@transaction.atomic
def write_assessment(
    *,
    actor: User,
    assessment: Assessment,
    texts: Mapping[str, str],
    verdict: str,
    risks: Sequence[Mapping[str, Any]],
) -> Assessment:
    """Save a draft: the three answers of article 56, the matrix, the verdict; all may still be empty. One
    person writes it; compliance may take it over. Nobody who wrote at it decides it.

    Each of `risks` has `threat`, `likelihood`, `harm`, `measure`, `owner`, `due_on`, `remaining`. Raises
    `NotAllowed`, `WrongState`, `BadInput`.
    """
    _require_writer(actor)
    assessment = _locked(assessment, State.DRAFT)
    if not may_write(actor, assessment):
        raise NotAllowed(_("%(author)s writes this assessment."), author=assessment.written_by)
    if verdict and verdict not in Verdict.values:
        raise BadInput(_("Choose a verdict."))
    if len(risks) > MOST_RISKS:
        raise BadInput(_("At most %(most)s risks."), most=MOST_RISKS)
    for name in TEXTS:
        setattr(assessment, name, checked_text(texts.get(name, ""), most=2000))
    assessment.verdict, assessment.written_by = verdict, actor
    assessment.save()
    assessment.authors.add(actor)
    assessment.risks.all().delete()
    for each in risks:
        measure = checked_text(each["measure"] or "", most=300)
        Risk.objects.create(
            assessment=assessment, threat=checked_text(each["threat"], _("Say what may happen."), most=200),
            likelihood=each["likelihood"],
            harm=each["harm"], measure=measure, owner=each["owner"] or (actor if measure else None),
            due_on=each["due_on"],
            remaining=each["remaining"] if measure else each["harm"],
        )  # fmt: skip
    return assessment


@transaction.atomic
def submit_assessment(*, actor: User, assessment: Assessment, about: Model) -> Assessment:
    """Hand it to a second person, as the thing reads now; by who wrote it last.

    Raises `NotAllowed`, and `BadInput` for what is missing or a verdict that the matrix forbids.
    """
    _require_writer(actor)
    assessment = _locked(assessment, State.DRAFT)
    if actor.pk != assessment.written_by_id:
        raise NotAllowed(_("%(author)s writes this assessment."), author=assessment.written_by)
    if not all(getattr(assessment, name) for name in TEXTS):
        raise BadInput(_("Answer the three questions first."))
    matrix = [(risk.likelihood, risk.harm, risk.remaining) for risk in assessment.risks.all()]
    if not matrix:
        raise BadInput(_("Name at least one risk."))
    if assessment.verdict not in verdicts_for(matrix):
        raise BadInput(
            _(
                "The verdict does not follow from the risks: what stays high may not go ahead, what is "
                "reduced needs its measures."
            )
        )
    assessment.description, assessment.triggers, assessment.state = (
        described(about),
        why_needed(about),
        State.SUBMITTED,
    )
    assessment.save()
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk),
        "assessment_submitted",
        assessment=assessment.public_id, what=assessment.title,
    )  # fmt: skip
    return assessment


@transaction.atomic
def decide_assessment(
    *, actor: User, assessment: Assessment, about: Model, approve: bool, note: str = ""
) -> Assessment:
    """By compliance, and by none of its authors. Not approved when the thing was changed since it was handed
    in: back to a draft then.

    Raises `NotAllowed`, `FourEyes`, `WrongState`, `BadInput`.
    """
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    assessment = _locked(assessment, State.SUBMITTED)
    if assessment.authors.filter(pk=actor.pk).exists():
        raise FourEyes()
    if approve and what_changed(assessment, about):
        raise BadInput(
            _(
                "What is assessed was changed since this was handed in. Send it back, so that it is read "
                "again."
            )
        )
    assessment.note = checked_text(note, "" if approve else _("Say why it is refused."), most=500)
    assessment.state, assessment.decided_by, assessment.decided_at = (
        State.APPROVED if approve else State.REFUSED,
        actor,
        clock.now(),
    )
    assessment.save()
    close_notices("assessment_submitted", assessment=assessment.public_id)
    notify(
        [assessment.written_by], "assessment_decided", assessment=assessment.public_id, what=assessment.title
    )
    return assessment


@transaction.atomic
def send_back_assessment(*, actor: User, assessment: Assessment) -> Assessment:
    """A draft again: by its author, or by compliance. Raises `NotAllowed`, `WrongState`."""
    assessment = _locked(assessment, State.SUBMITTED)
    if actor.role != Role.COMPLIANCE and actor.pk != assessment.written_by_id:
        raise NotAllowed()
    assessment.state = State.DRAFT
    close_notices("assessment_submitted", assessment=assessment.public_id)
    assessment.save()
    return assessment
