"""Forms of people, departments, grants, reveals and reviews."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Department, User
from apps.accounts.roles import Role
from apps.core.calendar.form_fields import Day

from .models import ProtectedField
from .services import PURPOSES
from .wording import thing

RIGHTS = [
    ("view_clear", _("see the value")),
    ("change_value", _("change the value")),
    ("export_value", _("export the value")),
]


class RevealForm(forms.Form):
    purpose = forms.ChoiceField(label=_("What for"), choices=[("", "–"), *PURPOSES.items()])
    reason = forms.CharField(
        label=_("Reason, in a few words"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class EndsOn(Day):
    """A day in the site's zone; the grant ends as it ends."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Last day, at most 30 days from now"), **kwargs)

    def clean(self, value: Any) -> datetime:
        day = super().clean(value)
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


class FieldChoice(forms.ModelChoiceField):
    """Protected fields by their names for people."""

    def label_from_instance(self, obj: Any) -> str:
        return thing(obj.name)


class GrantForm(forms.Form):
    beneficiary = forms.ModelChoiceField(
        label=_("For whom"), queryset=User.objects.filter(is_active=True).order_by("username")
    )
    field = FieldChoice(label=_("Field"), queryset=ProtectedField.objects.order_by("name"))
    right = forms.ChoiceField(label=_("Right"), choices=RIGHTS)
    reason = forms.CharField(label=_("What it is needed for"), max_length=300)
    ends_at = EndsOn()

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if viewer.role == "agent":
            self.fields["beneficiary"].queryset = User.objects.filter(pk=viewer.pk)  # type: ignore[attr-defined]
        self.fields["beneficiary"].initial = viewer.pk


class ReviewStartForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    due_on = Day(label=_("To be confirmed by"))


class DetailsForm(forms.Form):
    display_name = forms.CharField(label=_("Display name"), max_length=80)
    staff_number = forms.CharField(
        label=_("Staff number"),
        max_length=12,
        required=False,
        help_text=_("Said to clients where a script names the staff number."),
    )
    email = forms.EmailField(label=_("E-mail, for notices and links"), required=False)
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.filter(closed_at=None).order_by("name")
    )


class PersonForm(DetailsForm):
    username = forms.CharField(label=_("User name"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    field_order = ("username", "display_name", "staff_number", "email", "role", "department")


class DepartmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
