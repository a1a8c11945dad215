"""Compliance's side: findings judged, a version approved, published, retired; and what happens by itself at
its end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.privacy.free_text import checked_text
from apps.notifications.services import notify
from apps.webhooks.models import EventKind as Event
from apps.webhooks.services import emit

from .. import queries
from ..checking import ScriptFinding
from ..models import Confirmation, Overruling, ReviewEvent, ScriptVersion
from ..ports import speaking
from ..signals import version_withdrawn

APPROVAL_TERM = timedelta(days=180)
REMIND_DAYS = (30, 14, 7, 1)  # before an approval ends
Kind, State = ReviewEvent.Kind, ScriptVersion.State


class CheckBlocked(BadInput):
    """The automatic check found what no reviewer may overrule."""

    code = "check_blocked"


class ReviewOpen(BadInput):
    """Something of the review is left to do: a finding to judge, a remark to resolve, a second approver."""

    code = "review_open"


def _for_review(actor: User, version: ScriptVersion) -> ScriptVersion:
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = queries.locked(version)
    if version.state != State.SUBMITTED:
        raise WrongState()
    if version.author_id == actor.pk:
        raise FourEyes()
    return version


def _record(version: ScriptVersion, kind: str, actor: User | None, note: str = "", packs: str = "") -> None:
    ReviewEvent.objects.create(
        version=version, kind=kind, actor=actor, note=note.strip(), packs=packs, created_at=clock.now()
    )


def _require_clean(version: ScriptVersion, *, with_advice: bool = True) -> None:
    """Raises `CheckBlocked` for what may not be said, `ReviewOpen` for advice that nobody judged."""
    findings = queries.findings_of(version, with_advice=with_advice)
    if blocking := [finding for finding in findings if finding.is_blocking]:
        raise CheckBlocked(
            _("The automatic check forbids this text: %(findings)s."), findings=queries.in_words(blocking)
        )
    overruled = queries.overruled(version)
    if advice := [
        finding for finding in findings if (finding.code, finding.start, finding.end) not in overruled
    ]:
        raise ReviewOpen(
            _(
                "The automatic check advises against: %(findings)s. Overrule it with a reason, or request "
                "changes."
            ),
            findings=queries.in_words(advice),
        )


@transaction.atomic
def approve(
    *, actor: User, version: ScriptVersion, note: str = "", publish_now: bool = True
) -> ScriptVersion:
    """One approval; the last that is needed puts the version in force, or keeps it approved for a later day.

    Raises `FourEyes` for the author and for a second approval by the same person, `CheckBlocked`,
    `ReviewOpen`.
    """
    version = _for_review(actor, version)
    if version.events.filter(kind=Kind.APPROVED, actor=actor).exists():
        raise FourEyes(_("You have approved it already: a second person has to."))
    _require_clean(version)
    if count := len(queries.open_remarks(version)):
        raise ReviewOpen(_("%(count)s remarks are open. Resolve them, or request changes."), count=count)
    _record(version, Kind.APPROVED, actor, note, queries.packs_in_force().stamp)
    if version.events.filter(kind=Kind.APPROVED).count() < version.approvals_needed:
        notify(
            queries.reviewers(),
            "script_second_approver",
            about=actor,
            thing=f"script:{version.pk}",
            script=str(version),
        )
        return version
    version.approve()
    version.approved_at = clock.now()
    version.expires_at = version.approved_at + APPROVAL_TERM
    version.save()
    notify([version.author], "script_approved", thing=f"script:{version.pk}", script=str(version))
    emit(Event.SCRIPT_APPROVED, _facts(version))
    return _published(actor, version) if publish_now else version


@transaction.atomic
def request_changes(*, actor: User, version: ScriptVersion, note: str) -> ScriptVersion:
    """Back to its author, who writes the next version. The note or an open remark says what has to change."""
    version = _for_review(actor, version)
    if not note.strip() and not queries.open_remarks(version):
        raise BadInput(_("Say what has to change: here, or in a remark on a passage."))
    version.request_changes()
    version.save()
    _record(version, Kind.CHANGES_REQUESTED, actor, note)
    notify([version.author], "script_changes_requested", thing=f"script:{version.pk}", script=str(version))
    return version


@transaction.atomic
def overrule(
    *, actor: User, version: ScriptVersion, code: str, start: int, end: int, reason: str
) -> Overruling:
    """Let an advisory finding stand. Raises `CheckBlocked` for a blocking one, `BadInput` for one that is not
    there."""
    version = _for_review(actor, version)
    finding = _undecided(version, code, start, end)
    if finding.is_blocking:
        raise CheckBlocked(_("A blocking finding is never overruled: the text has to change."))
    reason = checked_text(reason, _("Say why the finding may stand."), most=300)
    made = Overruling.objects.create(
        version=version,
        code=code,
        level=finding.level,
        start=start,
        end=end,
        reason=reason,
        actor=actor,
        created_at=clock.now(),
    )
    _record(version, Kind.OVERRULED, actor, f"{queries.in_words([finding])}: {made.reason}"[:400])
    return made


@transaction.atomic
def confirm(*, actor: User, version: ScriptVersion, code: str, start: int, end: int) -> Confirmation:
    """Say that an advisory finding is right; the text has to change. Raises `BadInput` for one that is not
    there or was decided."""
    version = _for_review(actor, version)
    finding = _undecided(version, code, start, end)
    if finding.is_blocking:
        raise BadInput(_("A blocking finding needs no word of yours: the text has to change."))
    made = Confirmation.objects.create(
        version=version, code=code, start=start, end=end, actor=actor, created_at=clock.now()
    )
    _record(version, Kind.CONFIRMED, actor, queries.in_words([finding])[:400])
    return made


def _undecided(version: ScriptVersion, code: str, start: int, end: int) -> ScriptFinding:
    """The finding at that place. Raises `BadInput` for one that is not there, or that somebody overruled or
    confirmed."""
    found = [
        each
        for each in queries.findings_of(version)
        if (each.code, each.start, each.end) == (code, start, end)
    ]
    if not found:
        raise BadInput(_("The check does not find this any more. Reload the page."))
    if (code, start, end) in queries.overruled(version):
        raise BadInput(_("This finding was overruled already."))
    if (code, start, end) in queries.confirmed(version):
        raise BadInput(_("This finding was confirmed already."))
    return found[0]


@transaction.atomic
def publish(*, actor: User, version: ScriptVersion) -> ScriptVersion:
    """Put an approved version in force; what the rules forbid since its approval is not published."""
    if actor.role not in {Role.COMPLIANCE, Role.SUPERVISOR}:
        raise NotAllowed()
    version = queries.locked(version)
    if version.state != State.APPROVED or version.expires_at is None or version.expires_at <= clock.now():
        raise WrongState()
    # advice was judged before the approval; a newer reader does not hold it up
    _require_clean(version, with_advice=False)
    return _published(actor, version)


def _published(actor: User, version: ScriptVersion) -> ScriptVersion:
    for older in version.script.versions.select_for_update().filter(is_current=True):
        older.is_current = False
        older.save()
        retire_superseded(older)
    version.publish()
    version.is_current = True
    version.save()
    _record(version, Kind.PUBLISHED, actor)
    return version


def retire_superseded(version: ScriptVersion) -> None:
    """Retire a version that is current no more, unless somebody above still speaks it."""
    if version.is_current or not version.is_spoken:
        return
    if speaking.provider.still_speaks(version):
        return
    version.retire()
    version.save()
    _record(version, Kind.RETIRED, None)


@transaction.atomic
def retire(*, actor: User, version: ScriptVersion, note: str = "") -> ScriptVersion:
    """Withdraw an approval: the gate refuses every campaign that speaks it from the commit on."""
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    version = queries.locked(version)
    if version.state not in {State.APPROVED, State.PUBLISHED, State.EXPIRED}:
        raise WrongState()
    version.is_current = False
    version.retire()
    version.save()
    _record(version, Kind.RETIRED, actor, checked_text(note, most=400))
    version_withdrawn.send(ScriptVersion, version=version)
    notify([version.author], "script_retired", thing=f"script:{version.pk}", script=str(version))
    emit(Event.SCRIPT_RETIRED, _facts(version))
    return version


def _facts(version: ScriptVersion) -> dict[str, object]:
    return {"script": version.script.public_id, "version": version.number}


@transaction.atomic
def expire_due(*, at: datetime | None = None) -> list[ScriptVersion]:
    """Versions whose approval has ended, said so to people; the gate refuses them already, by the end
    itself."""
    due = ScriptVersion.objects.select_for_update(of=("self",)).select_related("script", "author")
    ended = list(
        due.filter(state__in=[State.APPROVED, State.PUBLISHED], expires_at__lte=at or clock.now()).order_by(
            "pk"
        )
    )
    for version in ended:
        version.expire()
        version.save()
        _record(version, Kind.EXPIRED, None)
        version_withdrawn.send(ScriptVersion, version=version)
        notify(
            queries.concerned(version), "script_expired", thing=f"script:{version.pk}", script=str(version)
        )
    return ended


@transaction.atomic
def remind_of_expiry(*, at: datetime | None = None) -> int:
    """Tell the author and compliance 30, 14, 7 days and a day before an approval ends, each once."""
    at = at or clock.now()
    soon = ScriptVersion.objects.select_for_update(of=("self",)).select_related("script", "author")
    count = 0
    for version in soon.filter(
        state__in=[State.APPROVED, State.PUBLISHED],
        expires_at__range=(at, at + timedelta(days=max(REMIND_DAYS))),
    ):
        left = version.expires_at - at if version.expires_at else timedelta()
        threshold = min(days for days in REMIND_DAYS if left <= timedelta(days=days))
        if version.reminded_days is not None and version.reminded_days <= threshold:
            continue
        version.reminded_days = threshold
        version.save()
        notify(
            queries.concerned(version),
            "script_expires",
            thing=f"script:{version.pk}",
            script=str(version),
            days=left.days,
        )
        count += 1
    return count
