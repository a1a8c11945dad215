"""The form of a call's result."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Disposition


class DispositionForm(forms.Form):
    reason = forms.ChoiceField(label=_("Result"), choices=Disposition.Reason.choices, widget=forms.RadioSelect)
    identity_said = forms.BooleanField(label=_("I said the company and the purpose first"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    ticket = forms.CharField(label=_("Ticket: what has to be done"), required=False, max_length=120)
    ticket_due = forms.DateField(label=_("Due on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
