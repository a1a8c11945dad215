"""Filters of the list of people."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Department, User
from apps.accounts.roles import Role
from apps.core.lists import ListFilter


class PeopleFilter(ListFilter):
    name = django_filters.CharFilter(label=_("Name"), field_name="display_name", lookup_expr="icontains")
    role = django_filters.ChoiceFilter(label=_("Role"), choices=Role.choices)
    department = django_filters.ModelChoiceFilter(label=_("Department"), queryset=Department.objects.order_by("name"))
    is_active = django_filters.ChoiceFilter(label=_("Active"), choices=[("1", _("yes")), ("0", _("no"))])

    class Meta:
        model = User
        fields = ("name", "role", "department", "is_active")
