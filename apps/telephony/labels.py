"""Words for the codes of this room in records, and for why the gateway's question was refused."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.calls.gate.rules import RULES

LABELS: dict[str, Promise | str] = {
    "dialler": _("dialler"),
    "trunk": _("trunk"),
    "call:live": _("live calls"),
    "supervision": _("supervision of calls"),
}
REFUSED: dict[str, Promise | str] = {
    "dialler_unknown": _("The sender is no dialler."),
    "dialler_off": _("The dialler, or its API client, is not in use."),
    "number_invalid": _("What was dialled is no number that may be called."),
    "line_unknown": _("The caller number is none of the lines."),
    "line_without_trunk": _("No trunk in use has this line."),
    "campaign_not_said": _(
        "Several campaigns, or none, have this line: the INVITE has to name one (X-Hegui-Campaign)."
    ),
    "campaign_unknown": _("The dialler has no campaign of this code."),
    "agent_unknown": _("There is no agent of this name."),
    "asks_first": _("The dialler has to ask by API first, and named no call (X-Hegui-Call)."),
    "call_not_valid": _("The reservation is for another number or line, is over, or was used."),
    "search_quota_reached": _(
        "The dialler asked for too many numbers that are nobody's here; it has to wait."
    ),
    "replayed": _("The same INVITE was sent before."),
}


def reason_of(code: str) -> str:
    """The sentence of a code of the gateway's question or of the gate."""
    if code in REFUSED:
        return str(REFUSED[code])
    return str(RULES[code].sentence) if code in RULES else code
