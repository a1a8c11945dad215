"""Lists given to an import, and run."""

from apps.contacts import services
from apps.contacts.models import ContactImport
from tests.world import World


def run(world: World, content: bytes, *, name: str = "list.csv", campaign: str = "") -> ContactImport:
    return services.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name=name,
        file=content,
        list_code=campaign,
    )
