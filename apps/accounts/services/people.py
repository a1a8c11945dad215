"""People: added, given a role, suspended, deactivated. Nobody is deleted: the trail names them."""

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.calendar import clock
from apps.core.database.locks import lock_agent
from apps.core.errors import BadInput, HeguiError, NotAllowed, PersonalDataFound, WrongState
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.free_text import has_number

from ..models import Department, Invitation, User
from ..ports import suspending
from ..roles import Role
from ..signals import agent_suspended, calling_ended, role_left


class LastAdmin(HeguiError):
    code = "last_admin"
    status = 409
    sentence = gettext_lazy("This is the last administrator. Make somebody else one first.")


def require_admin(actor: User, *, on: User | None = None) -> None:
    """Only admins manage people, and nobody manages themselves. Raises `NotAllowed`."""
    if actor.role != Role.ADMIN or not actor.is_active:
        raise NotAllowed()
    if on is not None and on.pk == actor.pk:
        raise NotAllowed(_("Nobody changes their own rights. Ask another administrator."))


def _check_email(email: str) -> None:
    """Raises `PersonalDataFound`. A mobile number may be a mailbox of the person's own; an ID is none."""
    if forbidden_numbers.find(email):
        raise PersonalDataFound(_("The e-mail address holds a resident-ID or bank-card number. Use another."))


@transaction.atomic
def create_user(
    *, username: str, display_name: str, role: str, department: Department, password: str | None = None,
    email: str = "",
    staff_number: str = "",
) -> User:  # fmt: skip
    """A member of staff with one role; without a password they cannot sign in until they set one (`invite`).
    Raises ValidationError."""
    if has_number(username):
        raise PersonalDataFound(_("A user name is no number of a person. Choose another."))
    _check_email(email)
    user = User(
        username=username,
        display_name=display_name,
        role=role,
        department=department,
        email=email,
        staff_number=staff_number,
    )
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    _join_role_group(user)
    return user


def _join_role_group(user: User) -> None:
    user.groups.set([Group.objects.get_or_create(name=Role(user.role).value)[0]])


def locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def require_another_admin(user: User) -> None:
    """Raises `LastAdmin` when no active admin would be left without `user`."""
    admins = list(
        User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).values_list("pk", flat=True)
    )
    if set(admins) <= {user.pk}:
        raise LastAdmin()


def set_role(user: User, role: str) -> None:
    """In the caller's transaction: the role and its group; sessions, calls and rights of the one before end.
    Raises `LastAdmin`."""
    if user.role == Role.ADMIN and role != Role.ADMIN and user.is_active:
        require_another_admin(user)
    lock_agent(user.pk)
    user.role = role
    user.save(update_fields=["role"])
    calling_ended.send(sender=User, agent=user)
    role_left.send(sender=User, user=user)
    _join_role_group(user)


@transaction.atomic
def change_details(
    *, actor: User, user: User, display_name: str, email: str, department: Department, staff_number: str = ""
) -> User:  # fmt: skip
    """What a person is called and says to clients, where they get e-mail, where they work. Raises
    `NotAllowed`, `BadInput`."""
    require_admin(actor)
    user = locked(user)
    if department.closed_at is not None and department.pk != user.department_id:
        raise BadInput(_("The department is closed."))
    if email != user.email:
        _check_email(email)
    user.display_name, user.email, user.department, user.staff_number = (
        display_name,
        email,
        department,
        staff_number,
    )
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    user.save(update_fields=["display_name", "email", "department", "staff_number"])
    return user


def end_invitations(user: User) -> None:
    """Links that the person has not used work no longer."""
    for open_one in Invitation.objects.filter(user=user, used_at__isnull=True, ends_at__gt=clock.now()):
        open_one.ends_at = clock.now()
        open_one.save(update_fields=["ends_at"])


@transaction.atomic
def deactivate(*, actor: User, user: User) -> User:
    """End a person's rights at once, in running sessions too. Raises `LastAdmin`, `NotAllowed`."""
    require_admin(actor, on=user)
    user = locked(user)
    if user.role == Role.ADMIN:
        require_another_admin(user)
    lock_agent(user.pk)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_invitations(user)
    calling_ended.send(sender=User, agent=user)
    role_left.send(sender=User, user=user)
    return user


@transaction.atomic
def end_sessions(*, actor: User, user: User) -> User:
    """Sign a person out everywhere: one's own sessions, or anybody's for an admin."""
    if actor.pk != user.pk:
        require_admin(actor)
    user = locked(user)
    user.sessions_ended_at = clock.now()
    user.save(update_fields=["sessions_ended_at"])
    return user


@transaction.atomic
def suspend(*, actor: User | None, agent: User, reason: str) -> User:
    """Take an agent off the telephone at once; the gate refuses from the commit on (R30).

    `actor` is None for an automatic measure.
    """
    if actor is not None and (actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or actor.pk == agent.pk):
        raise NotAllowed()
    if not reason.strip():
        raise BadInput(_("Say why the agent is suspended."))
    lock_agent(agent.pk)
    agent.suspended_at, agent.suspended_by, agent.suspended_for = clock.now(), actor, reason.strip()[:200]
    agent.save(update_fields=["suspended_at", "suspended_by", "suspended_for"])
    calling_ended.send(sender=User, agent=agent)
    agent_suspended.send(sender=User, agent=agent)
    return agent


@transaction.atomic
def resume(*, actor: User, agent: User) -> User:
    """End a suspension. Raises `WrongState` while something keeps the agent off the telephone (R30)."""
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE} or actor.pk == agent.pk:
        raise NotAllowed()
    lock_agent(agent.pk)
    if suspending.provider.keeps_suspended(agent):
        raise WrongState(
            _(
                "A grave violation is not corrected yet: the agent stays off the telephone until its action "
                "is closed."
            )
        )
    agent.suspended_at, agent.suspended_by, agent.suspended_for = None, None, ""
    agent.save(update_fields=["suspended_at", "suspended_by", "suspended_for"])
    return agent
