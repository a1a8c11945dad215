"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "trail": _("access log"),
    "page": _("on its page"),
    "list": _("list"),
    "search": _("search"),
    "fields": _("access log of fields"),
    "proof": _("proof of the access log"),
    "files": _("files"),
    "nobody": _("nobody"),
    "none": _("nothing found"),
}
