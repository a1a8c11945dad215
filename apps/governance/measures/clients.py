"""Measures of clients' rights, complaints and sharing (R20, R25, R31, R32, R36, R37)."""

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.calls.models import Call
from apps.contacts.models import MinorFlag
from apps.quality import queries as quality
from apps.quality.models import BasePeriod, Complaint
from apps.quality.rules import timing
from apps.rights.models import RequestEvent, SubjectRequest
from apps.sharing.models import Share

from ..models import Incident
from ..services.assessing import is_missing
from ..services.recording_incidents import AUTHORITY_WITHIN
from .in_use import campaigns_in_use, shares_in_force
from .register import Measurement, MeasureState, Span, measure, none_of


@measure(
    "R20",
    _("%(requests)s requests of persons came, %(open)s are open; %(bad)s are overdue or were closed late."),
    "requests",
)
def requests(span: Span) -> Measurement:
    """By the day on which a request was carried out: what stays for a while (R34) goes later by itself. One
    whose identity is open is late too once its day has passed."""
    carried_out = RequestEvent.objects.filter(request=OuterRef("pk"), kind=RequestEvent.Kind.EXECUTED)
    all_requests = SubjectRequest.objects.annotate(
        done_at=Coalesce(Subquery(carried_out.order_by("created_at").values("created_at")[:1]), "closed_at")
    )
    waiting = all_requests.filter(done_at__isnull=True)
    overdue = waiting.filter(due_on__lt=timezone.localdate(span.now)).count()
    overdue += span.of(all_requests, "done_at").filter(done_at__date__gt=F("due_on")).count()
    return none_of(
        overdue, requests=span.of(SubjectRequest.objects.all(), "received_at").count(), open=waiting.count()
    )


@measure(
    "R25", _("%(minors)s persons are marked as minors; %(bad)s marketing calls were made to one."), "contacts"
)
def minors(span: Span) -> Measurement:
    """Flags that were up when the call was made, also those that were lifted since."""
    marked = MinorFlag.objects.filter(
        Q(lifted_at__isnull=True) | Q(lifted_at__gt=OuterRef("reserved_at")),
        contact=OuterRef("contact"),
        created_at__lt=OuterRef("reserved_at"),
    )
    calls = span.of(Call.objects.filter(Call.counted(), campaign__kind="marketing"), "reserved_at")
    return none_of(
        calls.filter(Exists(marked)).count(), minors=MinorFlag.objects.filter(lifted_at__isnull=True).count()
    )


@measure(
    "R31",
    _(
        "%(complaints)s complaints, %(rate)s for 10,000 connected calls (base period: %(base)s); %(bad)s are "
        "overdue."
    ),
    "complaints",
)
def complaints(span: Span) -> Measurement:
    now = quality.figures(span.since, span.until)
    base = BasePeriod.objects.first()
    before = timing.Figures(base.calls, base.complaints, float(base.handling_hours)).rate if base else None
    overdue = Complaint.objects.filter(state=Complaint.State.OPEN, due_at__lt=span.now).count()
    is_worse = before is not None and now.rate is not None and now.rate > before
    figures: dict[str, float | int | str] = {
        "complaints": now.complaints, "rate": f"{float(now.rate):.1f}" if now.rate is not None else "–",
        "base": f"{float(before):.1f}" if before is not None else "–", "bad": overdue,
    }  # fmt: skip
    return Measurement(
        MeasureState.RED if overdue else MeasureState.AMBER if is_worse else MeasureState.GREEN, figures
    )


@measure("R32", _("%(shares)s shares are in force, %(bad)s of them past their last day."), "shares")
def shares(span: Span) -> Measurement:
    in_force = Share.objects.filter(state=Share.State.APPROVED)
    return none_of(in_force.filter(ends_on__lt=timezone.localdate(span.now)).count(), shares=in_force.count())


@measure(
    "R36",
    _(
        "%(campaigns)s campaigns called or run and %(shares)s shares are in clear; %(bad)s of them lack an "
        "impact assessment that they need."
    ),
    "assessments",
)
def assessments(span: Span) -> Measurement:
    campaigns = campaigns_in_use(span)
    in_clear = shares_in_force(span).filter(is_clear=True).select_related("campaign", "asked_by__department")
    missing = sum(is_missing(each) for each in [*campaigns, *in_clear])
    return none_of(missing, campaigns=campaigns.count(), shares=in_clear.count())


@measure(
    "R37",
    _(
        "%(incidents)s incidents were discovered, %(open)s are open; %(bad)s times the authority was "
        "notified late or not."
    ),
    "incidents",
)
def incidents(span: Span) -> Measurement:
    real = Incident.objects.filter(is_drill=False)
    waiting = real.exclude(state=Incident.State.CLOSED)
    late = (
        waiting.filter(discovered_at__lt=span.now - AUTHORITY_WITHIN)
        .exclude(notices__recipient="authority")
        .count()
    )
    discovered = span.of(real, "discovered_at")
    notified_late = discovered.filter(
        notices__recipient="authority", notices__given_at__gt=F("discovered_at") + AUTHORITY_WITHIN
    )
    in_time = discovered.filter(
        notices__recipient="authority", notices__given_at__lte=F("discovered_at") + AUTHORITY_WITHIN
    )
    late += notified_late.exclude(pk__in=in_time.values("pk")).distinct().count()
    still = waiting.count()
    state = MeasureState.RED if late else MeasureState.AMBER if still else MeasureState.GREEN
    return Measurement(
        state, {"incidents": span.of(real, "discovered_at").count(), "open": still, "bad": late}
    )
