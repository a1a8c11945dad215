"""Protected fields as rows, so that rights on them are django-guardian's object permissions.

Rights stand in tables with direct foreign keys: generic ones were measured five times slower.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class ProtectedField(models.Model):
    """A field whose value is `Protected`: `contacts.contact.phone`."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_masked", _("see the mask")),
            ("view_clear", _("see the value")),
            ("change_value", _("change the value")),
            ("export_value", _("export the value")),
        ]

    def __str__(self) -> str:
        return self.name


class ProtectedFieldUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(ProtectedField, models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class ProtectedFieldGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(ProtectedField, models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass
