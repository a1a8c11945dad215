"""Forms of campaigns and of lists to import."""

from collections.abc import Mapping
from datetime import time
from typing import Any, cast

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.access.forms import EndsOn
from apps.accounts.forms import ClientForm
from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.contacts.models import DataSource, Purpose
from apps.core.calendar.form_fields import Day, Moment
from apps.core.privacy.canonical_text import even
from apps.policies import queries as policies
from apps.scripts.models import SMS, Script, ScriptVersion
from apps.ui.sections import Sectioned

from . import queries
from .models import Brand, CallException, Campaign, Filing, Line

MOST_POINT = 120
NOT_PUBLISHED = _("not published")
MOST_A_WEEK = 3
NORM_OPENS, NORM_CLOSES = time(8), time(21)


def brand_choices() -> list[tuple[str, object]]:
    names = Brand.objects.filter(retired_at__isnull=True).order_by("name").values_list("name", flat=True)
    return [("", _("none")), *((name, name) for name in names)]


class _Lines(forms.ModelMultipleChoiceField):
    """Lines with what keeps one from being called over."""

    def label_from_instance(self, line: Any) -> str:
        return (
            line.number
            if line.state == Line.State.VERIFIED
            else f"{line.number} ({line.get_state_display()})"
        )


class _Scripts(forms.ModelChoiceField):
    """Scripts with their trade, and which of them nobody may speak yet. `trades`: what each trade is
    called."""

    trades: Mapping[str, str] = {}

    def label_from_instance(self, script: Any) -> str:
        about = f"{script} · {self.trades.get(script.trade, script.trade)}"
        return about if script.is_spoken else f"{about} ({NOT_PUBLISHED})"


