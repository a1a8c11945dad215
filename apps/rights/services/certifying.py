"""What was asked, when, and what was done: signed, as JSON and on paper. Nobody's data: stores, counts,
reasons."""

import hashlib
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.crypto import signatures
from apps.core.documents import pdf
from apps.core.wording import join_clauses

from ..models import SubjectRequest
from ..wording import FOR_GOOD, STORES, WHY


def certify(request: SubjectRequest) -> dict[str, Any]:
    """The certificate of a request as it stands: the document and its signature."""
    now = clock.now()
    payload: dict[str, Any] = {
        "request": request.public_id,
        "kind": request.kind,
        "channel": request.channel,
        "person": hashlib.sha256(bytes(request.number_index)).hexdigest(),
        "received_at": request.received_at.isoformat(),
        "due_on": request.due_on.isoformat(),
        "verified_at": request.verified_at.isoformat() if request.verified_at else None,
        "verification": request.verification,
        "state": request.state,
        "refusal": request.refusal,
        "at": now.isoformat(),
        "done": request.result.get("done", {}),
        "kept": request.result.get("kept", []),
        "kept_until": request.result.get("until"),
        "copy_sha256": bytes(request.archive_sha256).hex() if request.archive_sha256 else None,
    }
    return {"document": payload, "signature": signatures.signature_of(payload)}


def certificate_of(request: SubjectRequest) -> dict[str, Any]:
    return dict(request.certificate)


def is_genuine(certificate: dict[str, Any]) -> bool:
    """Whether a certificate, as somebody shows it, is one of ours and as it was."""
    document, signature = certificate.get("document"), certificate.get("signature")
    return (
        isinstance(document, dict)
        and isinstance(signature, dict)
        and signatures.is_valid(document, signature)
    )


def rows_of(request: SubjectRequest) -> list[tuple[str, int, str]]:
    """By store: what it is called, how many rows went, what is kept and why."""
    kept: dict[str, list[str]] = {}
    until = _day(request.result.get("until"))
    for store, count, why in request.result.get("kept", []):
        reason = str(WHY.get(why, why)) + (f" ({until})" if why == "record" and until else "")
        kept.setdefault(store, []).append(reason if why in FOR_GOOD else f"{count}: {reason}")
    done = request.result.get("done", {})
    return [
        (str(STORES.get(store, store)), done.get(store, 0), join_clauses(kept.get(store, [])))
        for store in {**done, **kept}
    ]


def _day(moment: str | None) -> str:
    return timezone.localtime(datetime.fromisoformat(moment)).strftime("%Y-%m-%d %H:%M") if moment else ""


def as_pdf(request: SubjectRequest) -> bytes:
    result, signature = request.certificate["document"], request.certificate["signature"]
    zone = timezone.get_default_timezone()
    return pdf.as_pdf(
        title=_("Certificate of the request %(number)s") % {"number": request.public_id},
        above=[
            _("Asked: %(kind)s. Came by: %(channel)s.")
            % {"kind": request.get_kind_display(), "channel": request.get_channel_display()},
            _("Received %(received)s, due on %(due)s, carried out %(at)s.")
            % {
                "received": request.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "due": result["due_on"],
                "at": result["at"][:16].replace("T", " "),
            },
            f"{_('State: %(state)s.') % {'state': request.get_state_display()}} {request.refusal}".rstrip(),
            _("Identity: %(how)s.") % {"how": request.verified_how or "–"},
        ],
        rows=[[_("where"), _("rows"), _("kept, and why")],
        *([str(cell) for cell in row] for row in rows_of(request))],
        widths=[180, 60, 250],
        below=[f"Ed25519 {signature['key']} · {signature['public_key']}", signature["signature"]],
    )  # fmt: skip
