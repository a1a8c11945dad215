"""What the page of a version shows: the text with its marks, findings, remarks, difference, history, and what
may be done."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.duties import duty_in_words
from apps.policies import queries as policies

from .. import queries, rules
from ..checking import Pack, PackRule, ScriptFinding, mode
from ..difference import Row, compared
from ..models import Confirmation, Overruling, Remark, ReviewEvent, ScriptVersion, ThirdReading
from ..rules import Mark, MarkedPassage
from ..wording import DUTIES, advice_of, name_of

State = ScriptVersion.State
# What is said first and how to opt out are pinned on the desk; the page has them in the order they are said.
SPEAKS = {"forbidden": "text-danger"}


@dataclass(frozen=True)
class FoundRow:
    """A finding as the page shows it. `key` is its anchor and that of its marks."""

    key: str
    finding: ScriptFinding
    name: str
    advice: str
    duty: str
    passage: str
    overruling: Overruling | None
    confirmation: Confirmation | None


@dataclass(frozen=True)
class RemarkRow:
    """A remark, and whether its passage still stands in this version."""

    key: str
    remark: Remark
    label: str
    is_here: bool
    may_resolve: bool


@dataclass(frozen=True)
class SectionRow:
    name: str
    label: str
    look: str
    passages: list[MarkedPassage]


@dataclass(frozen=True)
class ComparedSection:
    label: str
    rows: list[Row]


@dataclass
class ScriptSheet:
    """`is_whole`: with all that belongs to writing and reviewing; agents see the text alone."""

    sections: list[SectionRow]
    is_whole: bool = False
    findings: list[FoundRow] = field(default_factory=list)
    remarks: list[RemarkRow] = field(default_factory=list)
    base: ScriptVersion | None = None
    difference: list[ComparedSection] = field(default_factory=list)
    history: list[ReviewEvent] = field(default_factory=list)
    approvals: list[ReviewEvent] = field(default_factory=list)
    since: timedelta | None = None
    due: date | None = None
    is_late: bool = False
    reader_mode: str = "none"  # of the trained reader
    third_reading: ThirdReading | None = None
    may_write: bool = False
    may_edit: bool = False
    may_submit: bool = False
    may_take_back: bool = False
    may_judge: bool = False
    may_remark: bool = False
    may_publish: bool = False
    may_retire: bool = False

    @property
    def open_count(self) -> int:
        return sum(row.remark.resolved_at is None for row in self.remarks)

    @property
    def is_blocked(self) -> bool:
        return any(row.finding.is_blocking for row in self.findings)


def sheet_of(version: ScriptVersion, viewer: User) -> ScriptSheet:
    """Everything at once for those who write and review; for agents the text."""
    if viewer.role == Role.AGENT:
        return ScriptSheet(_sections(version, {}))
    findings = _findings(version)
    remarks = _remarks(version, viewer)
    sheet = ScriptSheet(_sections(version, _marks(version, findings, remarks)), True, findings, remarks)
    sheet.reader_mode = mode()
    sheet.third_reading = queries.third_reading_of(version)
    sheet.base = queries.last_approved(version)
    sheet.difference = _difference(sheet.base, version) if sheet.base else []
    sheet.history = list(queries.history_of(version)[:100])
    sheet.approvals = [
        event
        for event in sheet.history
        if event.version_id == version.pk and event.kind == ReviewEvent.Kind.APPROVED
    ]
    if version.state == State.SUBMITTED and version.submitted_at:
        now = clock.now()
        sheet.since = now - version.submitted_at
        sheet.due = rules.due_day(timezone.localdate(version.submitted_at), policies.calendar(now))
        sheet.is_late = sheet.due is not None and timezone.localdate(now) > sheet.due
    _permit(sheet, version, viewer)
    return sheet


def _permit(sheet: ScriptSheet, version: ScriptVersion, viewer: User) -> None:
    """What the page offers; the services ask again."""
    is_own, reviews = version.author_id == viewer.pk, viewer.role == Role.COMPLIANCE
    sheet.may_write = viewer.role == Role.SUPERVISOR
    sheet.may_edit = sheet.may_submit = is_own and version.state == State.DRAFT and sheet.may_write
    sheet.may_take_back = is_own and version.state == State.SUBMITTED and sheet.may_write
    has_approved = any(event.actor_id == viewer.pk for event in sheet.approvals)
    sheet.may_judge = reviews and version.state == State.SUBMITTED and not is_own and not has_approved
    sheet.may_remark = version.state in {State.DRAFT, State.SUBMITTED}
    sheet.may_publish = version.state == State.APPROVED
    sheet.may_retire = reviews and version.state in {State.APPROVED, State.PUBLISHED, State.EXPIRED}


def _findings(version: ScriptVersion) -> list[FoundRow]:
    pack = queries.packs_in_force()
    text, _begins = queries.spoken(version)
    overruled, confirmed = queries.overruled(version), queries.confirmed(version)
    return [
        _found(number, finding, pack, text, overruled.get(finding.place), confirmed.get(finding.place))
        for number, finding in enumerate(queries.findings_of(version, pack), 1)
    ]


def _found(
    number: int,
    finding: ScriptFinding,
    pack: Pack,
    text: str,
    overruling: Overruling | None,
    confirmation: Confirmation | None,
) -> FoundRow:
    rule: PackRule | None = pack.rule(finding.code)
    return FoundRow(
        key=f"finding-{number}",
        finding=finding,
        name=name_of(rule, finding.code),
        advice=advice_of(rule),
        duty=f"{duty_in_words(rule.duty)}: {DUTIES[rule.duty]}" if rule else "",
        passage=text[finding.start : finding.end],
        overruling=overruling,
        confirmation=confirmation,
    )


def _remarks(version: ScriptVersion, viewer: User) -> list[RemarkRow]:
    shown = []
    for remark in queries.remarks_on(version):
        stands = not remark.quote or remark.quote in getattr(version, remark.section)
        may_resolve = remark.resolved_at is None and (
            remark.author_id == viewer.pk or viewer.role == Role.COMPLIANCE
        )
        shown.append(
            RemarkRow(f"remark-{remark.pk}", remark, queries.label_of(remark.section), stands, may_resolve)
        )
    return shown


def _marks(
    version: ScriptVersion, findings: list[FoundRow], remarks: list[RemarkRow]
) -> dict[str, list[Mark]]:
    """Marks by section, positions within the section."""
    _text, begins = queries.spoken(version)
    marks: dict[str, list[Mark]] = {}
    for row in findings:
        kind = "overruled" if row.overruling else row.finding.level
        for section, begin in begins.items():
            start, end = (
                max(row.finding.start - begin, 0),
                min(row.finding.end - begin, len(getattr(version, section))),
            )
            if start < end:
                marks.setdefault(section, []).append(Mark(start, end, kind, row.key))
    for said in remarks:
        quote, section = said.remark.quote, said.remark.section
        if quote and said.is_here and said.remark.resolved_at is None:
            text = getattr(version, section)
            start = said.remark.start if text[said.remark.start :].startswith(quote) else text.find(quote)
            marks.setdefault(section, []).append(Mark(start, start + len(quote), "remark", said.key))
    return marks


def _sections(version: ScriptVersion, marks: dict[str, list[Mark]]) -> list[SectionRow]:
    texts = queries.sections_of(version)
    return [
        SectionRow(
            name, queries.label_of(name), SPEAKS.get(name, ""), rules.marked(text, marks.get(name, ()))
        )
        for name, text in texts.items()
        if text
    ]


def _difference(base: ScriptVersion, version: ScriptVersion) -> list[ComparedSection]:
    """Sections that differ from the last approved version."""
    olds, news = queries.sections_of(base), queries.sections_of(version)
    pairs = [
        ("company", base.company, version.company),
        *((name, olds[name], news[name]) for name in rules.SECTIONS),
    ]
    return [
        ComparedSection(queries.label_of(name), compared(old, new)) for name, old, new in pairs if old != new
    ]
