"""Remarks on passages: said, answered, resolved. They follow the text from version to version until
resolved."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.notifications.services import notify

from .. import queries, rules
from ..models import Remark, RemarkAnswer, ScriptVersion

WHO = {Role.SUPERVISOR, Role.COMPLIANCE}
MOST = 1000


@transaction.atomic
def remark(
    *, actor: User, version: ScriptVersion, section: str, quote: str, text: str, start: int | None = None
) -> Remark:
    """A remark on a passage of a section, "" for all of it. Raises `BadInput` for a passage that is not
    there."""
    if actor.role not in WHO:
        raise NotAllowed()
    version = queries.locked(version)
    if version.state not in {ScriptVersion.State.DRAFT, ScriptVersion.State.SUBMITTED}:
        raise WrongState(_("Remarks are made on a draft or in review."))
    if section not in rules.SECTIONS:
        raise BadInput(_("There is no such section."))
    whole, quote = getattr(version, section), rules.tidy(quote)
    found = start if start is not None and whole[start : start + len(quote)] == quote else whole.find(quote)
    if found == -1:
        raise BadInput(_("The passage does not stand in this section. Copy it as it is written."))
    made = Remark(
        version=version,
        section=section,
        start=found,
        quote=quote,
        text=_said(text),
        author=actor,
        created_at=clock.now(),
    )
    made.full_clean(exclude=["quote"])
    made.save()
    if version.author_id != actor.pk:
        notify([version.author], "script_remark", thing=f"script:{version.pk}", script=str(version))
    return made


@transaction.atomic
def answer(*, actor: User, remark: Remark, text: str) -> RemarkAnswer:
    remark = _locked(actor, remark)
    made = RemarkAnswer.objects.create(remark=remark, text=_said(text), author=actor, created_at=clock.now())
    notify(
        [remark.author] if remark.author_id != actor.pk else [remark.version.author],
        "script_answer",
        about=actor,
        script=str(remark.version),
    )
    return made


@transaction.atomic
def resolve(*, actor: User, remark: Remark) -> Remark:
    """Settled, by who made it or by compliance: nobody puts away what another has to see."""
    remark = _locked(actor, remark)
    if actor.pk != remark.author_id and actor.role != Role.COMPLIANCE:
        raise NotAllowed(_("Whoever made the remark, or compliance, resolves it."))
    remark.resolved_at, remark.resolved_by = clock.now(), actor
    remark.save()
    return remark


def _locked(actor: User, remark: Remark) -> Remark:
    if actor.role not in WHO:
        raise NotAllowed()
    found = (
        Remark.objects.select_for_update(of=("self",))
        .select_related("version__script", "version__author", "author")
        .get(pk=remark.pk)
    )
    if found.resolved_at is not None:
        raise WrongState()
    return found


def _said(text: str) -> str:
    text = rules.tidy(text)
    if not text or len(text) > MOST:
        raise BadInput(_("A remark has from 1 to %(most)s characters."), most=MOST)
    if forbidden_numbers.find(text):
        raise PersonalDataFound(_("A remark holds no resident-ID or bank-card number. Remove it."))
    return text
