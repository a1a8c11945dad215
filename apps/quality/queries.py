"""Reads about recordings, reviews, violations and complaints: each takes the viewer and gives what the viewer
may see."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.campaigns import queries as campaigns
from apps.campaigns.models import CampaignUserPermission
from apps.core.calendar import clock

from .models import (
    Complaint,
    CorrectiveAction,
    Recording,
    Review,
    SamplingPlan,
    ScoreCard,
    ScoreCardVersion,
    Transcript,
    Violation,
)
from .rules import cards
from .rules.timing import Figures

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
NINETY_DAYS = timedelta(days=90)


def recordings_of(viewer: User) -> QuerySet[Recording]:
    """Of one's campaigns; for an agent, of one's own calls that were reviewed; for admins, none."""
    recordings = Recording.objects.select_related("campaign", "agent", "line")
    if viewer.role == Role.AGENT:
        judged = Review.objects.filter(call=OuterRef("call"), agent=viewer, state__in=Review.JUDGED)
        return recordings.filter(Exists(judged), agent=viewer)
    return recordings.filter(campaign__in=campaigns.campaigns_of(viewer))


def transcripts_of(viewer: User) -> QuerySet[Transcript]:
    """Of one's campaigns; agents read none: what a client said may hold what they may not see."""
    if viewer.role not in STAFF:
        return Transcript.objects.none()
    return Transcript.objects.filter(campaign__in=campaigns.campaigns_of(viewer))


def reviews_of(viewer: User) -> QuerySet[Review]:
    """Of one's campaigns; an agent sees the verdicts on their own calls."""
    reviews = Review.objects.select_related("campaign", "agent", "reviewer", "call", "version__card")
    if viewer.role == Role.AGENT:
        return reviews.filter(agent=viewer, state__in=Review.JUDGED)
    return reviews.filter(campaign__in=campaigns.campaigns_of(viewer))


def queue_of(reviewer: User) -> QuerySet[Review]:
    """What the reviewer may take, the riskiest first: never own calls, never the same call twice, another
    team's where the plan says so."""
    mine = Review.objects.filter(reviewer=reviewer, call=OuterRef("call"))
    waiting = (
        reviews_of(reviewer).filter(state=Review.State.WAITING, call__isnull=False).exclude(Exists(mine))
    )
    waiting = waiting.exclude(call__contact__isnull=True)  # the person was deleted
    waiting = waiting.exclude(agent=reviewer).exclude(not_department=reviewer.department_id)
    return waiting.order_by("-risk", "due_on", "pk")


def violations_of(viewer: User) -> QuerySet[Violation]:
    violations = Violation.objects.select_related(
        "agent", "campaign", "action__owner", "found_by", "call", "review"
    )
    if viewer.role == Role.AGENT:
        return violations.filter(Q(agent=viewer) | Q(action__owner=viewer))
    return violations.filter(Q(campaign__in=campaigns.campaigns_of(viewer)) | Q(action__owner=viewer))


def actions_of(viewer: User) -> QuerySet[CorrectiveAction]:
    """Corrective actions, open ones first, the most urgent on top."""
    actions = CorrectiveAction.objects.filter(violation__in=violations_of(viewer))
    actions = actions.select_related("violation__agent", "violation__campaign", "owner", "checked_by")
    return actions.order_by(F("closed_at").desc(nulls_first=True), "due_on", "pk")


def complaints_of(viewer: User) -> QuerySet[Complaint]:
    """All for compliance; for supervisors those of their campaigns and those that are theirs."""
    complaints = Complaint.objects.select_related("campaign", "agent", "owner", "call", "contact")
    if viewer.role == Role.COMPLIANCE:
        return complaints
    if viewer.role != Role.SUPERVISOR:
        return Complaint.objects.none()
    return complaints.filter(
        Q(campaign__in=campaigns.campaigns_of(viewer)) | Q(owner=viewer) | Q(recorded_by=viewer)
    )


