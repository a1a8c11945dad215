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
# What the cited articles say, in a few words.
LAWS_ABOUT: Mapping[str, Promise] = {
    "ad-4": _("no false or misleading content"),
    "ad-9": _("no 国家级, 最高级, 最佳 and the like"),
    "ad-16": _("medicine and treatment: no promise of effect or safety, no cure rates"),
    "ad-24": _("education: no promise of passing, degrees or effect, no hint at examiners"),
    "ad-25": _("products with an expected return: warn of risk; no promise of return, of capital or that there is no risk"),
    "ad-28": _("what makes an advertisement false"),
    "ad-43": _("no advertising to a telephone without consent; it names the sender and a way to refuse"),
    "consumer-29": _("no commercial information without consent or after a clear refusal"),
    "pipl-6": _("a clear purpose, the least scope of collection"),
    "pipl-13": _("lawful bases, consent among them"),
    "pipl-23": _("passing data to another processor needs notice and separate consent"),
    "pipl-31": _("children under 14 need a guardian's consent"),
    "fraud": _("no posing as an authority, no altered caller numbers"),
    "suit": _("no active recommendation of products above the client's risk level"),
    "sms-rule": _("no commercial messages without consent; the sender is named, with a way to refuse"),
    "label-2025": _("generated content is labelled so that people notice; sound audibly"),
    "norm": _("the norm for outbound calls"),
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
