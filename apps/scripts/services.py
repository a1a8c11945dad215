"""Scripts: written by one, approved by another, retired at once (R28)."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core import clock, detect
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState

from .checking import Finding, check
from .models import Script, ScriptVersion
from .wording import FINDINGS

APPROVAL_TERM = timedelta(days=180)
SECTIONS = ("opening", "purpose", "body", "way_out", "forbidden")


@transaction.atomic
def write_version(*, actor: User, script: Script, company: str, **sections: str) -> ScriptVersion:
    """A new draft. The opening has to say the company, the way out has to be there (R16)."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    if any(detect.find(text) for text in sections.values()):
        raise PersonalDataFound(_("A script holds no resident-ID or bank-card number. Remove it."))
    if company not in sections["opening"]:
        raise BadInput(_('The opening has to say the company, "%(company)s" (R16).'), company=company)
    last = Script.objects.select_for_update().get(pk=script.pk).versions.order_by("-number").first()
    version = ScriptVersion(script=script, number=last.number + 1 if last else 1, company=company, author=actor, **sections)
    version.full_clean(exclude=["state"])
    findings_of(version)  # what cannot be checked is not stored: raises `TextRefused`
    version.save()
    return version


def _locked(version: ScriptVersion, state: str) -> ScriptVersion:
    locked = ScriptVersion.objects.select_for_update().select_related("script").get(pk=version.pk)
    if locked.state != state:
        raise WrongState()
    return locked


def _for_review(actor: User, version: ScriptVersion) -> ScriptVersion:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = _locked(version, ScriptVersion.State.SUBMITTED)
    if version.author_id == actor.pk:
        raise FourEyes()
    return version


class CheckBlocked(BadInput):
    """The automatic check found what no reviewer may overrule."""

    code = "check_blocked"


def findings_of(version: ScriptVersion) -> list[Finding]:
    """What the automatic check says of all that is spoken; the list of forbidden behaviours is not spoken."""
    return check(spoken(version), kind=version.script.kind, trade=version.script.trade)


def spoken(version: ScriptVersion) -> str:
    return "\n".join((version.opening, version.purpose, version.body, version.way_out))


@transaction.atomic
def submit(*, actor: User, version: ScriptVersion) -> ScriptVersion:
    if version.author_id != actor.pk:
        raise NotAllowed()
    version = _locked(version, ScriptVersion.State.DRAFT)
    version.submit()
    version.save()
    return version


@transaction.atomic
def approve(*, actor: User, version: ScriptVersion, note: str = "") -> ScriptVersion:
    """Put a reviewed version in force and retire the one before. Raises `FourEyes`, `CheckBlocked`."""
    version = _for_review(actor, version)
    if blocking := [finding for finding in findings_of(version) if finding.is_blocking]:
        told = "; ".join(dict.fromkeys(f"{FINDINGS[finding.code]} ({finding.law})" for finding in blocking))
        raise CheckBlocked(_("The automatic check forbids this text: %(findings)s."), findings=told)
    for older in version.script.versions.select_for_update().filter(state=ScriptVersion.State.APPROVED):
        older.retire()
        older.save()
    version.approve()
    version.reviewed_by, version.review_note = actor, note
    version.approved_at = clock.now()
    version.expires_at = version.approved_at + APPROVAL_TERM
    version.save()
    return version


@transaction.atomic
def send_back(*, actor: User, version: ScriptVersion, note: str) -> ScriptVersion:
    version = _for_review(actor, version)
    if not note.strip():
        raise BadInput(_("Say what has to change."))
    version.send_back()
    version.reviewed_by, version.review_note = actor, note
    version.save()
    return version


@transaction.atomic
def retire(*, actor: User, version: ScriptVersion) -> ScriptVersion:
    """Withdraw an approval: the gate refuses every campaign of this script from the commit on."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = _locked(version, ScriptVersion.State.APPROVED)
    version.retire()
    version.save()
    return version
