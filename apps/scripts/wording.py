"""What findings, duties and laws are called, for people."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .checking import PackRule

FINDINGS: Mapping[str, Promise] = {
    "absolute_claim": _("absolute claim"),
    "guaranteed_return": _("promise of capital or return"),
    "high_risk_product": _("product of high risk"),
    "guaranteed_result": _("promise of passing or admission"),
    "medical_claim": _("claim of effect or cure"),
    "impersonation": _("speaks as an authority"),
    "pressure": _("pressure or threat"),
    "asks_secret": _("asks for an ID, a card, a password or a code"),
    "targets_minor": _("speaks to a minor"),
    "missing_synthetic_label": _("does not say that a machine speaks"),
    "discloses_to_third_party": _("passes the client's data on"),
    "free_bait": _("bait of a prize or gift"),
    "disparages_rival": _("runs down a competitor"),
    "missing_company": _("the company is not said"),
    "missing_purpose": _("the purpose is not said"),
    "missing_opt_out": _("no way to opt out is given"),
}
# The duties that rules of the check serve, in a sentence.
DUTIES: Mapping[str, Promise] = {
    "R1": _("Resident-ID and bank-card numbers, passwords and codes are neither asked for nor kept."),
    "R14": _("Every call and message says how to opt out; an opt-out counts at once and for good."),
    "R16": _("After connecting, the company and the purpose are said first."),
    "R17": _("Nothing about a client goes to third parties without the client's consent on record."),
    "R18": _("Personal data is used for the purpose it was given for, and no other."),
    "R23": _("No false advertising, no fraud, no forbidden promises."),
    "R24": _("No outbound selling of products of high risk; no promise of capital or return."),
    "R25": _("No marketing to minors."),
    "R26": _("Medical and other regulated trades keep to the rules of their trade."),
    "R38": _("A voice made by a machine says so at the beginning."),
    "R28": _("Scripts are checked and approved before they are used."),
}
LEVELS: Mapping[str, Promise] = {
    "blocking": _("blocking: the text has to change"),
    "advisory": _("advisory: may be overruled with a reason"),
}


def language() -> str:
    """The language of this page, as the packs name them."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def name_of(rule: PackRule | None, code: str) -> str:
    """What a rule is called; a finding whose rule is no more is called by its code."""
    if rule and rule.name:
        return rule.name[language()]
    return str(FINDINGS.get(code, code))


def advice_of(rule: PackRule | None) -> str:
    """What to write instead."""
    return rule.advice[language()] if rule else ""
