"""Clients who are not of age: anyone who hears of it says so at once; only compliance takes it back, with
evidence (R25)."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.database.locks import lock_number
from apps.core.documents import evidence_files
from apps.core.errors import NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text

from .. import signals
from ..models import Contact, FormerWord, MinorFlag
from ..models.formers import KNOWN_BEFORE
from .locking import locked_contact


@transaction.atomic
def flag_minor(
    *, contact: Contact, reason: str, actor: User | None = None, client: ApiClient | None = None
) -> MinorFlag:
    """From this commit on no marketing call goes to the contact. A flag that is up already stays as it is."""
    if client is None and (actor is None or actor.role not in {Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE}):
        raise NotAllowed()
    lock_number(bytes(contact.number_index))
    contact = locked_contact(contact.pk)
    flag = contact.minor_flags.filter(lifted_at__isnull=True).first()
    if flag is not None and contact.is_minor:
        return flag
    flag = flag or MinorFlag.objects.create(
        contact=contact, set_by=None if client else actor, client=client, created_at=clock.now(),
        reason=checked_text(reason, _("Say what shows that the client is a minor."), most=200),
    )  # fmt: skip
    contact.is_minor = True
    contact.save(update_fields=["is_minor"])
    note_age(bytes(contact.number_index))
    signals.calling_stopped.send(sender=MinorFlag, contact=contact, purpose=None, marketing_only=True)
    return flag


def note_age(number_index: bytes) -> None:
    """The person of this number is under age, whatever becomes of the contact. In the caller's
    transaction."""
    now = clock.now()
    FormerWord.objects.get_or_create(
        number_index=number_index, purpose=None, recipient="", is_minor=True,
        defaults={"at": now, "created_at": now},
    )  # fmt: skip


def know_minor(number_index: bytes, contact: Contact | None) -> None:
    """The person of this number was known to be under age. In the caller's transaction, under the number's
    lock."""
    note_age(number_index)
    if contact is not None and not contact.is_minor:
        MinorFlag.objects.create(contact=contact, reason=KNOWN_BEFORE)
        contact.is_minor = True
        contact.save(update_fields=["is_minor"])


@transaction.atomic
def lift_minor(
    *, actor: User, contact: Contact, reference: str, content: bytes | None = None, file_name: str = ""
) -> MinorFlag:
    """Take the flag down: compliance, with what shows that the client is of age. Raises `NotAllowed`,
    `WrongState`, `BadInput`."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed(_("Compliance takes the flag down, with evidence."))
    lock_number(bytes(contact.number_index))
    contact = locked_contact(contact.pk)
    flag = contact.minor_flags.select_for_update().filter(lifted_at__isnull=True).first()
    if flag is None:
        raise WrongState()
    flag.evidence = checked_text(reference, _("Say what shows that the client is of age."), most=200)
    flag.evidence_file = evidence_files.keep(content, file_name=file_name).name
    flag.lifted_at, flag.lifted_by = clock.now(), actor
    flag.save()
    contact.is_minor = False
    contact.save(update_fields=["is_minor"])
    FormerWord.objects.filter(number_index=contact.number_index, is_minor=True).delete()
    return flag
