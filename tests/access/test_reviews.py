"""Reviews: each right is confirmed or revoked by who answers for it; what is not confirmed in time goes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.access import services
from apps.access.models import Review, ReviewItem
from apps.audit.models import Notice
from apps.campaigns.models import CampaignUserPermission
from apps.core.errors import BadInput, NotAllowed, WrongState
from tests.world import World


@pytest.fixture
def review(world: World) -> Review:
    return services.start_review(actor=world.people["admin"], name="第四季度", due_on=world.today + timedelta(days=7))


def item(review: Review, holder: str) -> ReviewItem:
    return review.items.get(holder__username=holder)


def test_every_right_waits_for_somebody_else(world: World, review: Review) -> None:
    told = {(each.holder.username, each.right, each.reviewer.username) for each in review.items.all()}  # type: ignore[union-attr]
    assert told == {("agent", "work", "supervisor"), ("supervisor", "supervise", "supervisor2")}
    assert set(Notice.objects.filter(code="review_due").values_list("recipient__username", flat=True)) == {"supervisor", "supervisor2"}


def test_a_confirmed_right_stays_and_a_revoked_one_goes_at_once(world: World, review: Review) -> None:
    services.decide_item(actor=world.people["supervisor2"], item=item(review, "supervisor"), confirm=True)
    services.decide_item(actor=world.people["supervisor"], item=item(review, "agent"), confirm=False)
    assert [row.user.username for row in CampaignUserPermission.objects.select_related("user")] == ["supervisor"]
    assert world.authorize(agent="agent").codes == ["agent_not_assigned"]


def test_what_is_not_confirmed_in_time_is_revoked(world: World, review: Review, clock: Any) -> None:
    services.decide_item(actor=world.people["supervisor"], item=item(review, "agent"), confirm=True)
    clock.shift(timedelta(days=7))
    assert services.close_due_reviews() == 0
    clock.shift(timedelta(days=1))
    assert services.close_due_reviews() == 1
    assert services.close_due_reviews() == 0
    assert [row.user.username for row in CampaignUserPermission.objects.select_related("user")] == ["agent"]
    assert item(review, "supervisor").verdict == "lapsed"


@pytest.mark.parametrize("who", ["agent", "supervisor2", "compliance", "admin"])
def test_nobody_else_decides(world: World, review: Review, who: str) -> None:
    with pytest.raises(NotAllowed):
        services.decide_item(actor=world.people[who], item=item(review, "agent"), confirm=True)


def test_nobody_reviews_their_own(world: World, review: Review) -> None:
    with pytest.raises(NotAllowed):
        services.decide_item(actor=world.people["supervisor"], item=item(review, "supervisor"), confirm=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewItem.objects.filter(holder__username="supervisor").update(reviewer=world.people["supervisor"])


def test_a_decision_is_made_once(world: World, review: Review) -> None:
    services.decide_item(actor=world.people["supervisor"], item=item(review, "agent"), confirm=True)
    with pytest.raises(WrongState):
        services.decide_item(actor=world.people["supervisor"], item=item(review, "agent"), confirm=False)


@pytest.mark.parametrize("days", [0, -1, 61])
def test_a_review_has_a_sensible_end(world: World, days: int) -> None:
    with pytest.raises(BadInput):
        services.start_review(actor=world.people["admin"], name="x", due_on=world.today + timedelta(days=days))


def test_only_admins_start_one(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.start_review(actor=world.people["supervisor"], name="x", due_on=world.today + timedelta(days=7))
