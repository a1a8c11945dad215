"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "incident": _("incident"),
    "assessment": _("impact assessment"),
    "compliance_audit": _("compliance audit"),
    "incident notice": _("notice of an incident"),
    "scope of an incident": _("scope of an incident"),
    "training": _("record of a training"),
    "file of an audit": _("file of a compliance audit"),
}