def score_card_for(trade: str) -> ScoreCardVersion | None:
    """The card in force for a trade: its own, else the one for all."""
    versions = ScoreCardVersion.objects.select_related("card").filter(
        state=ScoreCardVersion.State.IN_FORCE, card__trade__in=[trade, ""]
    )
    return versions.order_by("-card__trade").first()


def cards_with_versions() -> QuerySet[ScoreCard]:
    return ScoreCard.objects.prefetch_related("versions__author", "versions__approved_by").order_by(
        "trade", "code"
    )


def plans() -> QuerySet[SamplingPlan]:
    return (
        SamplingPlan.objects.select_related("campaign")
        .prefetch_related("runs")
        .order_by("-is_active", "campaign__code", "pk")
    )


def connected(since: datetime, until: datetime) -> QuerySet[Call]:
    """Calls that were answered and are over."""
    return Call.objects.filter(answered_at__gte=since, answered_at__lt=until).exclude(state__in=Call.OPEN)


def covered(calls: QuerySet[Call], *by: str) -> list[dict[str, Any]]:
    """Of connected calls, by the columns that are named: how many, how many recorded, transcribed,
    reviewed."""
    rows: Any = calls.order_by().values(*by)
    return list(
        rows.annotate(
            calls=Count("pk", distinct=True),
            recorded=Count("recording", distinct=True),
            transcribed=Count("transcript", distinct=True),
            reviewed=Count("reviews", distinct=True, filter=Q(reviews__state__in=Review.JUDGED)),
        )
    )


def coverage_of(
    viewer: User, since: date, until: date, *, campaign: int | None = None
) -> list[dict[str, Any]]:
    """Connected calls by day and line: how many, how many recorded, transcribed, reviewed (R29). Newest day
    first."""
    start, end = clock.start_of_day(since), clock.start_of_day(until + timedelta(days=1))
    calls = connected(start, end).filter(campaign__in=campaigns.campaigns_of(viewer))
    if campaign is not None:
        calls = calls.filter(campaign=campaign)
    rows = covered(
        calls.annotate(day=TruncDate("answered_at", tzinfo=timezone.get_default_timezone())),
        "day",
        "line__number",
    )
    rows.sort(key=lambda row: (-row["day"].toordinal(), row["line__number"]))
    return [row | {"missing": row["calls"] - row["recorded"]} for row in rows]


def missing_of(viewer: User, day: date, line: str, *, campaign: int | None = None) -> QuerySet[Call]:
    """The connected calls of a day and line (and campaign) that have no recording."""
    start = clock.start_of_day(day)
    calls = connected(start, start + timedelta(days=1)).filter(
        campaign__in=campaigns.campaigns_of(viewer), recording__isnull=True
    )
    if campaign is not None:
        calls = calls.filter(campaign=campaign)
    return calls.filter(line__number=line).select_related("campaign", "agent").order_by("answered_at")


def agreement_of(viewer: User, since: datetime) -> dict[str, Any]:
    """How far two reviewers of the same calls agree: Cohen's kappa over all answers, and of passed or not."""
    seconds = reviews_of(viewer).filter(
        twin__isnull=False, state__in=Review.JUDGED, twin__state__in=Review.JUDGED, judged_at__gte=since
    )
    answers: list[tuple[str, str]] = []
    verdicts: list[tuple[str, str]] = []
    for second in seconds.select_related("twin"):
        first = second.twin
        if first is None or first.version_id != second.version_id:
            continue
        before, after = (
            each.first_verdict or {"answers": each.answers, "passed": each.has_passed}
            for each in (first, second)
        )
        answers += [
            (before["answers"][code], answer)
            for code, answer in after["answers"].items()
            if code in before["answers"]
        ]
        verdicts.append((str(before["passed"]), str(after["passed"])))
    return {"calls": len(verdicts), "answers": cards.kappa(answers), "verdicts": cards.kappa(verdicts)}


