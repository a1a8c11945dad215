"""Words for the codes of governance."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Why a thing needs an impact assessment (`packs/assessments.yaml`).
TRIGGERS: Mapping[str, Promise] = {
    "synthetic_voice": _("a machine speaks with persons: great influence on them"),
    "sensitive_trade": _("health or financial data: sensitive personal information"),
    "other_trade": _("a trade of the organisation's own: what it deals in may be sensitive"),
    "minors_trade": _("persons under 14 may be among those called: sensitive personal information"),
    "clear_values": _("values are given to others in clear"),
}
KINDS: Mapping[str, Promise | str] = {"campaign": _("campaign"), "share": _("share")}
# Facts of a thing that an assessment describes.
FACTS: Mapping[str, Promise | str] = {
    "kind": _("kind"),
    "call_kind": _("kind of call"),
    "trade": _("trade"),
    "voice": _("who speaks"),
    "purpose": pgettext_lazy("of processing", "purpose"),
    "basis": _("lawful basis"),
    "script": _("script"),
    "until": _("last day"),
    "brand": _("brand"),
    "risk": _("risk level of the product"),
    "recipients": _("recipients"),
    "fields": _("fields"),
    "in_clear": _("in clear"),
    "form": _("how"),
    "campaign": _("campaign"),
}
# What an incident lacks before it is closed (`rules.closing`).
LACKS: Mapping[str, Promise] = {
    "scope": _("determine the scope"),
    "information": _("the kinds of information concerned"),
    "cause": _("the cause"),
    "harm": _("the possible harm"),
    "measures": _("the measures taken"),
    "advice": _("what the persons can do"),
    "contact": _("whom to ask"),
    "authority": _("the notice to the authority"),
    "decision": _("the decision whether the persons are notified"),
    "persons": _("the notice to the persons"),
    "tasks": _("open tasks"),
    "lessons": _("the lessons"),
}
