"""Phone numbers: from what people type to E.164, and from E.164 to the client's time zones.

One person is one number: whatever digits, widths, invisible marks and separators it is written with,
`normalise` gives the one E.164 form (`+` and ASCII digits) or a refusal. Mainland mobiles take a fast exact
path; everything else (landlines, Hong Kong, abroad) is judged by the `phonenumbers` library, from whose
metadata the prefixes in use come as well.
"""

import re
import unicodedata
from functools import cache
from typing import Any

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberType
from phonenumbers import timezone as number_zones
from phonenumbers.phonemetadata import PhoneMetadata

from ..errors import BadInput
from .canonical_text import even, without_machine_ids
from .protected import Protected, clear_for_machine

HOME_REGION = "CN"
HOME_CODE = "+86"
HOME_ZONE = "Asia/Shanghai"
MOBILE_DIGITS = 11
PREFIX_DIGITS = 5  # so many digits tell whether a mobile prefix is in use

_LABEL = re.compile(
    r"^(?:tel|phone|mobile|手机号码|手机号|手机|联系电话|电话号码|电话|号码)\s*:\s*", re.IGNORECASE
)
_FORMULA = re.compile(r'^="([^"]*)"$')
_SPREADSHEET_TAIL = re.compile(r"\.0+$")
_AROUND = ",;:!?.\"'`。，；、！？·…’‘“”<>《》" + "".join(
    each for each in map(chr, range(0x3001)) if each.isspace()
)
_SEPARATORS = re.compile(r"[\s\-().'\"`/·]+")
_NUMBER = re.compile(r"\+?[0-9]+")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[0-9]{10})")
_EXTENSION = re.compile(
    r"(?:ext(?:ension|n)?\.?|x|#|,|;ext=|转|轉|分机|分機)[\s:.\-]*[0-9]{1,7}$"  # named
    # one more group of digits
    r"|^(?:(?:\+|00)?86)?[\s\-]*(?:\(?0[1-9][0-9]{1,2}\)?[\s\-]*[0-9]{7,8}|1[3-9][0-9]{9})\s*-+\s*[0-9]{1,6}$",
    re.IGNORECASE,
)
_OF_A_SERVICE = re.compile(
    r"[48]00[0-9]{7}|9[56][0-9]{3,6}|1[0-9]{2,5}|1[12][0-9]{4,6}|106[0-9]{5,17}"
    # the same behind an area code
    r"|0?(?:10|2[0-9]|[3-9][0-9]{2})(?:9[56][0-9]{3,4}|100[0-9]{2}|123[0-9]{2})"
)
_OF_A_MACHINE = re.compile(r"1(?:4[0689][0-9]|4[14]0)[0-9]{7}(?:[0-9]{2})?|1064[0-9]{9}")
_OF_PERSONS = frozenset({
    PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
})  # fmt: skip


class PhoneInvalid(BadInput):
    """The text is not a phone number of a person that could be called."""

    code = "phone_invalid"
    sentence = _("not a phone number that can be called.")


@cache
def _mobile_prefixes() -> frozenset[str]:
    """The first five digits of every mainland mobile in use, from the library's metadata."""
    metadata: Any = PhoneMetadata.metadata_for_region(HOME_REGION)
    in_use = re.compile(metadata.mobile.national_number_pattern)
    rest = "0" * (MOBILE_DIGITS - PREFIX_DIGITS)
    return frozenset(prefix for prefix in map(str, range(10_000, 20_000)) if in_use.fullmatch(prefix + rest))


def mobile_of(raw: str) -> str | None:
    """E.164 of a mainland mobile written without anything around it, else None. The fast path for whole
    lists."""
    if (
        len(raw) == MOBILE_DIGITS
        and raw[:PREFIX_DIGITS] in _mobile_prefixes()
        and raw.isascii()
        and raw.isdigit()
    ):
        return HOME_CODE + raw
    return None


