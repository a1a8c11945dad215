"""What a purge did, to be handed to a regulator: as JSON and as PDF (R8, R33). Counts and versions, nobody's
data."""

from typing import Any

from django.db.models import Func
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.core.crypto import signatures
from apps.core.documents import pdf
from apps.policies.models import DataClass

from .models import PurgeRun
from .wording import failures_in_words


def certificate(run: PurgeRun) -> dict[str, Any]:
    """What is certified, and the signature that was put on it when the run ended (none while it runs)."""
    return {"document": _document(run), "signature": run.signature}


def signature_of(run: PurgeRun) -> dict[str, str]:
    """The signature of a run as it stands."""
    return signatures.signature_of(_document(run))


def is_genuine(run: PurgeRun) -> bool:
    """Whether the run still says what was signed."""
    return bool(run.signature) and signatures.is_valid(_document(run), run.signature)


def _document(run: PurgeRun) -> dict[str, Any]:
    return {
        "purge_run": run.pk,
        "due_at": signatures.moment(run.at),
        "started_at": signatures.moment(run.created_at),
        "ended_at": signatures.moment(run.ended_at) if run.ended_at else None,
        "state": run.state,
        "deleted": run.counts,
        "files_deleted": run.files,
        "left_on_hold": run.held,
        "not_deleted": run.failures,
        "policy_versions": run.policies,
        "people_erased": people_erased(run),
        "ledger": {"line": run.ledger_line, "mac": run.ledger_mac},
        "trail": run.trail_heads,
    }


def people_erased(run: PurgeRun) -> int:
    """How many people this purge saw to be gone, rows and files: those of whom something is left are counted
    by the one that sees the end of it."""
    hashes = run.finished.annotate(number_hash=Func("number_hashes", function="unnest"))
    return hashes.values("number_hash").distinct().count()


def rows_of(run: PurgeRun) -> list[tuple[str, int, int, int]]:
    """By class: what it is called, how many were deleted, how many a hold kept, the version of the policy."""
    return [
        (str(DataClass(code).label), run.counts.get(code, 0), run.held.get(code, 0), version)
        for code, version in sorted(run.policies.items())
        if code in DataClass.values
    ]


def as_pdf(run: PurgeRun) -> bytes:
    """The same on paper."""
    result = _document(run)
    heading = [
        _("class of data"),
        pgettext("count, column", "deleted"),
        _("left on hold"),
        _("policy version"),
    ]
    return pdf.as_pdf(
        title=_("Certificate of deletion no. %(number)s") % {"number": run.pk},
        above=[
            _("What was due at %(at)s.") % {"at": timezone.localtime(run.at).strftime("%Y-%m-%d %H:%M:%S")},
            _("People erased: %(people)s; files deleted: %(files)s.")
            % {"people": result["people_erased"], "files": run.files},
            _("State: %(state)s.") % {"state": run.get_state_display()}
            + (f" {failures_in_words(run.failures)}" if run.failures else ""),
        ],
        rows=[heading, *([str(cell) for cell in row] for row in rows_of(run))],
        widths=[230, 80, 90, 90],
        below=[
            _("Ledger: line %(line)s · %(mac)s") % {"line": run.ledger_line, "mac": run.ledger_mac},
            *(
                _("Access log: %(stream)s, head %(number)s · %(digest)s")
                % {"stream": name, "number": number, "digest": digest}
                for name, (number, digest) in sorted(run.trail_heads.items())
            ),
            f"SHA-256 {signatures.digest(result).hex()}",
            f"Ed25519 {run.signature.get('key', '')} · {run.signature.get('signature', '')}",
        ],
    )
