"""Measures of data: what is collected, protected, kept and deleted (R1-R10, R17-R19, R34)."""

from datetime import timedelta

from auditlog.models import LogEntry
from django.apps import apps
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.access.models import Finding, PermissionAudit
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent, Alarm, TrailCheck, TreeHead
from apps.calls.models import Call
from apps.contacts.models import Consent, Contact, ContactImport, DataSource
from apps.core.privacy.fields import protected_fields
from apps.policies import queries as policies
from apps.policies.models import LEAST_RECORD_DAYS
from apps.quality.models import Play
from apps.retention.holds import held as held_rows
from apps.retention.models import BackupRun, PurgeRun
from apps.retention.services import last_good

from .in_use import campaigns_in_use
from .register import Measurement, MeasureState, Span, few_of, measure, none_of

DAY = timedelta(days=1)


@measure("R1", _("%(imports)s imports took in %(rows)s rows; %(bad)s wait for a person."), "sources")
def collected(span: Span) -> Measurement:
    imports = span.of(ContactImport.objects.all(), "created_at")
    rows = imports.aggregate(rows=Sum("stored_rows"))["rows"] or 0
    return few_of(
        imports.filter(state=ContactImport.State.PREVIEW).count(), imports=imports.count(), rows=rows
    )


@measure(
    "R2",
    _("%(calls)s marketing calls were made, %(bad)s of them to a contact without a consent of that time."),
    "contacts",
)
def consents(span: Span) -> Measurement:
    """Of contacts that are still there."""
    calls = span.of(Call.objects.filter(campaign__kind="marketing"), "reserved_at").exclude(
        state__in=Call.UNUSED
    )
    held = Consent.objects.filter(
        Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=OuterRef("reserved_at")),
        contact=OuterRef("contact"), recipient="",
        purpose=OuterRef("campaign__purpose"), given_at__lte=OuterRef("reserved_at"),
        expires_at__gt=OuterRef("reserved_at"),
    )  # fmt: skip
    return none_of(calls.filter(~Exists(held), contact__isnull=False).count(), calls=calls.count())


@measure(
    "R3", _("%(sources)s data sources are approved; %(bad)s of them were purchased or shared."), "sources"
)
def sources(span: Span) -> Measurement:
    approved = DataSource.objects.filter(state=DataSource.State.APPROVED)
    return none_of(approved.filter(origin__in=DataSource.NEVER_APPROVED).count(), sources=approved.count())


@measure(
    "R5",
    _("%(reveals)s values were revealed, each with a reason; %(bad)s alarms about reveals are open."),
    "trail",
)
def reveals(span: Span) -> Measurement:
    revealed = span.of(AccessEvent.objects.filter(kind=AccessEvent.Kind.DISCLOSED), "created_at")
    alarms = Alarm.objects.filter(code__startswith="reveal").exclude(state=Alarm.State.CLOSED)
    return few_of(alarms.count(), reveals=revealed.count())


@measure(
    "R6",
    _("The last permission audit was %(days)s days ago; %(bad)s grave findings are open."),
    "permission_audits",
)
def permissions(span: Span) -> Measurement:
    last = PermissionAudit.objects.filter(ended_at__isnull=False).order_by("-pk").first()
    if last is None or last.ended_at is None:
        return Measurement(MeasureState.RED, {"days": "–", "bad": 0})
    open_ones = Finding.objects.filter(
        audit=last, state=Finding.State.OPEN, severity=Finding.Severity.HIGH
    ).count()
    days = (span.now - last.ended_at) // DAY
    return Measurement(
        MeasureState.RED if days > 8 else MeasureState.AMBER if open_ones else MeasureState.GREEN,
        {"days": days, "bad": open_ones},
    )


@measure("R7", _("%(columns)s columns with personal data, each encrypted with AES-256-GCM."))
def encryption(span: Span) -> Measurement:
    """Counted from the tables: a column of this kind cannot hold clear text."""
    return Measurement(
        MeasureState.GREEN, {"columns": sum(len(protected_fields(model)) for model in apps.get_models())}
    )