def normalise(raw: str) -> str:
    """E.164 (`+8613812345678`) for a person's number as people, spreadsheets and CRMs write it.

    Raises `PhoneInvalid` with a sentence that says how it differs from such a number, without repeating it.
    """
    if mobile := mobile_of(raw):
        return mobile
    text = _bare(raw)
    if _EXTENSION.search(text):
        raise PhoneInvalid(
            _("an extension cannot be kept apart from the line: give a number that reaches the person.")
        )
    digits = _SEPARATORS.sub("", text)
    if mobile := _mobile_with_code(digits):
        return mobile
    if not _NUMBER.fullmatch(digits):
        raise PhoneInvalid(_not_only_digits(text))
    if len(numbers_in(text)) > 1:
        raise PhoneInvalid(_("more than one number stands here: one row holds one."))
    return _by_library(digits)


def _mobile_with_code(digits: str) -> str | None:
    found = _MOBILE.fullmatch(digits)
    return mobile_of(found[1]) if found else None


def normalise_line(raw: str) -> str:
    """E.164 of a caller number of ours: a person's number, or a service number (95…, 96…, 400) of the
    mainland.

    Raises `PhoneInvalid`.
    """
    digits = _SEPARATORS.sub("", _bare(raw))
    national = _national(digits)
    if _NUMBER.fullmatch(digits) and re.fullmatch(r"[48]00[0-9]{7}|9[56][0-9]{3,6}", national):
        return HOME_CODE + national
    return normalise(raw)


def _bare(raw: str) -> str:
    """Even text without what people and spreadsheets put around a number."""
    text = even(raw).replace("：", ":").strip()
    text = "".join("-" if unicodedata.category(character) == "Pd" else character for character in text)
    if formula := _FORMULA.match(text):
        text = formula[1]
    text = _SPREADSHEET_TAIL.sub("", _LABEL.sub("", text))
    return text.strip(_AROUND)


def _not_only_digits(text: str) -> Promise:
    if len(numbers_in(text)) > 1:
        return _("more than one number stands here: one row holds one.")
    return _("holds something other than the digits of a phone number.")


_LIKE_A_NUMBER = re.compile(r"(?:\+|00)?(?:86)?(?:1[3-9][0-9]{6,11}|0[1-9][0-9]{7,12})")
_TOKEN = re.compile(r"(?:\+|00)?[0-9](?:[0-9]|[ \-().](?=[ \-().]?[0-9]))*")
_GROUP = re.compile(r"\+?[0-9]+")
_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
# with an area code, or "+" or "00" and a country's, before it; and ".0" behind it
_DIGITS_OF_A_NUMBER = range(7, 20)
_BETWEEN_CELLS = re.compile(r"\s/\s|\n")
_DIGITS_OF_AN_EXTENSION = 6
_MOST_TRIES = 5_000  # in one text; who writes more digits than that wrote no numbers


def numbers_in(text: str) -> list[str]:
    """Every phone number of a person in a free text, as E.164, in its order: for lists of refusals, where
    each counts."""
    return _read_all(text).numbers


def has_unread(text: str) -> bool:
    """Whether something in a free text looks like a phone number and is none: cut, or with a digit too
    many."""
    return _read_all(text).has_unread


