from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import AppConfig


class _Listing:
    """The implementation of `contacts.ports.listing`: a list fills the queue of its campaign."""

    def list_for(self, client: Any, code: str) -> Any:
        from apps.core.errors import NotFound

        from .queries import campaign_for_client
        from .services import contact_list_of

        campaign = campaign_for_client(client, code)
        if campaign is None:
            raise NotFound()
        return contact_list_of(campaign)

    def join(self, contact_list: Any, contact_ids: Sequence[int]) -> None:
        from .models import Campaign
        from .services import enlist

        enlist(campaign=Campaign.objects.get(contact_list=contact_list), contact_ids=list(contact_ids))

    def leave(self, contact_list: Any, contacts: Any, since: datetime) -> None:
        """Contacts of a list that was taken back do not wait in its campaign any more."""
        from .models import QueueEntry

        waiting = QueueEntry.objects.filter(state=QueueEntry.State.WAITING, created_at__gte=since)
        waiting.filter(campaign__contact_list=contact_list, contact__in=contacts).delete()


def _carry_places(sender: Any, before: Any, after: Any, **kwargs: Any) -> None:
    """Who waited in a queue under the number before waits there under the new one."""
    from .models import Campaign, QueueEntry
    from .services import enlist

    waiting = QueueEntry.objects.filter(contact=before, state=QueueEntry.State.WAITING)
    for campaign in Campaign.objects.filter(pk__in=waiting.values("campaign")):
        enlist(campaign=campaign, contact_ids=[after.pk])


class _Speaking:
    """The implementation of `scripts.ports.speaking`."""

    def still_speaks(self, version: Any) -> bool:
        from .services import still_speaks

        return still_speaks(version)


class _Naming:
    """The implementation of `optouts.ports.naming`."""

    def names_of(self, scope: str) -> list[tuple[str, str]]:
        from apps.contacts.models import Purpose

        from .models import Brand

        if scope == "purpose":
            return list(Purpose.objects.order_by("name").values_list("code", "name"))
        return [(name, name) for name in Brand.objects.order_by("name").values_list("name", flat=True)]


def _numbers_of(client: Any, contact_ids: Any) -> Any:
    from apps.contacts.models import Contact

    found = (
        Contact.objects.filter(pk__in=contact_ids, entries__campaign__clients=client)
        .only("pk", "phone")
        .distinct()
    )
    return {contact.pk: contact.phone for contact in found}


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from apps.contacts.ports import listing
        from apps.contacts.signals import number_changed
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact
        from apps.optouts.ports import naming
        from apps.optouts.services.feeding import NUMBERS_OF
        from apps.scripts.ports import speaking

        from .lacks import lacks_in_words

        NUMBERS_OF.append(_numbers_of)
        naming.provide(_Naming())
        speaking.provide(_Speaking())
        listing.provide(_Listing())
        number_changed.connect(_carry_places, dispatch_uid="campaigns.carry_places")
        register_fact("campaign_paused", "because", lambda codes: lacks_in_words(codes.split()))
        ids.register(campaign="cp", exception="ex")
