"""Reviews: each right is confirmed or revoked by who answers for it; what is not confirmed in time goes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.access import services
from apps.access.models import Review, ReviewItem
from apps.campaigns.models import CampaignUserPermission
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.notifications.models import Notice
from tests.world import World


@pytest.fixture
def review(world: World) -> Review:
    return services.start_review(
        actor=world.people["admin"], name="第四季度", due_on=world.today + timedelta(days=7)
    )


def item(review: Review, holder: str) -> ReviewItem:
    return review.items.get(holder__username=holder)


def test_every_right_waits_for_somebody_else(world: World, review: Review) -> None:
    result = {(each.holder.username, each.right, each.reviewer.username) for each in review.items.all()}  # type: ignore[union-attr]
    assert result == {("agent", "work", "supervisor"), ("supervisor", "supervise", "supervisor2")}
    assert set(Notice.objects.filter(code="review_due").values_list("recipient__username", flat=True)) == {
        "supervisor",
        "supervisor2",
    }


def test_a_confirmed_right_stays_and_a_revoked_one_goes_at_once(world: World, review: Review) -> None:
    services.decide_item(actor=world.people["supervisor2"], item=item(review, "supervisor"), confirm=True)
    services.decide_item(actor=world.people["supervisor"], item=item(review, "agent"), confirm=False)
    assert [row.user.username for row in CampaignUserPermission.objects.select_related("user")] == [
        "supervisor"
    ]
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
        services.start_review(
            actor=world.people["admin"], name="x", due_on=world.today + timedelta(days=days)
        )


def test_only_admins_start_one(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.start_review(
            actor=world.people["supervisor"], name="x", due_on=world.today + timedelta(days=7)
        )


def test_many_are_decided_at_once_each_by_itself(world: World, browse: Any) -> None:
    world.running_campaign("autumn", agents=("agent", "agent2"))
    review = services.start_review(
        actor=world.people["admin"], name="第四季度", due_on=world.today + timedelta(days=7)
    )
    waiting = list(review.items.filter(reviewer=world.people["supervisor"]).order_by("pk"))
    assert len(waiting) >= 3
    client = browse("supervisor")
    page = client.get("/reviews/").content.decode()
    assert [int(each) for each in re.findall(r'name="pick" value="(\d+)" form="bulk"', page)] == [
        each.pk for each in reversed(waiting)
    ]
    client.post("/reviews/decide/", {"pick": [waiting[0].pk], "revoke": "1"})
    others = review.items.exclude(reviewer=world.people["supervisor"]).first()
    response = client.post(
        "/reviews/decide/",
        {"pick": [each.pk for each in waiting] + [others.pk, "x", "", "²"], "confirm": "1"},
        follow=True,
    )
    mine = review.items.filter(reviewer=world.people["supervisor"]).order_by("pk")
    assert [each.verdict for each in mine] == ["revoked", *["confirmed"] * (len(waiting) - 1)]
    assert review.items.get(pk=others.pk).verdict == "open"  # somebody else's
    counts = [int("".join(re.findall(r"\d+", str(each))[:1])) for each in response.context["messages"]]
    assert counts == [1, len(waiting) - 1, 1]  # revoked, confirmed, refused since it was decided
    assert 'name="pick"' not in client.get("/reviews/").content.decode()


def test_nothing_is_decided_when_nothing_is_picked(world: World, review: Review, browse: Any) -> None:
    browse("supervisor").post("/reviews/decide/", {"confirm": "1"})
    assert set(review.items.values_list("verdict", flat=True)) == {"open"}