class CampaignForm(Sectioned, forms.ModelForm):
    SECTIONS = (
        (_("What it is"), ("code", "name", "kind", "trade", "voice", "brand")),
        (_("Why it may call"), ("purpose", "lawful_basis", "qualification", "product_risk", "filing")),
        (_("What is said, and over which lines"), ("script", "lines", "through_gateway", "checklist")),
        (_("When"), ("starts_on", "ends_on", "window_start", "window_end", "calls_per_week")),
    )

    trade = forms.ChoiceField(label=_("trade"), choices=policies.trade_choices)
    script = _Scripts(label=_("script"), queryset=Script.objects.none(), required=False)
    brand = forms.ChoiceField(label=_("brand under which it calls"), required=False, choices=brand_choices)
    purpose = forms.ModelChoiceField(
        label=_("purpose"), queryset=Purpose.objects.filter(retired_at__isnull=True).order_by("name")
    )
    lines = _Lines(
        label=_("lines"),
        queryset=Line.objects.order_by("number"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    checklist = forms.CharField(
        label=_("Check list, one point a line"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The agent ticks each point before the call is made."),
    )  # fmt: skip

    class Meta:
        model = Campaign
        fields = (
            "code",
            "name",
            "kind",
            "trade",
            "voice",
            "product_risk",
            "qualification",
            "brand",
            "purpose",
            "lawful_basis",
            "filing",
            "lines",
            "script",
            "starts_on",
            "ends_on",
            "window_start",
            "window_end",
            "calls_per_week",
            "checklist",
            "through_gateway",
        )
        field_classes = {"starts_on": Day, "ends_on": Day}
        help_texts = {
            "code": _("Names the campaign for diallers and lists. It stays."),
            "kind": _("Marketing is under more rules: holidays, one call a day, consent."),
            "lawful_basis": _("Such as consent (Personal Information Protection Law, article 13)."),
            "qualification": _("The number of the permit, where the trade needs one."),
            "product_risk": _("Of financial products: R4 and R5 are not sold by calls."),
            "filing": _(
                "The filing with the telecommunications authority under which the lines call. Needed before "
                "it runs."
            ),
            "window_start": _("Empty: as the policy has it. Never before 08:00."),
            "window_end": _("Empty: as the policy has it. Never after 21:00."),
            "calls_per_week": _("To one person in 7 days. Empty: as the policy has it."),
            "through_gateway": _("Calls of this campaign are refused unless the telephone gateway asks."),
        }
        widgets = {
            "window_start": forms.TimeInput(attrs={"type": "time"}),
            "window_end": forms.TimeInput(attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trade, script = cast(Any, self.fields["trade"]), cast(Any, self.fields["script"])
        spoken = ScriptVersion.objects.filter(script=OuterRef("pk"), is_current=True)
        script.trades = policies.trade_names()
        script.queryset = Script.objects.exclude(kind=SMS).annotate(is_spoken=Exists(spoken)).order_by("name")
        if not self.instance.pk:
            # nobody's trade is chosen by the alphabet
            trade.choices = [("", "---------"), *policies.trade_choices()]
        if self.instance.pk:
            self.initial["checklist"] = "\n".join(self.instance.checklist)
            self._offer_own()
        if self.instance.was_approved:
            for name in Campaign.STAYS:
                self.fields[name].disabled = True

    def _offer_own(self) -> None:
        """What the campaign has may be retired by now: it is offered all the same, so that saving something
        else keeps it."""
        own, fields = self.instance, cast(Any, self.fields)
        if own.brand and own.brand not in dict(brand_choices()):
            fields["brand"].choices = [*brand_choices(), (own.brand, own.brand)]
        if own.trade not in dict(policies.trade_choices()):
            fields["trade"].choices = [*policies.trade_choices(), (own.trade, own.trade)]
        fields["purpose"].queryset = Purpose.objects.filter(
            Q(retired_at__isnull=True) | Q(pk=own.purpose_id)
        ).order_by("name")

    def clean_checklist(self) -> list[str]:
        points = [line.strip() for line in self.cleaned_data["checklist"].splitlines() if line.strip()]
        if any(len(point) > MOST_POINT for point in points):
            raise forms.ValidationError(
                _("A point has at most %(most)s characters."), params={"most": MOST_POINT}
            )
        return points

    def clean(self) -> None:
        """What the table refuses too, said beside the field."""
        given = self.cleaned_data
        first, last = given.get("starts_on"), given.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The campaign ends before it begins."))
        since, until = given.get("window_start"), given.get("window_end")
        if since and since < NORM_OPENS:
            self.add_error("window_start", _("Calls are made from 08:00 on (R11)."))
        if until and until > NORM_CLOSES:
            self.add_error("window_end", _("Calls are made until 21:00 (R11)."))
        if since and until and until <= since:
            self.add_error("window_end", _("The hours end before they begin."))
        if (given.get("calls_per_week") or 0) > MOST_A_WEEK:
            self.add_error("calls_per_week", _("At most 3 calls in 7 days (R13)."))


class PinForm(forms.Form):
    """Which version of its script the campaign speaks; empty: whatever is published last."""

    version = forms.ModelChoiceField(
        label=_("Version to speak"),
        queryset=ScriptVersion.objects.none(),
        required=False,
        empty_label=_("the published one, as it changes"),
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"version": campaign.pinned_version_id}
        versions = ScriptVersion.objects.filter(
            script=campaign.script_id, state=ScriptVersion.State.PUBLISHED
        )
        self.fields["version"].queryset = versions.select_related("script").order_by("-number")  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    source = forms.ModelChoiceField(
        label=_("Data source"), queryset=DataSource.objects.filter(state=DataSource.State.APPROVED)
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign whose queue the contacts join"), queryset=Campaign.objects.none(), required=False
    )
    file = forms.FileField(label=_("List (CSV or xlsx)"))

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = queries.campaigns_of(viewer)  # type: ignore[attr-defined]


class AgentForm(forms.Form):
    agent = forms.ModelChoiceField(
        label=_("Agent"), queryset=User.objects.filter(role=Role.AGENT, is_active=True)
    )


class CampaignGrantForm(forms.Form):
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), queryset=Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("name")
    )
    reason = forms.CharField(label=_("What it is needed for"), max_length=300)
    ends_at = EndsOn()


class ApiClientForm(ClientForm):
    campaigns = forms.ModelMultipleChoiceField(
        label=_("Campaigns"), queryset=Campaign.objects.order_by("name"), widget=forms.CheckboxSelectMultiple
    )


class PurposeForm(forms.Form):
    code = forms.SlugField(label=_("Code, for lists and other systems"), max_length=40)
    name = forms.CharField(
        label=_("What contacts are used for"),
        max_length=120,
        help_text=_("It cannot be changed: people agree to it."),
    )


class BrandForm(forms.Form):
    name = forms.CharField(
        label=_("Brand"),
        max_length=80,
        help_text=_("It cannot be changed: people refuse the calls of a brand."),
    )


class LineForm(forms.Form):
    number = forms.CharField(label=_("caller number"), max_length=20)
    carrier = forms.CharField(label=_("carrier"), max_length=60)
    ownership_proof = forms.CharField(
        label=_("proof of ownership (contract, letter of the carrier)"), max_length=200
    )
    filing = forms.ModelChoiceField(label=_("filing"), queryset=Filing.objects.order_by("-valid_until"))
    calls_per_hour = forms.IntegerField(
        label=_("calls an hour that the carrier allows"), min_value=1, required=False
    )
    calls_per_day = forms.IntegerField(
        label=_("calls a day that the carrier allows"), min_value=1, required=False
    )


class FilingForm(forms.ModelForm):
    class Meta:
        model = Filing
        fields = ("number", "authority", "valid_from", "valid_until")
        field_classes = {"valid_from": Day, "valid_until": Day}


class ExceptionForm(forms.ModelForm):
    """Hours, or calls: the other two stay empty."""

    class Meta:
        model = CallException
        fields = (
            "covers",
            "window_start",
            "window_end",
            "calls_per_day",
            "calls_per_week",
            "starts_at",
            "ends_at",
            "reason",
        )
        field_classes = {"starts_at": Moment, "ends_at": Moment}
        widgets = {
            "window_start": forms.TimeInput(attrs={"type": "time"}),
            "window_end": forms.TimeInput(attrs={"type": "time"}),
        }

    def _post_clean(self) -> None:
        """The service judges the exception as a whole, with its campaign."""


class ZoneForm(forms.Form):
    """The client's zone, where somebody knows better than the number tells; empty goes back to the
    number's."""

    zone = forms.CharField(
        label=_("Time zone, as Asia/Urumqi; empty: what the number tells"), max_length=40, required=False
    )


class NumberForm(forms.Form):
    """Exact search. Sent by POST, so that the number stands in no address and no log."""

    number = forms.CharField(label=_("Whole number, or its last four digits"), max_length=30)

    @property
    def last4(self) -> str:
        """The four digits, where they alone were typed."""
        typed = even(self.cleaned_data["number"]).strip()
        return typed if len(typed) == 4 and typed.isascii() and typed.isdigit() else ""
