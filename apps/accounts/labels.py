"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "user": _("person"),
    "sign in": _("signing in"),
    "sign out": _("signing out"),
}
