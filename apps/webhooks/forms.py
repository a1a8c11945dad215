"""The form of an end point."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient

from .models import EventKind


class EndPointForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=80)
    client = forms.ModelChoiceField(
        label=_("API client"), queryset=ApiClient.objects.filter(is_active=True).order_by("name")
    )
    url = forms.URLField(
        label=_("address"),
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("events sent"), choices=EventKind.choices, widget=forms.CheckboxSelectMultiple
    )
