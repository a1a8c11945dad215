"""Forms of the register."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.calendar.form_fields import Moment
from apps.ui.file_fields import FileOf

from .channels import BY_HAND
from .models import ListIn, OptOut
from .ports import naming
from .refusal_files import MOST_BYTES

NUMBER = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"})


def what_is_refused() -> list[tuple[str, object]]:
    """Everything, or one of our purposes or brands: what is chosen from a list blocks what it names."""
    parts: list[tuple[str, object]] = [("everything", OptOut.Scope.EVERYTHING.label)]
    for scope in (OptOut.Scope.PURPOSE, OptOut.Scope.BRAND):
        if names := naming.provider.names_of(scope):
            parts.append((str(scope.label), [(f"{scope}:{name}", words) for name, words in names]))
    return parts


class RecordForm(forms.Form):
    """The number is sent by POST and stands in no address."""

    phone = forms.CharField(label=_("Whole number"), max_length=30, widget=NUMBER)
    channel = forms.ChoiceField(label=_("Heard by"), choices=[(each.value, each.label) for each in BY_HAND])
    refused = forms.ChoiceField(label=_("What is refused"), choices=what_is_refused)
    said_at = Moment(label=_("Said at (empty: now)"), required=False)
    evidence = forms.CharField(
        label=_("Evidence: a complaint's number, a letter, who heard it"), max_length=110
    )

    def said(self) -> dict[str, Any]:
        """What `record_by_hand` takes."""
        data = dict(self.cleaned_data)
        scope, _colon, value = data.pop("refused").partition(":")
        return data | {"scope": scope, "scope_value": value}


class ListForm(forms.Form):
    origin = forms.ChoiceField(label=_("Whose list"), choices=ListIn.Origin.choices)
    evidence = forms.CharField(label=_("Name and date of the list"), max_length=80)
    file = FileOf(label=_("List (CSV or xlsx, also packed with gzip)"), most_mb=MOST_BYTES // 2**20)


class ScrubForm(forms.Form):
    file = FileOf(label=_("List (CSV or xlsx, also packed with gzip)"), most_mb=MOST_BYTES // 2**20)
    purpose = forms.CharField(label=_("What it is needed for"), max_length=150)


class LiftForm(forms.Form):
    phone = forms.CharField(label=_("Whole number"), max_length=30, widget=NUMBER)
    consent_given_at = Moment(label=_("Fresh consent given at"))
    evidence = forms.CharField(label=_("Evidence: a recording, a form, a message"), max_length=200)