def agents_under(viewer: User) -> QuerySet[User]:
    """The agents whom the viewer may take off the telephone and put back (R30): those who work in a campaign
    of theirs; compliance all."""
    agents = User.objects.filter(role=Role.AGENT, is_active=True).order_by("display_name", "pk")
    if viewer.role == Role.COMPLIANCE:
        return agents
    works = CampaignUserPermission.objects.filter(
        permission__codename="work", content_object__in=campaigns.campaigns_of(viewer)
    )
    return agents.filter(pk__in=works.values("user"))


def agents_of(viewer: User) -> list[dict[str, Any]]:
    """Agents of one's campaigns over 90 days: reviews, mean points, how many passed, violations, grave ones,
    last review."""
    since = clock.now() - NINETY_DAYS
    judged = reviews_of(viewer).filter(
        state__in=Review.JUDGED, judged_at__gte=since, agent__isnull=False, twin__isnull=True
    )
    rows = {
        row["agent"]: row
        for row in judged.values("agent").annotate(
            reviews=Count("pk"),
            points=Avg("score"),
            passed=Count("pk", filter=Q(has_passed=True)),
            last=Max("judged_at"),
        )
    }
    found = violations_of(viewer).filter(created_at__gte=since).values("agent")
    counts = {
        row["agent"]: row
        for row in found.annotate(
            violations=Count("pk"),
            grave=Count("pk", filter=Q(gravity="grave")),
            open_actions=Count("pk", filter=~Q(action__state="closed")),
            kinds=Count("kind", distinct=True),
        )
    }
    people = User.objects.filter(pk__in=[*rows, *counts]).select_related("department").order_by("username")
    empty = {
        "reviews": 0,
        "points": None,
        "passed": 0,
        "last": None,
        "violations": 0,
        "grave": 0,
        "open_actions": 0,
        "kinds": 0,
    }
    return [
        {"person": person, **empty, **rows.get(person.pk, {}), **counts.get(person.pk, {})}
        for person in people
    ]


def repeats_of(agent_id: int, kind: str) -> int:
    """How many violations of one kind an agent had within 90 days."""
    return Violation.objects.filter(
        agent_id=agent_id, kind=kind, created_at__gte=clock.now() - NINETY_DAYS
    ).count()


def figures(since: datetime, until: datetime) -> Figures:
    """Complaints received in a time, of the calls connected in it, and the hours that those closed took on
    average."""
    complaints = Complaint.objects.filter(received_at__gte=since, received_at__lt=until)
    seconds = complaints.filter(handled_seconds__isnull=False).aggregate(mean=Avg("handled_seconds"))["mean"]
    calls = Call.objects.filter(answered_at__gte=since, answered_at__lt=until).count()
    return Figures(calls, complaints.count(), float(seconds) / 3600 if seconds is not None else None)


def overdue_actions(actions: QuerySet[CorrectiveAction]) -> QuerySet[CorrectiveAction]:
    return actions.filter(due_on__lt=timezone.localdate(clock.now())).exclude(
        state=CorrectiveAction.State.CLOSED
    )


def calls_to_link(viewer: User, complaint: Complaint) -> QuerySet[Call]:
    """The calls of the viewer's campaigns to the number that a complaint came from, the newest first; none
    where it is not known."""
    calls = (
        Call.objects.filter(number_index=complaint.number_index)
        if complaint.number_index is not None
        else Call.objects.none()
    )
    return (
        calls.filter(campaign__in=campaigns.campaigns_of(viewer))
        .select_related("campaign", "agent")
        .order_by("-reserved_at")
    )


def overdue_complaints(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    return complaints.filter(due_at__lt=clock.now()).exclude(state=Complaint.State.CLOSED)


def people_who_may_own(campaign_id: int | None) -> QuerySet[User]:
    """Who may be given a corrective action: the supervisors of the campaign and compliance."""
    runs = Q(role=Role.SUPERVISOR)
    if campaign_id is not None:
        runs &= Q(campaignuserpermission__content_object=campaign_id)
    return User.objects.filter(runs | Q(role=Role.COMPLIANCE), is_active=True).distinct().order_by("username")
