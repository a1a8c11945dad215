"""What stores and reasons are called, on pages and certificates."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STORES: dict[str, Promise | str] = {
    "contact": _("contact: number, name, note, tags"),
    "consents": _("consents with their evidence"),
    "external_refs": _("ids of other systems"),
    "calls": _("calls"),
    "notes": _("results and notes of calls, tickets"),
    "recordings": _("recordings"),
    "transcripts": _("transcripts"),
    "complaints": _("complaints"),
    "codes": _("one-time codes"),
    "exports": _("files of shares that wait to be fetched"),
    "messages": _("short messages that wait to be sent"),
    "files": _("stored files"),
    "requests": _("requests about data and what was answered"),
    "lists": _("files of lists on their way in"),
    "drafts": _("forms that somebody has begun"),
    "register": _("register of opt-outs"),
    "trail": _("access log"),
    "backups": _("backups"),
    "caches": _("caches and search"),
}
WHY: dict[str, Promise | str] = {
    "hold": _("a legal hold keeps it; it goes by itself when the hold ends"),
    "call_open": _("a call is under way; it goes once that is over"),
    "record": _(
        "the record of a call is kept for 30 days (MIIT notice of 2020-06-19 on call-centre business), "
        "blocked from every other use; "
        "it goes by itself after that"
    ),
    "file_waiting": _("a file whose deletion is not confirmed yet; it is tried again until it is gone"),
    "complaint_open": _("a complaint about it is open; it goes once that is closed"),
    "register": _("a keyed hash, so that the number is not called again (R15)"),
    "trail": _("ids and masks only, kept for 180 days by law (R10)"),
    "backups": _("encrypted; whoever restores one has the person erased again before the site opens (R9)"),
    "papers": _(
        "they show what was asked for and when it was answered (R20), and go when their storage period ends"
    ),
    "lists": _(
        "encrypted, and cannot be looked through; they go once they are imported, or when their storage "
        "period ends"
    ),
    "drafts": _(
        "encrypted, and cannot be looked through; what somebody typed and did not send goes after seven days"
    ),
    "nothing": _("values are neither cached nor indexed"),
}
# what stays by law or design: no remainder
FOR_GOOD = frozenset({"register", "trail", "backups", "papers", "lists", "drafts", "nothing"})
