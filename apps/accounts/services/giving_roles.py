"""Roles: agents and supervisors are made by one administrator; who decides for others, by two people."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.errors import BadInput, WrongState

from ..models import Department, RoleRequest, User
from ..roles import SECOND_FACTOR_ROLES, Role
from .people import create_user, locked, require_admin, set_role
from .second_factors import has_second_factor
from .second_person import decide, deciders, end_stale_requests


@transaction.atomic
def add_person(*, actor: User, department: Department, role: str, **fields: str) -> User:
    """`create_user` by an admin; what is wrong with the input is a sentence. Who shall decide for others is
    an agent until a second person agrees."""
    require_admin(actor)
    if department.closed_at is not None:
        raise BadInput(_("The department is closed."))
    needs_second = role in SECOND_FACTOR_ROLES
    try:
        user = create_user(role=Role.AGENT if needs_second else role, department=department, **fields)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    if needs_second:
        _ask_role(actor, user, role)
    return user


@transaction.atomic
def change_role(*, actor: User, user: User, role: str) -> User:
    """Another role and its group; all sessions of the person end. A role of `SECOND_FACTOR_ROLES` is asked
    for. Raises `LastAdmin`, `NotAllowed`, `WrongState` when it was asked for already."""
    require_admin(actor, on=user)
    if role not in Role.values:
        raise BadInput(_("There is no such role."))
    user = locked(user)
    if role in SECOND_FACTOR_ROLES and role != user.role:
        _ask_role(actor, user, role)
        return user
    user.role_requests.filter(decided_at__isnull=True).update(decided_at=clock.now())
    set_role(user, role)
    return user


@transaction.atomic
def reactivate(*, actor: User, user: User) -> User:
    """The person may sign in again; a role that decides for others has to be agreed to again."""
    require_admin(actor, on=user)
    user, role = locked(user), user.role
    if user.is_active:
        return user
    if role in SECOND_FACTOR_ROLES:
        set_role(user, Role.AGENT)
        end_stale_requests(RoleRequest, user=user)
        if not user.role_requests.filter(decided_at__isnull=True).exists():
            _ask_role(actor, user, role)
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


def _ask_role(actor: User, user: User, role: str) -> None:
    end_stale_requests(RoleRequest, user=user)
    if user.role_requests.filter(decided_at__isnull=True).exists():
        raise WrongState(_("This has been asked already. Somebody else has to decide it."))
    asked = RoleRequest(user=user, role=role, asked_by=locked(actor))
    if _is_first(actor):
        asked.alone, asked.approved, asked.decided_at = RoleRequest.Alone.FIRST, True, clock.now()
        set_role(user, role)
    asked.save(force_insert=True)


def _is_first(actor: User) -> bool:
    """Whether nobody could ever have agreed: the administrator of a new site makes their second person
    alone, once."""
    others = User.objects.filter(role__in=SECOND_FACTOR_ROLES).exclude(pk=actor.pk)
    return not others.exists() and not RoleRequest.objects.filter(approved=True).exists()


@transaction.atomic
def decide_role_request(*, actor: User, asked: RoleRequest, approve: bool) -> RoleRequest:
    """With approval the person has the role, and their sessions end. Raises as `decide`, and `WrongState`
    while the person has no second factor of their own: until then the account may be anybody's."""
    user = locked(asked.user)
    asked = decide(asked, actor=actor, approve=approve, about=user)
    if approve:
        _require_own_account(user)
        set_role(user, asked.role)
    return asked


@transaction.atomic
def agree_as_host(*, username: str) -> RoleRequest:
    """For who has the machine, where nobody else is left who could agree. Raises `BadInput`, `WrongState`."""
    asked = RoleRequest.objects.select_for_update().filter(user__username=username, decided_at=None).first()
    if asked is None:
        raise BadInput(_("Nobody asks for a role for a person of this name."))
    if others := deciders(asked.asked_by, asked.user):
        raise WrongState(_("%(person)s can decide this on the page."), person=str(others[0]))
    user = locked(asked.user)
    _require_own_account(user)
    asked.alone, asked.approved, asked.decided_at = RoleRequest.Alone.HOST, True, clock.now()
    asked.save(update_fields=["alone", "approved", "decided_at"])
    set_role(user, asked.role)
    return asked


def _require_own_account(user: User) -> None:
    if not user.is_active:
        raise WrongState(_("The person is deactivated. Reactivate them first."))
    if not has_second_factor(user):
        raise WrongState(
            _("%(person)s has no second factor yet. They set their password and a second factor first."),
            person=str(user),
        )
