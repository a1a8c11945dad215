"""Evidence packs of a person who is erased."""

from django.db.models import Q

from apps.jobs.services import discard

from ..models import EvidencePack

State = EvidencePack.State


def drop_packs_of(number_index: bytes) -> int:
    """What was made about the person and waits to be fetched goes, and what is being made is given up. Returns how many."""
    about = Q(number_index=number_index) | Q(complaint__number_index=number_index) | Q(complaint__call__number_index=number_index)
    packs = EvidencePack.objects.select_for_update(of=("self",))
    waiting = list(packs.filter(about, state__in=[State.ASKED, State.MAKING, State.APPROVED]))
    for pack in waiting:
        discard(pack.file)
        pack.state, pack.file, pack.passphrase = State.LAPSED, "", None
        pack.save()
    EvidencePack.objects.filter(number_index=number_index).update(number_index=None)
    return len(waiting)
