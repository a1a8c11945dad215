"""The list of people."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import columns
from apps.core.database.pages import Sort
from apps.core.lists import ListTable, by


class PeopleTable(ListTable):
    list_name = "people"
    usual = Sort("display_name", "display_name", down=False)
    sortable = by("display_name", "username", "role", "is_active", "suspended_at", "last_login", department="department__name")

    display_name = tables.Column(linkify=("person", {"pk": tables.A("pk")}))
    department = tables.Column(verbose_name=_("department"))
    last_login = columns.DateTimeColumn(verbose_name=_("last sign-in"))

    class Meta:
        model = User
        fields = ("display_name", "username", "role", "department", "is_active", "suspended_at", "last_login")
        orderable = False
