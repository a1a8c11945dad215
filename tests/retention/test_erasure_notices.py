"""Who is erased is reported to the systems that know them, each by its own ids."""

from django.test import TestCase

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient
from apps.contacts.models import ExternalRef
from apps.contacts.services.syncing import delete_contact
from apps.core.calendar import clock
from apps.retention import services
from apps.retention.models import Erasure
from apps.webhooks import services as webhooks
from apps.webhooks.models import Delivery, Event
from tests.world import World


def test_each_system_hears_its_own_ids(world: World) -> None:
    other, _key = accounts.issue_client(
        name="erp",
        owner=world.people["admin"],
        scopes=["contacts"],
        ends_at=clock.now() + (world.client.ends_at - clock.now()),
    )
    strange, _key = accounts.issue_client(
        name="else", owner=world.people["admin"], scopes=["contacts"], ends_at=world.client.ends_at
    )
    contact = world.add_contact("13800009999")
    for client, external_id in ((world.client, "crm-1"), (other, "erp-77")):
        ExternalRef.objects.create(client=client, external_id=external_id, contact=contact)
    for number, client in enumerate((world.client, other, strange)):
        webhooks.add_end_point(
            actor=world.people["admin"],
            name=f"e{number}",
            client=client,
            url="https://hooks.example.com/",
            kinds=["contact.erased"],
        )
    with TestCase.captureOnCommitCallbacks():
        delete_contact(client=world.client, external_id="crm-1")
    services.purge(pause=0)
    assert not ExternalRef.objects.filter(contact_id=contact.pk).exists()
    event = Event.objects.get(kind="contact.erased")
    result = {
        delivery.end_point.client.name: webhooks.RENDERERS["contact.erased"](
            event.facts, delivery.end_point.client
        )
        for delivery in Delivery.objects.filter(event=event).select_related("end_point__client")
    }
    assert {name: data["external_ids"] for name, data in result.items()} == {
        "dialler": ["crm-1"],
        "erp": ["erp-77"],
        "else": [],
    }
    assert {tuple(data["contacts"]) for data in result.values()} == {(contact.public_id,)}
    assert Erasure.objects.get().external_ids == {}, "kept no longer than it has to be reported"
    assert ApiClient.objects.count() == 3
