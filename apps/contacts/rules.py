"""What the columns of a list mean and what becomes of each row. Pure: text in, verdict out."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core import detect, phones
from apps.core.masks import is_mask

Sentence = str | Promise

# What a heading may be called. The first that fits takes the column.
HEADINGS: dict[str, tuple[str, ...]] = {
    "phone": (
        "手机号",
        "手机号码",
        "手机",
        "电话",
        "电话号码",
        "联系电话",
        "号码",
        "phone",
        "phonenumber",
        "mobile",
        "mobilephone",
        "tel",
        "telephone",
        "cell",
    ),
    "name": ("姓名", "名字", "客户姓名", "客户名称", "联系人", "称呼", "name", "fullname", "clientname", "customername", "contactname"),
    "tags": ("标签", "分类", "客户标签", "tags", "tag", "labels"),
    "note": ("备注", "说明", "note", "notes", "remark", "remarks", "comment"),
    "consent_channel": ("同意渠道", "同意方式", "授权渠道", "授权方式", "consentchannel", "consentmethod", "consentvia"),
    "consent_time": ("同意时间", "授权时间", "同意日期", "授权日期", "consenttime", "consentdate", "consentat", "consentedat"),
}
CHANNELS = {
    "web": ("网页勾选", "勾选", "网页", "线上勾选", "web", "tick", "ticked", "webform", "online", "checkbox"),
    "voice": ("语音确认", "语音", "电话确认", "voice", "phone", "verbal"),
    "paper": ("纸质", "书面", "签字", "paper", "signed", "form"),
    "crm": ("crm", "系统", "系统记录"),
}
_CHANNEL_OF = {word: channel for channel, words in CHANNELS.items() for word in words}
_TIME_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y%m%d", "%Y%m%d%H%M%S")
MOST_TAGS = 20
MOST_NAME = 80

ACCEPTED = "accepted"
STATUS_WORDS: dict[str, Sentence] = {
    ACCEPTED: _("taken in"),
    "phone_missing": _("phone missing"),
    "phone_invalid": _("not a phone number"),
    "resident_id_found": _("resident-ID number found"),
    "bank_card_found": _("bank-card number found"),
    "duplicate_in_file": _("twice in the file"),
}
STATUSES = tuple(STATUS_WORDS)


def plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading)).lower()


def match_columns(heading: Sequence[str]) -> dict[str, int]:
    """Which column holds what: `{"phone": 0, …}`. Columns that fit nothing are left out."""
    mapping: dict[str, int] = {}
    for meaning, words in HEADINGS.items():
        for index, cell in enumerate(heading):
            if plain(cell) in words and index not in mapping.values():
                mapping[meaning] = index
                break
    return mapping


def forbidden_columns(heading: Sequence[str]) -> list[str]:
    """Headings of columns that must not be collected at all (R1): the file is refused whole."""
    return [cell for cell in heading if cell and detect.find_in_heading(cell)]


class ConsentGiven(NamedTuple):
    channel: str
    given_at: datetime


class Verdict(NamedTuple):
    """What becomes of one row. `repr` shows no personal data."""

    row: int
    status: str
    message: Sentence = ""
    e164: str | None = None
    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    consent: ConsentGiven | None = None

    def __repr__(self) -> str:
        return f"Verdict(row={self.row}, status={self.status!r})"


Judge = Callable[[int, Sequence[str]], Verdict]


def judging(mapping: Mapping[str, int], *, zone: tzinfo, now: datetime) -> Judge:
    """What gives the verdict on one row, by its number and its cells. Duplicates are the caller's to see: they need the rows before.

    `zone` is what times without an offset are in; a consent from after `now` is not taken.
    """
    place_of_phone = mapping["phone"]
    places = [mapping.get(meaning) for meaning in _OPTIONAL]

    def judge(row: int, cells: Sequence[str]) -> Verdict:
        found = find_in_cells(cells)
        raw = cells[place_of_phone]
        e164 = phones.mobile_of(raw)
        refusal: Sentence = ""
        if raw and e164 is None:
            try:
                e164 = phones.normalise(raw)
            except phones.PhoneInvalid as error:
                refusal = str(error)
        if found:
            return Verdict(row, found, _FOUND[found], e164)
        if not raw:
            return Verdict(row, "phone_missing", _("The phone is empty. Fill it in or leave the row out."))
        if e164 is None:
            return Verdict(row, "phone_invalid", refusal)
        channel, moment, name, note, tags = [cells[place].replace("\x00", "") if place is not None else "" for place in places]
        consent, message = consent_of(channel, moment, zone, now)
        if is_mask(name, "name") or is_mask(note, "text"):
            return Verdict(
                row, ACCEPTED, message or _("The name or note was a mask and was left out."), e164, tags=tags_of(tags), consent=consent
            )
        return Verdict(row, ACCEPTED, message, e164, name[:MOST_NAME], note, tags_of(tags), consent)

    return judge


_OPTIONAL = ("consent_channel", "consent_time", "name", "note", "tags")


def duplicate(row: int, e164: str, first: int) -> Verdict:
    """The verdict on a row whose number stood in an earlier one."""
    return Verdict(row, "duplicate_in_file", _("The same number stands in row %(first)s already.") % {"first": first}, e164)


def find_in_cells(cells: Sequence[str]) -> detect.Finding | None:
    """What may not be collected anywhere in a row: an ID before a card."""
    found: detect.Finding | None = None
    for cell in cells:
        if len(cell) >= detect.SHORTEST and (in_cell := detect.find(cell)):
            if in_cell == "resident_id_found":
                return in_cell
            found = in_cell
    return found


_FOUND: dict[str, Sentence] = {
    "resident_id_found": _("A resident-ID number stands in this row. Remove it: it may not be collected (R1)."),
    "bank_card_found": _("A bank-card number stands in this row. Remove it: it may not be collected (R1)."),
}


@lru_cache(maxsize=10_000)
def tags_of(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip()[:40] for tag in re.split(r"[;\uff1b,\uff0c\u3001|]", text) if tag.strip()))[:MOST_TAGS]


@lru_cache(maxsize=50_000)
def consent_of(channel_text: str, time_text: str, zone: tzinfo, now: datetime) -> tuple[ConsentGiven | None, Sentence]:
    """The consent of a row, or none and why. A doubtful consent is no consent."""
    if not channel_text and not time_text:
        return None, _("Stored without consent: marketing calls will be refused.")
    channel = _CHANNEL_OF.get(plain(channel_text))
    if channel is None:
        return None, _("Stored without consent: the channel is not one that is known.")
    given_at = parse_time(time_text, zone)
    if given_at is None:
        return None, _("Stored without consent: the time of consent cannot be read.")
    if given_at > now:
        return None, _("Stored without consent: its time lies in the future.")
    return ConsentGiven(channel, given_at), ""


def parse_time(text: str, zone: tzinfo) -> datetime | None:
    """An aware time from ISO 8601 or the usual spreadsheet forms; None when it is neither."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = re.sub(r"[/.年月]", "-", text).replace("日", " ").strip()
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = _by_formats(text)  # type: ignore[assignment]
    if parsed is None:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def _by_formats(text: str) -> datetime | None:
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  (the zone is put on by the caller)
        except ValueError:
            continue
    return None
