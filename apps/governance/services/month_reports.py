"""The month's report: measured on its first days, annotated, signed by two; what is red becomes a
nonconformity with an owner."""

import json
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.database.locks import lock_month_report
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import close_notices, notify
from apps.policies import queries as policies

from ..measures.register import MEASURES, MeasureState, Span, measure_all
from ..models import MonthReport, Nonconformity
from .auditing_compliance import digest_of

Signed = MonthReport.State
WORKING_DAYS = 10  # in which a nonconformity is resolved


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def span_of(month: date) -> Span:
    """From the first day of a month to the first of the next, in the site's zone."""
    zone = timezone.get_default_timezone()
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Span(datetime.combine(month, time(), zone), datetime.combine(following, time(), zone), clock.now())


@transaction.atomic
def make_report(*, month: date) -> MonthReport:
    """Measure the month, again while nobody has signed it. What is red and has no open nonconformity gets
    one, for an officer.

    Raises `BadInput` for a month that is not over, `WrongState` for one that was signed.
    """
    month, span = month.replace(day=1), span_of(month.replace(day=1))
    # the task of the morning and an officer at the same time: one measures, the other measures again
    lock_month_report(month)
    if span.until > clock.now():
        raise BadInput(_("The month is not over yet."))
    report = MonthReport.objects.select_for_update().filter(month=month).first() or MonthReport(
        month=month, created_at=clock.now()
    )
    if report.state != Signed.DRAFT:
        raise WrongState()
    before = report.measured
    report.measured = {
        duty: {**asdict(found), "source": MEASURES[duty].source} for duty, found in measure_all(span).items()
    }
    is_new = report.pk is None
    same = {
        duty
        for duty, found in report.measured.items()
        if before.get(duty, {}).get("figures") == json.loads(json.dumps(found["figures"]))
    }
    # a note is about the figures that were read
    report.notes = {duty: note for duty, note in report.notes.items() if duty in same}
    report.save()
    _open_red(report)
    if is_new:
        notify(_officers(), "month_measured", month=f"{month:%Y-%m}")
    return report


def _officers() -> Any:
    return User.objects.filter(role=Role.COMPLIANCE, is_active=True).order_by("pk")


def _open_red(report: MonthReport) -> None:
    """What is red has an open nonconformity, of this month or of one before."""
    owner = _officers().first()
    for duty, found in report.measured.items():
        if found["state"] == MeasureState.RED and owner is not None:
            _open(report, duty, found["figures"], owner)


def _open(report: MonthReport, duty: str, figures: dict[str, Any], owner: User) -> None:
    if (
        Nonconformity.objects.filter(duty=duty, report__isnull=False)
        .exclude(state=Nonconformity.State.CLOSED)
        .exists()
    ):
        return
    today = timezone.localdate(clock.now())
    due = policies.calendar(clock.now()).after_working_days(today, WORKING_DAYS) or today + timedelta(
        days=WORKING_DAYS
    )
    with translation.override("zh-hans"):
        text = MEASURES[duty].sentence(figures)
    made = Nonconformity.objects.create(
        report=report, duty=duty, text=text[:500], owner=owner, due_on=due, created_at=clock.now()
    )
    notify(
        [owner],
        "nonconformity_opened",
        due=due.isoformat(),
        thing=f"nonconformity:{made.pk}",
        what=made.text[:60],
    )


def make_due_report() -> MonthReport | None:
    """That of the month before, where there is none."""
    month = month_before(timezone.localdate(clock.now()))
    return None if MonthReport.objects.filter(month=month).exists() else make_report(month=month)


def _locked(actor: User, report: MonthReport, *states: str) -> MonthReport:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    found = MonthReport.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if found.state not in states:
        raise WrongState()
    return found


@transaction.atomic
def note_report(*, actor: User, report: MonthReport, duty: str, note: str) -> MonthReport:
    """What an officer says of a duty's figures. Raises `NotAllowed`, `WrongState`, `BadInput`."""
    report = _locked(actor, report, Signed.DRAFT)
    if duty not in MEASURES:
        raise BadInput()
    text = checked_text(note, most=500)
    report.notes = {name: each for name, each in {**report.notes, duty: text}.items() if each}
    report.save()
    return report


@transaction.atomic
def sign_report(*, actor: User, report: MonthReport, read: str | None = None) -> MonthReport:
    """The first signature, or the second by another person: from then on nothing of it changes. `read` is the
    digest of what was read.

    A red duty needs a note first. Raises `NotAllowed`, `FourEyes`, `WrongState`; `BadInput` for a missing
    note, or for another text than the one that was read.
    """
    report = _locked(actor, report, Signed.DRAFT, Signed.SIGNED_ONCE)
    if read is not None and read != digest_of(document_of_month(report)):
        raise BadInput(_("It was changed since you opened the page. Read it again."))
    if report.state == Signed.DRAFT:
        if silent := [
            duty
            for duty, found in report.measured.items()
            if found["state"] == MeasureState.RED and duty not in report.notes
        ]:
            raise BadInput(_("What is not met needs a note first: %(duties)s."), duties=", ".join(silent))
        _open_red(report)  # one that was open when it was measured may be closed since
        report.state, report.signed_by = Signed.SIGNED_ONCE, actor
        report.save()
        notify(
            User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk),
            "month_to_sign",
            month=f"{report.month:%Y-%m}",
            thing=f"month:{report.pk}",
        )
        return report
    if report.signed_by_id == actor.pk:
        raise FourEyes()
    report.state, report.countersigned_by, report.signed_at = Signed.SIGNED, actor, clock.now()
    report.signature = signatures.signature_of(document_of_month(report))
    report.save()
    close_notices("month_measured", "month_to_sign", month=f"{report.month:%Y-%m}")
    return report


@transaction.atomic
def reopen_report(*, actor: User, report: MonthReport) -> MonthReport:
    """The second person does not sign: a draft again. Raises `NotAllowed`, `WrongState`."""
    report = _locked(actor, report, Signed.SIGNED_ONCE)
    report.state, report.signed_by = Signed.DRAFT, None
    report.save()
    return report


def document_of_month(report: MonthReport) -> dict[str, Any]:
    """What is signed."""
    return {
        "month": f"{report.month:%Y-%m}", "measured": report.measured, "notes": report.notes,
        "signed_by": [report.signed_by_id, report.countersigned_by_id],
        "signed_at": signatures.moment(report.signed_at) if report.signed_at else None,
    }  # fmt: skip
