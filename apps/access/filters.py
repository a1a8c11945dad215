"""Filters of the lists of people and of temporary grants."""

import django_filters
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Department, User
from apps.accounts.roles import Role
from apps.ui.list_tables import ListFilter

from .models import TemporaryGrant


class GrantFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=TemporaryGrant.State.choices)
    beneficiary = django_filters.CharFilter(
        label=_("For whom"), field_name="beneficiary__display_name", lookup_expr="icontains"
    )

    class Meta:
        model = TemporaryGrant
        fields = ("state", "beneficiary")


class PeopleFilter(ListFilter):
    name = django_filters.CharFilter(label=_("Name"), field_name="display_name", lookup_expr="icontains")
    role = django_filters.ChoiceFilter(label=_("Role"), choices=Role.choices)
    department = django_filters.ModelChoiceFilter(
        label=_("Department"), queryset=Department.objects.order_by("name")
    )
    is_active = django_filters.ChoiceFilter(label=_("Active"), choices=[("1", _("yes")), ("0", _("no"))])

    class Meta:
        model = User
        fields = ("name", "role", "department", "is_active")
