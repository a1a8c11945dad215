"""What a campaign may lack before it is approved and while it runs: stored by code, read in the reader's
language."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.wording import join_clauses

LACKS: Mapping[str, Promise] = {
    "filing": _("a filing"),
    "filing_in_force": _("a filing in force"),
    "line": _("a verified line under a filing in force"),
    "script": _("a published script"),
    "script_in_force": _("a script whose approval has not expired"),
    "script_kind": _("a script of the same kind of call"),
    "script_trade": _("a script of the same trade"),
    "source": _("an approved data source for the purpose"),
    "last_day": _("a last day that is not over"),
    "synthetic_script": _("a script for a synthetic voice, whose opening says that a machine speaks (R38)"),
    "trade": _("a trade whose pack allows marketing calls (R26)"),
    "risk": _("a product within the risk level that the trade allows (R24)"),
    "permit": _("the permit that the trade needs (R26)"),
    "assessment": _("an approved impact assessment of the campaign as it is now (R36)"),
}


def lacks_in_words(codes: Iterable[str]) -> str:
    return join_clauses(LACKS.get(code, code) for code in codes)
