"""Numbers as older versions stored them."""

import hmac

from django.db import connection

from apps.contacts.models import Contact
from apps.core.crypto import cipher, keyring

WRONG = "+861390000827１"


RIGHT = "13900008271"


def _digest(purpose: str, data: bytes) -> bytes:
    return hmac.digest(keyring.keys(purpose).current, data, "sha256")


def store_wrongly(contact: Contact) -> bytes:
    """As it stood in tables before digits of other scripts were folded."""
    index = _digest("index", WRONG.encode())
    encrypted = cipher.encrypt(WRONG.encode(), purpose="fields", bound_to=b"contacts_contact.phone")
    with connection.cursor() as cursor:
        cursor.execute(
            "update contacts_contact set phone = %s, number_index = %s where id = %s",
            [encrypted, index, contact.pk],
        )
    return index
