"""Invitations: a link with which a person sets their own password, once. Nobody types a password for somebody
else."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError, WrongState

from ..models import Invitation, User
from .people import end_invitations, require_admin

LIFE = timedelta(days=2)


class InvitationOver(HeguiError):
    code = "invitation_over"
    status = 410
    sentence = gettext_lazy("This link has been used, or its time is over. Ask an administrator for another.")


def hash_token(token: str) -> bytes:
    """Tokens are 256 random bits, so one SHA-256 is enough to keep them."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def invite(*, actor: User | None, user: User) -> str:
    """The token of a link that works once, within two days; an earlier link of the person ends. `actor` is
    None for `manage.py begin`.

    Raises `NotAllowed` for anybody but an administrator, and for one's own link; `WrongState` for a person
    who is deactivated.
    """
    if actor is not None:
        require_admin(actor, on=user)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise WrongState(_("The person is deactivated. Reactivate them first."))
    now, token = clock.now(), secrets.token_urlsafe(32)
    end_invitations(user)
    Invitation.objects.create(
        user=user, token_hash=hash_token(token), made_by=actor, ends_at=now + LIFE, created_at=now
    )
    return token


def invited(token_hash: bytes) -> User:
    """Whom a link is for. Raises `InvitationOver`."""
    return _open(token_hash).user


def _open(token_hash: bytes, *, lock: bool = False) -> Invitation:
    found = Invitation.objects.select_related("user")
    if lock:
        found = found.select_for_update(of=("self",))
    try:
        return found.get(
            token_hash=token_hash, used_at__isnull=True, ends_at__gt=clock.now(), user__is_active=True
        )
    except Invitation.DoesNotExist:
        raise InvitationOver() from None


@transaction.atomic
def accept_invitation(*, token_hash: bytes, password: str) -> User:
    """Set the password; sessions under the old one end. Raises `InvitationOver`, and `BadInput` for a weak
    one."""
    invitation = _open(token_hash, lock=True)
    user = User.objects.select_for_update().get(pk=invitation.user_id)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.used_at = clock.now()
    invitation.save(update_fields=["used_at"])
    return user
