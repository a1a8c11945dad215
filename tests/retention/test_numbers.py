"""Numbers that were stored in another form are found, named and repaired, with what was kept under the wrong hash."""

import hmac
from typing import Any

import pytest
from django.db import connection

from apps.calls.models import Call
from apps.contacts.models import Contact
from apps.core.crypto import blind_index, cipher, keyring
from apps.optouts.models import OptOut
from apps.retention.repairing_numbers import misstored_contacts, repair_numbers
from apps.retention.services import check_consistency
from tests.world import PHONE, World

WRONG = "+861390000827１"
RIGHT = "13900008271"


def _digest(purpose: str, data: bytes) -> bytes:
    return hmac.digest(keyring.keys(purpose).current, data, "sha256")


def _store_wrongly(contact: Contact) -> bytes:
    """As it stood in tables before digits of other scripts were folded."""
    index = _digest("index", WRONG.encode())
    encrypted = cipher.encrypt(WRONG.encode(), purpose="fields", bound_to=b"contacts_contact.phone")
    with connection.cursor() as cursor:
        cursor.execute("update contacts_contact set phone = %s, number_index = %s where id = %s", [encrypted, index, contact.pk])
    return index


@pytest.fixture
def misstored(world: World) -> Contact:
    contact = world.add_contact("13900001111")
    _store_wrongly(contact)
    return Contact.objects.get(pk=contact.pk)


def test_the_check_names_it(misstored: Contact) -> None:
    assert misstored_contacts() == [misstored.public_id]
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
        number_hash=_digest("register", WRONG.encode()), key_id="k1", channel="sms", evidence="sms:1", said_at=call.reserved_at
    )
    assert repair_numbers() == {"repaired": 1, "joined": 0, "erasing": 0}
    asked = world.authorize(phone=RIGHT, reserve=False)
    assert {"opted_out", "daily_cap"} <= set(asked.codes)
    misstored.refresh_from_db()
    assert bytes(misstored.last4_index) == blind_index.last4_index(f"+86{RIGHT}")
    assert repair_numbers() == {"repaired": 0, "joined": 0, "erasing": 0}
    assert "numbers_not_canonical" not in check_consistency()


def test_a_second_entry_of_the_same_person_is_erased_and_the_first_stays(world: World, misstored: Contact) -> None:
    first = world.add_contact(RIGHT)
    assert repair_numbers() == {"repaired": 0, "joined": 1, "erasing": 0}
    misstored.refresh_from_db()
    first.refresh_from_db()
    assert misstored.erasing_at is not None
    assert first.erasing_at is None
