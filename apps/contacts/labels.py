"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "contact": _("contact"),
    "contact:list": _("contacts"),
    "contact_import": _("import"),
    "source": _("data source"),
    "doubt": _("number in doubt"),
    "doubt:list": _("numbers in doubt"),
    "import": _("import"),
    "import taken back": _("import taken back"),
    "agreement": _("agreement of a data source"),
    "evidence of a consent": _("evidence of a consent"),
    "sync": _("keeping contacts in step"),
    "numbers in doubt": _("numbers in doubt"),
}
