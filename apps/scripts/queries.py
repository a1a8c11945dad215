"""What of the scripts a person may read, and what the check says of them under the rules in force."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.calendar.workdays import Calendar
from apps.core.privacy.free_text import blotted
from apps.core.wording import join_clauses
from apps.policies import queries as policies

from . import rules
from .checking import (
    Pack,
    PackRule,
    ScriptFinding,
    check,
    compiled,
    pack_of,
    read,
    shipped_rules,
    written_rule,
)
from .models import (
    Confirmation,
    Overruling,
    Remark,
    ReviewEvent,
    RuleVersion,
    Script,
    ScriptVersion,
    ThirdReading,
)
from .wording import name_of

State = ScriptVersion.State
IN_USE = (State.APPROVED, State.PUBLISHED)


def readable(viewer: User) -> QuerySet[ScriptVersion]:
    """Agents read what is in force, supervisors and compliance read all, admins nothing."""
    versions = ScriptVersion.objects.select_related("script", "author")
    if viewer.role == Role.AGENT:
        return versions.filter(state=State.PUBLISHED)
    return versions if viewer.role in {Role.SUPERVISOR, Role.COMPLIANCE} else versions.none()


def locked(version: ScriptVersion) -> ScriptVersion:
    """The version as it is now, for a change."""
    return (
        ScriptVersion.objects.select_for_update(of=("self",))
        .select_related("script", "author")
        .get(pk=version.pk)
    )


def reviewers() -> QuerySet[User]:
    return User.objects.filter(role=Role.COMPLIANCE, is_active=True)


def concerned(version: ScriptVersion) -> list[User]:
    return [version.author, *reviewers()]


def label_of(section: str) -> str:
    return capfirst(str(ScriptVersion._meta.get_field(section).verbose_name))  # type: ignore[union-attr]


def approvals_needed(script: Script, at: datetime) -> int:
    """How many people approve a version: what the trade's pack says for marketing, else one (R28)."""
    pack = policies.trade_packs(at).get(script.trade)
    return pack.script_approvers if pack and script.kind in {"marketing", "sms"} else 1


# -- the check


def packs_in_force() -> Pack:
    """The rules that come with Hegui and those of compliance over them; built anew when one of these
    changes."""
    rows = RuleVersion.objects.filter(state=RuleVersion.State.IN_FORCE).order_by("pk")
    return _compiled(tuple(rows.values_list("pk", "decided_at")))


@lru_cache(maxsize=4)
def _compiled(key: tuple[tuple[int, datetime], ...]) -> Pack:
    rows = RuleVersion.objects.filter(pk__in=[pk for pk, _decided in key]).order_by("pk")
    return compiled(written_rule(row.code, row.rule, row.number) for row in rows)


def sections_of(version: ScriptVersion) -> dict[str, str]:
    return {name: getattr(version, name) for name in rules.SECTIONS}


def filled(version: ScriptVersion, values: Mapping[str, str]) -> dict[str, str]:
    """The sections as the desk says them. A protected value comes as its mask: the caller hands over what the
    agent may see."""
    payload = {"company": version.company, **values}
    return {name: rules.fill(text, payload) for name, text in sections_of(version).items()}


def spoken(version: ScriptVersion) -> tuple[str, dict[str, int]]:
    """All that is said or sent, and where each section begins in it; the list of forbidden behaviours is not
    said."""
    return rules.whole(sections_of(version), is_sms=version.script.is_sms)


def findings_of(
    version: ScriptVersion, pack: Pack | None = None, *, with_advice: bool = True
) -> list[ScriptFinding]:
    """What the automatic check says of all that is spoken, under the rules in force or those given."""
    script = version.script
    text, _begins = spoken(version)
    pack = pack or packs_in_force()
    reader = read if with_advice else check
    said = {"company": version.company}
    found = reader(text, kind=script.kind, trade=script.trade, voice=script.voice, pack=pack, said=said)
    return sorted([*found, *_third_findings(version, pack, found)]) if with_advice else found


def _third_findings(
    version: ScriptVersion, pack: Pack, found: Sequence[ScriptFinding]
) -> list[ScriptFinding]:
    """What the third reader advises where the others found nothing of the kind."""
    reading = third_reading_of(version)
    if reading is None:
        return []
    laws = {rule.code: rule.law for rule in pack.rules}
    return [
        ScriptFinding(
            each["start"],
            each["end"],
            each["code"],
            "advisory",
            laws[each["code"]],
            why=each["why"] or each["code"],
        )
        for each in reading.findings
        if each["code"] in laws
        and not any(one.start < each["end"] and each["start"] < one.end for one in found)
    ]


