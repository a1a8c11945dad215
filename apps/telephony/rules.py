"""Numbers as carriers want them, and the digest of a dialler. Pure."""

import hashlib

from apps.core.privacy import phones

REALM = "hegui"
SERVICE_NUMBERS = ("400", "95", "96", "1010")  # caller numbers that are dialled as they are


def on_the_wire(number: str, form: str) -> str:
    """An E.164 number as the carrier wants it: `+8613800001234`, or as it is dialled in the mainland
    (`13800001234`, `01085550101`)."""
    if form != "national" or not number.startswith("+86"):
        return number
    national = number.removeprefix("+86")
    return national if phones.mobile_of(national) or national.startswith(SERVICE_NUMBERS) else f"0{national}"


def digest_of(user: str, password: str) -> str:
    """HA1 of RFC 7616 for SIP (MD5, which every dialler speaks); whoever has it can sign in with it."""
    return hashlib.md5(f"{user}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()
