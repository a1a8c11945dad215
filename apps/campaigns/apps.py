from typing import Any

from django.apps import AppConfig


def _enlist_imported(sender: Any, contact_import: Any, contact_ids: list[int], **kwargs: Any) -> None:
    """An import that names a list fills the queue of the campaign of that code."""
    from .models import Campaign
    from .services import enlist

    if contact_import.list_code:
        enlist(campaign=Campaign.objects.get(code=contact_import.list_code), contact_ids=contact_ids)


def _still_speaks(sender: Any, version: Any, **kwargs: Any) -> bool:
    from .services import still_speaks

    return still_speaks(version)


def _numbers_of(client: Any, contact_ids: Any) -> Any:
    from apps.contacts.models import Contact

    found = Contact.objects.filter(pk__in=contact_ids, entries__campaign__clients=client).only("pk", "phone").distinct()
    return {contact.pk: contact.phone for contact in found}


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from apps.contacts.signals import contacts_stored
        from apps.optouts.services.feeding import NUMBERS_OF
        from apps.scripts.signals import version_superseded

        NUMBERS_OF.append(_numbers_of)
        version_superseded.connect(_still_speaks, dispatch_uid="campaigns.still_speaks")
        contacts_stored.connect(_enlist_imported, dispatch_uid="campaigns.enlist_imported")
