"""Data sources: recorded by one, approved by another; bought data never."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from apps.contacts import services
from apps.contacts.models import Contact, DataSource, Wording
from apps.contacts.services import importing
from apps.core.crypto import encrypted_files
from apps.core.documents import evidence_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.retention.services import purging
from tests.contacts.recording import record
from tests.world import OTHER_PHONE, World


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
        DataSource.objects.filter(pk=source.pk).update(
            state="approved", approved_by=world.people["compliance"]
        )


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


# -- agreements and validity


AGREEMENT = b"%PDF-1.7\n...\n%%EOF"


def test_a_partner_needs_supplier_agreement_and_last_day(world: World) -> None:
    compliance = world.people["compliance"]
    source = record(world, origin="partner")
    with pytest.raises(BadInput, match="R3"):
        services.approve_source(actor=compliance, source=source)
    services.add_agreement(
        actor=world.people["supervisor"], source=source, content=AGREEMENT, name="signed.pdf"
    )
    with pytest.raises(BadInput, match="R3"):
        services.approve_source(actor=compliance, source=source)
    DataSource.objects.filter(pk=source.pk).update(supplier="某合作方（虚构）", valid_until=world.today)
    assert services.approve_source(actor=compliance, source=source).state == "approved"
    source.refresh_from_db()
    assert encrypted_files.get(source.agreement_file) == AGREEMENT
    with pytest.raises(WrongState):
        services.add_agreement(
            actor=world.people["supervisor"], source=source, content=AGREEMENT, name="other.pdf"
        )


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"MZ\x90 a program", "signed.pdf", evidence_files.NoEvidence),
        (b"%PDF-1.7 cut off", "signed.pdf", evidence_files.NoEvidence),
        (b"<html>%PDF-1.7 %%EOF", "signed.pdf", evidence_files.NoEvidence),
        (b"RIFF....AVI LIST", "voice.wav", evidence_files.NoEvidence),
        (AGREEMENT, "110101188002045240.pdf", PersonalDataFound),
        (None, "", PersonalDataFound),  # with a card number in the supplier's name
    ],
)
def test_what_is_no_evidence_is_refused_and_not_kept(
    world: World, storage: Path, content: bytes, name: str, error: type
) -> None:
    with pytest.raises(error):
        record(
            world,
            agreement_content=content,
            agreement_name=name,
            supplier="" if content else "6222020200112230",
        )
    assert not DataSource.objects.filter(code="new").exists()
    assert not [path for path in storage.rglob("*") if path.is_file()]


def test_a_source_is_valid_on_its_days_at_the_gate_and_for_imports(world: World) -> None:
    for first, last, allowed in ((-1, 1, True), (0, 0, True), (1, 5, False), (-5, -1, False)):
        DataSource.objects.filter(pk=world.source.pk).update(
            valid_from=world.today + timedelta(days=first), valid_until=world.today + timedelta(days=last)
        )
        assert world.authorize(reserve=False).codes == ([] if allowed else ["source_not_approved"])
        world.source.refresh_from_db()
        if not allowed:
            with pytest.raises(BadInput, match="R3"):
                importing.check_source(world.source)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataSource.objects.filter(pk=world.source.pk).update(
            valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1)
        )


# -- withdrawal


def test_a_withdrawn_source_is_not_called_and_its_reservations_fall(world: World) -> None:
    call = world.authorize().call
    assert call is not None
    services.withdraw_source(actor=world.people["compliance"], source=world.source, reason="协议终止")
    call.refresh_from_db()
    assert call.state == "withdrawn"
    world.source.refresh_from_db()
    assert (world.source.withdrawn_by, world.source.reason) == (world.people["compliance"], "协议终止")
    with pytest.raises(ProgrammingError), transaction.atomic():
        DataSource.objects.filter(pk=world.source.pk).update(state="approved")


def test_a_withdrawn_source_begins_the_erasure_of_its_contacts(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(purging.current_app, "send_task", lambda name, **kwargs: asked.append(name))
    other = world.add_contact(OTHER_PHONE, source=world.approved_source("other"))
    with django_capture_on_commit_callbacks(execute=True):
        services.withdraw_source(actor=world.people["compliance"], source=world.source)
    assert asked == ["apps.retention.tasks.purge_expired"]
    run = purging.purge(pause=0)
    assert (run.state, run.counts["contact"]) == ("done", 1)
    assert list(Contact.objects.all()) == [other]


# -- wordings


def test_a_wording_has_versions_that_never_change_and_need_two_people(world: World) -> None:
    supervisor, compliance = world.people["supervisor"], world.people["compliance"]
    first = world.source.wording
    second = services.propose_wording(
        actor=supervisor, source=world.source, version="2", text="我同意接到来电和短信。"
    )
    assert world.source.wording == first
    own = services.propose_wording(actor=compliance, source=world.source, version="3", text="我同意。")
    with pytest.raises(FourEyes):
        services.approve_wording(actor=compliance, wording=own)
    with pytest.raises(NotAllowed):
        services.approve_wording(actor=supervisor, wording=second)
    services.approve_wording(actor=compliance, wording=second)
    assert world.source.wording == second
    with pytest.raises(BadInput):
        services.propose_wording(actor=supervisor, source=world.source, version="2", text="另一种说法")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Wording.objects.filter(pk=first.pk).update(text="我什么都同意。")
    with pytest.raises(ProgrammingError), transaction.atomic():
        second.delete()
