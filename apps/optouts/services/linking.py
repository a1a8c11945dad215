"""A web address for one number, for messages and letters: whoever has it opts that number out, and nothing else."""

import secrets

from django.db import transaction

from apps.accounts.models import ApiClient
from apps.core import clock
from apps.core.blind_index import Phone
from apps.core.errors import NotFound

from .. import queries
from ..models import Link, OptOut
from .coding import hash_word
from .recording import Hashed, record_hashed

WORD_BYTES = 12  # 96 random bits: nobody guesses one, and it still fits into a message


def make_link(*, phone: Phone, client: ApiClient | None = None) -> str:
    """The word of a new address. It is not stored: the table alone opts nobody out."""
    number = Hashed.of(phone)
    key_id, number_hash = number.current
    word = secrets.token_urlsafe(WORD_BYTES)
    Link.objects.create(
        word_hash=hash_word(word), number_index=number.index, number_hash=number_hash, key_id=key_id, client=client, created_at=clock.now()
    )
    return word


def link_of(word: str) -> Link:
    """Raises `NotFound` for a word that was never given."""
    found = Link.objects.filter(word_hash=hash_word(word)).first() if len(word) <= 40 else None
    if found is None:
        raise NotFound()
    return found


@transaction.atomic
def use_link(*, word: str) -> OptOut:
    """The holder opts out; again it is the same entry, unless that was lifted meanwhile. Works for as long as the register
    does, also when the contact was erased."""
    link = link_of(word)
    number = Hashed(bytes(link.number_index), {link.key_id: bytes(link.number_hash)})
    return record_hashed(number=number, channel=OptOut.Channel.WEB, evidence=f"link:{link.pk}", said_at=clock.now())


def has_left(link: Link) -> bool:
    """Whether the number of a link is on the register for everything, by whatever way."""
    return bool(queries.refused([bytes(link.number_hash)]))
