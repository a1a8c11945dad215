"""Departments: opened, renamed and closed by administrators; their people stay on record."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.errors import BadInput, WrongState
from apps.core.privacy.free_text import checked_text

from ..models import Department, User
from .people import require_admin


def _free_name(name: str, *, besides: Department | None = None) -> str:
    name = checked_text(name, _("Give the department a name."), most=80)
    same = Department.objects.filter(name=name)
    if (same.exclude(pk=besides.pk) if besides else same).exists():
        raise BadInput(_("There is a department of this name already."))
    return name


@transaction.atomic
def open_department(*, actor: User | None, name: str) -> Department:
    """`actor` is None for the first one of a site. Raises `NotAllowed`, `BadInput`."""
    if actor is not None:
        require_admin(actor)
    return Department.objects.create(name=_free_name(name))


@transaction.atomic
def rename_department(*, actor: User, department: Department, name: str) -> Department:
    """Raises `NotAllowed`, `BadInput`."""
    require_admin(actor)
    department = Department.objects.select_for_update().get(pk=department.pk)
    department.name = _free_name(name, besides=department)
    department.save(update_fields=["name"])
    return department


@transaction.atomic
def close_department(*, actor: User, department: Department) -> Department:
    """Nobody joins it any more. Raises `NotAllowed`, and `WrongState` while people work in it."""
    require_admin(actor)
    department = Department.objects.select_for_update().get(pk=department.pk)
    if department.people.filter(is_active=True).exists():
        raise WrongState(_("People work in this department. Move or deactivate them first."))
    department.closed_at = clock.now()
    department.save(update_fields=["closed_at"])
    return department
