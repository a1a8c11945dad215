"""Data sources: recorded by one person, approved by another, withdrawn at once (R3); and the words people
agree to there (R2)."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.documents import evidence_files
from apps.core.errors import BadInput, FourEyes, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.free_text import checked_text
from apps.jobs.services import discard

from .. import signals
from ..models import DataSource, Purpose, Wording

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@transaction.atomic
def create_source(
    *,
    actor: User,
    purposes: Iterable[Purpose],
    consent_wording: str,
    wording_version: str = "1",
    agreement_content: bytes | None = None,
    agreement_name: str = "",
    **fields: str | int | date | None,
) -> DataSource:
    """Record a source with the first version of its wording; it brings nothing in until compliance approves
    it.

    Bought data can be recorded, so that it is known that it was refused. Raises `NotAllowed`, `BadInput`,
    ValidationError.
    """
    if actor.role not in STAFF:
        raise NotAllowed()
    if any(forbidden_numbers.find(str(text)) for text in (*fields.values(), consent_wording)):
        raise PersonalDataFound()
    purposes = list(purposes)
    if any(purpose.retired_at is not None for purpose in purposes):
        raise BadInput(_("This purpose is no longer used."))
    source = DataSource(recorded_by=actor, **fields)
    source.full_clean()
    _put_agreement(source, agreement_content, agreement_name)
    source.save()
    source.purposes.set(purposes)
    _record_wording(actor, source, wording_version, consent_wording)
    return source


def _put_agreement(source: DataSource, content: bytes | None, name: str) -> None:
    kept = evidence_files.keep(content, file_name=name)
    if kept.name:
        discard(source.agreement_file)
        source.agreement_file, source.agreement_sha256 = kept.name, kept.sha256


def _record_wording(actor: User, source: DataSource, version: str, text: str) -> Wording:
    version, text = version.strip()[:20], text.strip()
    if not text or not version:
        raise BadInput(_("Give the wording and its version."))
    if Wording.objects.filter(source=source, version=version).exists():
        raise BadInput(
            _('There is a version "%(version)s" already. A wording never changes: choose another version.'),
            version=version,
        )
    return Wording.objects.create(
        source=source, version=version, text=text, recorded_by=actor, created_at=clock.now()
    )


def _decidable(actor: User, source: DataSource, *states: str) -> DataSource:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    locked = DataSource.objects.select_for_update().get(pk=source.pk)
    if locked.state not in states:
        raise WrongState()
    return locked


@transaction.atomic
def add_agreement(*, actor: User, source: DataSource, content: bytes, name: str) -> DataSource:
    """Put the signed agreement beside a source that awaits approval; another file takes the place of the one
    before."""
    if actor.role not in STAFF:
        raise NotAllowed()
    source = DataSource.objects.select_for_update().get(pk=source.pk)
    if source.state != DataSource.State.DRAFT:
        raise WrongState(
            _("What was approved stays as it was approved. Record a source of its own for another agreement.")
        )
    _put_agreement(source, content, name)
    source.save()
    return source


@transaction.atomic
def approve_source(*, actor: User, source: DataSource) -> DataSource:
    """Approve the source and its first wording. Raises `FourEyes` for one's own source and `BadInput` for
    bought or shared data, a partner's without its agreement, and one whose validity is over."""
    source = _decidable(actor, source, DataSource.State.DRAFT)
    if source.recorded_by_id == actor.pk:
        raise FourEyes()
    if source.origin in DataSource.NEVER_APPROVED:
        raise BadInput(_("Bought data, or data shared without agreement, is never approved (R3)."))
    if source.origin in DataSource.UNDER_AGREEMENT and not (
        source.agreement_file and source.supplier and source.valid_until
    ):
        raise BadInput(
            _("Data of a partner needs the supplier, the signed agreement as a file, and its last day (R3).")
        )
    now = clock.now()
    if source.valid_until and source.valid_until < timezone.localdate(now):
        raise BadInput(_("The validity of the source is over."))
    source.state, source.approved_by, source.approved_at = DataSource.State.APPROVED, actor, now
    source.save()
    source.wordings.filter(approved_at__isnull=True).update(approved_by=actor, approved_at=now)
    return source


@transaction.atomic
def refuse_source(*, actor: User, source: DataSource, reason: str = "") -> DataSource:
    source = _decidable(actor, source, DataSource.State.DRAFT)
    source.state, source.reason = DataSource.State.REFUSED, checked_text(reason, most=200)
    source.save()
    return source


@transaction.atomic
def withdraw_source(*, actor: User, source: DataSource, reason: str = "") -> DataSource:
    """From this commit on the gate refuses every contact of the source, reservations included, and their
    erasure begins."""
    source = _decidable(actor, source, DataSource.State.APPROVED)
    source.state, source.reason = DataSource.State.WITHDRAWN, checked_text(reason, most=200)
    source.withdrawn_by, source.withdrawn_at = actor, clock.now()
    source.save()
    signals.source_withdrawn.send(sender=DataSource, source=source, actor=actor)
    return source


@transaction.atomic
def propose_wording(*, actor: User, source: DataSource, version: str, text: str) -> Wording:
    """Another version of the words that people agree to; consents are recorded under it once compliance
    approved it."""
    if actor.role not in STAFF:
        raise NotAllowed()
    source = DataSource.objects.select_for_update().get(pk=source.pk)
    if source.state != DataSource.State.APPROVED:
        raise WrongState()
    return _record_wording(actor, source, version, text)


@transaction.atomic
def approve_wording(*, actor: User, wording: Wording) -> Wording:
    """Raises `FourEyes` for one's own words."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    wording = Wording.objects.select_for_update(of=("self",)).get(pk=wording.pk)
    if wording.approved_at is not None:
        raise WrongState()
    if wording.recorded_by_id == actor.pk:
        raise FourEyes()
    wording.approved_by, wording.approved_at = actor, clock.now()
    wording.save()
    return wording
