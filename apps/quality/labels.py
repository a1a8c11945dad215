"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import Violation

LABELS: dict[str, Promise | str] = {
    "review": _("call review"),
    "recordings": _("recordings"),
    "recording": _("recording"),
    "action": _("corrective action"),
    "complaint": _("complaint"),
    "complaints": _("complaints"),
    "quality": _("quality control"),
    "dispute": _("dispute"),
    "optimisation": _("improvement"),
    "transcript": _("transcript"),
    "heard": _("heard"),
    "grave_violation": _("grave violation"),
    **{f"violation.{kind.value}": kind.label for kind in Violation.Kind},
}
