"""Measures of what is said: scripts, review, corrective actions (R23, R24, R26, R28, R30)."""

from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.campaigns.services import what_is_missing
from apps.quality.models import CorrectiveAction, Violation
from apps.scripts.models import ReviewEvent, ScriptVersion

from .in_use import campaigns_in_use
from .register import Measurement, MeasureState, Span, few_of, measure, none_of

PATIENCE = timedelta(days=3)


@measure(
    "R23",
    _(
        "%(published)s versions of scripts are in force; %(overruled)s findings were overruled, %(bad)s "
        "false promises were found in calls."
    ),
    "scripts",
)
def truthful(span: Span) -> Measurement:
    overruled = span.of(ReviewEvent.objects.filter(kind=ReviewEvent.Kind.OVERRULED), "created_at").count()
    promises = span.of(Violation.objects.filter(kind="promise"), "created_at").count()
    return few_of(
        promises, published=ScriptVersion.objects.filter(state="published").count(), overruled=overruled
    )


@measure(
    "R24",
    _("%(campaigns)s marketing campaigns called or run, %(bad)s of them for a product of too high a risk."),
    "campaigns",
)
def product_risk(span: Span) -> Measurement:
    marketing = campaigns_in_use(span).filter(kind="marketing")
    return none_of(
        sum("risk" in what_is_missing(campaign, span.now) for campaign in marketing),
        campaigns=marketing.count(),
    )


@measure(
    "R26",
    _("%(campaigns)s marketing campaigns called or run, %(bad)s of them lack what their trade needs."),
    "campaigns",
)
def trades(span: Span) -> Measurement:
    marketing = campaigns_in_use(span).filter(kind="marketing")
    missing = sum(
        bool({"trade", "permit"} & set(what_is_missing(campaign, span.now))) for campaign in marketing
    )
    return none_of(missing, campaigns=marketing.count())


@measure(
    "R28",
    _(
        "%(approved)s versions were approved, %(bad)s by too few people; %(waiting)s have waited for more "
        "than three days."
    ),
    "script_queue",
)
def reviewed(span: Span) -> Measurement:
    approved = span.of(ScriptVersion.objects.filter(state__in=["approved", "published"]), "approved_at")
    by = approved.annotate(count=Count("events", filter=Q(events__kind=ReviewEvent.Kind.APPROVED)))
    too_few = sum(version.count < version.approvals_needed for version in by)
    waiting = ScriptVersion.objects.filter(state="submitted", submitted_at__lt=span.now - PATIENCE).count()
    state = MeasureState.RED if too_few else MeasureState.AMBER if waiting else MeasureState.GREEN
    return Measurement(state, {"approved": approved.count(), "bad": too_few, "waiting": waiting})


@measure(
    "R30",
    _("%(violations)s violations were found; %(open)s corrective actions are open, %(bad)s of them overdue."),
    "actions",
)
def corrected(span: Span) -> Measurement:
    waiting = CorrectiveAction.objects.exclude(state=CorrectiveAction.State.CLOSED)
    overdue = waiting.filter(due_on__lt=timezone.localdate(span.now)).count()
    return none_of(
        overdue, violations=span.of(Violation.objects.all(), "created_at").count(), open=waiting.count()
    )