class _Reader:
    """Reads a text from its first digit to its last: the longest run of digits that is a number, then what is
    behind it.

    Behind a landline a number without an area code has the same one (`010-85550101、85550102`), within a line
    or cell.
    """

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self.has_unread = False
        self._tries = 0
        self.begin_cell()

    def begin_cell(self) -> None:
        self._area, self._local_digits = "", 0

    @property
    def numbers(self) -> list[str]:
        return list(self.found)

    def read(self, token: str) -> None:
        groups = [(found.start(), found.end()) for found in _GROUP.finditer(token)]
        place = 0
        is_spelled = False  # the number before stands in several groups
        while place < len(groups):
            if found := self._longest(token, groups, place):
                end, number = found
                is_spelled = end > place + 1
                self._take(number)
            else:
                end = place + 1
                while (
                    end < len(groups)
                    and token[groups[end][0] - 1] in "-."
                    and self._longest(token, groups, end) is None
                ):
                    end += 1
                start, stop = groups[place][0], groups[end - 1][1]
                self._pass_over(
                    _SEPARATORS.sub("", token[start:stop]),
                    is_extension=token[:start].endswith("-"),
                    is_cut=is_spelled,
                )
            place = end

    def _longest(self, token: str, groups: list[tuple[int, int]], place: int) -> tuple[int, str] | None:
        """The longest number that begins at this group, and the place of the group behind it; None when none
        begins there."""
        start, ends, digits = groups[place][0], [], 0
        for end, (begins, stops) in enumerate(groups[place : place + _DIGITS_OF_A_NUMBER.stop], place + 1):
            digits += stops - begins
            if digits >= _DIGITS_OF_A_NUMBER.stop:
                break
            ends += [end] if digits in _DIGITS_OF_A_NUMBER else []
        for end in reversed(ends):
            self._tries += 1
            if self._tries > _MOST_TRIES:
                self.has_unread = True
                return None
            if number := _number_or_none(token[start : groups[end - 1][1]]):
                return end, number
        return None

    def _take(self, number: str) -> None:
        self.found[number] = None
        national = number.removeprefix(HOME_CODE)
        is_landline = number.startswith(HOME_CODE) and mobile_of(national) is None
        area = 2 if national.startswith(("10", "2")) else 3
        self._area, self._local_digits = (national[:area], len(national) - area) if is_landline else ("", 0)

    def _pass_over(self, digits: str, *, is_extension: bool, is_cut: bool) -> None:
        if len(digits) == self._local_digits and digits[0] not in "01" and not _DAY.fullmatch(digits):
            if number := _number_or_none(f"0{self._area}{digits}"):
                self._take(number)
            else:
                self.has_unread = True
        elif self.found and len(digits) <= _DIGITS_OF_AN_EXTENSION:
            self.has_unread |= is_cut and not is_extension
        else:
            self.has_unread |= _LIKE_A_NUMBER.fullmatch(digits) is not None


def _read_all(text: str) -> _Reader:
    reader = _Reader()
    for cell in _BETWEEN_CELLS.split(even(text)):
        reader.begin_cell()
        for token in _TOKEN.findall(cell):
            reader.read(token)
    return reader


def _number_or_none(text: str) -> str | None:
    digits = _SEPARATORS.sub("", _SPREADSHEET_TAIL.sub("", text))
    try:
        return _mobile_with_code(digits) or _by_library(digits)
    except PhoneInvalid:
        return None


_BETWEEN_GROUPS = r"[\s\-.·_/,，。、]{0,2}"
_BETWEEN_DIGITS = r"[\s\-.·_/,，。、]{1,2}"
_APART = r"[\s\-.·_/()*:—–]{1,2}"
_IN_TEXT = re.compile(
    rf"(?<![0-9])(?:\+?86{_BETWEEN_GROUPS})?1(?:[3-9][0-9](?:{_BETWEEN_GROUPS}[0-9]{{4}}){{2}}"
    rf"|[3-9][0-9]{{2}}{_APART}[0-9]{{3}}{_APART}[0-9]{{4}}|[3-9][0-9]{_APART}[0-9]{{3}}{_APART}[0-9]{{5}}"
    rf"|[3-9][0-9]{_APART}(?:[0-9]{{8}}|[0-9]{{4}}{_APART}[0-9]{{4}})"
    rf"|[3-9][0-9]{{3}}{_APART}[0-9]{{6}}|[3-9][0-9]{{5}}{_APART}[0-9]{{4}}"
    rf"|{_BETWEEN_DIGITS}[3-9](?:{_BETWEEN_DIGITS}[0-9]){{9}})(?![0-9])"
)
_SCIENTIFIC = re.compile(r"(?<![0-9.])1[.,]([3-9][0-9]{3,9})\s?[eE]\s?\+?\s?10(?![0-9])")
_SPOKEN = re.compile(r"[0-9零〇一二三四五六七八九幺洞两]{11,19}")
_SPOKEN_DIGITS = str.maketrans("零〇洞一幺二两三四五六七八九", "00011223456789")


