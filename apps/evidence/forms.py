"""The form that asks for an evidence pack."""

from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.calendar.form_fields import Day
from apps.quality.models import EvidencePack


class PackForm(forms.Form):
    about = forms.CharField(
        label=_("About"), max_length=16, required=False,
        help_text=_("The number of a person (ct_), call (cl_), campaign (cp_), opt-out (oo_) or complaint "
            "(co_); empty for a period"),
    )  # fmt: skip
    since = Day(label=pgettext_lazy("label of a beginning", "From"), required=False)
    until = Day(label=_("Until, included"), required=False)
    recipient = forms.ChoiceField(label=_("For whom"), choices=EvidencePack.Recipient.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("the file number, the request"))
    in_clear = forms.BooleanField(
        label=_("With recordings, transcripts and clear values"), required=False,
        help_text=_("A second person of compliance approves it. Evidence of a complaint always holds them."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language of the paper"), choices=[("zh-hans", "中文"), ("en", "English")]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = "zh-hans" if (get_language() or "").startswith("zh") else "en"
