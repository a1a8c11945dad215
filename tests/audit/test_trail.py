"""The first of the trail: changes without values, reads with purpose, nothing changed afterwards."""

import pytest
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.db import DatabaseError, transaction

from apps.audit.models import AccessEvent
from apps.audit.tracked import ours
from tests.world import World

# Here once more, so that no model leaves the trail by one line in its own file.
NOT_IN_THE_TRAIL = {
    "accounts.keyaddress",
    "ui.listchoice",
    "ui.savedfilter",
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
    "access.protectedfieldgrouppermission",
    "access.numbersearch",
    "telephony.gateway",
    "telephony.attempt",
}


def test_every_model_of_ours_is_recorded_or_excused() -> None:
    left_out = {model._meta.label_lower for model in ours() if not auditlog.contains(model)}
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
    assert not any({"password", "key_hash", "number_index"} & set(entry.changes or {}) for entry in LogEntry.objects.all())
