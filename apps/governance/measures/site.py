"""Measures of the site itself: transport, sign-in, audits, running (R4, R22, R35, R41)."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import SECOND_FACTOR_ROLES
from apps.audit.alarms import RULES
from apps.jobs.models import Job

from ..queries import next_audit_due
from .register import Measurement, MeasureState, Span, measure, none_of

SOON = timedelta(days=90)


@measure("R4", _("The deployment check has %(bad)s remarks about transport and security."))
def transport(span: Span) -> Measurement:
    if settings.DEMO or settings.DEBUG:
        return Measurement(MeasureState.UNMEASURED, {"bad": "–"})
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return none_of(sum(not message.is_silenced() for message in found))


@measure("R22", _("%(people)s people need a second factor, %(bad)s of them have none."), "people")
def second_factors(span: Span) -> Measurement:
    need = User.objects.filter(is_active=True, role__in=SECOND_FACTOR_ROLES)
    without = need.exclude(
        Exists(Authenticator.objects.filter(user=OuterRef("pk")).exclude(type="recovery_codes"))
    ).count()
    if not settings.SECOND_FACTOR_DEMANDED:
        return Measurement(MeasureState.UNMEASURED, {"people": need.count(), "bad": without})
    return none_of(without, people=need.count())


@measure("R35", _("The next compliance audit is due on %(day)s."), "compliance_audits")
def compliance_audits(span: Span) -> Measurement:
    due = next_audit_due(span.now)
    today = timezone.localdate(span.now)
    state = (
        MeasureState.RED if due < today else MeasureState.AMBER if due < today + SOON else MeasureState.GREEN
    )
    return Measurement(state, {"day": due.isoformat()})


@measure(
    "R41", _("%(bad)s scheduled duties are missing runs; %(failed)s jobs failed in this time."), "duties"
)
def running(span: Span) -> Measurement:
    rule = RULES["duty_missed"]
    missed = len(rule.find(span.now, rule.default)) if rule.find else 0
    failed = span.of(Job.objects.filter(state=Job.State.FAILED), "ended_at").count()
    return Measurement(
        MeasureState.RED if missed else MeasureState.AMBER if failed else MeasureState.GREEN,
        {"bad": missed, "failed": failed},
    )
