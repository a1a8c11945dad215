from datetime import datetime
from typing import Any

from django.apps import AppConfig


def _enlist_stored(sender: Any, list_code: str, contact_ids: list[int], client: Any, **kwargs: Any) -> None:
    """What names a list fills the queue of the campaign of that code: of a program, one of its own."""
    from apps.core.errors import NotFound

    from .models import Campaign
    from .queries import campaign_for_client
    from .services import enlist

    if not list_code:
        return
    campaign = campaign_for_client(client, list_code) if client else Campaign.objects.get(code=list_code)
    if campaign is None:
        raise NotFound()
    enlist(campaign=campaign, contact_ids=contact_ids)


def _leave_list(sender: Any, list_code: str, contacts: Any, since: datetime, **kwargs: Any) -> None:
    """Contacts of a list that was taken back do not wait in its campaign any more."""
    from .models import QueueEntry

    came = QueueEntry.objects.filter(campaign__code=list_code, contact__in=contacts, created_at__gte=since)
    came.filter(state=QueueEntry.State.WAITING).delete()


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
        from apps.contacts.signals import contacts_stored, list_taken_back
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact
        from apps.optouts.ports import naming
        from apps.optouts.services.feeding import NUMBERS_OF
        from apps.scripts.ports import speaking

        from .lacks import lacks_in_words

        NUMBERS_OF.append(_numbers_of)
        naming.provide(_Naming())
        speaking.provide(_Speaking())
        contacts_stored.connect(_enlist_stored, dispatch_uid="campaigns.enlist_stored")
        list_taken_back.connect(_leave_list, dispatch_uid="campaigns.leave_list")
        register_fact("campaign_paused", "because", lambda codes: lacks_in_words(codes.split()))
        ids.register(campaign="cp", exception="ex")
