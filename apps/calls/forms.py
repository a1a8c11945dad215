"""The form of a call's result."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.core.calendar.form_fields import Day, DayInput, Moment, MomentInput

from . import queries
from .models import Call, Disposition, Postponed

LOOK = {"class": "form-control"}


class CallForm(forms.Form):
    """The press of the call button: whom, and which points of the check list are ticked."""

    entry_id = forms.IntegerField(min_value=1)
    ticked = forms.TypedMultipleChoiceField(
        coerce=int, choices=[(str(n), "") for n in range(1, 31)], required=False
    )

    def clean_ticked(self) -> set[int]:
        return set(self.cleaned_data["ticked"])


class DispositionForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Result"), choices=Disposition.Reason.choices, widget=forms.RadioSelect
    )
    identity_said = forms.BooleanField(label=_("I said the company and the purpose first"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2, **LOOK})
    )
    call_back_at = Moment(label=_("Call back at"), required=False, widget=MomentInput(attrs=LOOK))
    ticket = forms.CharField(
        label=_("Ticket: what has to be done"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs=LOOK),
    )
    ticket_due = Day(label=_("Due on"), required=False, widget=DayInput(attrs=LOOK))
    ticket_owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["ticket_owner"]
        owner.queryset, owner.empty_label = queries.people_of(call.campaign), _("myself")
        reason: Any = self.fields["reason"]
        impossible = {Disposition.Reason.NOT_REACHED} if call.answered_at else set()
        if call.opted_out_at:
            impossible |= Disposition.AGAINST_A_REFUSAL
        reason.choices = [each for each in Disposition.Reason.choices if each[0] not in impossible]


class PostponeForm(forms.Form):
    """When a contact comes back to the desk, and why not now."""

    entry_id = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    at = Moment(label=_("Call again at"), widget=MomentInput(attrs=LOOK))
    why = forms.ChoiceField(
        label=_("Because"), choices=Postponed.Why.choices, widget=forms.Select(attrs={"class": "form-select"})
    )


class CallNoteForm(forms.Form):
    note = forms.CharField(label=_("What was found and done"), max_length=300)


class WhatIfForm(forms.Form):
    """Other terms for a campaign, to see what they would have done."""

    window_start = forms.TimeField(
        label=pgettext_lazy("window of a day", "calls from"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    window_end = forms.TimeField(
        label=pgettext_lazy("window of a day", "calls until"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    calls_per_week = forms.IntegerField(label=_("calls in 7 days"), min_value=1, max_value=3)
