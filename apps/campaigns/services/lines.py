"""Filings and lines: recorded by one person, verified by another (R21)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy import phones
from apps.core.wording import join_clauses

from ..models import Filing, Line
from ..signals import calling_narrowed


@transaction.atomic
def record_filing(*, actor: User, **fields: Any) -> Filing:
    """A telecom filing and its term, as the authority's paper gives them."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    filing = Filing(**fields)
    filing.full_clean()
    filing.save()
    return filing


@transaction.atomic
def record_line(
    *,
    actor: User,
    number: str,
    carrier: str,
    ownership_proof: str,
    filing: Filing | None = None,
    calls_per_hour: int | None = None,
    calls_per_day: int | None = None,
) -> Line:
    """A caller number of ours, not yet verified. Its budget is what the contract with the carrier allows
    (None: nothing is set).

    Raises `PhoneInvalid`, `BadInput` for one that is on record.
    """
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    e164 = phones.normalise_line(number)
    if Line.objects.filter(number=e164).exists():
        raise BadInput(_("This line is on record already."))
    line = Line(
        number=e164, carrier=carrier, ownership_proof=ownership_proof, filing=filing, recorded_by=actor,
        calls_per_hour=calls_per_hour,
        calls_per_day=calls_per_day,
    )  # fmt: skip
    line.full_clean()
    line.save()
    return line


def _locked(line: Line) -> Line:
    return Line.objects.select_for_update(of=("self",)).select_related("filing").get(pk=line.pk)


@transaction.atomic
def record_test_call(*, actor: User, line: Line, record: str, called_at: datetime | None = None) -> Line:
    """A call from the line to a phone of ours, on which it showed as itself."""
    if actor.role not in {Role.SUPERVISOR, Role.COMPLIANCE}:
        raise NotAllowed()
    now = clock.now()
    if not record.strip():
        raise BadInput(_("Say to which phone the test call went and what it showed."))
    if called_at is not None and called_at > now:
        raise BadInput(_("The test call lies in the future."))
    line = _locked(line)
    line.test_call, line.test_called_at = record.strip()[:200], called_at or now
    line.save()
    return line


@transaction.atomic
def verify_line(*, actor: User, line: Line) -> Line:
    """Compliance lets the line be shown to clients. Raises `FourEyes`; `BadInput` names what is missing."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    line = _locked(line)
    if line.recorded_by_id == actor.pk:
        raise FourEyes()
    if line.state == Line.State.VERIFIED:
        raise WrongState()
    today = timezone.localdate(clock.now())
    missing = [
        words
        for is_missing, words in (
            (not line.ownership_proof, _("proof of ownership")),
            (
                line.filing is None or not line.filing.valid_from <= today <= line.filing.valid_until,
                _("a filing in force"),
            ),
            (line.test_called_at is None, _("the record of a test call")),
        )
        if is_missing
    ]
    if missing:
        raise BadInput(_("Not yet: %(missing)s."), missing=join_clauses(missing))
    line.state, line.verified_by, line.blocked_because = Line.State.VERIFIED, actor, ""
    line.save()
    return line


@transaction.atomic
def block_line(*, actor: User | None, line: Line, because: str) -> Line:
    """From this commit on no call is allowed from the line. `actor` is None for an automatic measure."""
    if actor is not None and actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    if not because.strip():
        raise BadInput(_("Say why the line is blocked."))
    line = _locked(line)
    line.state, line.blocked_because = Line.State.BLOCKED, because.strip()[:200]
    line.save()
    calling_narrowed.send(sender=Line, line=line)
    return line
