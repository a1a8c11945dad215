"""One review: taken, remarked on, judged; appealed by the agent and decided by another person (R29)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify

from .. import queries
from ..models import Play, Recording, Review, ScoreCard, ScoreCardVersion, TimedRemark
from ..rules import cards

HOLDS = timedelta(hours=8)  # a review that is taken and not judged goes back into the queue
APPEAL_WITHIN = timedelta(days=7)


@transaction.atomic
def take_next(*, actor: User) -> Review | None:
    """The riskiest review that waits for this reviewer; the one that they have already, if they have one."""
    _may_review(actor)
    held = queries.reviews_of(actor).filter(
        reviewer=actor, state=Review.State.TAKEN, taken_at__gt=clock.now() - HOLDS, call__isnull=False
    )
    if mine := held.order_by("taken_at").first():
        return mine
    free_forgotten()
    review = queries.queue_of(actor).select_for_update(skip_locked=True, of=("self",)).first()
    return _taken(review, actor) if review else None


@transaction.atomic
def take(*, actor: User, review: Review) -> Review:
    """One review of the queue. Raises `NotFound` when it is not the actor's to take, `WrongState` when
    another has it."""
    _may_review(actor)
    locked = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if locked.state == Review.State.TAKEN and locked.reviewer_id == actor.pk:
        return locked
    if locked.state != Review.State.WAITING:
        raise WrongState(_("Somebody else reviews this call already."))
    if not queries.queue_of(actor).filter(pk=locked.pk).exists():
        raise NotFound()
    return _taken(locked, actor)


def _taken(review: Review, actor: User) -> Review:
    review.state, review.reviewer, review.taken_at = Review.State.TAKEN, actor, clock.now()
    review.save(update_fields=["state", "reviewer", "taken_at"])
    return review


def free_forgotten() -> int:
    """Reviews that were taken and left go back into the queue. Their remarks stay."""
    left = Review.objects.filter(state=Review.State.TAKEN, taken_at__lt=clock.now() - HOLDS)
    return left.update(state=Review.State.WAITING, reviewer=None, taken_at=None)


def _may_review(actor: User) -> None:
    if actor.role not in queries.STAFF:
        raise NotAllowed()


def _own(actor: User, review: Review, *states: str) -> Review:
    """The review, locked, that the actor is at."""
    _may_review(actor)
    locked = (
        Review.objects.select_for_update(of=("self",))
        .select_related("call", "campaign", "agent")
        .get(pk=review.pk)
    )
    if locked.reviewer_id != actor.pk:
        raise NotAllowed(_("This review is not yours."))
    if locked.state not in states:
        raise WrongState()
    return locked


@transaction.atomic
def remark(*, actor: User, review: Review, start_ms: int, end_ms: int, text: str) -> TimedRemark:
    """A remark on a stretch of the recording. Raises `BadInput` for one beyond its end."""
    review = _own(actor, review, Review.State.TAKEN)
    text = checked_text(text, _("Say what you remark."))
    recording = Recording.objects.filter(call=review.call_id).first()
    last = (recording.duration_ms or 0) if recording else 0
    if not 0 <= start_ms <= end_ms <= last + 1_000:
        raise BadInput(_("The stretch lies beyond the end of the recording."))
    return TimedRemark.objects.create(
        review=review, start_ms=start_ms, end_ms=end_ms, text=text, author=actor, created_at=clock.now()
    )


@transaction.atomic
def delete_remark(*, actor: User, remark: TimedRemark) -> None:
    """As long as the verdict is not given."""
    _own(actor, remark.review, Review.State.TAKEN)
    remark.delete()


@transaction.atomic
def give_verdict(
    *, actor: User, review: Review, version: ScoreCardVersion, answers: Mapping[str, str], summary: str = ""
) -> Review:
    """Answers to every item; points and passing follow from them.

    Where there is a recording it has been opened by the reviewer. Raises `BadInput` for a missing answer,
    `WrongState` for a recording that nobody listened to or a card that is no longer in force.
    """
    review = _own(actor, review, Review.State.TAKEN)
    if version.state != ScoreCardVersion.State.IN_FORCE:
        raise WrongState(_("This version of the score card is no longer in force. Reload the page."))
    if _is_unheard(review, actor):
        raise WrongState(_("Listen to the recording before you judge the call."))
    verdict = cards.judge(cards.read_items(version.items), answers, pass_mark=version.pass_mark)
    _set(review, version, answers, verdict)
    review.summary = checked_text(summary, "-") if summary.strip() else ""
    review.state, review.judged_at = Review.State.DONE, clock.now()
    review.save()
    if review.agent and review.twin_id is None:
        notify(
            [review.agent],
            "review_done",
            thing=f"quality_review:{review.pk}",
            what=_call_of(review),
            score=verdict.score,
        )
    return review


def _call_of(review: Review) -> str:
    return f"{review.campaign.name}, {timezone.localtime(review.called_at):%Y-%m-%d %H:%M}"


def _is_unheard(review: Review, actor: User) -> bool:
    playable = Recording.objects.filter(call=review.call_id, state=Recording.State.READY)
    plays = Play.objects.filter(recording__call=review.call_id, actor=actor).exclude(served=[])
    return playable.exists() and not plays.exists()


def _set(
    review: Review, version: ScoreCardVersion, answers: Mapping[str, str], verdict: cards.CardVerdict
) -> None:
    items = cards.read_items(version.items)
    review.version, review.answers = version, {item.code: answers[item.code] for item in items}
    review.score, review.has_passed, review.failed_fatal = (
        verdict.score,
        verdict.has_passed,
        verdict.failed_fatal,
    )


@transaction.atomic
def appeal(*, actor: User, review: Review, text: str) -> Review:
    """The agent disagrees, once, within seven days. Raises `WrongState` when it is too late."""
    review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if review.agent_id != actor.pk:
        raise NotAllowed()
    if (
        review.state != Review.State.DONE
        or review.judged_at is None
        or review.judged_at < clock.now() - APPEAL_WITHIN
    ):
        raise WrongState(_("An appeal is possible once, within seven days of the verdict."))
    review.appeal, review.appealed_at = checked_text(text, _("Say what you disagree with.")), clock.now()
    review.state = Review.State.APPEALED
    review.save()
    notify(
        _second_instance(review),
        "review_appealed",
        about=actor,
        thing=f"quality_review:{review.pk}",
        what=_call_of(review),
    )
    return review


def _second_instance(review: Review) -> list[User]:
    return [
        person for person in queries.people_who_may_own(review.campaign_id) if person.pk != review.reviewer_id
    ]


@transaction.atomic
def settle(
    *, actor: User, review: Review, is_upheld: bool, note: str, answers: Mapping[str, str] | None = None
) -> Review:
    """Decide an appeal: the verdict stands, or other answers take its place (the first ones are kept). By
    another person.

    Raises `FourEyes` for the reviewer, `WrongState`, `BadInput`.
    """
    _may_review(actor)
    review = (
        Review.objects.select_for_update(of=("self",)).select_related("version", "agent").get(pk=review.pk)
    )
    if actor.pk == review.reviewer_id:
        raise FourEyes(_("Somebody else decides the appeal: you gave the verdict."))
    if not queries.reviews_of(actor).filter(pk=review.pk).exists():
        raise NotFound()
    if review.state != Review.State.APPEALED or review.version is None:
        raise WrongState()
    close_notices("review_appealed", thing=f"quality_review:{review.pk}")
    if not is_upheld:
        given = review.answers | dict(answers or {})
        verdict = cards.judge(
            cards.read_items(review.version.items), given, pass_mark=review.version.pass_mark
        )
        if given == review.answers:
            raise BadInput(_("Change at least one answer, or let the verdict stand."))
        review.first_verdict = {"answers": review.answers, "score": review.score, "passed": review.has_passed}
        _set(review, review.version, given, verdict)
    review.second, review.second_at, review.is_upheld = actor, clock.now(), is_upheld
    review.second_note = checked_text(note, _("Say why."))
    review.state = Review.State.SETTLED
    review.save()
    if review.agent:
        notify([review.agent], "review_settled", thing=f"quality_review:{review.pk}", what=_call_of(review))
    return review


@transaction.atomic
def write_card(
    *, actor: User, code: str, name: str, trade: str, items: Any, pass_mark: int
) -> ScoreCardVersion:
    """The next version of a score card, to be put in force by a second person. Raises `BadInput`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    read = cards.read_items(items)
    card, _made = ScoreCard.objects.get_or_create(code=code, defaults={"name": name, "trade": trade})
    number = 1 + max(card.versions.values_list("number", flat=True), default=0)
    version = ScoreCardVersion(
        card=card,
        number=number,
        items=cards.stored(read),
        pass_mark=pass_mark,
        author=actor,
        created_at=clock.now(),
    )
    version.full_clean()
    version.save()
    others = User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk)
    notify(others, "score_card_written", thing=f"score_card_version:{version.pk}")
    return version


@transaction.atomic
def approve_card(*, actor: User, version: ScoreCardVersion) -> ScoreCardVersion:
    """Put a version in force; the one before is retired, and stays with the reviews made by it. Raises
    `FourEyes`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = ScoreCardVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.author_id == actor.pk:
        raise FourEyes()
    if version.state != ScoreCardVersion.State.DRAFT:
        raise WrongState()
    ScoreCardVersion.objects.filter(card=version.card_id, state=ScoreCardVersion.State.IN_FORCE).update(
        state=ScoreCardVersion.State.RETIRED
    )
    version.state, version.approved_by, version.approved_at = (
        ScoreCardVersion.State.IN_FORCE,
        actor,
        clock.now(),
    )
    version.save()
    close_notices("score_card_written", thing=f"score_card_version:{version.pk}")
    return version
