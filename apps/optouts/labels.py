"""Words for the codes of this room in the trail and in records (`core.references`)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Promise | str] = {
    "sms": _("short message"),
    "message": _("short message"),
    "link": _("link to opt out"),
    "code": _("code to opt out"),
    "opt_out_list": _("list of refusals"),
    "entry": _("entry of the register"),
    "scrub": _("scrub"),
    "register": _("register of opt-outs"),
    "feed of opt-outs": _("feed of opt-outs"),
    "hashes for the feed": _("hashes for the feed"),
}
