"""Who may see a protected value, and the one way to its clear text."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.errors import BadInput, NotAllowed
from apps.core.protected import Protected, clear_for_machine

from .models import ProtectedField, ProtectedFieldGroupPermission, ProtectedFieldUserPermission
from .roles import FIELD_RIGHTS, FIELDS


@transaction.atomic
def apply_roles() -> None:
    """Make the stored rights of the role groups equal to `roles.FIELD_RIGHTS`. Safe to repeat."""
    kind = ContentType.objects.get_for_model(ProtectedField)
    rights = {right.codename: right for right in Permission.objects.filter(content_type=kind)}
    fields = {name: ProtectedField.objects.get_or_create(name=name)[0] for name in FIELDS}
    wanted = set()
    for role, table in FIELD_RIGHTS.items():
        group, _made = Group.objects.get_or_create(name=role)
        wanted |= {(group.pk, rights[code].pk, fields[name].pk) for name, codes in table.items() for code in codes}
    stored = {(row.group_id, row.permission_id, row.content_object_id): row for row in ProtectedFieldGroupPermission.objects.all()}
    for key in stored.keys() - wanted:
        stored[key].delete()
    ProtectedFieldGroupPermission.objects.bulk_create(
        ProtectedFieldGroupPermission(group_id=group, permission_id=right, content_object_id=field)
        for group, right, field in wanted - stored.keys()
    )


def has_field_right(user: User, field: str, right: str) -> bool:
    """Whether a right on a protected field is the user's, by role group or directly."""
    if not user.is_active:
        return False
    match = {"permission__codename": right, "content_object__name": field}
    return (
        ProtectedFieldGroupPermission.objects.filter(group__user=user, **match).exists()
        or ProtectedFieldUserPermission.objects.filter(user=user, **match).exists()
    )


def require_field_right(user: User, field: str, right: str) -> None:
    if not has_field_right(user, field, right):
        raise NotAllowed(_("Your role does not include this value."))


@transaction.atomic
def disclose(*, actor: User, obj: models.Model, field: str, purpose: str) -> str:
    """The clear text of a protected value, for a person, recorded in the same transaction.

    The caller has already made sure that `obj` is the actor's to see. Raises `NotAllowed`
    without the right, `BadInput` without a purpose; if the trail cannot be written, nothing
    is returned.
    """
    name = f"{obj._meta.label_lower}.{field}"
    require_field_right(actor, name, "view_clear")
    if not purpose.strip():
        raise BadInput(_("Say what the value is needed for."))
    value: Protected = getattr(obj, field)
    record_access(kind=AccessEvent.Kind.DISCLOSED, subject=f"{obj._meta.label_lower}:{obj.pk}", field=name, purpose=purpose, actor=actor)
    return clear_for_machine(value)
