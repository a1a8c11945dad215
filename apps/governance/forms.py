"""Forms of governance."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.core.calendar.form_fields import Day, Moment
from apps.ui.file_fields import FileOf

from .models import Assessment, AuditAnswer, ComplianceAudit, Incident, Risk
from .services.recording_incidents import RECORDERS, TEXTS

WORDS = forms.Textarea(attrs={"rows": 3})


class _Bounds(forms.Form):
    """By whom the data was touched, and when."""

    since = Moment(label=_("Data touched from"))
    until = Moment(label=_("Data touched until"))
    person = forms.ModelChoiceField(
        label=_("By whom"), queryset=User.objects.order_by("username"), required=False,
        help_text=_("Whose reads in the access log give the scope"),
    )  # fmt: skip
    client = forms.ModelChoiceField(
        label=_("By which API client"), queryset=ApiClient.objects.order_by("name"), required=False
    )


class IncidentForm(_Bounds):
    kind = forms.ChoiceField(label=_("Kind of incident"), choices=Incident.Kind.choices)
    title = forms.CharField(
        label=_("In one line"), max_length=120, help_text=_("What happened, without the data of any person")
    )
    discovered_at = Moment(label=_("Discovered"))
    is_drill = forms.BooleanField(
        label=_("This is a drill"), required=False, help_text=_("Played to the end; no notice is given")
    )
    field_order = ("kind", "title", "discovered_at", "since", "until", "person", "client", "is_drill")


class FactsForm(_Bounds):
    """What is known by now, in the words that notices are made of."""

    field_order = (*TEXTS, "since", "until", "person", "client")

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        known = {name: getattr(incident, name) for name in (*TEXTS, "since", "until", "person", "client")}
        super().__init__(*args, **{"initial": known, **kwargs})
        for name in TEXTS:
            field: Any = Incident._meta.get_field(name)
            self.fields[name] = forms.CharField(
                label=capfirst(field.verbose_name), max_length=field.max_length, required=False, widget=WORDS
            )
        self.order_fields(self.field_order)
        self.incident = incident

    def clean(self) -> dict[str, Any]:
        """The form shows minutes: a time that was not touched stays as it is, to the second."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("since", "until"):
            known = getattr(self.incident, name)
            if cleaned.get(name) == known.replace(second=0, microsecond=0):
                cleaned[name] = known
        return cleaned


class TaskForm(forms.Form):
    text = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(role__in=RECORDERS, is_active=True).order_by("username"),
    )
    due_on = Day(label=_("Due on"))


class NoticeForm(forms.Form):
    text = forms.CharField(label=_("Text"), max_length=6000, widget=forms.Textarea(attrs={"rows": 12}))
    how = forms.CharField(
        label=_("How it was given"),
        max_length=200,
        required=False,
        help_text=_("Form, letter, telephone; the number of the file"),
    )
    given_at = Moment(label=_("Given"))
    by_message = forms.BooleanField(
        label=_("Send it to each person by short message"),
        required=False,
        help_text=_("To who opted out, too: this is no marketing"),
    )

    def __init__(self, *args: Any, to_persons: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not to_persons:
            del self.fields["by_message"]


class AssessmentForm(forms.ModelForm):
    class Meta:
        model = Assessment
        fields = ("necessity", "influence", "measures", "verdict")
        widgets = {name: forms.Textarea(attrs={"rows": 5}) for name in ("necessity", "influence", "measures")}


class RiskForm(forms.ModelForm):
    """A line of the matrix. A measure without an owner is the author's."""

    class Meta:
        model = Risk
        fields = ("threat", "likelihood", "harm", "measure", "owner", "due_on", "remaining")
        field_classes = {"due_on": Day}

    def __init__(self, *args: Any, author: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.author = author
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(role__in=(*RECORDERS, Role.AGENT), is_active=True).order_by(
            "username"
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("measure") and not cleaned.get("owner"):
            cleaned["owner"] = self.author
        return cleaned


RiskFormSet = forms.formset_factory(RiskForm, extra=3, max_num=30, can_delete=True)


class AuditForm(forms.ModelForm):
    class Meta:
        model = ComplianceAudit
        fields = ("title", "scope", "since", "until", "auditor", "is_outside")
        field_classes = {"since": Day, "until": Day}
        widgets = {"scope": forms.Textarea(attrs={"rows": 3})}


class AnswerForm(forms.Form):
    found = forms.CharField(label=_("What was found"), max_length=4000, widget=WORDS)
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        choices=[each for each in AuditAnswer.Verdict.choices if each[0] != AuditAnswer.Verdict.OPEN],
    )
    file = FileOf(label=_("Evidence file"), required=False)


class NonconformityForm(forms.Form):
    text = forms.CharField(label=_("What does not conform"), max_length=500)
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(role__in=RECORDERS, is_active=True).order_by("username"),
    )
    due_on = Day(label=_("Due on"))


class TrainingForm(forms.Form):
    title = forms.CharField(label=_("What it was about"), max_length=160)
    held_on = Day(label=_("Held on"))
    people = forms.ModelMultipleChoiceField(
        label=_("Who took part"),
        queryset=User.objects.filter(is_active=True).order_by("username"),
        widget=forms.CheckboxSelectMultiple,
    )
    file = FileOf(label=_("List of participants or certificate"))
