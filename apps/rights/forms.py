"""Forms of requests, of staff and of strangers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Purpose
from apps.core.calendar.form_fields import Moment

from .models import SubjectRequest
from .services.receiving import BY_STAFF

Kind = SubjectRequest.Kind
WORDS = forms.Textarea(attrs={"rows": 3})


class NewRequestForm(forms.Form):
    kind = forms.ChoiceField(label=_("What the person asks for"), choices=Kind)
    phone = forms.CharField(
        label=_("Their number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    channel = forms.ChoiceField(label=_("How it came"), choices=[(each, each.label) for each in BY_STAFF])
    text = forms.CharField(label=_("What they say"), max_length=2000, required=False, widget=WORDS)
    new_name = forms.CharField(
        label=_("The right name"), max_length=80, required=False, help_text=_("only to correct it")
    )
    purpose = forms.ModelChoiceField(
        label=_("Purpose"),
        queryset=Purpose.objects.all(),
        required=False,
        empty_label=_("all purposes"),
        help_text=_("only to withdraw consent"),
    )
    received_at = Moment(label=_("Received"), required=False, help_text=_("empty: now"))
    verification = forms.CharField(
        label=_("How the identity was verified"), max_length=200, required=False,
        help_text=_("empty: not yet; the deadline is paused until it is"),
    )  # fmt: skip


class StepForm(forms.Form):
    text = forms.CharField(label=_("Note or reason"), max_length=500, widget=WORDS)


class ExecuteForm(forms.Form):
    answer = forms.CharField(label=_("Answer to the person"), max_length=4000, required=False, widget=WORDS)


class PageForm(forms.Form):
    kind = forms.ChoiceField(label=_("I want to"), choices=Kind, widget=forms.RadioSelect, initial=Kind.SEE)
    phone = forms.CharField(
        label=_("My number. A code is sent to it."),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    text = forms.CharField(label=_("What I want to say"), max_length=2000, required=False, widget=WORDS)
    new_name = forms.CharField(
        label=_("My right name"), max_length=80, required=False, help_text=_("only to correct it")
    )
