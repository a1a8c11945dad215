"""The first administrator of a site, who makes everybody else."""

import structlog
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext, gettext_lazy

from apps.core.calendar import clock
from apps.core.errors import BadInput, HeguiError

from ..models import Department, User
from ..roles import Role
from .departments import open_department
from .invitations import invite
from .people import create_user

log = structlog.get_logger(__name__)


class SiteHasBegun(HeguiError):
    code = "site_has_begun"
    status = 409
    sentence = gettext_lazy(
        "There is an administrator already. Who has lost their password asks another administrator for a "
        "link."
    )


@transaction.atomic
def recover_admin(*, username: str) -> str:
    """For who has the machine: the token of a link for an administrator who lost password and second factor.

    Both are taken away at once, and their sessions end: a user who knows the old password is out too. Raises
    `BadInput` when there is no such administrator. The link and the end of the sessions stand in the trail,
    made by nobody.
    """
    found = (
        User.objects.select_for_update().filter(username=username, role=Role.ADMIN, is_active=True).first()
    )
    if found is None:
        raise BadInput(gettext("There is no active administrator of this name."))
    Authenticator.objects.filter(user=found).delete()
    found.set_unusable_password()
    found.sessions_ended_at = clock.now()
    found.save(update_fields=["password", "sessions_ended_at"])
    log.warning("administrator_recovered", user=found.pk)
    return invite(actor=None, user=found)


@transaction.atomic
def begin_site(*, username: str, department: str) -> str:
    """Make the first administrator with their department; returns the token of the link with which they set a
    password.

    Asked again before anybody has set one, it makes another link. Raises `SiteHasBegun`, `BadInput`.
    """
    with connection.cursor() as cursor:
        cursor.execute("lock table accounts_user in share row exclusive mode")
    admins = list(User.objects.filter(role=Role.ADMIN))
    if any(admin.has_usable_password() for admin in admins):
        raise SiteHasBegun()
    if any(admin.username != username for admin in admins):
        raise BadInput(
            gettext(
                'The site was begun with "%(name)s", who has not set a password yet: begin with that name.'
            ),
            name=admins[0].username,
        )
    if admins:
        return invite(actor=None, user=admins[0])
    place = Department.objects.filter(name=department).first() or open_department(actor=None, name=department)
    try:
        made = create_user(username=username, display_name=username, role=Role.ADMIN, department=place)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    return invite(actor=None, user=made)
