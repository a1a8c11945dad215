"""Scripts: written by one, approved by another, never changed under way."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.scripts import services
from apps.scripts.models import ScriptVersion
from tests.world import COMPANY, SECTIONS, World


def write(world: World, **fields: str) -> ScriptVersion:
    return services.write_version(actor=world.people["supervisor"], script=world.script, company=COMPANY, **{**SECTIONS, **fields})


def test_an_approved_version_retires_the_one_before(world: World) -> None:
    first = world.script.versions.get()
    second = world.approve_version(world.script)
    first = ScriptVersion.objects.get(pk=first.pk)
    assert (first.state, second.state, second.number) == ("retired", "approved", 2)


def test_approval_ends_after_180_days(world: World) -> None:
    version = world.script.versions.get()
    assert version.expires_at is not None
    assert version.approved_at is not None
    assert (version.expires_at - version.approved_at).days == 180


def test_only_the_author_submits(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.submit(actor=world.people["supervisor2"], version=write(world))


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_reviews(world: World, role: str) -> None:
    version = services.submit(actor=world.people["supervisor"], version=write(world))
    for review in (services.approve, services.send_back):
        with pytest.raises(NotAllowed):
            review(actor=world.people[role], version=version, note="x")


def test_an_author_never_approves_even_as_compliance(world: World) -> None:
    version = services.submit(actor=world.people["supervisor"], version=write(world))
    author = world.people["supervisor"]
    author.role = "compliance"
    author.save()
    with pytest.raises(FourEyes):
        services.approve(actor=author, version=version)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(reviewed_by=author)


def test_a_draft_is_not_approved_without_being_submitted(world: World) -> None:
    with pytest.raises(WrongState):
        services.approve(actor=world.people["compliance"], version=write(world))


def test_sending_back_says_why(world: World) -> None:
    version = services.submit(actor=world.people["supervisor"], version=write(world))
    with pytest.raises(BadInput):
        services.send_back(actor=world.people["compliance"], version=version, note=" ")
    assert services.send_back(actor=world.people["compliance"], version=version, note="缺少风险提示").state == "returned"


def test_the_opening_says_the_company(world: World) -> None:
    with pytest.raises(BadInput, match="R16"):
        write(world, opening="您好，请问有空吗？")


def test_an_id_number_in_a_script_is_refused(world: World) -> None:
    with pytest.raises(PersonalDataFound):
        write(world, body="例如110101188002045240")


@pytest.mark.parametrize("section", ["opening", "purpose", "body", "way_out", "forbidden"])
def test_a_submitted_text_is_frozen_by_the_database(world: World, section: str) -> None:
    version = services.submit(actor=world.people["supervisor"], version=write(world))
    with pytest.raises(DatabaseError), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(**{section: "别的"})


def test_the_state_is_not_set_by_hand(world: World) -> None:
    version: Any = write(world)
    with pytest.raises(AttributeError):
        version.state = "approved"
