"""The queue of reviews and the review itself: listen, remark, judge, open a violation; appeal and decide."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.services import record_page
from apps.calls.models import Call
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock
from apps.core.errors import HeguiError
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles
from apps.ui.pages import errors_of, said

from .. import queries, services
from ..forms import AnswersForm, AppealForm, CallRemarkForm, PlayForm, SettleForm, ViolationForm
from ..models import Recording, Review, ScoreCardVersion, TimedRemark
from ..rules import cards
from .sheet import sheet_of

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
SHOWN = 100
LATELY = timedelta(days=90)


@for_roles(*READERS)
@require_GET
def reviews(request: StaffRequest) -> HttpResponse:
    """What waits, the riskiest first, for who reviews; the verdicts on their own calls for agents."""
    everything = queries.reviews_of(request.user)
    if request.user.role == Role.AGENT:
        mine = everything.filter(twin__isnull=True).order_by("-judged_at")[:SHOWN]
        return render(request, "quality/own_reviews.html", {"mine": mine})
    waiting = queries.queue_of(request.user)
    shown: dict[str, Any] = {
        "waiting": waiting[:SHOWN],
        "count": waiting.count(),
        "appeals": everything.filter(state=Review.State.APPEALED)
        .exclude(reviewer=request.user)
        .order_by("appealed_at")[:SHOWN],
        "taken": everything.filter(state=Review.State.TAKEN, reviewer=request.user).order_by("taken_at"),
        "judged": everything.filter(state__in=Review.JUDGED).order_by("-judged_at")[:20],
        "agreement": queries.agreement_of(request.user, clock.now() - LATELY),
    }
    return render(request, "quality/reviews.html", shown)


@for_roles(*STAFF)
@require_POST
def review_next(request: StaffRequest) -> HttpResponse:
    """Take the riskiest one that waits."""
    following = services.take_next(actor=request.user)
    if following is None:
        messages.success(request, _("No call waits for your review."))
        return redirect("quality_reviews")
    return _begun(request, following)


@for_roles(*STAFF)
@require_POST
def review_take(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.reviews_of(request.user), pk=pk)
    if not said(request, lambda: services.take(actor=request.user, review=found)):
        return redirect("quality_reviews")
    return _begun(request, found)


def _begun(request: StaffRequest, review: Review) -> HttpResponse:
    return redirect("quality_review", pk=review.pk)


@for_roles(*STAFF)
@require_POST
def review_choose(request: StaffRequest, pk: int) -> HttpResponse:
    """Put one call into the queue by hand, and take it."""
    call = get_object_or_404(Call.objects.filter(campaign__in=campaigns.campaigns_of(request.user)), pk=pk)
    try:
        chosen = services.choose_by_hand(actor=request.user, call=call)
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect("quality_reviews")
    return redirect("quality_review", pk=chosen.pk)


@for_roles(*READERS)
@require_GET
def review(request: StaffRequest, pk: int) -> HttpResponse:
    """The call, its sound and its words on one side, the score card on the other."""
    found = get_object_or_404(
        queries.reviews_of(request.user).select_related(
            "second", "plan", "call__contact", "call__script_version__script"
        ),
        pk=pk,
    )
    recording = (
        Recording.objects.select_related("call").filter(call=found.call_id).first() if found.call_id else None
    )
    remarks = list(found.remarks.select_related("author"))
    sheet = sheet_of(request, recording=recording, call_id=found.call_id, remarks=remarks)
    is_mine = found.state == Review.State.TAKEN and found.reviewer_id == request.user.pk
    version = found.version if found.is_judged else _card(found)
    record_page(request, subject=f"review:{found.pk}", purpose="review")
    is_agent = request.user.role == Role.AGENT
    shown = {
        "review": found,
        "sheet": sheet,
        "remarks": remarks,
        "version": version,
        "is_mine": is_mine,
        "may_take": found.state == Review.State.WAITING and not is_agent,
        "play_form": PlayForm(is_agent=is_agent, initial={"purpose": "quality", "review": found.pk}),
        "answers_form": _answers_form(found, version) if version else None,
        "remark_form": CallRemarkForm(initial={"start_ms": 0, "end_ms": 0}),
        "violation_form": ViolationForm(owners=queries.people_who_may_own(found.campaign_id))
        if is_mine and found.agent
        else None,
        "violations": queries.violations_of(request.user).filter(review=found),
        "appeal_form": AppealForm() if is_agent and found.state == Review.State.DONE else None,
        "settle_form": SettleForm(initial={"decision": "stands"}) if _may_settle(found, request) else None,
        "is_agent": is_agent,
    }
    return render(request, "quality/review.html", shown)


def _card(review: Review) -> ScoreCardVersion | None:
    return queries.score_card_for(review.campaign.trade)


def _answers_form(review: Review, version: ScoreCardVersion) -> AnswersForm:
    return AnswersForm(
        items=cards.read_items(version.items), initial={**review.answers, "summary": review.summary}
    )


def _may_settle(review: Review, request: StaffRequest) -> bool:
    return (
        review.state == Review.State.APPEALED
        and request.user.role in STAFF
        and review.reviewer_id != request.user.pk
    )


def _back(request: StaffRequest, review: Review) -> HttpResponse:
    """To the page that was left, with the play that was going on."""
    play = request.POST.get("play", "")
    address = reverse("quality_review", args=[review.pk])
    return redirect(f"{address}?play={play}" if row_number(play) else address)


def _found(request: StaffRequest, pk: int) -> Review:
    return get_object_or_404(queries.reviews_of(request.user), pk=pk)


@for_roles(*STAFF)
@require_POST
def review_remark(request: StaffRequest, pk: int) -> HttpResponse:
    found, form = _found(request, pk), CallRemarkForm(request.POST)
    if form.is_valid():
        said(request, lambda: services.remark(actor=request.user, review=found, **form.cleaned_data))
    else:
        messages.error(request, errors_of(form))
    return _back(request, found)


@for_roles(*STAFF)
@require_POST
def timed_remark_delete(request: StaffRequest, pk: int) -> HttpResponse:
    remark = get_object_or_404(TimedRemark.objects.filter(review__in=queries.reviews_of(request.user)), pk=pk)
    found = remark.review
    said(request, lambda: services.delete_remark(actor=request.user, remark=remark))
    return _back(request, found)


@for_roles(*STAFF)
@require_POST
def review_verdict(request: StaffRequest, pk: int) -> HttpResponse:
    """Give the verdict, and on to the next call."""
    found = _found(request, pk)
    version = get_object_or_404(ScoreCardVersion, pk=row_number(request.POST.get("version", "")) or 0)
    form = AnswersForm(request.POST, items=cards.read_items(version.items))
    if not form.is_valid():
        messages.error(request, _("Answer every item of the score card."))
        return _back(request, found)
    summary = form.cleaned_data["summary"]

    def judged() -> object:
        return services.give_verdict(
            actor=request.user, review=found, version=version, answers=form.answers(), summary=summary
        )

    if not said(request, judged, _("The verdict is given.")):
        return _back(request, found)
    return redirect("quality_review", pk=found.pk)


@for_roles(*STAFF)
@require_POST
def review_violation(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    form = ViolationForm(request.POST, owners=queries.people_who_may_own(found.campaign_id))
    if form.is_valid():
        cleaned = form.cleaned_data
        said(
            request,
            lambda: services.open_violation(actor=request.user, review=found, **cleaned),
            _("The violation is recorded and its action is open."),
        )
    else:
        messages.error(request, errors_of(form))
    return _back(request, found)


@for_roles(Role.AGENT)
@require_POST
def review_appeal(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    said(
        request,
        lambda: services.appeal(actor=request.user, review=found, text=request.POST.get("text", "")),
        _("Your appeal goes to another person."),
    )
    return redirect("quality_review", pk=found.pk)


@for_roles(*STAFF)
@require_POST
def review_settle(request: StaffRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    form = SettleForm(request.POST)
    items = cards.read_items(found.version.items) if found.version else []
    answers = AnswersForm(request.POST, items=items, needed=False)
    if not form.is_valid() or not answers.is_valid():
        messages.error(request, errors_of(form) or errors_of(answers))
        return redirect("quality_review", pk=found.pk)
    cleaned = form.cleaned_data

    def settled() -> object:
        return services.settle(
            actor=request.user,
            review=found,
            is_upheld=cleaned["decision"] == "stands",
            note=cleaned["note"],
            answers=answers.answers(),
        )

    said(request, settled, _("The appeal is decided."))
    return redirect("quality_review", pk=found.pk)
