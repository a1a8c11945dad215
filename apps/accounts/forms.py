"""Forms of API clients."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.calendar.form_fields import Day

from .models import ApiClient, User


class ClientForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.filter(is_active=True).order_by("username")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=ApiClient.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    addresses = forms.CharField(
        label=_("Address ranges, like 10.1.2.0/24, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    requests_per_second = forms.IntegerField(
        label=_("Requests a second"), min_value=1, max_value=10_000, initial=200
    )
    ends_at = Day(label=_("Last day"))

    def clean_addresses(self) -> list[str]:
        return self.cleaned_data["addresses"].split()

    def clean_ends_at(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["ends_at"], time(23, 59, 59)))

    def clean_name(self) -> Any:
        name = self.cleaned_data["name"]
        if ApiClient.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a client of this name already."))
        return name
