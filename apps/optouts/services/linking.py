"""A web address for one number, for messages and letters: whoever has it opts that number out, and nothing
else."""

import base64
import hmac
import secrets

from django.conf import settings
from django.db import transaction

from apps.accounts.models import ApiClient
from apps.core.calendar import clock
from apps.core.crypto.blind_index import Phone
from apps.core.errors import KeyReused, NotFound

from .. import queries
from ..models import Link, OptOut
from .coding import hash_word
from .recording import Hashed, record_hashed

WORD_BYTES = 12  # 96 random bits: nobody guesses one, and it still fits into a message


def make_link(*, phone: Phone, client: ApiClient | None = None, idempotency_key: str | None = None) -> str:
    """The token of a new address. It is not stored: the table alone opts nobody out.

    Under the same Idempotency-Key of a client it is the same token again. Raises `KeyReused` for another
    number.
    """
    number = Hashed.of(phone)
    key_id, number_hash = number.current
    word = (
        _token_for(client, idempotency_key)
        if client and idempotency_key
        else secrets.token_urlsafe(WORD_BYTES)
    )
    about = {
        "number_index": number.index,
        "number_hash": number_hash,
        "key_id": key_id,
        "created_at": clock.now(),
    }
    link, _is_new = Link.objects.get_or_create(
        word_hash=hash_word(word),
        client=client,
        idempotency_key=idempotency_key if client else None,
        defaults=about,
    )
    if bytes(link.number_index) != number.index:
        raise KeyReused()
    return word


def _token_for(client: ApiClient, idempotency_key: str) -> str:
    """Made of the request's key under a secret of the site: nobody else can make it, and nothing of it is
    stored."""
    said = f"opt-out link|{client.pk}|{idempotency_key}".encode()
    made = hmac.digest(settings.SECRET_KEY.encode(), said, "sha256")[:WORD_BYTES]
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def link_of(word: str) -> Link:
    """Raises `NotFound` for a word that was never given."""
    found = Link.objects.filter(word_hash=hash_word(word)).first() if len(word) <= 40 else None
    if found is None:
        raise NotFound()
    return found


@transaction.atomic
def use_link(*, word: str) -> OptOut:
    """The holder opts out; again it is the same entry, unless that was lifted meanwhile. Works for as long as
    the register does, also when the contact was erased."""
    link = link_of(word)
    number = Hashed(bytes(link.number_index), {link.key_id: bytes(link.number_hash)})
    return record_hashed(
        number=number, channel=OptOut.Channel.WEB, evidence=f"link:{link.pk}", said_at=clock.now()
    )


def has_left(link: Link) -> bool:
    """Whether the number of a link is on the register for everything, by whatever way; after a new key under
    the hash to which its entries were moved."""
    number_hash = bytes(link.number_hash)
    moved = OptOut.objects.filter(moved_from__number_hash=number_hash).values_list("number_hash", flat=True)
    return bool(queries.refused({number_hash, *map(bytes, moved)}))