def third_reading_of(version: ScriptVersion) -> ThirdReading | None:
    """What the configured third reader said of this text, if it was asked."""
    if not settings.HEGUI_THIRD_READER_URL:
        return None
    return ThirdReading.objects.filter(text_sha256=third_digest(version)).first()


def third_digest(version: ScriptVersion) -> bytes:
    """The key of a reading: the hash of the text, its kind and trade, and the model."""
    text, _begins = spoken(version)
    about = (text, version.script.kind, version.script.trade, settings.HEGUI_THIRD_READER_MODEL)
    return hashlib.sha256("\0".join(about).encode()).digest()


def confirmed(version: ScriptVersion) -> dict[tuple[str, int, int], Confirmation]:
    return {(row.code, row.start, row.end): row for row in version.confirmations.select_related("actor")}


def judged_passages() -> Iterator[tuple[str, str, str, str, tuple[str, ...]]]:
    """What reviewers said of advice: a name, the passage without numbers of people, trade and kind of its
    script, the rules that it breaks (none: it was overruled)."""
    for row in Confirmation.objects.select_related("version__script").order_by("pk"):
        yield (f"z{2 * row.pk}", *_judged(row), (row.code,))
    for kept in Overruling.objects.select_related("version__script").order_by("pk"):
        yield (f"z{2 * kept.pk + 1}", *_judged(kept), ())


def _judged(row: Confirmation | Overruling) -> tuple[str, str, str]:
    text, _begins = spoken(row.version)
    return blotted(text[row.start : row.end]).strip(), row.version.script.trade, row.version.script.kind


def overruled(version: ScriptVersion) -> dict[tuple[str, int, int], Overruling]:
    return {(row.code, row.start, row.end): row for row in version.overrulings.select_related("actor")}


def in_words(findings: Iterable[ScriptFinding]) -> str:
    """Names and laws of findings, each once."""
    pack = packs_in_force()
    return join_clauses(
        dict.fromkeys(
            f"{name_of(pack.rule(finding.code), finding.code)} ({finding.law})" for finding in findings
        )
    )


# -- the review


def last_approved(version: ScriptVersion) -> ScriptVersion | None:
    """The version before it that was approved last, whatever became of it: what the difference is shown
    to."""
    return (
        version.script.versions.filter(number__lt=version.number, approved_at__isnull=False)
        .order_by("-number")
        .first()
    )


def remarks_on(version: ScriptVersion) -> QuerySet[Remark]:
    """The version's remarks, and those of versions since the last approved one: they follow the text."""
    base = last_approved(version)
    since = version.script.versions.filter(number__lte=version.number, number__gt=base.number if base else 0)
    found = Remark.objects.filter(version__in=since).select_related(
        "author", "resolved_by", "version__script", "version__author"
    )
    return found.prefetch_related("answers__author").order_by("pk")


def open_remarks(version: ScriptVersion) -> list[Remark]:
    return list(remarks_on(version).filter(resolved_at__isnull=True))


def history_of(version: ScriptVersion) -> QuerySet[ReviewEvent]:
    """What happened to every version of the script, newest first."""
    events = ReviewEvent.objects.filter(
        version__script=version.script_id, version__number__lte=version.number
    )
    return events.select_related("actor", "version__script").order_by("-created_at", "-pk")


@dataclass(frozen=True)
class WaitingVersion:
    """A version in the queue. `due` is a day in Shanghai, None when the calendar of its year is not known."""

    version: ScriptVersion
    since: timedelta
    due: date | None
    is_late: bool
    blocking: int
    advice: int
    approvals: int
    is_own: bool
    needs_another: bool  # the viewer approved it; somebody else has to

    @property
    def can_be_judged(self) -> bool:
        return not self.is_own and not self.needs_another


