"""Forms of data sources and imports."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import DataSource
from .rules import HEADINGS

MEANINGS = {
    "phone": _("phone"),
    "name": _("full name"),
    "tags": _("tags"),
    "note": _("note"),
    "consent_channel": _("channel of consent"),
    "consent_time": _("time of consent"),
}


class SourceForm(forms.ModelForm):
    class Meta:
        model = DataSource
        fields = (
            "code",
            "name",
            "origin",
            "supplier",
            "agreement",
            "lawful_basis",
            "purposes",
            "consent_wording",
            "wording_version",
            "consent_days",
        )
        widgets = {"purposes": forms.CheckboxSelectMultiple, "consent_wording": forms.Textarea(attrs={"rows": 3})}


class MappingForm(forms.Form):
    """Which column holds what; "" leaves the thing out."""

    def __init__(self, *args: Any, heading: list[str], mapping: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("not in this file")), *((str(index), title) for index, title in enumerate(heading))]
        for meaning in HEADINGS:
            self.fields[meaning] = forms.ChoiceField(
                label=MEANINGS[meaning], choices=choices, required=meaning == "phone", initial=str(mapping.get(meaning, ""))
            )

    def chosen(self) -> dict[str, int]:
        return {meaning: int(column) for meaning, column in self.cleaned_data.items() if column != ""}
