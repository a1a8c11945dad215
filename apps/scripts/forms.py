"""Forms of scripts, of their review and of the rules they are checked by."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.laws import LAWS, cite
from apps.policies import queries as policies

from . import queries
from .models import SCRIPT_KINDS, Script, ScriptVersion, Voice
from .rules import SECTIONS, VARIABLES
from .wording import DUTIES, LEVELS

ROWS = {"opening": 2, "purpose": 2, "body": 6, "objections": 4, "way_out": 2, "forbidden": 3}


class ScriptForm(forms.Form):
    code = forms.SlugField(label=_("code"), max_length=40)
    name = forms.CharField(label=_("name"), max_length=120)
    kind = forms.ChoiceField(label=_("kind of call"), choices=SCRIPT_KINDS)
    trade = forms.ChoiceField(label=_("trade"), choices=policies.trade_choices)
    voice = forms.ChoiceField(label=_("spoken by"), choices=Voice, initial=Voice.HUMAN)


class VersionForm(forms.ModelForm):
    """The sections of a script; of a message only its text. The service judges what stands in them."""

    class Meta:
        model = ScriptVersion
        fields = ("company", *SECTIONS)
        widgets = {name: forms.Textarea(attrs={"rows": rows}) for name, rows in ROWS.items()}

    def __init__(self, *args: Any, script: Script, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = " · ".join(
            f"{{{{ {name} }}}}"
            for name, variable in VARIABLES.items()
            if not (script.is_sms and variable.is_protected)
        )
        for name in SECTIONS:
            # A section that lost its text is refused by the service, in the words that everybody gets.
            self.fields[name].required = False
        self.fields["body"].help_text = _("Variables, filled when it is said: %(known)s") % {"known": known}
        if script.is_sms:
            self.fields["body"].label = _(
                "text of the message: 【sender】, text, and how to opt out, as 回TD退订"
            )
            for name in SECTIONS:
                if name != "body":
                    del self.fields[name]

    def _post_clean(self) -> None:
        """The service judges the version as a whole."""


class VerdictForm(forms.Form):
    """The answer to a submitted version."""

    verdict = forms.ChoiceField(
        label=pgettext_lazy("on a script", "Verdict"),
        choices=[("approve", _("Approve")), ("request_changes", _("Request changes"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose: approve, or request changes.")},
    )
    note = forms.CharField(
        label=_("Note to the author"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    publish_later = forms.BooleanField(label=_("Keep it approved; publish it later"), required=False)


class ScriptRemarkForm(forms.Form):
    """A passage by its words; without any the remark is about the whole section."""

    section = forms.ChoiceField(
        label=_("Section"), choices=lambda: [(name, queries.label_of(name)) for name in SECTIONS]
    )
    quote = forms.CharField(
        label=_("Passage, as it is written (empty: the whole section)"), required=False, max_length=1000
    )
    start = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    text = forms.CharField(
        label=pgettext_lazy("label of a field", "Remark"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Lines(forms.CharField):
    """Phrases or examples, one a line."""

    def __init__(self, *, label: Any, rows: int = 4, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.Textarea(attrs={"rows": rows}),
            max_length=50_000,
            **kwargs,
        )

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class RuleForm(forms.Form):
    """One rule of the automatic check."""

    name_zh = forms.CharField(label=_("name in Chinese"), max_length=40)
    name_en = forms.CharField(label=_("name in English"), max_length=60)
    level = forms.ChoiceField(label=_("level"), choices=list(LEVELS.items()))
    duty = forms.ChoiceField(label=_("duty"), choices=list(DUTIES.items()))
    law = forms.ChoiceField(
        label=_("law"), choices=lambda: [(code, f"{cite(law)} · {law.about}") for code, law in LAWS.items()]
    )
    kinds = forms.MultipleChoiceField(
        label=_("holds for"), choices=SCRIPT_KINDS, widget=forms.CheckboxSelectMultiple
    )
    trades = forms.MultipleChoiceField(
        label=_("only for these trades (none: for all)"),
        choices=policies.trade_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    terms = Lines(
        label=_("phrases that may not be said, one a line; … stands for a few characters between"), rows=8
    )
    required = Lines(label=_("or: phrases of which one has to be said, one a line"))
    words = Lines(label=_("more words for the classes of its frames, one class a line; class: word, word"))
    allow = Lines(label=_("innocent phrases that hold one of them, one a line"))
    negatable = forms.BooleanField(
        label=_("denied or warned of, a phrase is innocent (不保证…, 谨防…)"), required=False
    )
    must_find = Lines(label=_("examples that the rule finds, one a line"))
    must_pass = Lines(label=_("examples that it lets pass, one a line"))
    advice_zh = forms.CharField(label=_("advice in Chinese"), max_length=200)
    advice_en = forms.CharField(label=_("advice in English"), max_length=200)
    reason = forms.CharField(label=_("reason"), max_length=300)

    def rule(self) -> dict[str, Any]:
        """The rule in the form of the packs."""
        cleaned = self.cleaned_data
        plain = (
            "level",
            "duty",
            "law",
            "kinds",
            "trades",
            "terms",
            "words",
            "required",
            "allow",
            "negatable",
            "must_find",
            "must_pass",
        )
        return {
            **{name: cleaned[name] for name in plain},
            "name": {"zh": cleaned["name_zh"], "en": cleaned["name_en"]},
            "advice": {"zh": cleaned["advice_zh"], "en": cleaned["advice_en"]},
        }


class NewRuleForm(RuleForm):
    code = forms.SlugField(label=_("code"), max_length=40)
    field_order = ("code",)
