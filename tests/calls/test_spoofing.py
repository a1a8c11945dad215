"""A caller number that is none of the campaign's: refused, kept, reported (R21)."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.calls.models import Decision, SpoofingEvent
from apps.notifications.models import Notice
from tests.http import Api
from tests.world import PHONE, World

STRANGE = "02155550199"


def test_the_attempt_is_kept_with_who_asked(world: World) -> None:
    assert world.authorize(line=STRANGE, agent="agent").codes == ["line_not_of_campaign"]
    event = SpoofingEvent.objects.get()
    assert (event.line_asked, event.campaign, event.agent) == (
        "+862155550199",
        world.campaign,
        world.people["agent"],
    )
    assert event.decision == Decision.objects.get()


def test_compliance_is_reported_once_a_day_for_each_number(world: World, clock: Any) -> None:
    for _time in range(3):
        world.authorize(line=STRANGE)
    result = list(Notice.objects.filter(code="spoofing"))
    assert sorted(notice.recipient.username for notice in result) == ["compliance", "compliance2"]
    assert "215****0199" in result[0].sentence
    assert "5555" not in result[0].sentence
    assert SpoofingEvent.objects.count() == 3
    clock.shift(86_400)
    world.authorize(line=STRANGE)
    assert Notice.objects.filter(code="spoofing").count() == 4


def test_a_dialler_that_spoofs_is_named(world: World, browse: Any) -> None:
    Api(world.key).post("calls/authorize", {"campaign": "spring", "phone": PHONE, "line": STRANGE})
    assert SpoofingEvent.objects.get().client == world.client
    text = browse("compliance").get("/flags/").content.decode()
    assert "+862155550199" in text
    assert world.client.name in text


def test_a_line_of_the_campaign_is_no_spoofing(world: World) -> None:
    world.authorize()
    assert not SpoofingEvent.objects.exists()


def test_attempts_are_never_changed(world: World) -> None:
    world.authorize(line=STRANGE)
    with pytest.raises(DatabaseError), transaction.atomic():
        SpoofingEvent.objects.update(line_asked="+861085550101")
    with pytest.raises(DatabaseError), transaction.atomic():
        SpoofingEvent.objects.all().delete()
