"""What findings and rights are called on pages and in reports."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.wording import join_items

from . import field_rights
from .models import Finding

Kind = Finding.Kind
_PROPOSALS: dict[str, Promise | str] = {
    Kind.EXCESS: _("take the right away"),
    Kind.MISSING: _("write the role table anew"),
    Kind.DIRECT: _("take the right away; give it by role or for a while"),
    Kind.ORPHANED: _("take the right away"),
    Kind.EXPIRED: _("end it"),
    Kind.DORMANT: _("deactivate the person"),
    Kind.NEVER_USED: _("take the right away"),
    Kind.CONFLICT: _("leave only the group of the role"),
    Kind.NO_SECOND_FACTOR: _("end the sessions; the next sign-in demands a second factor"),
    Kind.SHARED: _("end the sessions and talk to the person"),
    Kind.CLIENT_UNUSED: _("end the key"),
}


def proposal(finding: Finding) -> Promise | str:
    """What one click will do."""
    return _PROPOSALS[finding.kind]


FIELD_LABELS: dict[str, Promise | str] = {
    field_rights.PHONE: _("phone of contacts"),
    field_rights.NAME: _("name of contacts"),
    field_rights.NOTE: _("note on contacts"),
    field_rights.LIST_ROW: _("unread row of a list of refusals"),
    field_rights.CALL_NOTE: _("note on calls"),
    field_rights.MESSAGE: _("text of messages that may refuse"),
    field_rights.TRANSCRIPT: _("transcript of calls"),
    field_rights.COMPLAINT: _("text of complaints"),
    field_rights.REMEDY: _("remedy of complaints"),
    field_rights.REQUEST_PHONE: _("phone of requests"),
    field_rights.REQUEST_TEXT: _("text of requests"),
    field_rights.REQUEST_NAME: _("right name in requests"),
    field_rights.REQUEST_ANSWER: _("answer to requests"),
    "quality.recording.file": _("recording of calls"),
    field_rights.WEBHOOK_SECRET: _("secret of webhooks"),
    field_rights.WEBHOOK_PREVIOUS: _("secret of webhooks before"),
}
RIGHT_LABELS: dict[str, Promise | str] = {
    "view_masked": _("see the mask"),
    "view_clear": _("see the value"),
    "change_value": _("change the value"),
    "export_value": _("export the value"),
    "work": pgettext_lazy("right on a campaign", "work it"),
    "supervise": pgettext_lazy("right on a campaign", "run it"),
    "review": _("approve it"),
}
_EVIDENCE: dict[str, Promise | str] = {
    "on": _("right on"),
    "right": _("right"),
    "group": _("group"),
    "grant": _("grant"),
    "client": _("client"),
    "hour": _("hour"),
    "addresses": _("addresses"),
    "last_sign_in": _("last sign-in"),
}


def thing(what: str) -> str:
    """A protected field by its name for people; a campaign has one already."""
    return str(FIELD_LABELS.get(what, what))


def right_label(right: str) -> str:
    return str(RIGHT_LABELS.get(right, right))


def evidence_text(finding: Finding) -> str:
    """The evidence as a line for people; table and row of a right stay in the finding itself."""
    payload = {**finding.evidence}
    if "on" in payload:
        payload["on"] = thing(payload["on"])
    if "right" in payload:
        payload["right"] = right_label(payload["right"])
    return join_items(
        _("%(label)s: %(value)s") % {"label": label, "value": payload[name]}
        for name, label in _EVIDENCE.items()
        if name in payload
    )
