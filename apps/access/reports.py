"""An audit as a file: CSV for a spreadsheet, PDF for a folder. Names of staff, no personal data of
clients."""

import csv
import io
from collections.abc import Iterable
from itertools import islice

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.core.documents import pdf
from apps.core.wording import join_items

from .models import Finding, PermissionAudit
from .wording import evidence_text, proposal

MOST_ROWS = 2_000


def _heading() -> list[str]:
    return [
        str(text)
        for text in (
            _("severity"),
            _("kind"),
            pgettext("whom a finding is about", "who"),
            pgettext("finding of an audit", "evidence"),
            _("proposal"),
            _("to be cleared by"),
            pgettext("finding of an audit", "due on"),
            _("state"),
        )
    ]


def _row(finding: Finding) -> list[str]:
    return [
        str(finding.get_severity_display()),
        str(finding.get_kind_display()),
        str(finding.subject or finding.client or "–"),
        evidence_text(finding),
        str(proposal(finding)),
        str(finding.owner or "–"),
        finding.due_on.isoformat(),
        str(finding.get_state_display()),
    ]


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _findings(audit: PermissionAudit) -> Iterable[Finding]:
    return (
        audit.findings.select_related("subject", "client", "owner")
        .order_by("severity", "pk")
        .iterator(chunk_size=1000)
    )


def as_csv(audit: PermissionAudit) -> bytes:
    """UTF-8 with BOM, so that spreadsheets read Chinese."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_heading())
    for finding in _findings(audit):
        writer.writerow([_harmless(cell) for cell in _row(finding)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_pdf(audit: PermissionAudit) -> bytes:
    """A4 across; at most 2,000 findings, the rest is in the CSV."""
    at = timezone.localtime(audit.created_at)
    counts = join_items(
        f"{Finding.Kind(kind).label} {count}" for kind, count in sorted(audit.counts.items())
    ) or str(_("nothing"))
    return pdf.as_pdf(
        title=_("Permission audit of %(at)s") % {"at": at.strftime("%Y-%m-%d %H:%M")},
        above=[
            _("Found: %(counts)s. Gone since the audit before: %(gone)s.")
            % {"counts": counts, "gone": audit.gone}
        ],
        rows=[_heading(), *(_row(finding) for finding in islice(_findings(audit), MOST_ROWS))],
        widths=[45, 80, 80, 190, 150, 80, 60, 45],
        across=True,
    )
