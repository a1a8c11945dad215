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
from apps.jobs.alarm_rules import LEAST
from apps.jobs.models import DutyRun, Job

from ..queries import next_audit_due
from .register import Measured, Span, State, measure, none_of

SOON = timedelta(days=90)


@measure("R4", _("The deployment check has %(bad)s remarks about transport and security."))
def transport(span: Span) -> Measured:
    if settings.DEMO or settings.DEBUG:
        return Measured(State.UNMEASURED, {"bad": "–"})
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return none_of(len(found))


@measure("R22", _("%(people)s people need a second factor, %(bad)s of them have none."), "people")
def second_factors(span: Span) -> Measured:
    need = User.objects.filter(is_active=True, role__in=SECOND_FACTOR_ROLES)
    without = need.exclude(Exists(Authenticator.objects.filter(user=OuterRef("pk")).exclude(type="recovery_codes"))).count()
    if not settings.SECOND_FACTOR_DEMANDED:
        return Measured(State.UNMEASURED, {"people": need.count(), "bad": without})
    return none_of(without, people=need.count())


@measure("R35", _("The next compliance audit is due on %(day)s."), "compliance_audits")
def compliance_audits(span: Span) -> Measured:
    due = next_audit_due(span.now)
    today = timezone.localdate(span.now)
    state = State.RED if due < today else State.AMBER if due < today + SOON else State.GREEN
    return Measured(state, {"day": due.isoformat()})


@measure("R41", _("%(duties)s scheduled duties have run; %(bad)s jobs failed in this time."), "duties")
def running(span: Span) -> Measured:
    failed = span.of(Job.objects.filter(state=Job.State.FAILED), "ended_at").count()
    recent = DutyRun.objects.filter(ended_at__gte=span.now - max(LEAST, timedelta(days=1)))
    return none_of(failed, duties=recent.count())
