"""Lists given to an import, and run."""

from apps.campaigns.models import Campaign
from apps.campaigns.services import contact_list_of
from apps.contacts import services
from apps.contacts.models import ContactImport
from tests.world import World


def run(world: World, content: bytes, *, name: str = "list.csv", campaign: str = "") -> ContactImport:
    return services.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name=name,
        file=content,
        contact_list=contact_list_of(Campaign.objects.get(code=campaign)) if campaign else None,
    )
