"""What became of a thing, on its page: who changed what from what to what, as people call it; nothing of
protected values."""

import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from apps.audit.history import history_of
from apps.audit.models import Change
from apps.audit.tracked import SECRET
from apps.campaigns import services as campaigns
from apps.contacts import services as contacts
from apps.contacts.services.zones import correct_name
from apps.core.privacy.protected import Protected
from tests.world import World

Browse = Callable[[str], Client]


def test_the_steps_of_a_campaign_stand_as_people_call_them(world: World) -> None:
    with override("en"):
        campaigns.pause_campaign(actor=world.people["supervisor"], campaign=world.campaign)
        entries = history_of(world.people["compliance"], world.campaign)
        states = [(each.old, each.new) for entry in entries for each in entry.fields if each.label == "state"]
        assert str(entries[-1].what) == "created"
        people = [
            (each.old, each.new) for entry in entries for each in entry.fields if each.label == "approved by"
        ]
    assert states[0] == ("running", "paused")
    assert people == [("–", "compliance")]
    assert entries[-1].fields == []


def test_of_a_protected_value_there_is_only_that_it_changed(world: World, browse: Browse) -> None:
    correct_name(contact=world.contact, name=Protected("欧阳一鸣", "name"))
    (change,) = history_of(world.people["compliance"], world.contact)[0].fields
    assert (change.old, change.new) == ("changed", "changed")
    assert "欧阳" not in browse("compliance").get(f"/contacts/{world.contact.public_id}/").content.decode()


def test_a_row_s_making_tells_nothing_of_what_will_point_at_it(world: World) -> None:
    made = Change.objects.get(object_id=world.campaign.pk, content_type__model="campaign", action=0)
    assert made.changes["name"][1] == world.campaign.name
    assert {"calls", "shares", "queue_entries"}.isdisjoint(made.changes)
    assert not [each for each in made.changes.values() if str(each[1]).endswith(".None")]


@pytest.mark.parametrize(("who", "sees"), [("agent", False), ("supervisor", True), ("compliance", True)])
def test_agents_see_no_history(world: World, browse: Browse, who: str, sees: bool) -> None:
    html = browse(who).get(f"/campaigns/{world.campaign.public_id}/").content.decode()
    assert ("ti-history" in html) is sees
    assert bool(history_of(world.people[who], world.campaign)) is sees


def test_the_actor_of_a_page_is_named(world: World, browse: Browse) -> None:
    browse("compliance").post(
        reverse("source_decide", kwargs={"pk": world.source.pk, "verdict": "withdraw"}),
        {"reason": "协议到期"},
    )
    html = browse("compliance").get(f"/sources/{world.source.pk}/").content.decode()
    entry = re.search(
        r'<li class="list-group-item">\s*<div class="d-flex flex-wrap gap-2">.*?</li>', html, re.DOTALL
    )
    assert entry
    assert re.search(r"<strong>\s*compliance\s*</strong>", entry[0])
    assert "协议到期" in entry[0]


def test_a_field_that_is_gone_is_left_out(world: World) -> None:
    row = Change.objects.filter(object_id=world.campaign.pk, content_type__model="campaign", action=1).latest(
        "pk"
    )
    Change.objects.create(
        content_type=row.content_type, object_pk=row.object_pk, object_id=row.object_id,
        object_repr=row.object_repr, action=1,
        changes={"no_such": ["a", "b"], "name": ["a", "b"]},
    )  # fmt: skip
    assert [each.new for each in history_of(world.people["admin"], world.campaign)[0].fields] == ["b"]


def test_contacts_by_other_ways_have_theirs(world: World) -> None:
    contacts.set_zone(actor=world.people["supervisor"], contact=world.contact, zone="Asia/Urumqi")
    assert "Asia/Urumqi" in history_of(world.people["supervisor"], world.contact)[0].fields[0].new


@pytest.mark.parametrize(
    "label",
    [
        "campaigns.Campaign",
        "contacts.Contact",
        "contacts.DataSource",
        "sharing.Share",
        "accounts.User",
        "webhooks.EndPoint",
    ],
)
def test_every_field_that_changes_has_a_name_for_people(label: str) -> None:
    never = {"id", "created_at", *SECRET}
    fields = apps.get_model(label)._meta.concrete_fields
    assert [
        field.name for field in fields if isinstance(field.verbose_name, str) and field.name not in never
    ] == []
