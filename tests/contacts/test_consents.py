"""Consents with their evidence, their withdrawal at once, and clients who are not of age."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.contacts import services
from apps.contacts.models import Consent, Purpose
from apps.core.calendar.clock import now
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.retention.services import purging
from tests.world import OTHER_PHONE, World

PAPER = b"%PDF-1.7\n...\n%%EOF"


@pytest.fixture
def bare(world: World) -> Any:
    """A contact who agreed to nothing."""
    return world.add_contact(OTHER_PHONE, consent=False)


def give(world: World, contact: Any, **fields: Any) -> Consent:
    payload = {
        "purpose": world.purpose,
        "channel": "paper",
        "given_at": now() - timedelta(hours=1),
        "reference": "登记表第17号",
    }
    return services.record_consent(
        contact=contact, **{"actor": world.people["supervisor"], **payload, **fields}
    )


def test_a_recorded_consent_allows_a_call_and_keeps_its_evidence(world: World, bare: Any) -> None:
    assert world.authorize(phone=OTHER_PHONE, reserve=False).codes == ["no_consent"]
    given = give(world, bare, content=PAPER, file_name="form.pdf")
    assert world.authorize(phone=OTHER_PHONE, reserve=False).allowed
    assert encrypted_files.get(given.evidence_file) == PAPER
    assert (given.wording, given.recorded_by) == (world.source.wording, world.people["supervisor"])
    assert given.expires_at == given.given_at + timedelta(days=365)
    assert give(world, bare, given_at=given.given_at) == given, "the same one again is the one that is stored"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"channel": "hearsay"}, BadInput),
        ({"given_at": timedelta(seconds=1)}, BadInput),
        ({"given_at": timedelta(days=-366)}, BadInput),
        ({"reference": " "}, BadInput),
        ({"reference": "身份证 11010118800204524 0"}, PersonalDataFound),
        ({"reference": "电话 138 0000 1234"}, PersonalDataFound),
        ({"version": "99"}, BadInput),
    ],
)
def test_what_is_no_consent_is_refused(
    world: World, bare: Any, fields: dict[str, Any], error: type[Exception], clock: Any
) -> None:
    if "given_at" in fields:
        fields = {"given_at": now() + fields["given_at"]}
    with pytest.raises(error):
        give(world, bare, **fields)
    assert not bare.consents.exists()


def test_a_consent_is_for_a_purpose_of_the_source(world: World, bare: Any) -> None:
    with pytest.raises(BadInput, match="R18"):
        give(world, bare, purpose=Purpose.objects.create(code="loans", name="贷款营销"))


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_who_may_not_record_one(world: World, bare: Any, role: str) -> None:
    with pytest.raises(NotAllowed):
        give(world, bare, actor=world.people[role])


def test_a_consent_to_hand_over_allows_no_call(world: World, bare: Any) -> None:
    given = give(world, bare, recipient="某物流公司（虚构）")
    assert world.authorize(phone=OTHER_PHONE, reserve=False).codes == ["no_consent"]
    give(world, bare, given_at=given.given_at)
    assert world.authorize(phone=OTHER_PHONE, reserve=False).allowed


def test_a_withdrawal_takes_effect_at_once_and_reservations_fall(world: World) -> None:
    call = world.authorize().call
    assert call is not None
    consent = world.contact.consents.get()
    services.withdraw_consent(actor=world.people["agent"], consent=consent, how="客户在通话中说的")
    call.refresh_from_db()
    assert call.state == "withdrawn"
    assert world.authorize(reserve=False).codes == ["consent_withdrawn"]
    with pytest.raises(WrongState):
        services.withdraw_consent(actor=world.people["agent"], consent=consent, how="又一次")
    give(world, world.contact, given_at=now())
    assert world.authorize(reserve=False).allowed, "a renewal is another consent"


def test_all_consents_can_be_withdrawn_together(world: World) -> None:
    give(world, world.contact)
    assert services.withdraw_consents(contact=world.contact, how="来信") == 2
    assert services.withdraw_consents(contact=world.contact, how="来信") == 0


def test_a_withdrawal_says_how(world: World) -> None:
    with pytest.raises(BadInput):
        services.withdraw_consent(actor=world.people["agent"], consent=world.contact.consents.get(), how="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(withdrawn_at=now())


def test_evidence_goes_with_the_contact(
    world: World, bare: Any, storage: Any, django_capture_on_commit_callbacks: Any
) -> None:
    given = give(world, bare, content=PAPER)
    type(bare).objects.filter(pk=bare.pk).update(expires_at=now())
    with django_capture_on_commit_callbacks(execute=True):
        purging.purge(pause=0)
    assert not encrypted_files.exists(given.evidence_file)
    assert not Consent.objects.filter(pk=given.pk).exists()


# -- minors


@pytest.mark.parametrize("role", ["agent", "supervisor", "compliance"])
def test_anyone_flags_a_minor_and_marketing_stops_at_once(world: World, role: str) -> None:
    call = world.authorize().call
    assert call is not None
    flag = services.flag_minor(
        actor=world.people[role], contact=world.contact, reason="听声音是孩子，自称十五岁"
    )
    call.refresh_from_db()
    assert call.state == "withdrawn"
    assert world.authorize(reserve=False).codes == ["minor"]
    assert services.flag_minor(actor=world.people["agent"], contact=world.contact, reason="又听说") == flag


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_takes_the_flag_down(world: World, role: str) -> None:
    services.flag_minor(actor=world.people["agent"], contact=world.contact, reason="自称十五岁")
    with pytest.raises(NotAllowed):
        services.lift_minor(actor=world.people[role], contact=world.contact, reference="看过证件")


def test_the_flag_goes_down_with_evidence(world: World) -> None:
    compliance = world.people["compliance"]
    with pytest.raises(WrongState):
        services.lift_minor(actor=compliance, contact=world.contact, reference="看过证件")
    services.flag_minor(actor=world.people["agent"], contact=world.contact, reason="自称十五岁")
    with pytest.raises(BadInput):
        services.lift_minor(actor=compliance, contact=world.contact, reference="")
    flag = services.lift_minor(
        actor=compliance, contact=world.contact, reference="当面核验，已满十八周岁", content=PAPER
    )
    assert flag.evidence_file
    assert world.authorize(reserve=False).allowed
    with pytest.raises(IntegrityError), transaction.atomic():
        world.contact.minor_flags.update(evidence="")
