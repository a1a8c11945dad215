"""Reports as PDF, and what pages and papers show alike of an incident or an assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.documents import pdf
from apps.core.duties import duty_in_words
from apps.core.laws import LAWS, cite
from apps.core.wording import join_items
from apps.policies import queries as policies
from apps.scripts.models import CallKind, Voice
from apps.sharing.models import Share

from .measures import MEASURES, MeasureState
from .models import Assessment, AuditAnswer, ComplianceAudit, Incident, MonthReport, Risk
from .rules.assessing import grade_of
from .services.auditing_compliance import Point, points
from .services.recording_incidents import TEXTS, hours_since_discovery
from .wording import FACTS, KINDS, TRIGGERS

FACT_NAMES = FACTS
_CHOICES: Mapping[str, Mapping[Any, Any]] = {
    "kind": KINDS, "call_kind": dict(CallKind.choices), "voice": dict(Voice.choices),
    "form": dict(Share.Form.choices),
    "fields": dict(Share.Field.choices), "in_clear": {True: _("yes"), False: _("no")},
}  # fmt: skip


def label_of(model: type[Model], name: str) -> str:
    """What a column is called for people."""
    field = model._meta.get_field(name)
    return str(getattr(field, "verbose_name", name))


def facts_in_words(description: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts that a thing has, named and in the reader's language."""
    return [
        (str(label), _value(name, description[name]))
        for name, label in FACTS.items()
        if description.get(name) not in ("", [], None)
    ]


def _value(name: str, value: Any) -> str:
    words = policies.trade_names() if name == "trade" else _CHOICES.get(name, {})
    return (
        join_items(str(words.get(each, each)) for each in value)
        if isinstance(value, list)
        else str(words.get(value, value))
    )


def matrix(assessment: Assessment) -> list[tuple[Risk, int, int]]:
    """Each risk with its grade (1 to 3) before and after its measure."""
    risks = assessment.risks.select_related("owner")
    return [
        (risk, grade_of(risk.likelihood, risk.harm), grade_of(risk.likelihood, risk.remaining))
        for risk in risks
    ]


