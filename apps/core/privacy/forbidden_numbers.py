"""Finds resident-ID and bank-card numbers wherever they are written (R1).

By checksum, so that order numbers pass: GB 11643 (ISO 7064 MOD 11-2) with a real date and a
province for the ID, Luhn with an issuer's prefix for the card. Full-width forms, spaces,
dashes and surrounding text do not hide a number. Spreadsheets keep 15 digits of a number: an ID or card that
was rounded so, or stands in scientific notation, is still one. IDs of the first generation have 15 digits.
Pure: text in, finding out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Literal

from .canonical_text import even, simplified, without_machine_ids

SHORTEST = 13  # digits of the shortest number that is looked for
_DIGITS = b"0123456789"

Finding = Literal["resident_id_found", "bank_card_found"]

# Groups of digits with at most two separators between them; X closes an ID number.
_CANDIDATE = re.compile(
    r"[0-9](?:[\s\-\u2010-\u2015_.·/,]{0,2}[0-9]){12,40}(?:[\s\-\u2010-\u2015_.·/,]{0,2}[Xx])?|[0-9]{17}[Xx]"
)
_GROUP = re.compile(r"[0-9]+[Xx]?|[Xx]")
_QUICK = re.compile(r"(?:[0-9][^0-9]{0,4}){12}[0-9]")

_ID = re.compile(r"(?:(?:[1-6][0-9]|71|8[1-3])[0-9]{4}|9[1-6][0-9]{4})(18|19|20)[0-9]{2}[0-9]{7}[0-9X]")
_OLD_ID = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])(?:0[1-9]|[1-3][0-9]|4[0-3]|90)(?!00)[0-9]{2}([0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}"
)
_SCIENTIFIC = re.compile(r"(?<![0-9.])([0-9]{1,7})[.,]([0-9]{4,14})\s?[eE]\s?\+?\s?([0-9]{1,2})(?![0-9])")
# Other ways to write one, tried only where the usual one found nothing: anything that is no letter or digit
# between few groups, or between all digits; numerals; what looks like X.
_WIDE = re.compile(
    r"[0-9](?:[^0-9A-Za-z\u3400-\u9fff]{0,4}[0-9]){13,23}(?:[^0-9A-Za-z\u3400-\u9fff]{0,4}[Xx])?"
)
_MOST_GROUPS = 6
_NUMERAL = "[0-9零〇洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖]"
_NUMERALS = re.compile(rf"{_NUMERAL}(?:[\s\-]?{_NUMERAL}){{14,}}")
_NUMERAL_DIGITS = str.maketrans("零〇洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖", "00011223456789123456789")
_LEAST_DIGITS = 8  # of a number in scientific notation
_NO_DIGITS = dict.fromkeys([*map(ord, "0123456789"), *_NUMERAL_DIGITS])
_LOOKS_LIKE_X = re.compile(r"(?<=[0-9])[×✕✖╳ХхΧχ叉](?![0-9])")
_CODED_BLANKS = re.compile(r"%20|&nbsp;|&#160;|&#xa0;", re.IGNORECASE)
_KEPT = 15  # digits that a spreadsheet keeps of a number
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"

# Issuer prefixes with the lengths in use: UnionPay 62/81, Visa 4, Mastercard 51-55, older
# mainland debit cards 95/94/90, Amex 34/37, JCB 35, Maestro/Discover 50, 56-58, 60, 63-65.
_CARD = re.compile(
    r"(?:62|81)[0-9]{14,17}|4[0-9]{15}|4[0-9]{18}|5[1-5][0-9]{14}|9[045][0-9]{14,17}|3[47][0-9]{13}|35[0-9]{14,17}"
    r"|(?:5[0678]|6[03-5])[0-9]{14,17}"
)

_FORBIDDEN_HEADINGS = (
    (
        "resident_id_found",
        (
            "身份证",
            "身分证",
            "证件号",
            "idcard",
            "identitycard",
            "residentid",
            "nationalid",
            "idnumber",
            "idno",
            "sfz",
        ),
    ),
    (
        "bank_card_found",
        (
            "银行卡",
            "卡号",
            "储蓄卡",
            "信用卡号",
            "银行账号",
            "银行帐号",
            "bankcard",
            "cardnumber",
            "cardno",
            "bankaccount",
            "creditcard",
            "debitcard",
        ),
    ),
)


_Way = tuple[re.Pattern[str], Callable[[re.Match[str]], Finding | None]]


def find(text: str) -> Finding | None:
    """The first kind of forbidden number in `text`, an ID before a card; None when clean."""
    if len(text) < SHORTEST:
        return None
    if text.isascii():
        data = text.encode()
        digits = len(data) - len(data.translate(None, _DIGITS))
        if digits < _LEAST_DIGITS or (digits < SHORTEST and b"e" not in data.lower()):
            return None
    else:
        text = even(text)
        if len(text) - len(text.translate(_NO_DIGITS)) < _LEAST_DIGITS:
            return None
    found: Finding | None = None
    for number in _finds(without_machine_ids(text)):
        if number[1] == "resident_id_found":
            return number[1]
        found = number[1]
    return found


def _finds(text: str) -> Iterator[tuple[tuple[int, int], Finding, str]]:
    """Where forbidden numbers stand in even text, what they are, and the text in which those places are
    counted."""
    other = _otherwise_written(text)
    for written in (text,) if other == text else (text, other):
        ways: list[_Way] = [(_SCIENTIFIC, _scientific)] if "e" in written or "E" in written else []
        if _QUICK.search(written):
            ways += [(_CANDIDATE, _usual), (_WIDE, _wide)]
        for pattern, judge in ways:
            for candidate in pattern.finditer(written):
                if finding := judge(candidate):
                    yield candidate.span(), finding, written


def _otherwise_written(text: str) -> str:
    """The text with numerals, coded blanks and what looks like X as the characters that they stand for."""
    text = _NUMERALS.sub(lambda run: run[0].translate(_NUMERAL_DIGITS), _CODED_BLANKS.sub(" ", text))
    return _LOOKS_LIKE_X.sub("X", text)


def _scientific(number: re.Match[str]) -> Finding | None:
    digits = _in_full(number)
    if is_rounded_id(digits) or (_BEGINS_LIKE_ID.match(digits) and len(digits) == 18):
        return "resident_id_found"
    return "bank_card_found" if _CARD.fullmatch(digits) else None


_BEGINS_LIKE_ID = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{4}(?:19|20)[0-9]")


def _usual(candidate: re.Match[str]) -> Finding | None:
    return _kind_of_any(_runs(candidate[0]))


def _wide(candidate: re.Match[str]) -> Finding | None:
    groups = _GROUP.findall(candidate[0].upper())
    if len(groups) > _MOST_GROUPS and any(len(group) > 1 for group in groups):
        return None
    return _kind_of_any(_runs(candidate[0]))


def _kind_of_any(runs: Iterable[str]) -> Finding | None:
    found: Finding | None = None
    for digits in runs:
        if is_resident_id(digits) or is_rounded_id(digits) or is_old_id(digits):
            return "resident_id_found"
        if is_bank_card(digits) or is_rounded_card(digits):
            found = "bank_card_found"
    return found


def without(text: str, mark: str = "▇▇▇") -> tuple[str, int]:
    """The text with each forbidden number taken out, and how many were: for what has to be kept though
    somebody said one."""
    if find(text) is None:
        return text, 0
    clear, count = even(text), 0
    while (first := next(_finds(clear), None)) is not None:
        (start, end), _finding, clear = first
        clear, count = clear[:start] + mark + clear[end:], count + 1
    return clear, count


def _in_full(number: re.Match[str]) -> str:
    """A number in scientific notation by its digits."""
    return (number[1] + number[2]).ljust(min(len(number[1]) + int(number[3]), 40), "0")


def _runs(candidate: str) -> list[str]:
    """Every number that whole groups of digits standing side by side may spell."""
    groups = _GROUP.findall(candidate.upper())
    runs = []
    for start in range(len(groups)):
        run = ""
        for group in groups[start:]:
            run += group
            if len(run) > 19:
                # another number is glued to it
                runs += [each for each in (run[:18], run[-18:]) if run == group and is_resident_id(each)]
                break
            if len(run) >= 15:
                runs.append(run)
    return runs


def is_resident_id(digits: str) -> bool:
    """18 characters, a province, a date of birth and the check character of GB 11643."""
    if not _ID.fullmatch(digits):
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=False))
    return _ID_CHECK[total % 11] == digits[17]


def is_rounded_id(digits: str) -> bool:
    """18 digits of which a spreadsheet kept 15: a province and a date of birth, then zeros."""
    return (
        digits.endswith("000")
        and _ID.fullmatch(digits) is not None
        and _is_date(digits[6:10], digits[10:12], digits[12:14])
    )


def is_old_id(digits: str) -> bool:
    """15 digits of the first generation: a region and a date of birth of the last century. Not the 15 digits
    of a telephone's IMEI, whose last one is a check digit."""
    found = _OLD_ID.fullmatch(digits)
    return (
        found is not None
        and _is_date(f"19{found[1]}", found[2], found[3])
        and not (digits.startswith("35") and _luhn(digits))
    )


def is_rounded_card(digits: str) -> bool:
    """A number of 17 to 19 digits with an issuer's prefix of which a spreadsheet kept 15."""
    zeros = len(digits) - _KEPT
    return zeros >= 2 and digits.endswith("0" * zeros) and _CARD.fullmatch(digits) is not None


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        return bool(date(int(year), int(month), int(day)))
    except ValueError:
        return False


def is_bank_card(digits: str) -> bool:
    """An issuer's prefix, a length in use and the Luhn check digit."""
    return _CARD.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find_in_heading(heading: str) -> Finding | None:
    """The kind of number that a column of this heading is for; None for a harmless one."""
    plain = re.sub(r"[\W_]+", "", simplified(even(heading))).lower()
    for finding, words in _FORBIDDEN_HEADINGS:
        if any(word in plain for word in words):
            return finding  # type: ignore[return-value]
    return find(heading)
