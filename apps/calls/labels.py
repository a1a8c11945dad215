"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LABELS: dict[str, Promise | str] = {
    "call": pgettext_lazy("attempt", "call"),
    "decision": _("decision of the gate"),
    "look up": _("looking up"),
    "queue": _("queue of a campaign"),
    "dial": _("dialling"),
    "ticket": _("ticket"),
    "ticket:list": _("tickets"),
}
