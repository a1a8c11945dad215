"""One form for each kind of policy; the fields are those of the version, with its labels."""

import json
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.audit.alarms import RULES
from apps.core.calendar import clock
from apps.core.calendar.form_fields import Day
from apps.core.errors import BadInput

from . import queries
from .models import (
    AlarmPolicy,
    CalendarYear,
    CallingPolicy,
    MeasuresPolicy,
    PolicyDraft,
    RetentionPolicy,
    TradePack,
)
from .rules import read_year

TIME = forms.TimeInput(attrs={"type": "time"})


class PolicyForm(forms.ModelForm):
    """What the draft says, when it begins and why."""

    starts_on = Day(label=_("in force from (empty: as soon as it is approved)"), required=False)
    reason = forms.CharField(label=_("reason"), max_length=300)

    def _post_clean(self) -> None:
        """The service judges the version as a whole; a form of a draft has no row to check against."""

    def values(self) -> dict[str, Any]:
        """The fields of the version, in JSON's types."""
        names = [name for name in self.fields if name not in {"starts_on", "reason"}]
        cleaned: dict[str, Any] = json.loads(
            json.dumps({name: self.cleaned_data[name] for name in names}, cls=DjangoJSONEncoder)
        )
        return cleaned

    def clean_starts_on(self) -> Any:
        day = self.cleaned_data["starts_on"]
        if day and day <= timezone.localdate(clock.now()):
            raise forms.ValidationError(
                _("A policy begins tomorrow at the earliest, or as soon as it is approved.")
            )
        return day


class CallingForm(PolicyForm):
    class Meta:
        model = CallingPolicy
        fields = ("window_start", "window_end", "calls_per_day", "calls_per_week", "reservation_seconds")
        widgets = {"window_start": TIME, "window_end": TIME}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("window_start"), cleaned.get("window_end")
        if since and until and until <= since:
            self.add_error("window_end", _("The hours end before they begin."))
        return cleaned


class RetentionForm(PolicyForm):
    class Meta:
        model = RetentionPolicy
        fields = ("data_class", "days", "action", "basis", "basis_ends_on")
        field_classes = {"basis_ends_on": Day}


class TradeForm(PolicyForm):
    class Meta:
        model = TradePack
        fields = (
            "trade",
            "name",
            "may_market",
            "highest_risk",
            "needs_qualification",
            "script_approvers",
            "basis",
        )


class MeasuresForm(PolicyForm):
    class Meta:
        model = MeasuresPolicy
        fields = (
            "hours", "least_calls", "unanswered_percent", "short_percent", "short_seconds",
            "complaint_percent", "refused_percent",
            "numbers_per_client_hour", "pauses_line", "pauses_agent",
        )  # fmt: skip


class AlarmForm(PolicyForm):
    """One field for each alarm that rooms registered."""

    class Meta:
        model = AlarmPolicy
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = queries.alarm_thresholds(clock.now())
        asked = {
            code: forms.IntegerField(
                label=str(rule.asks), min_value=1, max_value=rule.most, initial=known.get(code, rule.default)
            )
            for code, rule in sorted(RULES.items())
            if rule.most > 1
        }
        self.fields = {**asked, **self.fields}

    def values(self) -> dict[str, Any]:
        return {"thresholds": super().values()}


class CalendarForm(PolicyForm):
    holiday_lines = forms.CharField(
        label=_("holidays, adjusted rest days included; one period a line"),
        help_text=_(
            "Those with fixed days stand here already: lengthen them as the notice says, and add Spring "
            "Festival, Qingming, Dragon Boat "
            "and Mid-Autumn."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "placeholder": "2027-10-01 至 2027-10-07 国庆节"}),
    )
    working_lines = forms.CharField(
        label=_("make-up working days, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    class Meta:
        model = CalendarYear
        fields = ("year", "notice")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "year" in cleaned and "holiday_lines" in cleaned:
            try:
                self.read = read_year(
                    cleaned["year"], cleaned["holiday_lines"], cleaned.get("working_lines", "")
                )
            except BadInput as error:
                self.add_error("holiday_lines", str(error))
        return cleaned

    def values(self) -> dict[str, Any]:
        year = {"year": self.cleaned_data["year"], "notice": self.cleaned_data["notice"]}
        return {**year, "holidays": self.read.holidays, "working_days": self.read.working_days}


def calendar_to_begin_with(year: int) -> dict[str, Any]:
    """The holidays whose days stand in the regulation itself; those of the lunar year are in the notice
    alone."""
    fixed = [
        f"{year}-01-01 元旦",
        f"{year}-05-01 至 {year}-05-02 劳动节",
        f"{year}-10-01 至 {year}-10-03 国庆节",
    ]
    return {"year": year, "holiday_lines": "\n".join(fixed)}


FORMS: dict[str, type[PolicyForm]] = {
    PolicyDraft.Kind.CALLING: CallingForm,
    PolicyDraft.Kind.CALENDAR: CalendarForm,
    PolicyDraft.Kind.TRADE: TradeForm,
    PolicyDraft.Kind.MEASURES: MeasuresForm,
    PolicyDraft.Kind.RETENTION: RetentionForm,
    PolicyDraft.Kind.ALARMS: AlarmForm,
}
