"""The author's side: a script, its versions, a draft, and handing it in."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.notifications.services import notify
from apps.policies import queries as policies

from .. import queries, rules
from ..models import ReviewEvent, Script, ScriptVersion, Voice
from ..rules import SECTIONS, SectionRefused
from .third_reading import want_reading


@transaction.atomic
def create_script(
    *, actor: User, code: str, name: str, kind: str, trade: str, voice: str = Voice.HUMAN
) -> Script:
    """A script without a text yet. Raises `BadInput` for a code that is taken or a trade without a pack."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    if trade not in policies.trade_packs(clock.now()):
        raise BadInput(_("There is no pack for this trade. Compliance adds one under policies."))
    script = Script(code=code, name=name, kind=kind, trade=trade, voice=voice)
    try:
        script.full_clean()
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    script.save()
    return script


@transaction.atomic
def write_version(*, actor: User, script: Script, company: str, **sections: str) -> ScriptVersion:
    """A new draft. Raises `SectionRefused`, `PersonalDataFound`, `TextRefused` for what may not stand in
    it."""
    if actor.role != Role.SUPERVISOR:
        raise NotAllowed()
    last = Script.objects.select_for_update().get(pk=script.pk).versions.order_by("-number").first()
    version = ScriptVersion(script=script, number=last.number + 1 if last else 1, author=actor)
    return _written(version, company, sections)


@transaction.atomic
def change_draft(*, actor: User, version: ScriptVersion, company: str, **sections: str) -> ScriptVersion:
    """Other words for a draft of one's own; what was submitted never changes."""
    return _written(_own(actor, version, ScriptVersion.State.DRAFT), company, sections)


def _written(version: ScriptVersion, company: str, sections: Mapping[str, str]) -> ScriptVersion:
    script = version.script
    said = {name: rules.tidy(sections.get(name, "")) for name in SECTIONS}
    if script.is_sms:
        said = {name: said["body"] if name == "body" else "" for name in SECTIONS}
    version.company = company.strip()
    for name, text in said.items():
        setattr(version, name, text)
    rules.refuse_unfit(said, is_sms=script.is_sms)
    for name, text in {**said, "company": version.company}.items():
        if forbidden_numbers.find(text):
            raise PersonalDataFound(
                _("%(section)s: a script holds no resident-ID or bank-card number. Remove it."),
                section=queries.label_of(name),
            )
    _refuse_unnamed(version)
    try:
        version.full_clean(exclude=["state"])
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    # what cannot be checked is not stored: raises `TextRefused`
    queries.findings_of(version, with_advice=False)
    version.save()
    return version


def _refuse_unnamed(version: ScriptVersion) -> None:
    """Who speaks is said first: in the opening of a call, in a message's signature (R16)."""
    section = "body" if version.script.is_sms else "opening"
    if version.company in rules.fill(getattr(version, section), {"company": version.company}):
        return
    sentence = (
        _('The message has to name its sender, "%(company)s" (R16).')
        if version.script.is_sms
        else _('The opening has to say the company, "%(company)s" (R16).')
    )
    raise SectionRefused(section, sentence, company=version.company)


def _own(actor: User, version: ScriptVersion, state: str) -> ScriptVersion:
    locked = queries.locked(version)
    if locked.author_id != actor.pk:
        raise NotAllowed()
    if locked.state != state:
        raise WrongState()
    return locked


@transaction.atomic
def submit(*, actor: User, version: ScriptVersion) -> ScriptVersion:
    """Hand a draft to compliance. Raises `BadInput` while another version of the script is in review."""
    version = _own(actor, version, ScriptVersion.State.DRAFT)
    if version.script.versions.filter(state=ScriptVersion.State.SUBMITTED).exists():
        raise BadInput(
            _("Another version of this script is in review. Take it back first, or wait for the answer.")
        )
    now = clock.now()
    version.submit()
    version.submitted_at, version.approvals_needed = now, queries.approvals_needed(version.script, now)
    version.save()
    ReviewEvent.objects.create(version=version, kind=ReviewEvent.Kind.SUBMITTED, actor=actor, created_at=now)
    notify(
        queries.reviewers(),
        "script_submitted",
        about=actor,
        thing=f"script:{version.pk}",
        script=str(version),
    )
    want_reading(version)
    return version


@transaction.atomic
def take_back(*, actor: User, version: ScriptVersion) -> ScriptVersion:
    """The author wants it changed before it was answered."""
    version = _own(actor, version, ScriptVersion.State.SUBMITTED)
    version.request_changes()
    version.save()
    ReviewEvent.objects.create(
        version=version, kind=ReviewEvent.Kind.TAKEN_BACK, actor=actor, created_at=clock.now()
    )
    return version
