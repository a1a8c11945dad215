"""Protected fields: wrapped on assignment, encrypted in the table, opened only from the table."""

import pytest
from django import forms
from django.core.exceptions import FieldError
from django.db import connection
from django.forms import modelform_factory

from apps.contacts.models import Contact
from apps.core.errors import DecryptionFailed
from apps.core.privacy.protected import Protected, clear_for_machine
from tests.world import World

NUMBER = "+8613800001234"


def stored(column: str, contact: Contact) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"select {column} from contacts_contact where id = %s", [contact.pk])
        return bytes(cursor.fetchone()[0])


def test_assignment_wraps() -> None:
    contact = Contact()
    contact.phone = NUMBER
    assert isinstance(contact.phone, Protected)
    assert NUMBER not in repr(vars(contact))


def test_the_constructor_wraps() -> None:
    assert isinstance(Contact(phone=NUMBER).phone, Protected)


def test_bulk_create_wraps_and_encrypts(world: World) -> None:
    twin = Contact(
        phone="+8613900009999",
        source=world.source,
        number_index=b"1" * 32,
        last4_index=b"2" * 32,
        expires_at=world.contact.expires_at,
    )
    Contact.objects.bulk_create([twin])
    assert isinstance(twin.phone, Protected)
    assert b"13900009999" not in stored("phone", twin)
    assert clear_for_machine(Contact.objects.get(pk=twin.pk).phone) == "+8613900009999"


def test_queries_give_protected_values(world: World) -> None:
    for value in (
        Contact.objects.get().phone,
        Contact.objects.values("phone")[0]["phone"],
        Contact.objects.values_list("phone", flat=True)[0],
    ):
        assert isinstance(value, Protected)
        assert str(value) == "138****1234"


def test_the_table_holds_aes_256_gcm_that_differs_each_time(world: World) -> None:
    first = stored("phone", world.contact)
    world.contact.save()
    second = stored("phone", world.contact)
    assert first != second
    assert first[:4] == b"\x01\x02k1"
    assert b"13800001234" not in first + second


def test_a_flipped_bit_raises_and_never_shows(world: World) -> None:
    encrypted = bytearray(stored("phone", world.contact))
    for place in range(len(encrypted)):
        broken = bytearray(encrypted)
        broken[place] ^= 1
        with connection.cursor() as cursor:
            cursor.execute(
                "update contacts_contact set phone = %s where id = %s", [bytes(broken), world.contact.pk]
            )
        with pytest.raises(DecryptionFailed):
            Contact.objects.get()


def test_a_value_moved_to_another_column_does_not_open(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update contacts_contact set note = name")
    with pytest.raises(DecryptionFailed):
        Contact.objects.get()


@pytest.mark.parametrize(
    "look_up", ["phone", "phone__contains", "phone__startswith", "phone__in", "name__icontains"]
)
def test_there_is_no_search_in_protected_values(db: None, look_up: str) -> None:
    with pytest.raises(FieldError, match=r"blind index|encrypted"):
        list(Contact.objects.filter(**{look_up: [NUMBER] if look_up.endswith("in") else NUMBER}))


def test_there_may_be_none(world: World) -> None:
    world.contact.name = None
    world.contact.save()
    assert Contact.objects.get().name is None
    assert Contact.objects.filter(name__isnull=True).exists()


def test_a_form_never_renders_the_value_and_an_empty_box_keeps_it(world: World) -> None:
    form_class: type[forms.ModelForm] = modelform_factory(Contact, fields=("name", "note"))
    shown = form_class(instance=world.contact).as_p()
    assert "王小明" not in shown
    assert "王*" in shown
    form = form_class({"name": "", "note": ""}, instance=world.contact)
    assert form.is_valid(), form.errors
    form.save()
    kept = Contact.objects.get().name
    assert kept is not None
    assert clear_for_machine(kept) == "王小明"


def test_what_a_form_is_given_is_taken_as_text_not_as_ciphertext(world: World) -> None:
    form_class = modelform_factory(Contact, fields=("name",))
    typed = stored("name", world.contact).hex()[:80]
    form = form_class({"name": typed}, instance=world.contact)
    assert form.is_valid()
    form.save()
    kept = Contact.objects.get().name
    assert kept is not None
    assert clear_for_machine(kept) == typed
