"""Numbers that were stored in another form are found, named and repaired, with what was kept under the wrong
hash."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from apps.calls.models import Call
from apps.contacts.models import Contact, ExternalRef, NumberDoubt
from apps.contacts.services import flag_minor, withdraw_consents
from apps.core.crypto import blind_index
from apps.optouts.models import Code, Link, OptOut
from apps.retention.repairing_numbers import BROUGHT, misstored_numbers, repair_numbers
from apps.retention.services import check_consistency
from tests.retention.wrong_numbers import RIGHT, WRONG, _digest, store_wrongly
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture
def misstored(world: World) -> Contact:
    contact = world.add_contact("13900001111")
    store_wrongly(contact)
    return Contact.objects.get(pk=contact.pk)


def test_the_check_names_it(misstored: Contact) -> None:
    assert misstored_numbers() == [misstored.public_id]
    assert check_consistency()["numbers_not_canonical"] == [misstored.public_id]


def test_it_shows_nothing_and_stops_no_list(misstored: Contact, browse: Any) -> None:
    assert str(misstored.phone) == "****"
    page = browse("supervisor").get("/contacts/")
    assert page.status_code == 200
    assert "138****1234" in page.content.decode()


def test_the_number_becomes_itself_with_its_refusals_and_calls(world: World, misstored: Contact) -> None:
    index = bytes(misstored.number_index)
    call = world.call(phone=PHONE)
    Call.objects.filter(pk=call.pk).update(number_index=index)
    OptOut.objects.create(
        number_hash=_digest("register", WRONG.encode()),
        key_id="k1",
        channel="sms",
        evidence="sms:1",
        said_at=call.reserved_at,
    )
    assert repair_numbers() == {"repaired": 1, "joined": 0, "erasing": 0}
    asked = world.authorize(phone=RIGHT, reserve=False)
    assert {"opted_out", "daily_cap"} <= set(asked.codes)
    misstored.refresh_from_db()
    assert bytes(misstored.last4_index) == blind_index.last4_index(f"+86{RIGHT}")
    assert repair_numbers() == {"repaired": 0, "joined": 0, "erasing": 0}
    assert "numbers_not_canonical" not in check_consistency()


def test_links_codes_and_doubts_come_with_it(world: World, misstored: Contact) -> None:
    """A link in a letter opts out whom the letter went to, and a doubt stops the calls that it stopped
    before."""
    wrong = {
        "number_index": bytes(misstored.number_index),
        "number_hash": _digest("register", WRONG.encode()),
        "key_id": "k1",
    }
    link = Link.objects.create(word_hash=b"w" * 32, **wrong)
    code = Code.objects.create(
        word_hash=b"w" * 32, code_hash=b"c" * 32, ends_at=misstored.created_at, **wrong
    )
    NumberDoubt.objects.create(number_index=wrong["number_index"], origin="call", reference="call:1")
    repair_numbers()
    hashed = blind_index.register_hashes(f"+86{RIGHT}")
    for made in (link, code):
        made.refresh_from_db()
        assert bytes(made.number_index) == blind_index.number_index(f"+86{RIGHT}")
        assert hashed[made.key_id] == bytes(made.number_hash)
    assert "number_in_doubt" in world.authorize(phone=RIGHT, reserve=False).codes


def test_an_open_doubt_that_is_there_already_is_enough(world: World, misstored: Contact) -> None:
    right = NumberDoubt.objects.create(
        number_index=blind_index.number_index(f"+86{RIGHT}"), origin="call", reference="call:1"
    )
    NumberDoubt.objects.create(
        number_index=bytes(misstored.number_index), origin="message", reference="message:1"
    )
    repair_numbers()
    assert NumberDoubt.objects.get(number_index=right.number_index).pk == right.pk


def test_calls_of_one_day_under_both_count_both(world: World, misstored: Contact) -> None:
    """Whoever was called twice that day, once under each hash, was called twice."""
    world.add_contact(OTHER_PHONE)
    first, second = world.call(phone=PHONE), world.call(phone=OTHER_PHONE)
    right = blind_index.number_index(f"+86{RIGHT}")
    Call.objects.filter(pk=first.pk).update(number_index=right)
    Call.objects.filter(pk=second.pk).update(number_index=bytes(misstored.number_index))
    repair_numbers()
    assert list(
        Call.objects.filter(number_index=right).order_by("pk").values_list("slot_number", flat=True)
    ) == [1, 2]


def test_everything_kept_by_the_hash_of_a_number_is_brought() -> None:
    by_hash = {
        model._meta.db_table
        for model in apps.get_models()
        if any(each.name == "number_index" for each in model._meta.get_fields())
    }
    assert by_hash == {"contacts_contact", "rights_subjectrequest"} | BROUGHT


def test_a_second_entry_of_the_same_person_is_erased_and_the_first_stays(
    world: World, misstored: Contact
) -> None:
    first = world.add_contact(RIGHT)
    assert repair_numbers() == {"repaired": 0, "joined": 1, "erasing": 0}
    misstored.refresh_from_db()
    first.refresh_from_db()
    assert misstored.erasing_at is not None
    assert first.erasing_at is None


def test_what_the_second_entry_had_said_holds_for_the_first(
    world: World, misstored: Contact, clock: Any
) -> None:
    """A withdrawal, an age and another system's id are the person's, under whichever entry they were
    recorded."""
    first = world.add_contact(RIGHT)
    client, _key = world.api_client("crm", "contacts")
    ExternalRef.objects.create(client=client, external_id="crm-1", contact=misstored)
    clock.shift(timedelta(minutes=1))
    withdraw_consents(contact=misstored, how="来电撤回")
    flag_minor(actor=world.people["agent"], contact=misstored, reason="自称十五岁")
    assert first.consents.filter(withdrawn_at=None).exists()
    repair_numbers()
    first.refresh_from_db()
    assert first.is_minor
    assert not first.consents.filter(withdrawn_at=None).exists()
    assert ExternalRef.objects.get().contact == first
    assert {"consent_withdrawn", "minor"} <= set(world.authorize(phone=RIGHT, reserve=False).codes)
