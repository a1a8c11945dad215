"""Trainings of the people who handle personal information."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.documents import evidence_files
from apps.core.errors import BadInput, NotAllowed
from apps.core.privacy.free_text import checked_text

from ..models import Training

RECORDERS_OF_TRAININGS = (Role.COMPLIANCE, Role.ADMIN)


@transaction.atomic
def record_training(
    *, actor: User, title: str, held_on: date, people: Iterable[User], content: bytes | None,
    file_name: str = ""
) -> Training:  # fmt: skip
    """Raises `NotAllowed`, `BadInput` without people or a paper, or for a day that lies ahead."""
    if actor.role not in RECORDERS_OF_TRAININGS:
        raise NotAllowed()
    trained = list(people)
    if not trained:
        raise BadInput(_("Say who took part."))
    if held_on > timezone.localdate(clock.now()):
        raise BadInput(_("A training is recorded once it was held."))
    if content is None:
        raise BadInput(_("Hand in the list of participants or a certificate."))
    kept = evidence_files.keep(content, file_name=file_name)
    made = Training.objects.create(
        title=checked_text(title, _("Say what it was about."), most=160), held_on=held_on, file=kept.name,
        file_sha256=kept.sha256 or b"",
        recorded_by=actor, created_at=clock.now(),
    )  # fmt: skip
    made.people.set(trained)
    return made
