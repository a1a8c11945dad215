"""The text of a script: its sections, its variables, its passages, and what may not stand in it. Pure.

Positions come in two measures: within a section, and within the whole text (the sections that are
spoken, one after another with a line between), which is what the automatic check reads.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.calendar.workdays import Calendar
from apps.core.errors import BadInput

from .checking import MOST_CHARACTERS, VARIABLE

# In the order in which they are said. What is forbidden is read by the agent and not said.
SPOKEN = ("opening", "purpose", "body", "objections", "way_out")
SECTIONS = (*SPOKEN, "forbidden")
NEEDED = ("opening", "purpose", "body", "way_out")
REVIEW_TARGET = 2  # working days from submission to an answer


class SectionRefused(BadInput):
    """What is wrong with a section; `section` says with which."""

    code = "section_refused"

    def __init__(self, section: str, sentence: object, **facts: object) -> None:
        super().__init__(sentence, form_field="", **facts)
        self.section = section


@dataclass(frozen=True)
class Variable:
    """A word that is filled when the script is spoken. A protected one is filled on the desk alone, masked as
    the desk has it."""

    label: Promise
    is_protected: bool = False


VARIABLES: Mapping[str, Variable] = {
    "company": Variable(gettext_lazy("the company as said")),
    "campaign": Variable(gettext_lazy("name of the campaign")),
    "agent": Variable(gettext_lazy("name of the agent")),
    "staff": Variable(gettext_lazy("staff number of the agent")),
    "client": Variable(gettext_lazy("name of the client, as the desk shows it"), is_protected=True),
}
PERSONAL = frozenset(
    {"phone", "mobile", "number", "telephone", "contact_phone", "client_phone", "id", "id_number", "idcard",
    "card", "bank_card",
     "card_number", "account", "address", "email", "wechat", "birthday", "password", "code", "otp"}
)  # fmt: skip
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\$\{|<%|%>|｛｛|｝｝")
_HIDDEN = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+|[^。！？；!?;\n]+$")


def tidy(text: str) -> str:
    """Line ends as one character, no blanks at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def refuse_unfit(sections: Mapping[str, str], *, is_sms: bool) -> None:
    """Raises `SectionRefused` for the first thing that may not stand in a script, and says where."""
    for section, text in sections.items():
        _refuse_characters(section, text)
        _refuse_variables(section, text, is_sms=is_sms)
    needed = ("body",) if is_sms else NEEDED
    for section in needed:
        if not sections.get(section, "").strip():
            raise SectionRefused(section, _("This section is empty; every script has it."))
    total = sum(len(text) for text in sections.values())
    if total > MOST_CHARACTERS:
        longest = max(sections, key=lambda name: len(sections[name]))
        raise SectionRefused(
            longest,
            _("The script has %(count)s characters, this section %(here)s of them; %(most)s are the most. "
                "Shorten it."),
            count=total, here=len(sections[longest]), most=MOST_CHARACTERS,
        )  # fmt: skip


def _where(text: str, place: int) -> dict[str, int]:
    before = text[:place]
    return {"line": before.count("\n") + 1, "column": place - (before.rfind("\n") + 1) + 1}


def _refuse_characters(section: str, text: str) -> None:
    for place, char in enumerate(text):
        if char in _HIDDEN or (unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn"} and char not in "\n\t"):
            raise SectionRefused(
                section,
                _("Line %(line)s, character %(column)s: a character that cannot be seen (U+%(code)s). Remove "
                    "it."),
                code=f"{ord(char):04X}", **_where(text, place),
            )  # fmt: skip


def _refuse_variables(section: str, text: str, *, is_sms: bool) -> None:
    for found in VARIABLE.finditer(text):
        name = found[1]
        at = _where(text, found.start())
        if name in PERSONAL:
            raise SectionRefused(
                section,
                _("Line %(line)s, character %(column)s: {{ %(name)s }} is personal data, which no script "
                    "holds (R1)."),
                name=name, **at,
            )  # fmt: skip
        if name not in VARIABLES:
            known = ", ".join(f"{{{{ {each} }}}}" for each in VARIABLES)
            raise SectionRefused(
                section,
                _("Line %(line)s, character %(column)s: there is no variable {{ %(name)s }}. There are: "
                    "%(known)s."),
                name=name, known=known, **at,
            )  # fmt: skip
        if is_sms and VARIABLES[name].is_protected:
            raise SectionRefused(
                section,
                _("Line %(line)s, character %(column)s: {{ %(name)s }} is filled on the desk alone; a "
                    "message does not hold it."),
                name=name, **at,
            )  # fmt: skip
    bare = VARIABLE.sub(lambda found: " " * len(found[0]), text)
    if left := _LEFT_OVER.search(bare):
        raise SectionRefused(
            section,
            _('Line %(line)s, character %(column)s: "%(mark)s" is no part of a variable. A variable is '
                'written {{ company }}, no more.'),
            mark=left[0], **_where(text, left.start()),
        )  # fmt: skip


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text as it is said. A variable without a value stays as it is written."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def whole(sections: Mapping[str, str], *, is_sms: bool) -> tuple[str, dict[str, int]]:
    """What is said or sent, as one text, and where each section begins in it."""
    begins: dict[str, int] = {}
    text = ""
    for name in ("body",) if is_sms else SPOKEN:
        if sections[name]:
            begins[name] = len(text)
            text += sections[name] + "\n"
    return text.removesuffix("\n"), begins


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and lines, from where to where; nothing of the text is left out."""
    for found in _SENTENCE.finditer(text):
        yield found.start(), found.end()


@dataclass(frozen=True, order=True)
class Mark:
    """Something about a stretch of a section: a finding, a remark, a variable. `key` names it on the page."""

    start: int
    end: int
    kind: str
    key: str = ""


@dataclass(frozen=True)
class MarkedText:
    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def kinds(self) -> str:
        return " ".join(f"mark-{mark.kind}" for mark in self.marks)

    @property
    def key(self) -> str:
        return next((mark.key for mark in self.marks if mark.key), "")


@dataclass(frozen=True)
class MarkedPassage:
    start: int
    end: int
    segments: tuple[MarkedText, ...]


def marked(text: str, marks: Iterable[Mark]) -> list[MarkedPassage]:
    """The text in passages, cut wherever a mark begins or ends."""
    marks = sorted(
        {*marks, *(Mark(found.start(), found.end(), "variable") for found in VARIABLE.finditer(text))}
    )
    shown = []
    for start, end in passages(text):
        here = [mark for mark in marks if mark.start < end and mark.end > start]
        cuts = sorted(
            {start, end, *(at for mark in here for at in (mark.start, mark.end) if start < at < end)}
        )
        segments = tuple(
            MarkedText(
                text[first:last], tuple(mark for mark in here if mark.start <= first and last <= mark.end)
            )
            for first, last in pairwise(cuts)
        )
        shown.append(MarkedPassage(start, end, segments))
    return shown


def due_day(submitted: date, calendar: Calendar) -> date | None:
    """The day by whose end a submitted script is answered; None when the calendar of that year is not
    known."""
    return calendar.after_working_days(submitted, REVIEW_TARGET)
