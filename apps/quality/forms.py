"""Forms of quality: purposes, remarks, verdicts, violations, actions, complaints, cards and plans."""

import json
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.calls.models import Call
from apps.core.calendar.form_fields import Day, Moment
from apps.core.errors import NotFound
from apps.core.laws import LAWS
from apps.core.web import ids
from apps.policies import queries as policies
from apps.ui.file_fields import FileOf

from .models import BasePeriod, Complaint, Play, SamplingPlan, Violation
from .rules import cards, timing
from .rules.cards import CardItem

WORDS = forms.Textarea(attrs={"rows": 3})
# What most violations of a kind go against: the form begins with it.
LAW_OF_KIND = {
    "identity": "norm",
    "promise": "ad-4",
    "secrets": "pipl-6",
    "privacy": "pipl-51",
    "after_no": "ad-43",
    "way_out": "ad-43",
    "script": "norm",
    "manner": "norm",
    "product": "suit",
    "other": "norm",
}


class PlayForm(forms.Form):
    purpose = forms.ChoiceField(
        label=_("What do you listen for?"), choices=Play.Purpose.choices, widget=forms.RadioSelect
    )
    review = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_agent: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_agent:
            purpose: Any = self.fields["purpose"]
            purpose.choices = [(Play.Purpose.QUALITY, Play.Purpose.QUALITY.label)]


class TranscriptForm(forms.Form):
    """A file as the API takes it: `{"segments": [{"start", "end", "speaker", "text"}, …]}`, seconds from the
    beginning."""

    file = FileOf(label=_("Transcript (JSON, as the API takes it)"), most_mb=5)

    def clean_file(self) -> list[dict[str, Any]]:
        try:
            cleaned = json.loads(self.cleaned_data["file"].read().decode("utf-8-sig"))
            return [
                {
                    "start": float(each["start"]),
                    "end": float(each["end"]),
                    "speaker": str(each["speaker"]),
                    "text": str(each["text"]),
                }
                for each in cleaned["segments"]
            ]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise forms.ValidationError(
                _("This is no transcript: a JSON file with segments of start, end, speaker and text.")
            ) from None


class HeardForm(forms.Form):
    """What the player tells: spans as JSON, `[[from, until], …]` in ms, and whether the person is done."""

    heard = forms.JSONField(required=False)
    done = forms.BooleanField(required=False)

    def clean_heard(self) -> list[tuple[int, int]]:
        raw = self.cleaned_data["heard"] or []
        try:
            return [(int(start), int(end)) for start, end in raw]
        except (TypeError, ValueError):
            raise forms.ValidationError(_("Spans are pairs of milliseconds.")) from None


class CallRemarkForm(forms.Form):
    start_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    end_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Remark on the stretch"), max_length=500)