@measure(
    "R8",
    _(
        "%(runs)s purges deleted %(rows)s rows; %(bad)s ended badly. %(overdue)s contacts are kept beyond "
        "their day."
    ),
    "retention",
)
def periods(span: Span) -> Measurement:
    runs = span.of(PurgeRun.objects.all(), "created_at")
    failed = runs.filter(state=PurgeRun.State.FAILED).count()
    overdue = (
        Contact.everyone.filter(expires_at__lt=span.now - DAY, blocked_until__isnull=True)
        .exclude(held_rows().contacts)
        .count()
    )
    rows = sum(sum(run.counts.values()) for run in runs.only("counts"))
    state = MeasureState.RED if overdue else MeasureState.AMBER if failed else MeasureState.GREEN
    return Measurement(state, {"runs": runs.count(), "rows": rows, "bad": failed, "overdue": overdue})


@measure(
    "R9",
    _("The last good backup is %(hours)s hours old; the last restore drill was %(days)s days ago."),
    "backups",
)
def backups(span: Span) -> Measurement:
    good = last_good()
    drill = (
        BackupRun.objects.filter(kind=BackupRun.Kind.DRILL, state=BackupRun.State.DONE)
        .order_by("-pk")
        .first()
    )
    if good is None:
        return Measurement(
            MeasureState.RED, {"hours": "–", "days": (span.now - drill.created_at) // DAY if drill else "–"}
        )
    hours = (span.now - good.created_at) // timedelta(hours=1)
    days = (span.now - drill.created_at) // DAY if drill else "–"
    is_stale = drill is None or span.now - drill.created_at > timedelta(days=35)
    return Measurement(
        MeasureState.RED if hours > 26 else MeasureState.AMBER if is_stale else MeasureState.GREEN,
        {"hours": hours, "days": days},
    )


@measure(
    "R10",
    _(
        "%(reads)s reads and %(changes)s changes are in the access log; the last check of all of it found "
        "%(bad)s faults."
    ),
    "tree_heads",
)
def trail(span: Span) -> Measurement:
    check = TrailCheck.objects.order_by("-pk").first()
    figures = {
        "reads": span.of(AccessEvent.objects.all(), "created_at").count(),
        "changes": span.of(LogEntry.objects.all(), "timestamp").count(),
        "bad": len(check.findings) if check else 0,
    }  # fmt: skip
    late = check is None or span.now - check.created_at > 2 * DAY or not TreeHead.objects.exists()
    return Measurement(
        MeasureState.RED if figures["bad"] else MeasureState.AMBER if late else MeasureState.GREEN, figures
    )


@measure(
    "R17", _("%(plays)s times somebody listened, each for a purpose that was named first."), "recordings"
)
def plays(span: Span) -> Measurement:
    return Measurement(MeasureState.GREEN, {"plays": span.of(Play.objects.all(), "created_at").count()})


@measure(
    "R18", _("%(campaigns)s campaigns called or run, %(bad)s of them without a lawful basis."), "campaigns"
)
def purposes(span: Span) -> Measurement:
    campaigns = campaigns_in_use(span)
    return none_of(campaigns.filter(lawful_basis="").count(), campaigns=campaigns.count())


@measure("R19", _("%(exports)s exports; %(bad)s by agents."), "trail")
def exports(span: Span) -> Measurement:
    exported = span.of(AccessEvent.objects.filter(kind=AccessEvent.Kind.EXPORTED), "created_at")
    agents = User.objects.filter(role=Role.AGENT).values("pk")
    return none_of(exported.filter(actor__in=agents).count(), exports=exported.count())


@measure("R34", _("Records of calls are kept for %(days)s days at least."), "policies")
def records(span: Span) -> Measurement:
    kept = policies.retention_policies(span.now)
    days = min(kept[name].days for name in ("call", "recording", "contact"))
    return Measurement(MeasureState.GREEN if days >= LEAST_RECORD_DAYS else MeasureState.RED, {"days": days})
