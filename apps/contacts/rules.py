"""What the columns of a list mean and what becomes of each row. Pure: text in, verdict out."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.calendar.timestamps import EARLIEST
from apps.core.documents.spreadsheets import UNREADABLE
from apps.core.privacy import forbidden_numbers, phones
from apps.core.privacy.canonical_text import even, simplified
from apps.core.privacy.masks import is_mask

from .written_times import parse_time

Sentence = str | Promise

# What a heading may be called, in its plain form. A mobile is looked for before any other telephone.
MOBILE_HEADINGS = (
    "手机号",
    "手机号码",
    "手机",
    "移动电话",
    "移动电话号码",
    "手机微信",
    "mobile",
    "mobileno",
    "mobilephone",
    "mobilenumber",
    "cell",
    "cellphone",
    "cellphonenumber",
)
HEADINGS: dict[str, tuple[str, ...]] = {
    "phone": (
        *MOBILE_HEADINGS,
        "电话",
        "电话号码",
        "联系电话",
        "联系方式",
        "号码",
        "phone",
        "phoneno",
        "phonenumber",
        "customerphone",
        "contactphone",
        "tel",
        "telephone",
    ),
    "name": (
        "姓名",
        "名字",
        "名称",
        "联系人",
        "称呼",
        "name",
        "fullname",
        "clientname",
        "customername",
        "contactname",
    ),
    "tags": ("标签", "分类", "tags", "tag", "labels"),
    "note": ("备注", "说明", "note", "notes", "remark", "remarks", "comment"),
    "consent_channel": (
        "同意渠道",
        "同意方式",
        "授权渠道",
        "授权方式",
        "consentchannel",
        "consentmethod",
        "consentvia",
    ),
    "consent_time": (
        "同意时间",
        "授权时间",
        "同意日期",
        "授权日期",
        "consenttime",
        "consentdate",
        "consentat",
        "consentedat",
    ),
}
HEADINGS["consent_answer"] = (
    "是否同意", "是否授权", "是否同意营销", "是否接受营销", "是否接受", "是否同意接收营销信息", "同意营销",
    "接受营销", "营销授权", "同意状态", "授权状态", "营销状态", "同意情况", "授权情况", "是否同意联系",
    "是否接受来电", "是否接受联系", "consentstatus", "marketingstatus",
    "consent", "consented", "optin", "marketingconsent", "agreed",
)  # fmt: skip
# A column of whoever said no, by whatever heading: nothing that stands in it gives a consent.
REFUSAL = "refusal"
# The person's own word, which also ends what they agreed to before.
_OF_WORD = re.compile(
    r"撤回|撤销|退订|拒绝|拒接|拒访|拒营|请勿|勿扰|勿打|免打扰|免扰|黑名单|禁呼|禁拨|禁止(?:致电|拨打|外呼|联系|营销)"
    r"|(?:不|别)(?:接受|同意|愿|再|要)|opt(?:ed)?out|unsubscribe|withdraw|revoke"
    r"|do?no?t(?:call|contact|disturb|phone)|dnc|dnd|blacklist|blocklist|suppress"
)
_OF_REFUSAL = re.compile(_OF_WORD.pattern + r"|失效|作废|取消")
_YES = frozenset({
    "是", "同意", "已同意", "授权", "已授权", "接受", "已接受", "愿意", "可以", "有", "对", "√", "✓", "✔",
    "有效", "生效", "已生效", "正常",
    "y", "yes", "true", "t", "1", "agree", "agreed", "optin", "ok", "valid", "active", "granted",
})  # fmt: skip
_NO = frozenset({
    "否", "无", "没有", "未", "未退订", "未撤回", "未拒绝", "正常", "不是", "×", "x",
    "n", "no", "false", "f", "0", "none", "null", "na", "-", "--", "/", "no number",
})  # fmt: skip
SECOND_PHONE = "second_phone"  # the column that is read where that of the phone holds none
# An answer that is a no, and not only nothing.
_PLAIN_NO = frozenset({
    "否", "不", "不同意", "不接受", "不愿意", "拒绝", "已拒绝", "撤回", "已撤回", "退订", "已退订", "不要",
    "×", "n", "no", "false", "f", "0", "refused", "withdrawn", "revoked", "optout", "optedout",
    "unsubscribed",
})  # fmt: skip
MEANINGS = (*HEADINGS, SECOND_PHONE, REFUSAL)
_ASIDE = re.compile(r"[(\[<{【《〔].*?[)\]>}】》〕]|必填项?|选填项?|[0-9]+$")
_OWNER = re.compile(
    r"^(联系人|注册|绑定|预留|联系|客户|用户|会员|顾客|买家|本人|联系人|收件人|收货人|业主|学员|家长|备用|其"
    r"他|其它|第二|您的?)(?=.)"
)
_SECOND = re.compile(r"^(备用|其他|其它|第二)")
CHANNELS = {
    "web": ("网页勾选", "勾选", "网页", "线上勾选", "web", "tick", "ticked", "webform", "online", "checkbox"),
    "voice": ("语音确认", "语音", "电话确认", "voice", "phone", "verbal"),
    "paper": ("纸质", "书面", "签字", "paper", "signed", "form"),
    "crm": ("crm", "系统", "系统记录"),
}
_CHANNEL_OF = {word: channel for channel, words in CHANNELS.items() for word in words}
MOST_TAGS = 20
MOST_TAG = 40
MOST_NAME = 80

ACCEPTED = "accepted"
STATUS_WORDS: dict[str, Sentence] = {
    ACCEPTED: _("taken in"),
    "phone_missing": _("phone missing"),
    "phone_invalid": _("not a phone number"),
    "resident_id_found": _("resident-ID number found"),
    "bank_card_found": _("bank-card number found"),
    "duplicate_in_file": _("twice in the file"),
    "unreadable": _("characters that cannot be read"),
    "left_out": _("hidden in the workbook, left out"),
    "being_erased": _("being deleted"),
}
STATUSES = tuple(STATUS_WORDS)


def plain(heading: str) -> str:
    """A heading by its letters and digits alone, in one width, case and script."""
    return re.sub(r"[\W_]+", "", simplified(even(heading))).lower()


# What a heading says of the phone below it: the best first. From the third on it may be no phone, or somebody
# else's, and is only taken where there is no better one.
_BARE_NUMBER = ("号码",)
_SOMEBODY_ELSE = re.compile(
    r"^(学员|学生|孩子|小孩|子女|宝宝|家属|亲属|紧急|父亲|母亲|配偶|担保人|推荐人|介绍人)"
)


def _rank(names: Sequence[str]) -> int:
    if _SOMEBODY_ELSE.match(names[1]):
        return 3
    if any(name in MOBILE_HEADINGS for name in names) and not _SECOND.match(names[1]):
        return 0
    return 2 if names[1] not in HEADINGS["phone"] and names[2] in _BARE_NUMBER else 1


def _names(heading: str) -> list[str]:
    """What a heading may be read as: whole, without asides such as (必填), without whose it is."""
    bare = plain(_ASIDE.sub("", simplified(even(heading)).strip(" *:")))
    return [plain(heading), bare, _OWNER.sub("", bare)]


def match_columns(heading: Sequence[str], hidden: Iterable[int] = ()) -> dict[str, int]:
    """Which column holds what: `{"phone": 0, …}`. Columns that fit nothing, and hidden ones, are left out."""
    names = {
        column: _names(title) for column, title in enumerate(heading) if title and column not in set(hidden)
    }
    of_refusal = [column for column in names if _OF_REFUSAL.search(plain(heading[column]))]
    mapping: dict[str, int] = {REFUSAL: of_refusal[0]} if of_refusal else {}
    for meaning, words in HEADINGS.items():
        fitting = [
            column
            for column, read in names.items()
            if column not in {*mapping.values(), *of_refusal} and any(name in words for name in read)
        ]
        if meaning == "phone":
            fitting.sort(key=lambda column: _rank(names[column]))
            certain = [column for column in fitting if _rank(names[column]) < 2]
            mapping.update(zip(("phone", SECOND_PHONE), certain[:2] or fitting[:1], strict=False))
        elif fitting:
            mapping[meaning] = fitting[0]
    return mapping


def columns_of_word(heading: Sequence[str], mapping: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Every column of answers and every column of refusals: beside those of the mapping the others whose
    heading says the same and that were taken for nothing else. Where the mapping has none, a person decided
    that there is none."""
    free = [column for column in range(len(heading)) if heading[column] and column not in mapping.values()]
    answers, refusals = mapping.get("consent_answer"), mapping.get(REFUSAL)
    more_refusals = [column for column in free if _OF_REFUSAL.search(plain(heading[column]))]
    more_answers = [
        column
        for column in free
        if column not in more_refusals
        and any(name in HEADINGS["consent_answer"] for name in _names(heading[column]))
    ]
    return (
        [answers, *more_answers] if answers is not None else [],
        [refusals, *more_refusals] if refusals is not None else [],
    )