def _digits_spoken(text: str) -> str:
    """Even text with runs of spoken digits (幺三八…) as digits, and what spreadsheets make of a number in
    full."""
    spoken = _SPOKEN.sub(lambda run: run[0].translate(_SPOKEN_DIGITS), even(text))
    return (
        _SCIENTIFIC.sub(lambda number: "1" + number[1].ljust(10, "0"), spoken) if "10" in spoken else spoken
    )


def find_in(text: str) -> bool:
    """Whether a mainland mobile number stands in a text, in whatever width, with separators, in digits or in
    words."""
    return _IN_TEXT.search(without_machine_ids(_digits_spoken(text))) is not None


def without(text: str, mark: str) -> str:
    """The text with each such number replaced by a mark."""
    return _IN_TEXT.sub(mark, _digits_spoken(text)) if find_in(text) else text


_DIALLED = re.compile(r"9?0?(?:(?:0?11|00)?86)?(1[3-9][0-9]{9})")  # with what is dialled before a number


def numbers_of_refusal(text: str) -> list[str]:
    """Every number in what a system names as the number of somebody who refused. Where none is written as
    numbers are, all its digits are taken as those of one mobile, also in words and behind the digits that a
    switchboard dials first: better a number too many than a refusal lost."""
    if numbers := numbers_in(text):
        return numbers
    found = _DIALLED.fullmatch("".join(re.findall("[0-9]", _digits_spoken(text))))
    mobile = mobile_of(found[1]) if found else None
    return [mobile] if mobile else []


def _national(digits: str) -> str:
    """The digits without the code of the mainland."""
    for code in ("+86", "0086"):
        digits = digits.removeprefix(code)
    return digits


def _by_library(digits: str) -> str:
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    national = _national(digits)
    if not national.startswith("+"):
        if _OF_A_MACHINE.fullmatch(national):
            raise PhoneInvalid(_("a number of a machine: no person answers it."))
        if _OF_A_SERVICE.fullmatch(national):
            raise PhoneInvalid(_("a service number (400, 800, 95…, 96…, short numbers) is nobody's."))
    try:
        number = phonenumbers.parse(digits, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid() from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid(*_why_invalid(national))
    if phonenumbers.number_type(number) not in _OF_PERSONS:
        raise PhoneInvalid(_("a service number (400, 800, 95…, 96…, short numbers) is nobody's."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _why_invalid(national: str) -> list[object]:
    if not national.startswith("1"):
        return []
    if len(national) == MOBILE_DIGITS:
        return [_("no mainland mobile begins with these digits; write the country code of a number abroad.")]
    return [_("%(count)s digits; a mainland mobile has 11.") % {"count": len(national)}]


def zones_of(phone: str | Protected) -> tuple[str, ...]:
    """IANA zones in which the holder of the number may be, for the calling hours (R11).

    Mainland numbers are in Asia/Shanghai. A number of a country with several zones gives all
    that its prefix allows: a call has to be inside the window in each of them. Empty when the
    zone is not known; the gate then refuses.
    """
    e164 = clear_for_machine(phone) if isinstance(phone, Protected) else phone
    if e164.startswith(HOME_CODE):
        return (HOME_ZONE,)
    zones = number_zones.time_zones_for_number(phonenumbers.parse(e164))
    return tuple(sorted(zone for zone in zones if zone != "Etc/Unknown"))
