"""Forms of the shell's search box, of people and of departments."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Department
from apps.accounts.roles import Role


class SearchForm(forms.Form):
    words = forms.CharField(max_length=80)


class DetailsForm(forms.Form):
    display_name = forms.CharField(label=_("Display name"), max_length=80)
    email = forms.EmailField(label=_("E-mail, for notices and links"), required=False)
    department = forms.ModelChoiceField(label=_("Department"), queryset=Department.objects.filter(closed_at=None).order_by("name"))


class PersonForm(DetailsForm):
    username = forms.CharField(label=_("User name"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    field_order = ("username", "display_name", "email", "role", "department")


class DepartmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
