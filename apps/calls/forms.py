"""The form of a call's result."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Disposition

LOOK = {"class": "form-control"}


class CallForm(forms.Form):
    """The press of the call button: whom, and which points of the check list are ticked."""

    entry_id = forms.IntegerField(min_value=1)
    ticked = forms.TypedMultipleChoiceField(coerce=int, choices=[(str(n), "") for n in range(1, 31)], required=False)

    def clean_ticked(self) -> set[int]:
        return set(self.cleaned_data["ticked"])


class DispositionForm(forms.Form):
    reason = forms.ChoiceField(label=_("Result"), choices=Disposition.Reason.choices, widget=forms.RadioSelect)
    identity_said = forms.BooleanField(label=_("I said the company and the purpose first"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2, **LOOK}))
    ticket = forms.CharField(label=_("Ticket: what has to be done"), required=False, max_length=120, widget=forms.TextInput(attrs=LOOK))
    ticket_due = forms.DateField(
        label=_("Due on"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **LOOK})
    )
