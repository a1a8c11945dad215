"""Evidence packs of a person who is erased."""

from datetime import datetime

from django.db.models import Q

from apps.core.calendar import clock
from apps.core.privacy.fields import without_values
from apps.jobs.services import discard

from ..models import EvidencePack

State = EvidencePack.State


def drop_packs_of(number_index: bytes, *, until: datetime | None = None) -> int:
    """What was asked for about the person, before `until`, and waits to be fetched goes, and what is being
    made is given up. Returns how many."""
    about = (
        Q(number_index=number_index)
        | Q(complaint__number_index=number_index)
        | Q(complaint__call__number_index=number_index)
    )
    packs = without_values(EvidencePack.objects.select_for_update(of=("self",))).filter(
        created_at__lte=until or clock.now()
    )
    waiting = list(packs.filter(about, state__in=[State.ASKED, State.MAKING, State.APPROVED]))
    for pack in waiting:
        discard(pack.file)
        pack.state, pack.file, pack.passphrase = State.LAPSED, "", None
        pack.save(update_fields=["state", "file", "passphrase"])
    EvidencePack.objects.filter(number_index=number_index, created_at__lte=until or clock.now()).update(
        number_index=None
    )
    return len(waiting)
