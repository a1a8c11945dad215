"""Rules of the automatic check: written by one person of compliance, put in force by another, tested
before."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.services import notify

from .. import queries
from ..checking import PackRule, RuleRefused, failed_examples, written_rule
from ..models import RuleVersion

State = RuleVersion.State


def tested_rule(code: str, raw: dict[str, Any], number: int) -> PackRule:
    """The rule, if it judges all its examples as they say. Raises `RuleRefused`."""
    rule = written_rule(code, raw, number)
    for part, text in failed_examples(rule):
        if part == "must_find":
            raise RuleRefused(
                _('The rule does not find its example "%(text)s". Add the phrase, or repair the example.'),
                text=text,
            )
        raise RuleRefused(
            _(
                'The rule finds "%(text)s", which it has to let pass. Add an innocent phrase, or repair the '
                "example."
            ),
            text=text,
        )
    return rule


@transaction.atomic
def write_rule(*, actor: User, code: str, rule: dict[str, Any], reason: str) -> RuleVersion:
    """A rule to be decided by somebody else. Raises `RuleRefused` for one that fails its examples or loosens
    the norm."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if not reason.strip():
        raise BadInput(_("Say why the rule is written."))
    last = RuleVersion.objects.select_for_update().filter(code=code).order_by("-number").first()
    number = last.number + 1 if last else 1
    tested_rule(code, rule, number)
    version = RuleVersion(
        code=code, number=number, rule=rule, reason=reason.strip(), written_by=actor, created_at=clock.now()
    )
    version.full_clean()
    version.save()
    notify(queries.reviewers(), "rule_written", about=actor, thing=f"rule:{version.code}", rule=version.code)
    return version


def _open(actor: User, version: RuleVersion) -> RuleVersion:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = RuleVersion.objects.select_for_update().get(pk=version.pk)
    if version.state != State.OPEN:
        raise WrongState()
    if version.written_by_id == actor.pk:
        raise FourEyes()
    return version


@transaction.atomic
def approve_rule(*, actor: User, version: RuleVersion) -> RuleVersion:
    """Put a rule in force. Scripts in use that it finds at fault stay approved; their people and compliance
    are notified."""
    version = _open(actor, version)
    tested_rule(version.code, version.rule, version.number)
    impact = queries.impact_of(version)
    for older in RuleVersion.objects.select_for_update().filter(code=version.code, state=State.IN_FORCE):
        older.state = State.SUPERSEDED
        older.save()
    version.state, version.decided_by, version.decided_at = State.IN_FORCE, actor, clock.now()
    version.blocks = [script.pk for script in impact.blocked]
    version.save()
    for script in impact.blocked:
        notify(
            queries.concerned(script),
            "rule_blocks_script",
            thing=f"script:{script.pk}",
            rule=version.code,
            script=str(script),
        )
    return version


@transaction.atomic
def refuse_rule(*, actor: User, version: RuleVersion) -> RuleVersion:
    version = _open(actor, version)
    version.state, version.decided_by, version.decided_at = State.REFUSED, actor, clock.now()
    version.save()
    return version
