"""The forms of legal holds."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns.models import Campaign, Line
from apps.core.calendar.form_fields import Day, Moment
from apps.core.errors import NotFound
from apps.core.web import ids

from .models import LegalHold

PREFIXES = {
    LegalHold.Kind.CONTACT: "ct",
    LegalHold.Kind.CALL: "cl",
    LegalHold.Kind.CAMPAIGN: "cp",
    LegalHold.Kind.RECORDING: "rc",
    LegalHold.Kind.COMPLAINT: "co",
}


class HoldForm(forms.Form):
    """One object by its id, or the calls of a time; a line or an agent narrows those down."""

    kind = forms.ChoiceField(label=_("what is held"), choices=LegalHold.Kind.choices)
    subject = forms.CharField(
        label=_("its id (ct_…, cl_…, cp_…, rc_…, co_…), for one object"), max_length=40, required=False
    )
    since = Moment(label=pgettext_lazy("calls of a time, for a hold", "calls from"), required=False)
    until = Moment(label=pgettext_lazy("calls of a time, for a hold", "calls until"), required=False)
    campaign = forms.ModelChoiceField(
        label=_("campaign"), queryset=Campaign.objects.order_by("name"), required=False
    )
    line = forms.ModelChoiceField(label=_("line"), queryset=Line.objects.order_by("number"), required=False)
    agent = forms.ModelChoiceField(
        label=_("agent"), queryset=User.objects.filter(role=Role.AGENT).order_by("username"), required=False
    )
    reason = forms.CharField(label=_("reason: a case, a request of an authority, a dispute"), max_length=300)
    owner = forms.ModelChoiceField(
        label=_("owner"), queryset=User.objects.filter(role=Role.COMPLIANCE, is_active=True), required=False
    )
    review_on = Day(label=_("to be reviewed on"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", "")
        if kind in PREFIXES:
            try:
                cleaned["target_id"] = ids.decode(
                    PREFIXES[LegalHold.Kind(kind)], cleaned.get("subject", "").strip()
                )
            except NotFound:
                self.add_error(
                    "subject", _("This is no id of that kind; it stands at the head of the object's page.")
                )
        elif not (cleaned.get("since") and cleaned.get("until")):
            self.add_error("since", _("Say from when until when the calls are held."))
        return cleaned

    def asked(self) -> dict[str, Any]:
        """What `place_hold` wants."""
        cleaned = self.cleaned_data
        about = {name: cleaned[name] for name in ("kind", "reason", "review_on", "owner")}
        if cleaned["kind"] in PREFIXES:
            return {**about, "target_id": cleaned["target_id"]}
        narrowed = {name: cleaned[name].pk for name in ("campaign", "line", "agent") if cleaned[name]}
        moments = {name: timezone.localtime(cleaned[name]).isoformat() for name in ("since", "until")}
        return {**about, "query": {**moments, **narrowed}}
