"""Each day's calls: all are looked at by machine, and some go to people, by risk, by quota and by chance
(R29)."""

import secrets
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.calls.models import Call
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.policies import queries as policies

from .. import queries
from ..models import Complaint, Recording, Review, SamplingPlan, SamplingRun, Transcript
from ..rules import choosing, timing

NEW_FOR = timedelta(days=30)
NOT_REVIEWED = timedelta(days=30)
SHORT = timedelta(seconds=10)
BATCH = 1_000
REVIEW_DAYS = 3  # working days that a review may wait
TERMS = ("random_percent", "least_risk", "agent_week", "campaign_day", "double_percent")


def write_plan(*, actor: User, **values: Any) -> SamplingPlan:
    """A plan of compliance; one is active for a campaign, and one for all others. Raises `NotAllowed`,
    ValidationError."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    plan = SamplingPlan(written_by=actor, **values)
    plan.full_clean()
    plan.save()
    return plan


@transaction.atomic
def end_plan(*, actor: User, plan: SamplingPlan) -> SamplingPlan:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    plan = SamplingPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    plan.is_active = False
    plan.save(update_fields=["is_active"])
    return plan


def sample_due() -> int:
    """Yesterday's calls, by every active plan that has not been through them. Returns how many reviews wait
    now."""
    yesterday = timezone.localdate(clock.now()) - timedelta(days=1)
    plans = SamplingPlan.objects.filter(is_active=True).exclude(
        Exists(SamplingRun.objects.filter(plan=OuterRef("pk"), day=yesterday))
    )
    return sum(sum(sample_day(plan=plan, day=yesterday).counts.values()) for plan in plans)


@transaction.atomic
def sample_day(*, plan: SamplingPlan, day: date, seed: int | None = None) -> SamplingRun:
    """Choose among the connected calls of a day; once: another run of the same day is the one that was.

    A plan for all leaves out campaigns that have a plan of their own. `seed` repeats the chance of a run.
    """
    SamplingPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if known := SamplingRun.objects.filter(plan=plan, day=day).first():
        return known
    seed = secrets.randbits(62) if seed is None else seed
    candidates = list(_candidates(plan, day))
    terms = choosing.SampleTerms(most=plan.most_a_day, **{name: getattr(plan, name) for name in TERMS})
    chosen = choosing.choose(candidates, terms, _before(day), Random(seed))  # noqa: S311  (which calls, no secret)
    _store(
        plan,
        chosen,
        timing.working_days_after(
            timezone.localdate(clock.now()), REVIEW_DAYS, policies.calendar(clock.now())
        ),
    )
    counts = {"risk": 0, "chance": 0, "twice": 0}
    for each in chosen:
        counts["risk" if each.candidate.risk >= plan.least_risk else "chance"] += 1
        counts["twice"] += each.twice
    return SamplingRun.objects.create(
        plan=plan, day=day, seed=seed, calls=len(candidates), counts=counts, created_at=clock.now()
    )


def _calls(plan: SamplingPlan, day: date) -> QuerySet[Call]:
    start = clock.start_of_day(day)
    calls = queries.connected(start, start + timedelta(days=1)).exclude(
        Exists(Review.objects.filter(call=OuterRef("pk")))
    )
    calls = calls.exclude(contact__isnull=True)  # the person was deleted: there is nothing to hear any more
    if plan.campaign_id:
        return calls.filter(campaign=plan.campaign_id)
    return calls.exclude(
        campaign__in=SamplingPlan.objects.filter(is_active=True, campaign__isnull=False).values("campaign")
    )


def _candidates(plan: SamplingPlan, day: date) -> Iterator[choosing.Candidate]:
    """One statement over the day: no object for each call."""
    said = Transcript.objects.filter(call=OuterRef("pk"))
    kept = Recording.objects.filter(call=OuterRef("pk"))
    rows = (
        _calls(plan, day)
        .annotate(
            complained=Exists(Complaint.objects.filter(call=OuterRef("pk"))),
            worst=Subquery(said.values("worst")[:1]),
            checks=Subquery(said.values("checks")[:1]),
            flaws=Subquery(kept.values("flaws")[:1]),
            talked=F("ended_at") - F("answered_at"),
            is_new=Q(agent__date_joined__gt=clock.now() - NEW_FOR),
        )
        .values_list(
            "pk",
            "agent_id",
            "campaign_id",
            "complained",
            "worst",
            "checks",
            "flaws",
            "talked",
            "is_new",
            "opted_out_at",
            "identity_said",
        )
        .order_by("pk")
    )
    for (
        pk,
        agent,
        campaign,
        complained,
        worst,
        checks,
        flaws,
        talked,
        is_new,
        opted_out_at,
        identity_said,
    ) in rows.iterator(5_000):
        result = checks or {}
        signs = {
            "complaint": complained,
            "finding": bool(worst),
            "advice": bool(result.get("advice")),
            "opening": identity_said is False
            or result.get("identity") is False
            or result.get("purpose") is False,
            "way_out": result.get("way_out") is False,
            "opt_out": opted_out_at is not None,
            "flaw": bool(flaws),
            "new_agent": bool(is_new),
            "short": talked is not None and talked < SHORT,
        }
        yield choosing.Candidate(pk, agent, campaign, tuple(sign for sign, holds in signs.items() if holds))


def _before(day: date) -> choosing.Before:
    now = clock.now()
    week = Review.objects.filter(
        created_at__gt=now - timedelta(days=7), agent__isnull=False, twin__isnull=True
    )
    of_agent: dict[int, int] = defaultdict(int, week.values_list("agent").annotate(count=Count("pk")))
    agents = User.objects.filter(role=Role.AGENT, is_active=True).annotate(last=Max("reviews__judged_at"))
    long_ago = agents.filter(Q(last__isnull=True) | Q(last__lt=now - NOT_REVIEWED)).values_list(
        "pk", flat=True
    )
    return choosing.Before(of_agent, frozenset(long_ago))


def _store(plan: SamplingPlan, chosen: list[choosing.Chosen], due_on: date) -> None:
    for first in range(0, len(chosen), BATCH):
        some = chosen[first : first + BATCH]
        calls = Call.objects.select_related("agent").in_bulk([each.candidate.call for each in some])
        reviews = [
            _review(
                calls[each.candidate.call],
                plan=plan,
                why=list(each.why),
                risk=each.candidate.risk,
                due_on=due_on,
            )
            for each in some
        ]
        Review.objects.bulk_create(reviews)
        twins = [
            _review(
                calls[each.candidate.call],
                plan=plan,
                why=[Review.Why.TWIN],
                risk=review.risk,
                due_on=due_on,
                twin=review,
            )
            for review, each in zip(reviews, some, strict=True)
            if each.twice
        ]
        Review.objects.bulk_create(twins)


def _review(call: Call, *, plan: SamplingPlan | None, **about: Any) -> Review:
    other = call.agent.department_id if plan and plan.other_team and call.agent else None
    return Review(
        call=call, agent_id=call.agent_id, campaign_id=call.campaign_id,
        called_at=call.answered_at or call.reserved_at, plan=plan,
        not_department_id=other, created_at=clock.now(), **about,
    )  # fmt: skip


@transaction.atomic
def choose_by_hand(*, actor: User, call: Call) -> Review:
    """Put one connected call into the queue; the review that is there already, if one is."""
    if actor.role not in queries.STAFF:
        raise NotAllowed()
    if call.answered_at is None or not call.is_over:
        raise WrongState(_("Only a call that was connected and is over can be reviewed."))
    if call.agent_id == actor.pk:
        raise BadInput(_("Nobody reviews their own calls."))
    Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if known := Review.objects.filter(call=call, twin__isnull=True).first():
        return known
    due_on = timing.working_days_after(
        timezone.localdate(clock.now()), REVIEW_DAYS, policies.calendar(clock.now())
    )
    review = _review(call, plan=None, why=[Review.Why.BY_HAND], risk=0, due_on=due_on)
    review.save()
    return review
