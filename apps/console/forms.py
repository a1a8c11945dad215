"""The forms of the shell's search box and of the overview."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models import Campaign

DAYS = [("7", _("last 7 days")), ("30", _("last 30 days")), ("92", _("last 92 days"))]


class SearchForm(forms.Form):
    words = forms.CharField(max_length=80)


class OverviewForm(forms.Form):
    """`campaigns`: those that the viewer may choose from."""

    days = forms.ChoiceField(
        label=_("Period"), choices=DAYS, widget=forms.Select(attrs={"class": "form-select w-auto"})
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"),
        queryset=Campaign.objects.none(),
        required=False,
        empty_label=_("all campaigns"),
        widget=forms.Select(attrs={"class": "form-select w-auto"}),
    )

    def __init__(self, *args: Any, campaigns: QuerySet[Campaign], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign: Any = self.fields["campaign"]
        campaign.queryset = campaigns
