"""The duties R1-R41 that pages and messages name by number, each in a few words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

DUTIES: Mapping[str, Promise] = {
    "R1": _("collect only what is needed"),
    "R2": _("express consent"),
    "R3": _("no bought or shared data"),
    "R4": _("encrypted transport"),
    "R5": _("masked display"),
    "R6": _("least privilege"),
    "R7": _("encryption at rest"),
    "R8": _("storage periods"),
    "R9": _("disaster recovery"),
    "R10": _("access log"),
    "R11": _("calling hours"),
    "R12": _("statutory holidays"),
    "R13": _("frequency of calls"),
    "R14": _("one-key opt-out"),
    "R15": _("opt-outs at once and for good"),
    "R16": _("saying who calls and why"),
    "R17": _("use of recordings and client data"),
    "R18": _("lawful and limited use of personal data"),
    "R19": _("no bulk export by agents"),
    "R20": _("rights of the person"),
    "R21": _("telecom filing and lines"),
    "R22": _("access control"),
    "R23": _("truthful content"),
    "R24": _("no selling of high-risk financial products"),
    "R25": _("no marketing to minors"),
    "R26": _("rules of regulated trades"),
    "R27": _("steps before, during and after a call"),
    "R28": _("script review"),
    "R29": _("full recording and call review"),
    "R30": _("corrective action at once"),
    "R31": _("complaints and disputes"),
    "R32": _("sharing between departments"),
    "R33": _("decisions backed by evidence"),
    "R34": _("records that must be kept"),
    "R35": _("compliance audits"),
    "R36": _("impact assessments"),
    "R37": _("incidents"),
    "R38": _("labelled synthetic voices"),
    "R39": _("no call beside the gate"),
    "R40": _("numbers that changed hands"),
    "R41": _("a site that others can run"),
}


def duty_in_words(number: str) -> str:
    """Such as "opt-outs at once and for good (R15)"; a number that is none is given back."""
    return (
        gettext("%(duty)s (%(number)s)") % {"duty": DUTIES[number], "number": number}
        if number in DUTIES
        else number
    )
