"""What a finding of the automatic check is called, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FINDINGS: dict[str, Promise] = {
    "absolute_claim": _("absolute claim"),
    "guaranteed_return": _("promise of capital or return"),
    "high_risk_product": _("product of high risk"),
    "guaranteed_result": _("promise of passing or admission"),
    "medical_claim": _("claim of effect or cure"),
    "impersonation": _("speaks as an authority"),
    "pressure": _("pressure or threat"),
    "asks_secret": _("asks for an ID, a card, a password or a code"),
    "targets_minor": _("speaks to a minor"),
    "discloses_to_third_party": _("passes the client's data on"),
    "free_bait": _("bait of a prize or gift"),
    "disparages_rival": _("runs down a competitor"),
    "missing_company": _("the company is not said"),
    "missing_purpose": _("the purpose is not said"),
    "missing_opt_out": _("no way to opt out is told"),
}
