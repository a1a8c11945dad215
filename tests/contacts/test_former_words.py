"""What a person who was deleted had said outlives them: no list brings it back (R2, R20, R25)."""

from datetime import timedelta
from typing import Any

import pytest

from apps.contacts import services
from apps.contacts.models import Consent, Contact, ContactImport, FormerWord
from apps.contacts.services import storing
from apps.core.calendar import clock as site_clock
from apps.core.crypto import blind_index
from apps.core.errors import BadInput
from apps.core.privacy.protected import Protected
from apps.policies import queries as policies
from apps.quality import services as quality
from apps.retention.storage_classes import erase_consents, erase_contacts
from apps.rights.models import SubjectRequest
from apps.rights.services import executing
from tests.contacts.importing import run
from tests.rights.asking import ask, execute
from tests.world import PHONE, World


def list_of(given_at: str) -> bytes:
    return f"phone,name,consent_channel,consent_time\n{PHONE},王小明,web,{given_at}\n".encode()


def gone_and_back(world: World, given_at: str = "2026-11-20 10:00") -> Contact:
    """Deleted, and brought again by the same list."""
    erase_contacts([world.contact.pk])
    assert not Contact.everyone.filter(pk=world.contact.pk).exists()
    return brought(world, given_at)


def brought(world: World, given_at: str) -> Contact:
    done = run(world, list_of(given_at), campaign=world.campaign.code)
    assert done.state == ContactImport.State.DONE, done
    return Contact.objects.get(number_index=blind_index.number_index(Protected("+86" + PHONE, "phone")))


def codes(world: World) -> set[str]:
    return set(world.authorize(reserve=False).codes)


def test_a_withdrawal_outlives_the_contact(world: World, clock: Any) -> None:
    services.withdraw_consents(contact=world.contact, how="电话", purpose=None)
    clock.shift(timedelta(minutes=5))
    assert gone_and_back(world).pk != world.contact.pk
    assert "consent_withdrawn" in codes(world)
    clock.shift(timedelta(days=1))
    fresh = brought(world, "2026-11-24 15:00")
    assert Consent.objects.filter(contact=fresh, withdrawn_at=None).exists()
    assert "consent_withdrawn" not in codes(world), "what they agreed to since counts"


def test_a_withdrawal_outlives_its_own_row(world: World, clock: Any) -> None:
    services.withdraw_consents(contact=world.contact, how="电话", purpose=None)
    kept = policies.retention_policies(site_clock.now())["contact"]
    erase_consents(list(world.contact.consents.values_list("pk", flat=True)), kept)
    brought(world, "2026-11-20 10:00")
    assert "consent_withdrawn" in codes(world)


def test_who_asked_to_be_deleted_is_not_brought_back_by_an_older_consent(world: World, clock: Any) -> None:
    execute(world, ask(world))
    clock.shift(timedelta(days=1))
    report = run(world, list_of("2026-11-20 10:00"), campaign=world.campaign.code)
    assert report.withdrawn == 1
    assert "consent_withdrawn" in codes(world)


def test_a_minor_stays_one(world: World, clock: Any) -> None:
    services.flag_minor(actor=world.people["agent"], contact=world.contact, reason="自称十五岁")
    again = gone_and_back(world)
    assert again.is_minor
    assert "minor" in codes(world)
    services.lift_minor(actor=world.people["compliance"], contact=again, reference="出示身份证")
    assert not FormerWord.objects.exists()
    assert "minor" not in codes(world)


def test_the_preview_says_it_before_the_import(world: World, clock: Any) -> None:
    services.withdraw_consents(contact=world.contact, how="电话", purpose=None)
    erase_contacts([world.contact.pk])
    given = {bytes(world.contact.number_index): world.at("10:00") - timedelta(days=5)}
    assert storing.has_withdrawals(world.source.pk)
    assert storing.withdrawn_since(world.source.pk, given) == list(given)


def test_what_an_import_took_back_is_nobody_s_word(world: World) -> None:
    Consent.objects.filter(contact=world.contact).update(
        withdrawn_at=world.at("10:00"), withdrawal="import taken back"
    )
    erase_contacts([world.contact.pk])
    assert not FormerWord.objects.exists()


def test_a_withdrawal_where_no_consent_is_open_holds_against_an_older_list(world: World, clock: Any) -> None:
    """What was agreed to before comes later: the word stands all the same."""
    world.contact.consents.all().delete()
    assert services.withdraw_consents(contact=world.contact, how="电话") == 0
    clock.shift(timedelta(minutes=5))
    brought(world, "2026-11-20 10:00")
    assert "consent_withdrawn" in codes(world)


def test_a_second_withdrawal_reaches_what_was_given_before_it(world: World, clock: Any) -> None:
    services.withdraw_consents(contact=world.contact, how="电话")
    clock.shift(timedelta(days=3))
    services.withdraw_consents(contact=world.contact, how="又打来电话")
    clock.shift(timedelta(minutes=5))
    brought(world, "2026-11-26 10:00")
    assert "consent_withdrawn" in codes(world)


def test_a_request_to_withdraw_of_somebody_who_is_no_contact_is_kept(world: World, clock: Any) -> None:
    erase_contacts([world.contact.pk])
    FormerWord.objects.all().delete()
    execute(world, ask(world, kind="withdraw"))
    clock.shift(timedelta(minutes=5))
    brought(world, "2026-11-20 10:00")
    assert "consent_withdrawn" in codes(world)


def test_who_comes_back_by_themselves_is_not_deleted_by_their_older_request(world: World, clock: Any) -> None:
    """Something of the person is kept for now: what is done later is about what there was then."""
    quality.record_complaint(
        actor=world.people["compliance"], channel="telephone", kind="other", text="太频繁", phone=PHONE
    )
    request = execute(world, ask(world))
    assert request.state == SubjectRequest.State.REMAINDER
    at = FormerWord.objects.get().at
    clock.shift(timedelta(days=1))
    again = brought(world, "2026-11-25 09:00")
    clock.shift(timedelta(days=1))
    executing.finish_remainder(request.pk)
    assert Contact.objects.filter(pk=again.pk, erasing_at=None).exists()
    assert FormerWord.objects.get().at == at
    assert "consent_withdrawn" not in codes(world)


def test_a_consent_by_hand_from_before_a_withdrawal_is_refused_with_its_sentence(
    world: World, clock: Any
) -> None:
    services.withdraw_consents(contact=world.contact, how="电话")
    world.contact.consents.all().delete()
    with pytest.raises(BadInput):
        services.record_consent(
            contact=world.contact, purpose=world.purpose, channel="paper",
            given_at=world.at("09:00") - timedelta(days=2), reference="表单",
            actor=world.people["supervisor"],
        )  # fmt: skip


def test_a_consent_to_hand_data_over_does_not_end_a_doubt(world: World, clock: Any) -> None:
    doubt = services.raise_doubt(
        number_index=bytes(world.contact.number_index), origin="call", reference="接听人称不是本人",
        actor=world.people["agent"],
    )  # fmt: skip
    services.end_consent(actor=world.people["compliance"], doubt=doubt, reason="已核实")
    clock.shift(timedelta(hours=1))
    services.record_consent(
        contact=world.contact, purpose=world.purpose, channel="paper", given_at=site_clock.now(),
        reference="表单", recipient="合作方甲", actor=world.people["supervisor"],
    )  # fmt: skip
    assert "number_in_doubt" in codes(world)
