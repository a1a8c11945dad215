"""Forms of data sources, imports and consents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.calendar.form_fields import Day, Moment
from apps.core.documents.spreadsheets import Layout
from apps.ui.file_fields import FileOf

from .models import Consent, DataSource, Purpose

MEANINGS = {
    "phone": _("phone"),
    "second_phone": _("second phone, read where the first is empty"),
    "name": _("full name"),
    "tags": _("tags"),
    "note": _("note"),
    "consent_channel": _("channel of consent"),
    "consent_time": _("time of consent"),
    "consent_answer": _("whether the person said yes"),
    "refusal": _("refusal or withdrawal"),
}
MEANINGS_IN_ORDER = tuple(MEANINGS)
FILES = _("PDF, PNG, JPEG, WAV, MP3 or Ogg, at most 20 MB")


class SourceForm(forms.ModelForm):
    agreement_file = FileOf(label=_("Signed agreement"), required=False, help_text=FILES)
    consent_wording = forms.CharField(
        label=_("Wording of the consent"), widget=forms.Textarea(attrs={"rows": 3})
    )
    wording_version = forms.CharField(label=_("Version of the wording"), max_length=20, initial="1")

    class Meta:
        model = DataSource
        fields = (
            "code", "name", "origin", "supplier", "agreement", "valid_from", "valid_until", "lawful_basis",
            "purposes", "consent_days",
        )  # fmt: skip
        field_classes = {"valid_from": Day, "valid_until": Day}
        widgets = {"purposes": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purposes"].queryset = Purpose.objects.filter(retired_at__isnull=True).order_by("name")  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """What `create_source` takes."""
        cleaned = dict(self.cleaned_data)
        file = cleaned.pop("agreement_file")
        return cleaned | {
            "agreement_content": file.read() if file else None,
            "agreement_name": file.name if file else "",
        }


class AgreementForm(forms.Form):
    file = FileOf(label=_("Signed agreement"), help_text=FILES)


class WordingForm(forms.Form):
    version = forms.CharField(label=_("Version of the wording"), max_length=20)
    text = forms.CharField(label=_("Wording of the consent"), widget=forms.Textarea(attrs={"rows": 3}))


class MappingForm(forms.Form):
    """Which column holds what ("" leaves the thing out), and whether hidden rows are taken in."""

    def __init__(
        self,
        *args: Any,
        layout: Layout,
        titles: list[str],
        mapping: dict[str, int],
        deciding: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", _("not in this file")),
            *((str(column), title) for column, title in enumerate(titles)),
        ]
        for meaning in MEANINGS_IN_ORDER:
            self.fields[meaning] = forms.ChoiceField(
                label=MEANINGS[meaning],
                choices=choices,
                required=meaning == "phone",
                initial=str(mapping.get(meaning, "")),
            )
        if layout.hidden_count:
            self.fields["hidden"] = forms.ChoiceField(
                label=_("Hidden rows"), widget=forms.RadioSelect, required=deciding,
                choices=[("leave", _("leave them out")), ("take", _("take them in"))],
            )  # fmt: skip

    def chosen(self) -> dict[str, int]:
        return {
            meaning: int(self.cleaned_data[meaning])
            for meaning in MEANINGS_IN_ORDER
            if self.cleaned_data.get(meaning)
        }

    def leaves_hidden(self) -> bool | None:
        """None where nothing is hidden or nothing was chosen."""
        return {"leave": True, "take": False}.get(self.cleaned_data.get("hidden", ""))


class RowForm(forms.Form):
    """A refused row, typed again; one without a phone is left as it is."""

    phone = forms.CharField(
        label=_("phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=_("full name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("note"), max_length=400, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    tags = forms.CharField(label=_("tags"), max_length=200, required=False)
    consent_channel = forms.ChoiceField(
        label=_("channel of consent"), required=False, choices=[("", _("none")), *Consent.Channel.choices]
    )
    consent_time = forms.CharField(label=_("time of consent"), max_length=40, required=False)


class ConsentForm(forms.Form):
    purpose = forms.ModelChoiceField(label=_("Purpose"), queryset=Purpose.objects.none())
    recipient = forms.CharField(
        label=_("Third party"),
        max_length=120,
        required=False,
        help_text=_("only for a consent to hand data to somebody else"),
    )
    channel = forms.ChoiceField(label=_("How it was given"), choices=Consent.Channel)
    given_at = Moment(label=_("Given at"))
    version = forms.ChoiceField(label=_("Wording"))
    reference = forms.CharField(label=_("What shows it"), max_length=200)
    file = FileOf(label=pgettext_lazy("of a consent or a minor", "Evidence"), required=False, help_text=FILES)

    def __init__(self, *args: Any, source: DataSource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wordings = source.wordings.filter(approved_at__isnull=False).order_by("-approved_at", "-pk")
        self.fields["purpose"].queryset = source.purposes.filter(retired_at__isnull=True)  # type: ignore[attr-defined]
        choices = [(each.version, f"{each.version}: {each.text[:60]}") for each in wordings]
        self.fields["version"].choices = choices  # type: ignore[attr-defined]


class HowForm(forms.Form):
    how = forms.CharField(label=_("How it was withdrawn"), max_length=200)


class MinorForm(forms.Form):
    reason = forms.CharField(label=_("What shows that the client is a minor"), max_length=200)


class AdultForm(forms.Form):
    reference = forms.CharField(label=_("What shows that the client is of age"), max_length=200)
    file = FileOf(label=pgettext_lazy("of a consent or a minor", "Evidence"), required=False, help_text=FILES)
