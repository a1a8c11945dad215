"""What somebody decided leaves every inbox: a notice asks, and what it asked for is done."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.access import services as access
from apps.access.models import ProtectedField
from apps.contacts import services as contacts
from apps.core.calendar import clock
from apps.notifications.models import Notice
from apps.optouts import services as optouts
from apps.policies import services as policies
from apps.quality import services as quality
from apps.quality.models import Complaint
from tests.world import PHONE, World


def _policy(world: World) -> Callable[[], object]:
    values = {
        "window_start": "09:00",
        "window_end": "20:00",
        "calls_per_day": 1,
        "calls_per_week": 3,
        "reservation_seconds": 60,
    }
    draft = policies.write_draft(actor=world.people["compliance"], kind="calling", values=values, reason="x")
    return lambda: policies.refuse_draft(actor=world.people["compliance2"], draft=draft)


def _doubt(world: World) -> Callable[[], object]:
    index = bytes(world.contact.number_index)
    doubt = contacts.raise_doubt(
        number_index=index, origin="call", reference="call:1", actor=world.people["agent"]
    )
    return lambda: contacts.end_consent(actor=world.people["compliance"], doubt=doubt, reason="核实")


def _lift(world: World) -> Callable[[], object]:
    optouts.record_opt_out(
        phone=f"+86{PHONE}", channel="agent", evidence="call:1", said_at=clock.now() - timedelta(hours=1)
    )
    lift = optouts.ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=clock.now(), evidence="form 7"
    )
    return lambda: optouts.refuse_lift(actor=world.people["compliance2"], lift=lift)


def _grant(world: World) -> Callable[[], object]:
    grant = access.ask_grant(
        actor=world.people["supervisor"], beneficiary=world.people["agent"],
        field=ProtectedField.objects.first(), right="view_clear",
        reason="核对投诉中的号码", ends_at=clock.now() + timedelta(days=2),
    )  # fmt: skip
    return lambda: access.decide_grant(actor=world.people["admin"], grant=grant, approve=False)


def _complaint(world: World) -> Callable[[], object]:
    made = quality.record_complaint(
        actor=world.people["supervisor"],
        channel=Complaint.Channel.values[0],
        kind="unwanted",
        text="太烦",
        phone=f"+86{PHONE}",
        owner=world.people["compliance"],
    )
    return lambda: quality.close_complaint(
        actor=world.people["compliance"], complaint=made, outcome="justified", remedy="已致歉"
    )


@pytest.mark.parametrize("ask", [_policy, _doubt, _lift, _grant, _complaint])
def test_a_decision_closes_what_asked_for_it(
    world: World, ask: Callable[[World], Callable[[], object]]
) -> None:
    Notice.objects.all().delete()
    decide = ask(world)
    asked = list(Notice.objects.filter(done_at__isnull=True).values_list("pk", flat=True))
    assert asked
    decide()
    assert not Notice.objects.filter(pk__in=asked, done_at__isnull=True).exists()


def test_the_decision_about_one_thing_leaves_the_question_about_another(world: World) -> None:
    first = _policy(world)
    _policy(world)
    first()
    assert Notice.objects.filter(code="policy_draft", done_at__isnull=False).exists()
    assert Notice.objects.filter(code="policy_draft", done_at__isnull=True).exists()
