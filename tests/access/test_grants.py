"""Temporary grants: asked for, approved by another person, over when their time is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.access import field_rights, services
from apps.access.models import ProtectedField, TemporaryGrant
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock as our_clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from tests.world import World


def ask(world: World, who: str = "agent", *, by: str = "", **fields: Any) -> TemporaryGrant:
    wanted = {
        "field": ProtectedField.objects.get(name=field_rights.PHONE),
        "right": "view_clear",
        "reason": "复核投诉",
        "ends_at": our_clock.now() + timedelta(hours=4),
        **fields,
    }
    return services.ask_grant(actor=world.people[by or who], beneficiary=world.people[who], **wanted)


def approve(world: World, grant: TemporaryGrant, by: str = "compliance") -> TemporaryGrant:
    return services.decide_grant(actor=world.people[by], grant=grant, approve=True)


def may(world: World, who: str = "agent") -> bool:
    return services.has_field_right(world.people[who], field_rights.PHONE, "view_clear")


def test_a_grant_gives_the_right_from_approval_to_its_end_to_the_second(world: World, clock: Any) -> None:
    grant = ask(world)
    assert not may(world)
    approve(world, grant)
    assert may(world)
    clock.move_to(grant.ends_at - timedelta(seconds=1))
    assert may(world)
    clock.move_to(grant.ends_at)
    assert not may(world), "the check itself ends it, before any task"
    assert services.end_lapsed_grants() == 1
    assert services.end_lapsed_grants() == 0
    grant = TemporaryGrant.objects.get()
    assert (grant.state, grant.ended_at) == ("ended", grant.ends_at)


@pytest.mark.parametrize("by", ["agent", "supervisor", "agent2"])
def test_who_may_not_approve(world: World, by: str) -> None:
    with pytest.raises(NotAllowed):
        approve(world, ask(world), by)


def test_nobody_approves_their_own_request_nor_one_for_themselves(world: World) -> None:
    with pytest.raises(FourEyes):
        approve(world, ask(world, "compliance"), "compliance")
    with pytest.raises(FourEyes):
        approve(world, ask(world, "agent", by="compliance"), "compliance")
    grant = ask(world)
    for somebody in (grant.requested_by, grant.beneficiary):
        with pytest.raises(IntegrityError), transaction.atomic():
            TemporaryGrant.objects.filter(pk=grant.pk).update(approved_by=somebody, state="approved")


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"ends_at": None}, BadInput),
        ({"ends_at": timedelta(days=30, seconds=1)}, BadInput),
        ({"ends_at": timedelta(0)}, BadInput),
        ({"reason": " "}, BadInput),
        ({"reason": "证件110101188002045240"}, PersonalDataFound),
        ({"right": "everything"}, BadInput),
        ({"right": "export_value"}, NotAllowed),
        ({"field": None}, BadInput),
    ],
)
def test_a_bad_request_is_a_sentence(world: World, bad: dict[str, Any], error: type[Exception]) -> None:
    if isinstance(bad.get("ends_at"), timedelta):
        bad = {"ends_at": our_clock.now() + bad["ends_at"]}
    with pytest.raises(error) as caught:
        ask(world, **bad)
    assert str(caught.value)
    assert not TemporaryGrant.objects.exists()


def test_the_database_knows_no_grant_without_an_end_or_beyond_a_month(world: World) -> None:
    grant = ask(world)
    for ends_at in (None, grant.created_at + timedelta(days=31), grant.created_at):
        with pytest.raises(IntegrityError), transaction.atomic():
            TemporaryGrant.objects.filter(pk=grant.pk).update(ends_at=ends_at)


def test_admins_are_granted_no_personal_data(world: World) -> None:
    with pytest.raises(NotAllowed):
        ask(world, "admin")


def test_an_agent_asks_for_nobody_else(world: World) -> None:
    with pytest.raises(NotAllowed):
        ask(world, "agent2", by="agent")


def test_a_refused_grant_gives_nothing_and_is_decided_once(world: World) -> None:
    grant = services.decide_grant(actor=world.people["admin"], grant=ask(world), approve=False)
    assert not may(world)
    with pytest.raises(WrongState):
        approve(world, grant)


def test_a_grant_may_be_ended_early_by_its_holder_or_a_decider(world: World) -> None:
    grant = approve(world, ask(world))
    with pytest.raises(NotAllowed):
        services.end_grant(actor=world.people["agent2"], grant=grant)
    services.end_grant(actor=world.people["agent"], grant=grant)
    assert not may(world)


def test_a_deactivated_person_has_no_granted_right(world: World) -> None:
    approve(world, ask(world))
    world.people["agent"].is_active = False
    assert not may(world)


def test_a_campaign_for_a_while(world: World, clock: Any) -> None:
    grant = ask(
        world, "agent2", field=None, campaign_id=world.campaign.pk, campaign_name="spring", right="work"
    )
    agent = world.people["agent2"]
    assert not campaigns.campaigns_of(agent).exists()
    assert world.authorize(agent="agent2", reserve=False).codes == ["agent_not_assigned"]
    approve(world, grant)
    assert list(campaigns.campaigns_of(agent)) == [world.campaign]
    assert world.authorize(agent="agent2", reserve=False).allowed
    assert campaigns.is_foreign(agent, world.contact)
    clock.move_to(grant.ends_at)
    assert not campaigns.campaigns_of(agent).exists()
    assert world.authorize(agent="agent2", reserve=False).codes == ["agent_not_assigned"]


def test_a_campaign_right_has_to_be_that_of_the_role(world: World) -> None:
    with pytest.raises(BadInput):
        ask(world, "agent2", field=None, campaign_id=world.campaign.pk, right="supervise")
