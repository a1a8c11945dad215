"""Phone numbers: from what people type to E.164, and from E.164 to the client's time zones.

Mainland mobiles take a fast exact path (one regular expression); everything else (landlines,
Hong Kong, abroad) is judged by the `phonenumbers` library. Both give `+` and digits (E.164).
"""

import re
import unicodedata

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import timezone as number_zones

from .errors import BadInput
from .protected import Protected, clear_for_machine

HOME_REGION = "CN"
HOME_ZONE = "Asia/Shanghai"

_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})(?:\.0)?")
_NOISE = re.compile(r"[\s\u200b\u200c\u200d\u2060\ufeff\-\u2010-\u2015().'\u2019`/·]+")
_SPREADSHEET_TAIL = re.compile(r"\.0+$")
_NUMBER_LIKE = re.compile(r"\+?\d+(?:(?:ext|x|#|转)\d+)?")


class PhoneInvalid(BadInput):
    """What stands there is not a phone number that could be called."""

    code = "phone_invalid"
    sentence = _("not a phone number that can be called.")


def mobile_of(raw: str) -> str | None:
    """E.164 of a mainland mobile written without anything around it; None for whatever `normalise` has to look at. For whole lists."""
    return "+86" + raw if len(raw) == 11 and raw[0] == "1" and raw[1] in "3456789" and raw.isascii() and raw.isdigit() else None


def normalise(raw: str) -> str:
    """E.164 (`+8613812345678`) for a number as people, spreadsheets and CRMs write it.

    Accepts full-width digits, spaces, dashes, brackets, a leading apostrophe, `0086`, `+86`
    and the `.0` that spreadsheets append. Raises `PhoneInvalid` with a sentence that says how
    it differs from a number, without repeating it.
    """
    if mobile := _MOBILE.fullmatch(raw):
        return "+86" + mobile[1]
    text = unicodedata.normalize("NFKC", raw).strip()
    text = _NOISE.sub("", _SPREADSHEET_TAIL.sub("", text))
    if mobile := _MOBILE.fullmatch(text):
        return "+86" + mobile[1]
    if not _NUMBER_LIKE.fullmatch(text) or not text.isascii():
        raise PhoneInvalid(_("holds something other than the digits of a phone number."))
    return _by_library(text)


_IN_TEXT = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")


def find_in(text: str) -> bool:
    """Whether a mainland mobile number stands in a text, in whatever width, with blanks or dashes."""
    return _IN_TEXT.search(unicodedata.normalize("NFKC", text)) is not None


def _by_library(text: str) -> str:
    if text.startswith("00"):
        text = "+" + text[2:]
    digits = text.lstrip("+")
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid() from None
    if not phonenumbers.is_valid_number(number):
        if digits.startswith("1") and len(digits) != 11:
            raise PhoneInvalid(_("%(count)s digits; a mainland mobile has 11."), count=len(digits))
        raise PhoneInvalid()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def zones_of(phone: str | Protected) -> tuple[str, ...]:
    """IANA zones in which the holder of the number may be, for the calling hours (R11).

    Mainland numbers are in Asia/Shanghai. A number of a country with several zones gives all
    that its prefix allows: a call has to be inside the window in each of them. Empty when the
    zone cannot be told; the gate then refuses.
    """
    e164 = clear_for_machine(phone) if isinstance(phone, Protected) else phone
    if e164.startswith("+86"):
        return (HOME_ZONE,)
    zones = number_zones.time_zones_for_number(phonenumbers.parse(e164))
    return tuple(sorted(zone for zone in zones if zone != "Etc/Unknown"))
