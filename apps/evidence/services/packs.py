"""The life of an evidence pack: the one way by which recordings and what the trail says leave the
organisation (R17, R33).

One person asks, for somebody whom the law names: the client, a regulator, a court. A pack with recordings and
clear values is approved by another, who is shown the passphrase, once; who asked fetches the file, once,
within a week. So neither has both, and the two are sent by different ways. A masked pack needs no second
person: who asks is shown the passphrase.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import record_access
from apps.core.calendar import clock
from apps.core.documents.encrypted_zip import new_passphrase
from apps.core.errors import BadInput, FourEyes, NotAllowed, NotFound, WrongState
from apps.core.privacy.fields import without_values
from apps.core.privacy.free_text import checked_text
from apps.core.privacy.protected import Protected
from apps.jobs import services as jobs
from apps.jobs.services import OneTimeDownload, discard
from apps.notifications.services import close_notices, notify
from apps.quality.models import EvidencePack

from ..scopes import scope_of, subject_of

State, Kind = EvidencePack.State, EvidencePack.Kind
KEPT = timedelta(days=7)
UNDECIDED = timedelta(days=30)
LANGUAGES = ("zh-hans", "en")


@transaction.atomic
def ask_pack(
    *, actor: User, recipient: str, reason: str, about: str = "", since: date | None = None,
    until: date | None = None,
    in_clear: bool = False, language: str = "",
) -> tuple[EvidencePack, str]:  # fmt: skip
    """Ask for the evidence about a public id, or about a period of days, both included. The pack, and its
    passphrase where it is made at once (it is shown this once), else "".

    Raises `NotFound`, `NotAllowed`, `BadInput` without recipient, reason or period.
    """
    if recipient not in EvidencePack.Recipient.values:
        raise NotAllowed(_("Evidence goes to the client, a regulator or a court, and to nobody else (R17)."))
    if about and (since or until):
        raise BadInput(_("A pack is about a thing or about a period: leave one of them out."))
    if about:
        columns = subject_of(actor, about)
    elif actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    elif since is None or until is None or not since <= until:
        raise BadInput(_("Say what the pack is about: a number of a thing, or a period."))
    else:
        columns = {"kind": Kind.PERIOD, "since": since, "until": until}
    pack = EvidencePack(
        recipient=recipient,
        reason=checked_text(reason, _("Say why: the file number, the request."), most=300), asked_by=actor,
        in_clear=in_clear or columns["kind"] == Kind.COMPLAINT,
        language=language if language in LANGUAGES else get_language() or "zh-hans",
        created_at=clock.now(), **columns,
    )  # fmt: skip
    scope = scope_of(pack)
    if pack.in_clear and not scope.is_of_a_person:
        raise BadInput(_("Only evidence about one person is given in clear."))
    pack.number_index = scope.index
    pack.save()
    if not pack.in_clear:
        return pack, _begin(pack, actor)
    notify(
        User.objects.filter(role=Role.COMPLIANCE, is_active=True).exclude(pk=actor.pk),
        "pack_asked",
        evidence=pack.public_id,
    )
    return pack, ""


def _begin(pack: EvidencePack, owner: User) -> str:
    """Have a worker make it; returns the passphrase."""
    passphrase = new_passphrase()
    pack.passphrase, pack.state = Protected(passphrase, "text"), State.MAKING
    pack.job = jobs.ask_for(kind="evidence", task="apps.evidence.tasks.make_pack", owner=owner)
    pack.save()
    return passphrase


@transaction.atomic
def decide_pack(*, actor: User, pack: EvidencePack, approve: bool) -> tuple[EvidencePack, str]:
    """Approve or refuse, by another officer. The pack and its passphrase, which is shown this once ("" when
    refused).

    Raises `FourEyes`, `NotAllowed`, `WrongState`.
    """
    if actor.role != Role.COMPLIANCE:
        raise NotAllowed()
    pack = EvidencePack.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=pack.pk)
    if pack.asked_by_id == actor.pk:
        raise FourEyes()
    if pack.state != State.ASKED:
        raise WrongState()
    pack.decided_by, pack.decided_at = actor, clock.now()
    passphrase = ""
    if approve:
        passphrase = _begin(pack, actor)
    else:
        pack.state = State.REFUSED
        pack.save()
    close_notices("pack_asked", evidence=pack.public_id)
    notify([pack.asked_by], "pack_decided", evidence=pack.public_id)
    return pack, passphrase


@transaction.atomic
def fetch_pack(*, actor: User, pack: EvidencePack, address: str | None = None) -> Iterator[bytes]:
    """The archive, once, in pieces, for who asked. Raises `NotFound`, `WrongState` when it was fetched or its
    week is over."""
    pack = EvidencePack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
    if pack.asked_by_id != actor.pk:
        raise NotFound()
    ready = pack.made_at or pack.decided_at  # the version before made it when it was decided
    if pack.state != State.APPROVED or ready is None or ready < clock.now() - KEPT:
        raise WrongState(_("The pack was fetched already, or its week is over. Ask for another one."))
    content = OneTimeDownload(pack.file, belongs_to=pack.public_id)
    record_access(
        kind=AccessEvent.Kind.EXPORTED, subject=pack.public_id,
        purpose=f"{pack.recipient}: {pack.reason}"[:200], actor=actor,
        count=max(len(pack.contents), 1), address=address,
    )  # fmt: skip
    pack.state, pack.fetched_at, pack.file = State.FETCHED, clock.now(), ""
    pack.save()
    return content


@transaction.atomic
def let_packs_lapse() -> int:
    """What nobody decided within a month, or fetched within a week, goes; what a worker gave up is said to
    have failed. Returns how many lapsed."""
    lapsed = 0
    packs = without_values(EvidencePack.objects.select_for_update(of=("self",), skip_locked=True))
    for pack in packs.filter(state=State.MAKING, job__state__in=["refused", "failed"]):
        pack.state, pack.passphrase = State.FAILED, None
        pack.save(update_fields=["state", "passphrase"])
    for pack in packs.filter(state=State.ASKED, created_at__lt=clock.now() - UNDECIDED):
        pack.state = State.LAPSED
        pack.save(update_fields=["state"])
        close_notices("pack_asked", evidence=pack.public_id)
        lapsed += 1
    ready = Coalesce("made_at", "decided_at")
    for pack in packs.annotate(ready=ready).filter(state=State.APPROVED, ready__lt=clock.now() - KEPT):
        discard(pack.file)
        pack.state, pack.file = State.LAPSED, ""
        pack.save(update_fields=["state", "file"])
        lapsed += 1
    return lapsed
