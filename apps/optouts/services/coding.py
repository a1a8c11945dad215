"""One-time codes: a number, and a code sent to it, by which its holder opts out, or asks for their data
(`rights`). Nothing here tells whether a number is known to us."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.database.locks import lock_numbers
from apps.core.errors import BadInput
from apps.core.privacy import phones
from apps.core.privacy.protected import Protected
from apps.notifications.services import queue_sms

from ..models import Code, OptOut
from .recording import Hashed, record_hashed

LIFE = timedelta(minutes=10)
MOST_TRIES = 5
# How often a code is sent: to a number, and on behalf of an address.
TO_A_NUMBER = ((timedelta(minutes=1), 1), (timedelta(days=1), 5))
FROM_AN_ADDRESS = ((timedelta(hours=1), 30),)


class TooOften(BadInput):
    code = "too_often"
    status = 429


class CodeRefused(BadInput):
    code = "code_refused"


def _keyed(text: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256")


def ask_code(*, phone: str, address: str | None = None) -> str:
    """Send a code to opt out by; returns the word under which it is entered. Raises `PhoneInvalid`,
    `TooOften`, `ServiceAway`."""
    number = Protected(phones.normalise(phone), "phone")
    return send_code(
        number=number,
        address=address,
        says=_("%(code)s is your code to get no more calls. It holds for 10 minutes."),
    )


def send_code(*, number: Protected, address: str | None, says: str) -> str:
    """Send a code; returns the word under which it is entered. `says` has a place for the `code`. Raises
    `TooOften`, `ServiceAway`."""
    word, code = secrets.token_urlsafe(16), f"{secrets.randbelow(1_000_000):06}"
    with transaction.atomic():
        _store(Hashed.of(number), word, code, _keyed(address) if address else None)
        queue_sms(number=number, text=says % {"code": code}, about="code", life=LIFE)
    return word


def _store(number: Hashed, word: str, code: str, address_hash: bytes | None) -> None:
    """Before anything is sent, so that a gateway that is away cannot be asked without end; and one at a time
    for a number and for an address, so that requests side by side are counted like others."""
    lock_numbers([number.index, *([address_hash] if address_hash else [])])
    now = clock.now()
    limits = [(Code.objects.filter(number_index=number.index), limit) for limit in TO_A_NUMBER]
    if address_hash:
        limits += [(Code.objects.filter(address_hash=address_hash), limit) for limit in FROM_AN_ADDRESS]
    for codes, (span, most) in limits:
        if codes.filter(created_at__gt=now - span).count() >= most:
            raise TooOften(_("A code was sent just now. Wait a minute; to one number five are sent a day."))
    key_id, number_hash = number.current
    Code.objects.create(
        word_hash=hash_word(word), code_hash=_keyed(f"{word}:{code}"), number_index=number.index,
        number_hash=number_hash, key_id=key_id, address_hash=address_hash, ends_at=now + LIFE, created_at=now,
    )  # fmt: skip


def use_code(*, word: str, code: str) -> OptOut:
    """The code was right: the number is on the register. Raises `CodeRefused`."""
    found = check_code(word=word, code=code)
    number = Hashed(bytes(found.number_index), {found.key_id: bytes(found.number_hash)})
    return record_hashed(
        number=number,
        channel=OptOut.Channel.WEB,
        evidence=f"code:{found.pk}",
        said_at=found.used_at or clock.now(),
    )


def check_code(*, word: str, code: str) -> Code:
    """The code that was sent, noted as used. Raises `CodeRefused`; a wrong one is counted, five end the
    code."""
    found = _checked(word, code)
    if found is None:
        raise CodeRefused(_("This is not the code that was sent, or it has ended. Ask for another."))
    return found


@transaction.atomic
def _checked(word: str, code: str) -> Code | None:
    """None, with the try counted, when it is not the code."""
    found = Code.objects.select_for_update().filter(word_hash=hash_word(word)).first()
    if found is None or found.tries >= MOST_TRIES or found.ends_at <= clock.now():
        return None
    if not hmac.compare_digest(bytes(found.code_hash), _keyed(f"{word}:{code.strip()}")):
        found.tries += 1
        found.save()
        return None
    found.used_at = found.used_at or clock.now()
    found.save()
    return found


def hash_word(word: str) -> bytes:
    """Words are 128 random bits, so one SHA-256 is enough to keep them."""
    return hashlib.sha256(word.encode()).digest()
