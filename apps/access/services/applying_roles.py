"""The declared table of field rights, written into the database."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from ..field_rights import FIELD_RIGHTS, FIELDS
from ..models import ProtectedField, ProtectedFieldGroupPermission


@transaction.atomic
def apply_roles() -> None:
    """Make the stored rights of the role groups equal to `roles.FIELD_RIGHTS`. Safe to repeat."""
    kind = ContentType.objects.get_for_model(ProtectedField)
    rights = {right.codename: right for right in Permission.objects.filter(content_type=kind)}
    fields = {name: ProtectedField.objects.get_or_create(name=name)[0] for name in FIELDS}
    wanted = set()
    for role, table in FIELD_RIGHTS.items():
        group, _made = Group.objects.get_or_create(name=role)
        wanted |= {
            (group.pk, rights[code].pk, fields[name].pk) for name, codes in table.items() for code in codes
        }
    stored = {
        (row.group_id, row.permission_id, row.content_object_id): row
        for row in ProtectedFieldGroupPermission.objects.all()
    }
    for key in stored.keys() - wanted:
        stored[key].delete()
    ProtectedFieldGroupPermission.objects.bulk_create(
        ProtectedFieldGroupPermission(group_id=group, permission_id=right, content_object_id=field)
        for group, right, field in wanted - stored.keys()
    )
