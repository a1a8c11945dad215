"""Forms of scripts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.policies import queries as policies

from .models import Script, ScriptVersion


class ScriptForm(forms.ModelForm):
    trade = forms.ChoiceField(label=_("trade"), choices=policies.trade_choices)

    class Meta:
        model = Script
        fields = ("code", "name", "kind", "trade")


class VersionForm(forms.ModelForm):
    class Meta:
        model = ScriptVersion
        fields = ("company", "opening", "purpose", "body", "way_out", "forbidden")
        widgets = {
            name: forms.Textarea(attrs={"rows": rows})
            for name, rows in (("opening", 2), ("purpose", 2), ("body", 5), ("way_out", 2), ("forbidden", 3))
        }


class ReviewForm(forms.Form):
    note = forms.CharField(label=_("Remark"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