def _time(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"


def incident_pdf(incident: Incident) -> bytes:
    """The report: facts, scope, notices, tasks, time line."""
    rows = [[_("time"), _("what"), _("who"), _("note")]]
    rows += [
        [_time(each.created_at), each.get_kind_display(), str(each.actor or "–"), each.note]
        for each in incident.entries.select_related("actor")
    ]
    above = [
        _("%(kind)s: %(title)s.") % {"kind": incident.get_kind_display(), "title": incident.title}
        + (" " + _("This is a drill.") if incident.is_drill else ""),
        _("Discovered %(at)s; hours until the authority was notified, or until now: %(hours)s.")
        % {"at": _time(incident.discovered_at), "hours": hours_since_discovery(incident)},
        _("Persons concerned: %(count)s; records of persons erased since: %(erased)s; looks at lists that "
            "name nobody: %(unnamed)s.")
        % {"count": "–" if incident.persons is None else incident.persons, "erased": incident.erased,
        "unnamed": incident.unnamed},
        *(f"{label_of(Incident, name)}: {getattr(incident, name) or '–'}" for name in TEXTS),
        _("Notice to the persons: %(what)s. %(why)s") % {"what": incident.get_to_persons_display(),
        "why": incident.to_persons_why},
        *(f"{each.get_recipient_display()}, {_time(each.given_at)}, {each.how}: "
            f"{each.text}" for each in incident.notices.all()),
        *(f"{_('task')}: {each.text} ({each.owner}, {each.due_on}), {_('done')}: "
            f"{_time(each.done_at)}" for each in incident.tasks.all()),
        _("Law: %(law)s.") % {"law": cite(LAWS["pipl-57"])},
    ]  # fmt: skip
    return _paper(
        _("Report of the incident %(number)s") % {"number": incident.public_id},
        above,
        rows,
        [85, 85, 80, 240],
    )


def assessment_pdf(assessment: Assessment) -> bytes:
    rows = [[_("what may happen"), _("risk"), _("measure"), _("owner"), _("risk that remains")]]
    grades = dict(Risk.Grade.choices)
    rows += [
        [
            risk.threat,
            str(grades[before]),
            risk.measure or "–",
            f"{risk.owner or '–'} {risk.due_on or ''}",
            str(grades[after]),
        ]
        for risk, before, after in matrix(assessment)
    ]
    above = [
        assessment.title,
        _("Needed because: %(why)s.")
        % {"why": join_items(TRIGGERS[code] for code in assessment.triggers) or "–"},
        *(f"{label}: {value}" for label, value in facts_in_words(assessment.description)),
        *(
            f"{label_of(Assessment, name)} {getattr(assessment, name) or '–'}"
            for name in ("necessity", "influence", "measures")
        ),
        _("Verdict: %(verdict)s.") % {"verdict": assessment.get_verdict_display() or "–"},
        _("State: %(state)s.") % {"state": assessment.get_state_display()},
        _("Written by %(author)s, decided by %(decider)s on %(at)s.")
        % {
            "author": assessment.written_by,
            "decider": assessment.decided_by or "–",
            "at": _time(assessment.decided_at),
        },
        _("Law: %(law)s.") % {"law": cite(LAWS["pipl-55"])},
    ]
    return _paper(
        _("Impact assessment %(number)s") % {"number": assessment.public_id},
        above,
        rows,
        [130, 50, 160, 90, 60],
    )


def _paper(title: str, above: list[str], rows: list[list[str]], widths: list[int]) -> bytes:
    return pdf.as_pdf(
        title=title,
        above=above,
        rows=rows,
        widths=widths,
        below=[_("Made %(at)s.") % {"at": _time(clock.now())}],
    )


URGENCY = (MeasureState.RED, MeasureState.AMBER, MeasureState.UNMEASURED, MeasureState.GREEN)


@dataclass(frozen=True)
class MonthRow:
    """A duty as the report shows it: state, sentence, note, the page behind it, and how the state was the
    month before."""

    duty: str
    label: str
    state: str
    state_label: str
    sentence: str
    page: str
    note: str
    before: str  # the state's label; "" where there is nothing to compare


def _measured(duty: str, found: Mapping[str, Any]) -> str:
    return MEASURES[duty].sentence(found["figures"])


def rows_of_month(report: MonthReport, before: MonthReport | None = None) -> list[MonthRow]:
    """Every duty that was measured: what is not met first, then in the order of the norm."""
    rows = []
    for duty, found in report.measured.items():
        if duty not in MEASURES:
            continue
        earlier = before.measured.get(duty, {}).get("state", "") if before else ""
        page = MEASURES[duty].page
        rows.append(MonthRow(
            duty, duty_in_words(duty), found["state"], str(MeasureState(found["state"]).label),
            _measured(duty, found),
            reverse(page) if page else "",
            report.notes.get(duty, ""),
            str(MeasureState(earlier).label) if earlier and earlier != found["state"] else "",
        ))  # fmt: skip
    return sorted(rows, key=lambda row: URGENCY.index(MeasureState(row.state)))


def counted(report: MonthReport) -> list[tuple[str, str, int]]:
    """How many duties are in which state: code, label, count."""
    states = [found["state"] for found in report.measured.values()]
    return [
        (state.value, str(state.label), states.count(state.value))
        for state in MeasureState
        if state.value in states
    ]


def _signatures(record: MonthReport | ComplianceAudit) -> list[str]:
    """Who signed, and the signature, for the foot of a paper."""
    if not record.signature:
        return [_("Not signed yet.")]
    signed = record.signature
    return [
        _("Signed by %(first)s and %(second)s on %(at)s.")
        % {"first": record.signed_by, "second": record.countersigned_by, "at": _time(record.signed_at)},
        f"Ed25519 {signed['key']} · {signed['public_key']}",
        signed["signature"],
    ]


def month_pdf(report: MonthReport) -> bytes:
    rows = [[_("duty"), _("state"), _("measured"), _("note")]]
    rows += [[row.label, row.state_label, row.sentence, row.note or "–"] for row in rows_of_month(report)]
    return pdf.as_pdf(
        title=_("Compliance report of %(month)s") % {"month": report},
        above=[", ".join(f"{label}: {count}" for _code, label, count in counted(report))],
        rows=rows, widths=[120, 60, 230, 90], below=_signatures(report),
    )  # fmt: skip


def points_of(audit: ComplianceAudit) -> list[tuple[AuditAnswer, Point, list[tuple[str, str, str]]]]:
    """Each answer with its point and what was measured: duty, state, sentence."""
    found = []
    for answer in audit.answers.select_related("answered_by").prefetch_related("nonconformities__owner"):
        point = points().get(answer.point)
        if point is not None:
            measured = [
                (duty_in_words(duty), each["state"], _measured(duty, each))
                for duty, each in answer.measured.items()
                if duty in MEASURES
            ]
            found.append((answer, point, measured))
    return found


def audit_pdf(audit: ComplianceAudit) -> bytes:
    rows = [[_("point"), _("measured"), _("found"), _("verdict")]]
    for answer, point, measured in points_of(audit):
        law = cite(LAWS[point.law])
        said = [
            answer.found or "–",
            *(
                f"{_('nonconformity')}: {each.text} ({each.owner}, {each.due_on})"
                for each in answer.nonconformities.all()
            ),
        ]
        rows.append([
            f"{point.in_words('subject')}: {point.in_words('question')} ({law})",
            " ".join(each[2] for each in measured) or "–",
            " ".join(said), answer.get_verdict_display(),
        ])  # fmt: skip
    return pdf.as_pdf(
        title=_("Compliance audit %(number)s: %(title)s") % {"number": audit.public_id, "title": audit.title},
        above=[
            audit.scope,
            _("Period: %(since)s – %(until)s. Auditor: %(auditor)s.")
            % {"since": audit.since, "until": audit.until, "auditor": audit.auditor},
            _("Conclusion: %(text)s") % {"text": audit.conclusion or "–"},
            _("Law: %(law)s.") % {"law": cite(LAWS["pipl-54"])},
        ],
        rows=rows, widths=[150, 150, 140, 60], below=_signatures(audit),
    )  # fmt: skip
