"""Forms of trunks and diallers. The services judge them as a whole."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient
from apps.campaigns.models import Line
from apps.core.calendar import clock

from .models import Dialler, Trunk


class TrunkForm(forms.ModelForm):
    lines = forms.ModelMultipleChoiceField(
        label=_("lines"), queryset=Line.objects.order_by("number"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Trunk
        fields = (
            "name",
            "host",
            "port",
            "transport",
            "form",
            "lines",
            "calls_at_once",
            "calls_a_second",
            "is_active",
        )


class DiallerForm(forms.ModelForm):
    addresses = forms.CharField(
        label=_("Addresses that it sends from, one a line"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A single address as 192.0.2.10, or a range as 192.0.2.0/28."),
    )  # fmt: skip

    class Meta:
        model = Dialler
        fields = ("name", "system", "client", "addresses", "asks_first", "is_active")
        help_texts = {
            "client": _("Says for which campaigns it calls; its key asks by API, where the system does that.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = ApiClient.objects.filter(is_active=True, ends_at__gt=clock.now()).order_by("name")
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["addresses"] = "\n".join(self.instance.addresses)

    def clean_addresses(self) -> list[str]:
        return self.cleaned_data["addresses"].split()
