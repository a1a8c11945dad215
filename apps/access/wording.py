"""What findings and rights are called on pages and in reports."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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


def evidence_text(finding: Finding) -> str:
    """The evidence as a line: names of tables and numbers of rows, no values."""
    return ", ".join(f"{name} {text}" for name, text in sorted(finding.evidence.items()))