class AnswersForm(forms.Form):
    """A field for each item of a score card; what does not fit into points is the summary."""

    def __init__(self, *args: Any, items: list[CardItem], needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = items
        for item in items:
            choices = [
                ("yes", _("yes")),
                ("no", _("no")),
                *([("na", _("does not apply"))] if item.may_not_apply else []),
            ]
            self.fields[item.code] = forms.ChoiceField(
                label=item.in_language(get_language() or "zh"),
                choices=choices,
                widget=forms.RadioSelect,
                required=needed,
            )
        self.fields["summary"] = forms.CharField(
            label=_("Summary for the agent"), max_length=500, required=False, widget=WORDS
        )

    @property
    def rows(self) -> list[tuple[int, CardItem, Any]]:
        """Number, item and field, for the page; the first of a section says its name."""
        return [(place, item, self[item.code]) for place, item in enumerate(self.items, 1)]

    def answers(self) -> dict[str, str]:
        return {
            item.code: self.cleaned_data[item.code] for item in self.items if self.cleaned_data.get(item.code)
        }


class ViolationForm(forms.Form):
    kind = forms.ChoiceField(label=_("What went wrong"), choices=Violation.Kind.choices)
    gravity = forms.ChoiceField(label=_("How grave"), choices=Violation.Gravity.choices)
    note = forms.CharField(label=_("What happened"), max_length=500, widget=WORDS)
    law = forms.CharField(
        label=_("Law or rule (empty: the usual one of its kind)"), max_length=80, required=False
    )
    owner = forms.ModelChoiceField(label=_("Who corrects it"), queryset=User.objects.none())
    start_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)
    end_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owners: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = owners
        gravity: Any = self.fields["gravity"]
        days = {code: str(label) for code, label in Violation.Gravity.choices}
        gravity.choices = [(code, f"{label} ({timing.TO_MEND[code]})") for code, label in days.items()]
        gravity.help_text = _(
            "In brackets: working days to correct it. A grave one takes the agent off the telephone at once."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        usual = LAW_OF_KIND.get(cleaned.get("kind", ""))
        cleaned["law"] = cleaned.get("law") or (str(LAWS[usual]) if usual else "")
        return cleaned


class AppealForm(forms.Form):
    text = forms.CharField(label=_("What you disagree with"), max_length=500, widget=WORDS)


class SettleForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("stands", _("the verdict stands")), ("changed", _("the answers are changed"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("Why"), max_length=500, widget=WORDS)


class DoneForm(forms.Form):
    measures = forms.CharField(
        label=pgettext_lazy("corrective action", "What was done"), max_length=1000, widget=WORDS
    )
    proof = forms.CharField(label=_("What shows it"), max_length=300)
    file = FileOf(label=_("A file that shows it (up to 10 MB)"), required=False, most_mb=10)


class ReviewNoteForm(forms.Form):
    note = forms.CharField(label=_("Note"), max_length=500, widget=WORDS)


class CallField(forms.CharField):
    """A call by its public id."""

    def clean(self, value: Any) -> Call | None:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            found = Call.objects.filter(pk=ids.decode("cl", text)).first()
        except NotFound:
            found = None
        if found is None:
            raise forms.ValidationError(
                _("There is no such call. Its id, cl_…, stands on the page of its recording.")
            )
        return found


class ComplaintForm(forms.Form):
    """The number is sent by POST and stands in no address."""

    channel = forms.ChoiceField(
        label=_("Came by"),
        choices=[each for each in Complaint.Channel.choices if each[0] != Complaint.Channel.API],
    )
    kind = forms.ChoiceField(label=_("About"), choices=Complaint.Kind.choices)
    text = forms.CharField(
        label=_("What the client says"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )
    phone = forms.CharField(
        label=_("Number of the client"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    call = CallField(
        label=_("Call that it is about (cl_…), if it is known"), max_length=20, required=False,
        help_text=_("With the client's number you choose it on the next page, from their calls."),
    )  # fmt: skip
    received_at = Moment(label=_("Received at (empty: now)"), required=False)
    is_dispute = forms.BooleanField(label=_("The client claims something: a dispute"), required=False)
    reference = forms.CharField(
        label=_("Reference of the sender, if there is one"), max_length=80, required=False
    )
    opts_out = forms.BooleanField(
        label=_("Put the number on the register: no more calls"), required=False, initial=True
    )


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Complaint.Outcome.choices)
    remedy = forms.CharField(label=_("What the client was given or answered"), max_length=4000, widget=WORDS)


class BaseForm(forms.ModelForm):
    class Meta:
        model = BasePeriod
        fields = ("name", "since", "until", "calls", "complaints", "handling_hours", "origin")
        field_classes = {"since": Day, "until": Day}


class OwnBaseForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=80)
    since = Day(label=pgettext_lazy("label of a beginning", "from"))
    until = Day(label=_("until, included"))


class PlanForm(forms.ModelForm):
    class Meta:
        model = SamplingPlan
        fields = (
            "name", "campaign", "random_percent", "least_risk", "most_a_day", "agent_week", "campaign_day",
            "double_percent", "other_team",
        )  # fmt: skip


class CardForm(forms.Form):
    """A new version of a score card. Items as lines: `section | weight | fatal, na | English | 中文`."""

    code = forms.SlugField(label=_("code"), max_length=40)
    name = forms.CharField(label=_("name"), max_length=80)
    trade = forms.ChoiceField(label=_("trade (empty: all that have no card of their own)"), required=False)
    pass_mark = forms.IntegerField(label=_("points needed, of 100"), min_value=1, max_value=100, initial=80)
    items = forms.CharField(
        label=_("items, a line each"), widget=forms.Textarea(attrs={"rows": 9, "class": "font-monospace"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trade: Any = self.fields["trade"]
        trade.choices = [("", "–"), *policies.trade_choices()]
        self.fields["items"].help_text = _(
            "code | section (privacy, script, manner, result) | weight | fatal and na, where they hold | "
            "English | Chinese"
        )

    def clean_items(self) -> list[dict[str, Any]]:
        found = []
        for place, line in enumerate(self.cleaned_data["items"].splitlines(), 1):
            if not line.strip():
                continue
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 6 or not parts[2].isdecimal():
                raise forms.ValidationError(
                    _("Line %(place)s does not have the six parts.") % {"place": place}
                )
            code, section, weight, marks, english, chinese = parts
            found.append(
                {
                    "code": code, "section": section, "weight": int(weight), "is_fatal": "fatal" in marks,
                    "may_not_apply": "na" in marks,
                    "text": {"en": english, "zh": chinese},
                }
            )  # fmt: skip
        return found


def as_lines(items: list[dict[str, Any]]) -> str:
    """The other way round: a version's items, to begin the next one with."""
    lines = []
    for item in cards.read_items(items):
        marks = " ".join(
            mark for mark, holds in (("fatal", item.is_fatal), ("na", item.may_not_apply)) if holds
        )
        lines.append(
            f"{item.code} | {item.section} | {item.weight} | {marks} | {item.text['en']} | {item.text['zh']}"
        )
    return "\n".join(lines)
