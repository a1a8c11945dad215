"""The one way to the clear text of a protected value: right, purpose, reason, quota, record, alarm."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.alarms import limit_of
from apps.audit.models import AccessEvent
from apps.audit.services import raise_alarm_about, record_access
from apps.core.calendar import clock
from apps.core.database.locks import lock_agent
from apps.core.errors import BadInput, HeguiError, NotAllowed, PersonalDataFound
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.notifications.services import notify

from ..field_rights import COMPLAINT, LIST_ROW, REMEDY, REQUEST_ANSWER, REQUEST_TEXT, TRANSCRIPT
from ..rights import Rights

# Why a value may be needed; pages offer these and no other.
PURPOSES = {
    "complaint": gettext_lazy("handle a complaint or dispute"),
    "subject_request": gettext_lazy("answer a request of the person"),
    "call_back": gettext_lazy("reach a client who asked for it"),
    "quality": gettext_lazy("quality review"),
    "regulator": gettext_lazy("answer a regulator"),
}
# What a transcript may be used for, and nothing else (R17); `quality.Play.Purpose` has the words.
LISTENING = frozenset({"quality", "dispute", "optimisation"})
PURPOSES_OF = {TRANSCRIPT: LISTENING}
PER_HOUR = 20
# What somebody's work consists of reading has a quota of its own; each reading is recorded all the same.
PER_HOUR_OF = {
    TRANSCRIPT: 120,
    LIST_ROW: 600,
    COMPLAINT: 120,
    REMEDY: 120,
    REQUEST_TEXT: 120,
    REQUEST_ANSWER: 120,
}
OFFICE_HOURS = range(8, 21)
HOUR = timedelta(hours=1)


class QuotaReached(HeguiError):
    code = "quota_reached"
    status = 429
    sentence = gettext_lazy("You revealed as many values as an hour allows. Wait, or ask a colleague.")


def has_field_right(user: User, field: str, right: str) -> bool:
    """Whether a right on a protected field is the person's at this moment."""
    return Rights(user, clock.now()).may(field, right)


def require_field_right(user: User, field: str, right: str) -> None:
    if not has_field_right(user, field, right):
        raise NotAllowed(_("Your role does not include this value."))


@transaction.atomic
def disclose(
    *,
    actor: User,
    obj: models.Model,
    field: str,
    purpose: str,
    reason: str,
    foreign: bool = False,
    address: str | None = None,
) -> str:
    """The clear text of a protected value, for a person, recorded in the same transaction.

    The caller has already made sure that `obj` is the actor's to see, and says whether it lies
    outside the actor's own campaigns (`foreign`). `purpose` is one of `PURPOSES`, or of the field's own.
    Raises `NotAllowed` without the right, `BadInput` without purpose or reason, `QuotaReached`; if the trail
    cannot be written, nothing is returned.
    """
    name = f"{obj._meta.label_lower}.{field}"
    require_field_right(actor, name, "view_clear")
    if purpose not in PURPOSES_OF.get(name, PURPOSES):
        raise BadInput(_("Choose what the value is needed for."))
    if len(reason.strip()) < 4:
        raise BadInput(_("Say why the value is needed, in a few words."))
    if forbidden_numbers.find(reason):
        raise PersonalDataFound(
            _("A resident-ID or bank-card number stands in your text. Remove it: it may not be kept (R1).")
        )
    value: Protected = getattr(obj, field)
    if not value:
        raise BadInput(_("There is no value to reveal."))
    lock_agent(actor.pk)  # one at a time for a person, so that the quota holds
    now = clock.now()
    revealed = AccessEvent.objects.filter(
        actor=actor, kind=AccessEvent.Kind.DISCLOSED, created_at__gt=now - HOUR
    )
    is_routine = name in PER_HOUR_OF
    count = (revealed.filter(field=name) if is_routine else revealed.exclude(field__in=PER_HOUR_OF)).count()
    if count >= PER_HOUR_OF.get(name, PER_HOUR):
        raise QuotaReached()
    record_access(
        kind=AccessEvent.Kind.DISCLOSED,
        subject=getattr(obj, "public_id", f"{obj._meta.label_lower}:{obj.pk}"),
        field=name,
        purpose=f"{purpose}: {reason.strip()}"[:200],
        actor=actor,
        address=address,
    )
    if not is_routine:
        _alarm(actor, count + 1, now, foreign)
    return clear_for_machine(value)


@transaction.atomic
def disclose_to_person(
    *,
    actor: User,
    values: Sequence[tuple[models.Model, str]],
    subject: str,
    reason: str,
    address: str | None = None,
    purpose: str = "subject_request",
) -> list[str]:
    """The clear texts of what is kept of one person: for the copy that they asked for, or for evidence that
    two people give.

    The right is asked for each field; each field is recorded once, with how many of its values left. No
    quota: it is one person, and `subject` says by which request. "" stands for a value that is not there.
    """
    counts = Counter(f"{obj._meta.label_lower}.{field}" for obj, field in values if getattr(obj, field))
    for name, count in counts.items():
        require_field_right(actor, name, "view_clear")
        record_access(
            kind=AccessEvent.Kind.EXPORTED, subject=subject, field=name, purpose=f"{purpose}: {reason}"[:200],
            actor=actor,
            count=count, address=address,
        )  # fmt: skip
    return [clear_for_machine(value) if (value := getattr(obj, field)) else "" for obj, field in values]


def _alarm(actor: User, count: int, now: datetime, foreign: bool) -> None:
    """Raise an alarm over unusual use, and tell the person's supervisors of it."""
    hour = now.astimezone(ZoneInfo(settings.TIME_ZONE)).hour
    watchers = User.objects.filter(role=Role.SUPERVISOR, department=actor.department_id, is_active=True)
    if count >= limit_of("reveals_many", now):
        raise_alarm_about("reveals_many", count, actor=actor)
        if count == limit_of("reveals_many", now):
            notify(watchers, "reveals_many", about=actor, count=count)
    if hour not in OFFICE_HOURS:
        raise_alarm_about("reveal_at_night", 1, actor=actor)
        notify(watchers, "reveal_at_night", about=actor, hour=hour)
    if foreign:
        raise_alarm_about("reveal_foreign", 1, actor=actor)
        notify(watchers, "reveal_foreign", about=actor)