def review_queue(viewer: User, at: datetime | None = None) -> list[WaitingVersion]:
    """What waits for compliance: late ones first, then risk (two approvers, findings), then age."""
    at = at or clock.now()
    if viewer.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        return []
    calendar = policies.calendar(at)
    versions = readable(viewer).filter(state=State.SUBMITTED)
    approved = set(
        ReviewEvent.objects.filter(kind="approved", actor=viewer, version__in=versions).values_list(
            "version_id", flat=True
        )
    )
    counts = dict(
        ReviewEvent.objects.filter(kind="approved", version__in=versions)
        .values_list("version_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    waiting = [
        _waiting(version, viewer, at, calendar, counts.get(version.pk, 0), version.pk in approved)
        for version in versions
    ]
    return sorted(waiting, key=_urgency)


def _waiting(
    version: ScriptVersion,
    viewer: User,
    at: datetime,
    calendar: Calendar,
    approvals: int,
    needs_another: bool,
) -> WaitingVersion:
    submitted = version.submitted_at or at
    due = rules.due_day(timezone.localdate(submitted), calendar)
    findings = findings_of(version)
    return WaitingVersion(
        version=version,
        since=at - submitted,
        due=due,
        is_late=due is not None and timezone.localdate(at) > due,
        blocking=sum(finding.is_blocking for finding in findings),
        advice=sum(not finding.is_blocking for finding in findings),
        approvals=approvals,
        is_own=version.author_id == viewer.pk,
        needs_another=needs_another,
    )


def _urgency(row: WaitingVersion) -> tuple[bool, int, int, timedelta]:
    return (not row.is_late, -row.version.approvals_needed, -(row.blocking * 10 + row.advice), -row.since)


def next_to_review(viewer: User, after: ScriptVersion | None = None) -> ScriptVersion | None:
    """The next in the queue that the viewer may judge, after the one they are at; round to the first
    again."""
    rows = review_queue(viewer)
    places = [place for place, row in enumerate(rows) if after and row.version.pk == after.pk]
    start = places[0] + 1 if places else 0
    rest = (
        row
        for row in rows[start:] + rows[:start]
        if row.can_be_judged and (after is None or row.version.pk != after.pk)
    )
    return next((row.version for row in rest), None)


@dataclass(frozen=True)
class AnswerTimes:
    """How fast scripts were answered in the last 30 days: how many, how many in time, the median."""

    count: int
    in_time: int
    median: timedelta | None


ANSWERS = ("approved", "changes_requested")


def answered_lately(at: datetime | None = None) -> AnswerTimes:
    at = at or clock.now()
    calendar = policies.calendar(at)
    events = ReviewEvent.objects.filter(
        kind__in=ANSWERS, created_at__range=(at - timedelta(days=30), at), version__submitted_at__isnull=False
    )
    first: dict[int, tuple[datetime, datetime]] = {}
    for event in events.select_related("version").order_by("created_at"):
        if event.version.submitted_at:
            first.setdefault(event.version_id, (event.version.submitted_at, event.created_at))
    waits = sorted(answered - submitted for submitted, answered in first.values())
    dues = (
        (rules.due_day(timezone.localdate(submitted), calendar), answered)
        for submitted, answered in first.values()
    )
    in_time = sum(due is not None and timezone.localdate(answered) <= due for due, answered in dues)
    return AnswerTimes(len(waits), in_time, waits[len(waits) // 2] if waits else None)


# -- the rules


@dataclass(frozen=True)
class Impact:
    """Versions in use that a rule would find at fault and does not now, and those that it would free."""

    blocked: list[ScriptVersion]
    freed: list[ScriptVersion]


def impact_of(version: RuleVersion) -> Impact:
    """What a written rule means for the scripts in use, against the rule of its code that is in force."""
    new = pack_of([written_rule(version.code, version.rule, version.number)])
    old_rule = packs_in_force().rule(version.code)
    old = pack_of([old_rule] if old_rule else [])
    blocked, freed = [], []
    for script in in_use():
        before, after = bool(findings_of(script, old)), bool(findings_of(script, new))
        if after and not before:
            blocked.append(script)
        elif before and not after:
            freed.append(script)
    return Impact(blocked, freed)


def in_use() -> QuerySet[ScriptVersion]:
    return ScriptVersion.objects.filter(state__in=IN_USE).select_related("script", "author").order_by("pk")


def found_by(rule: PackRule) -> list[tuple[ScriptVersion, str]]:
    """Scripts in use that a rule finds at fault now, with the passage; "" where a part is missing."""
    pack = pack_of([rule])
    found = []
    for version in in_use():
        text, _begins = spoken(version)
        found += [(version, text[finding.start : finding.end]) for finding in findings_of(version, pack)]
    return found


def rule_codes() -> list[str]:
    """Every code: those that come with Hegui, in their order, then compliance's own."""
    own = RuleVersion.objects.values_list("code", flat=True).distinct().order_by("code")
    return list(dict.fromkeys([*(rule.code for rule in shipped_rules()), *own]))


def name_of_rule(code: str) -> str:
    """What a rule is called in its newest version, also one that awaits a second person."""
    version = RuleVersion.objects.filter(code=code).order_by("-number").first()
    return name_of(
        written_rule(code, version.rule, version.number) if version else packs_in_force().rule(code), code
    )
