"""Forms of shares."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import Campaign
from apps.core.calendar.form_fields import Day
from apps.ui.file_fields import FileOf

from .models import Share


class ShareForm(forms.Form):
    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=Campaign.objects.order_by("name"))
    fields_wanted = forms.MultipleChoiceField(
        label=_("Fields"), choices=Share.Field, widget=forms.CheckboxSelectMultiple
    )
    form = forms.ChoiceField(label=_("How"), choices=Share.Form)
    is_clear = forms.BooleanField(label=_("In clear, to answer a regulator"), required=False)
    purpose = forms.CharField(label=_("What it is needed for"), max_length=300)
    agreement = forms.CharField(label=_("Confidentiality agreement"), max_length=200)
    file = FileOf(label=_("Signed agreement"))
    ends_on = Day(label=_("Until"), help_text=_("the last day, within 90 days"))

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if viewer.role != Role.COMPLIANCE:
            del self.fields["is_clear"]