def match_contents(rows: Sequence[Sequence[str]], hidden: Iterable[int] = ()) -> dict[str, int]:
    """The column of phones in rows without a heading: the first in which most cells are phones."""
    width = max(map(len, rows), default=0)
    for column in range(width):
        cells = [row[column] for row in rows if column < len(row) and row[column]]
        if (
            cells
            and column not in set(hidden)
            and 2 * sum(bool(phones.numbers_in(cell)) for cell in cells) > len(cells)
        ):
            return {"phone": column}
    return {}


def heading_row(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Which of the first rows names the columns: one that names a phone and holds none (of several below one
    another the last), else the one above the first phone; 0 when a phone stands in the first row already. A
    person decides in the preview."""
    named: list[int] = []
    above = first = 0
    above_phone: int | None = None
    for number, cells in rows:
        holds_phone = any(phones.numbers_in(cell) for cell in cells)
        if not holds_phone and "phone" in match_columns(cells) and (not named or number == named[-1] + 1):
            named.append(number)
        if holds_phone and above_phone is None:
            above_phone = above
        if any(cells):
            first, above = first or number, number
    if named:
        return named[-1]
    return above_phone if above_phone is not None else first or 1


def forbidden_columns(heading: Sequence[str]) -> list[str]:
    """Headings of columns that must not be collected at all (R1): the file is refused whole."""
    return [cell for cell in heading if cell and forbidden_numbers.find_in_heading(cell)]


class ConsentGiven(NamedTuple):
    channel: str
    given_at: datetime


class RowVerdict(NamedTuple):
    """What becomes of one row. `repr` shows no personal data."""

    row: int
    status: str
    message: Sentence = ""
    e164: str | None = None
    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    consent: ConsentGiven | None = None
    is_doubtful: bool = False  # the row gives a consent, which was not taken
    says_no: bool = False  # whatever becomes of the row: its person refused or withdrew

    def __repr__(self) -> str:
        return f"Verdict(row={self.row}, status={self.status!r})"


Judge = Callable[[int, Sequence[str]], RowVerdict]


def judging(
    mapping: Mapping[str, int],
    *,
    heading: Sequence[str],
    zone: tzinfo,
    now: datetime,
    consent_days: int,
    some_unreadable: bool = True,
    serials: bool = True,
) -> Judge:
    """What gives the verdict on one row, by its number and its cells. Duplicates are the caller's to see:
    they need the rows before.

    `zone` is what times without an offset are in; a consent from after `now`, or older than `consent_days`,
    is not taken. `some_unreadable`: the list has rows with characters that could not be decoded; `serials`: a
    bare number may be a day as spreadsheets count.
    """
    place_of_phone, place_of_second = mapping["phone"], mapping.get(SECOND_PHONE)
    of_answers, of_refusals = columns_of_word(heading, mapping)
    of_words = [column for column in of_refusals if _is_of_word(_title(heading, column))]
    places = [mapping.get(meaning) for meaning in _OPTIONAL]

    def judge(row: int, cells: Sequence[str]) -> RowVerdict:
        found = find_in_cells(cells)
        raw = cells[place_of_phone]
        e164 = phones.mobile_of(raw)
        refusal: Sentence = ""
        passed_over = False
        if place_of_second is not None and (second := cells[place_of_second]):
            if e164 is None and (not raw or (phones.numbers_in(second) and not phones.numbers_in(raw))):
                raw, e164 = second, phones.mobile_of(second)
            else:
                passed_over = phones.numbers_in(second) not in ([], phones.numbers_in(raw))
        if raw and e164 is None:
            try:
                e164 = phones.normalise(raw)
            except phones.PhoneInvalid as error:
                refusal = str(error)
        says_no = any(_says_no(cells[place]) for place in of_words) or any(
            _word(cells[place]) in _PLAIN_NO for place in of_answers
        )
        if found:
            return RowVerdict(row, found, _FOUND[found], e164, says_no=says_no)
        if some_unreadable and any(UNREADABLE in cell for cell in cells):
            return RowVerdict(
                row,
                "unreadable",
                _("The row holds characters that cannot be read. Correct it in the file."),
                e164,
                says_no=says_no,
            )
        if not raw:
            return RowVerdict(row, "phone_missing", _("The phone is empty. Fill it in or leave the row out."))
        if e164 is None:
            return RowVerdict(row, "phone_invalid", refusal)
        channel, moment, name, note, tags = [
            cells[place].replace("\x00", "") if place is not None else "" for place in places
        ]
        no = _no_consent(
            [cells[place] for place in of_answers], [cells[place] for place in of_refusals], says_no
        )
        consent, message = (None, no) if no else consent_of(channel, moment, zone, now, consent_days, serials)
        is_masked = is_mask(name, "name") or is_mask(note, "text")
        taken, all_taken = tags_of(tags)
        if is_masked or passed_over or len(name) > MOST_NAME or not all_taken:
            asides = {
                "masked": is_masked,
                "second": passed_over,
                "cut": len(name) > MOST_NAME and not is_masked,
                "tags": not all_taken,
            }
            message = " ".join(
                str(each)
                for each in (message, *(_ASIDES[code] for code, holds in asides.items() if holds))
                if each
            )
        if is_masked:
            name = note = ""
        is_doubtful = consent is None and bool(channel or moment) and not no
        return RowVerdict(
            row, ACCEPTED, message, e164, name[:MOST_NAME], note, taken, consent, is_doubtful, says_no
        )

    return judge


SAID_NO = _(
    "Stored without consent: the list says that the person refused or withdrew. What they had agreed to "
    "before is withdrawn."
)


def _no_consent(answers: Sequence[str], refusals: Sequence[str], says_no: bool) -> Sentence:
    """Why a row gives no consent whatever else it says; "" where it does not say so. An answer that is no
    plain yes is none; what stands in a column of refusals is one, but for a plain no."""
    if says_no:
        return SAID_NO
    if any(map(_says_no, refusals)):
        return _("Stored without consent: the row says that it does not hold any more.")
    if any(_word(answer) not in _YES for answer in answers):
        return _("Stored without consent: the row does not say yes to it.")
    return ""


def _is_of_word(title: str) -> bool:
    """Whether what stands below the heading is the person's own no: times of day at which not to call are
    none."""
    return bool(_OF_WORD.search(plain(title))) and not re.search("时段|时间段", title)


def _says_no(cell: str) -> bool:
    """Whether something stands in a cell below a heading of refusals, but for a plain no."""
    return bool(cell.strip()) and _word(cell) not in _NO


def _title(heading: Sequence[str], column: int) -> str:
    return heading[column] if column < len(heading) else ""


def _word(cell: str) -> str:
    return simplified(even(cell)).strip().strip("。.!").lower()


_ASIDES = {
    "masked": _("The name or note was a mask and was left out."),
    "second": _("The row has a second phone number, which was not taken in."),
    "cut": _("The name is longer than 80 characters and was cut."),
    "tags": _("Tags were left out: those of over 40 characters, with a phone number, or beyond 20."),
}
_OPTIONAL = ("consent_channel", "consent_time", "name", "note", "tags")


def without_consent(verdict: RowVerdict) -> RowVerdict:
    """The same without its consent: another row of the list says that the person refused or withdrew."""
    return verdict._replace(consent=None, message=SAID_NO)


def left_out(row: int) -> RowVerdict:
    """The verdict on a row that the workbook hides, where hidden rows are not wanted."""
    return RowVerdict(row, "left_out", _("The row is hidden in the workbook and was left out, as chosen."))


def being_erased(row: int, e164: str) -> RowVerdict:
    """The verdict on a row whose person is being deleted; the record of a call has to be kept for 30 days
    (R34)."""
    message = _(
        "The person is being deleted; the record of a call is kept for 30 days by law. Bring the number "
        "again after that."
    )
    return RowVerdict(row, "being_erased", message, e164)


def duplicate(row: int, e164: str, first: int) -> RowVerdict:
    """The verdict on a row whose number stood in an earlier one."""
    return RowVerdict(
        row,
        "duplicate_in_file",
        _("The same number stands in row %(first)s already.") % {"first": first},
        e164,
    )


def find_in_cells(cells: Sequence[str]) -> forbidden_numbers.Finding | None:
    """What may not be collected anywhere in a row: an ID before a card."""
    found: forbidden_numbers.Finding | None = None
    for cell in cells:
        if len(cell) >= forbidden_numbers.SHORTEST and (in_cell := forbidden_numbers.find(cell)):
            if in_cell == "resident_id_found":
                return in_cell
            found = in_cell
    return found


_FOUND: dict[str, Sentence] = {
    "resident_id_found": _(
        "A resident-ID number stands in this row. Remove it: it may not be collected (R1)."
    ),
    "bank_card_found": _("A bank-card number stands in this row. Remove it: it may not be collected (R1)."),
}


@lru_cache(maxsize=10_000)
def tags_of(text: str) -> tuple[tuple[str, ...], bool]:
    """The tags that are taken, and whether they are all: one that holds a phone number is none, for tags
    stand in an ordinary column."""
    tags = dict.fromkeys(tag.strip() for tag in re.split(r"[;\uff1b,\uff0c\u3001|]", text) if tag.strip())
    taken = tuple(tag for tag in tags if len(tag) <= MOST_TAG and not phones.find_in(tag))[:MOST_TAGS]
    return taken, len(taken) == len(tags)


WITHOUT_CONSENT = _("Stored without consent: marketing calls will be refused.")


@lru_cache(maxsize=50_000)
def consent_of(
    channel_text: str, time_text: str, zone: tzinfo, now: datetime, days: int, serials: bool = True
) -> tuple[ConsentGiven | None, Sentence]:
    """The consent of a row, or none and why. A doubtful consent is none, and one that has ended: it holds for
    `days`."""
    if not channel_text and not time_text:
        return None, WITHOUT_CONSENT
    channel = _CHANNEL_OF.get(plain(channel_text))
    if channel is None:
        return None, _("Stored without consent: the channel is not one that is known.")
    given_at = parse_time(time_text, zone, serials=serials)
    if given_at is None:
        return None, _("Stored without consent: the time of consent cannot be read.")
    if given_at > now:
        return None, _("Stored without consent: its time lies in the future.")
    if given_at < EARLIEST:
        return None, _("Stored without consent: its time lies before the year 2000.")
    if given_at + timedelta(days=days) <= now:
        return None, _("Stored without consent: it is too old to hold today.")
    return ConsentGiven(channel, given_at), ""
