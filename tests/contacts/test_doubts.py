"""Numbers that changed hands (R40): in doubt until a person has looked; the consent is kept or ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import Contact, NumberDoubt
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.notifications.models import Notice
from tests.world import World


@pytest.fixture
def doubt(world: World) -> NumberDoubt:
    return services.raise_doubt(
        number_index=bytes(world.contact.number_index),
        origin="call",
        reference="cl_1",
        actor=world.people["agent"],
    )


def test_every_kind_of_call_waits(world: World, doubt: NumberDoubt) -> None:
    world.running_campaign(
        "notice", kind="notification", script=world.approved_script("notice", kind="notification")
    )
    for campaign in ("spring", "notice"):
        assert world.authorize(campaign=campaign, reserve=False).codes == ["number_in_doubt"]
    assert Notice.objects.filter(code="number_in_doubt").count() == 2


def test_kept_with_evidence_calls_go_on(world: World, doubt: NumberDoubt) -> None:
    with pytest.raises(BadInput):
        services.keep_consent(actor=world.people["compliance"], doubt=doubt, reason="回访确认", evidence="")
    services.keep_consent(
        actor=world.people["compliance"], doubt=doubt, reason="回访确认", evidence="录音 2026-11-24"
    )
    assert world.authorize(reserve=False).allowed
    with pytest.raises(WrongState):
        services.end_consent(actor=world.people["compliance"], doubt=doubt, reason="x")


def test_ended_nobody_calls_until_the_holder_consents(world: World, doubt: NumberDoubt, clock: Any) -> None:
    services.end_consent(actor=world.people["compliance"], doubt=doubt, reason="新机主来电")
    assert set(world.authorize(reserve=False).codes) == {"consent_withdrawn", "number_in_doubt"}
    assert Notice.objects.filter(code="number_changed_hands").exists(), "who keeps the source hears of it"
    clock.shift(timedelta(hours=1))
    world.consent(world.contact, given_at=world.at("10:30"))
    assert world.authorize(reserve=False).allowed


def test_a_list_that_brings_the_number_again_does_not_end_the_doubt(world: World, doubt: NumberDoubt) -> None:
    world.contact.consents.all().delete()
    world.contact.entries.all().delete()
    Contact.objects.filter(pk=world.contact.pk).delete()
    world.add_contact("13800001234")
    assert world.authorize(reserve=False).codes == ["number_in_doubt"]


def test_a_second_word_is_the_same_doubt_and_only_compliance_decides(
    world: World, doubt: NumberDoubt
) -> None:
    again = services.raise_doubt(
        number_index=bytes(world.contact.number_index), origin="message", reference="m"
    )
    assert again == doubt
    for role in ("agent", "supervisor", "admin"):
        with pytest.raises(NotAllowed):
            services.end_consent(actor=world.people[role], doubt=doubt, reason="x")


def test_the_queue_shows_it_masked_and_the_source_counts_it(
    world: World, doubt: NumberDoubt, browse: Any
) -> None:
    officer = browse("compliance")
    text = officer.get(reverse("doubts")).content.decode()
    assert doubt.public_id in text
    assert "138****1234" in text
    source = officer.get(reverse("source", kwargs={"pk": world.source.pk})).content.decode()
    assert f'<a href="{reverse("doubts")}">1</a>' in source
    answer = officer.post(
        reverse("doubt_decide", kwargs={"pk": doubt.pk}), {"verdict": "end", "reason": "新机主来电"}
    )
    assert answer.headers["Location"] == reverse("doubts")
    doubt.refresh_from_db()
    assert doubt.state == "ended"
