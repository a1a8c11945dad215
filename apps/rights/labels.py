"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "request": _("data-subject request"),
    "subject request": _("data-subject request"),
    "subject_request": _("data-subject request"),
    "copy": _("copy of the data"),
}
