"""Data sources: recorded by one, approved by another; bought data never."""

import pytest
from django.db import IntegrityError, transaction

from apps.contacts import services
from apps.contacts.models import DataSource
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from tests.world import World


def record(world: World, actor: str = "supervisor", **fields: str) -> DataSource:
    return services.create_source(
        actor=world.people[actor],
        purposes=[world.purpose],
        **{"code": "new", "name": "new", "origin": "own", "lawful_basis": "同意", "consent_wording": "我同意。", **fields},
    )


def test_compliance_approves_what_another_recorded(world: World) -> None:
    source = services.approve_source(actor=world.people["compliance"], source=record(world))
    assert source.state == "approved"
    assert source.approved_by == world.people["compliance"]


def test_nobody_approves_their_own_source(world: World) -> None:
    with pytest.raises(FourEyes):
        services.approve_source(actor=world.people["compliance"], source=record(world, "compliance"))


@pytest.mark.parametrize("origin", ["purchased", "shared"])
def test_bought_or_shared_data_is_recorded_but_never_approved(world: World, origin: str) -> None:
    source = record(world, origin=origin)
    with pytest.raises(BadInput, match="R3"):
        services.approve_source(actor=world.people["compliance"], source=source)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataSource.objects.filter(pk=source.pk).update(state="approved", approved_by=world.people["compliance"])


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_decides(world: World, role: str) -> None:
    source = record(world)
    for decide in (services.approve_source, services.refuse_source, services.withdraw_source):
        with pytest.raises(NotAllowed):
            decide(actor=world.people[role], source=source)


def test_a_decision_is_made_once(world: World) -> None:
    source = record(world)
    services.refuse_source(actor=world.people["compliance"], source=source)
    with pytest.raises(WrongState):
        services.approve_source(actor=world.people["compliance"], source=source)
