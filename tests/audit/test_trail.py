"""The first of the trail: changes without values, reads with purpose, nothing changed afterwards."""

import pytest
from auditlog import registry
from auditlog.models import LogEntry
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AccessEvent
from apps.audit.tracked import ours
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.privacy.fields import without_values
from apps.core.privacy.protected import Protected
from tests.world import World

# Here once more, so that no model leaves the trail by one line in its own file.
NOT_IN_THE_TRAIL = {
    "accounts.keyaddress",
    "ui.listchoice",
    "ui.savedfilter",
    "ui.draft",
    "audit.accessevent",
    "audit.change",
    "notifications.notice",
    "audit.treehead",
    "audit.treeheadrows",
    "audit.trailcut",
    "audit.trailcheck",
    "calls.break",
    "calls.decision",
    "calls.call",
    "calls.postponed",
    "campaigns.queueentry",
    "contacts.contactlist",
    "contacts.metcontact",
    "console.daycount",
    "governance.affectedperson",
    "governance.incidententry",
    "governance.incidentnotice",
    "jobs.job",
    "notifications.outgoing",
    "notifications.mailchoice",
    "jobs.dutyrun",
    "jobs.filetodelete",
    "webhooks.event",
    "webhooks.delivery",
    "scripts.reviewevent",
    "rights.requestevent",
    "rights.copyorder",
    "quality.play",
    "quality.actionevent",
    "quality.complaintevent",
    "quality.samplingrun",
    "retention.erasure",
    "retention.purgerun",
    "retention.calltally",
    "retention.backuprun",
    "optouts.optout",
    "optouts.dismissal",
    "optouts.link",
    "optouts.code",
    "optouts.change",
    "contacts.formerword",
    "access.protectedfieldgrouppermission",
    "access.numbersearch",
    "telephony.gateway",
    "telephony.attempt",
}


def test_every_model_of_ours_is_recorded_or_excused() -> None:
    left_out = {model._meta.label_lower for model in ours() if not registry.auditlog.contains(model)}
    assert left_out == NOT_IN_THE_TRAIL


def test_a_new_number_is_recorded_as_changed_and_never_shown(world: World) -> None:
    world.contact.phone = "+8613900009999"
    world.contact.name = "李四"
    world.contact.save()
    entry = LogEntry.objects.get_for_object(world.contact).order_by("pk").last()
    assert entry is not None
    assert entry.changes["phone"] == ["changed", "changed"]
    assert entry.changes["name"] == ["changed", "changed"]
    for each in LogEntry.objects.all():
        text = f"{each.changes} {each.object_repr} {each.serialized_data}"
        assert "1380000" not in text
        assert "1390000" not in text
        assert "小明" not in text


def test_a_change_that_the_mask_would_hide_is_recorded_too(world: World) -> None:
    before = LogEntry.objects.get_for_object(world.contact).count()
    world.contact.name = "王大明"
    world.contact.save()
    assert LogEntry.objects.get_for_object(world.contact).count() == before + 1


@pytest.mark.parametrize("model", [LogEntry, AccessEvent])
def test_the_trail_is_append_only(world: World, model: type) -> None:
    AccessEvent.objects.create(kind="viewed", subject="x", purpose="y", actor=world.people["agent"])
    assert model.objects.exists()  # type: ignore[attr-defined]
    for change in (lambda: model.objects.all().delete(), lambda: model.objects.update(id=999_999)):  # type: ignore[attr-defined]
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_passwords_and_hashes_are_left_out(world: World) -> None:
    for person in world.people.values():
        person.set_password("something-Else-77")
        person.save()
    assert not any(
        {"password", "key_hash", "number_index"} & set(entry.changes or {})
        for entry in LogEntry.objects.all()
    )


def test_a_change_reads_only_what_it_writes(world: World) -> None:
    contact = world.contact
    with CaptureQueriesContext(connection) as asked:
        contact.zones = ["Asia/Urumqi"]
        contact.save(update_fields=["zones"])
    (read,) = [
        query["sql"]
        for query in asked
        if query["sql"].lower().startswith("select") and "contacts_contact" in query["sql"]
    ]
    assert "zones" in read
    assert "phone" not in read


def test_what_is_not_recorded_is_not_read(world: World) -> None:
    with CaptureQueriesContext(connection) as asked:
        world.people["agent"].save(update_fields=["last_login"])
    assert [query["sql"][:6] for query in asked] == ["UPDATE"]


def test_a_change_of_a_row_with_a_value_that_cannot_be_opened_is_recorded(world: World) -> None:
    Contact.objects.filter(pk=world.contact.pk).update(name=Protected("王小明", "name"))
    with connection.cursor() as cursor:
        cursor.execute("update contacts_contact set name = '\\x0102' where id = %s", [world.contact.pk])
    row = without_values(Contact.objects.all()).get(pk=world.contact.pk)
    row.zones = ["Asia/Urumqi"]
    row.save(update_fields=["zones"])
    row.name = Protected("王大明", "name")
    row.zones = ["Asia/Shanghai"]
    row.save(update_fields=["name", "zones"])
    newest, before = LogEntry.objects.get_for_object(world.contact).order_by("-pk")[:2]
    assert set(before.changes) == {"zones"}
    assert newest.changes["name"] == ["changed", "changed"]
    assert set(newest.changes) == {"name", "zones"}


def test_a_change_of_a_blocked_row_says_what_it_was_before(world: World) -> None:
    Contact.everyone.filter(pk=world.contact.pk).update(
        blocked_until=clock.now(), erasing_at=clock.now(), name=None, note=None, tags=[]
    )
    row = Contact.everyone.get(pk=world.contact.pk)
    row.zones = ["Asia/Urumqi"]
    row.save(update_fields=["zones"])
    newest = LogEntry.objects.get_for_object(row).order_by("-pk")[0]
    assert newest.changes == {"zones": ["['Asia/Shanghai']", "['Asia/Urumqi']"]}
