"""The client's own clock, where somebody knows better than the number tells (R11)."""

from typing import Any

import pytest

from apps.contacts import services
from apps.contacts.models import Contact
from apps.core.errors import BadInput, NotAllowed
from tests.world import World


def set_zone(world: World, zone: str, by: str = "supervisor") -> Contact:
    return services.set_zone(actor=world.people[by], contact=world.contact, zone=zone)


def test_the_gate_goes_by_the_zone_that_was_set(world: World) -> None:
    assert world.authorize(at="10:00", reserve=False).allowed
    set_zone(world, "America/New_York")
    refused = world.authorize(at="10:00", reserve=False)
    assert refused.codes == ["outside_window"]
    assert refused.retry_at["outside_window"] == "2026-11-25T08:00:00+08:00"  # seven in the evening there
    assert world.authorize(at="09:00", reserve=False).allowed  # eight in the evening there
    # eight in the morning there, night by the number
    assert world.authorize(at="21:00", reserve=False).codes == ["outside_window"]


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_one_person_s_word_opens_no_night(world: World, zone: str) -> None:
    set_zone(world, zone)
    for hour in (0, 5, 7, 21, 22, 23):
        assert "outside_window" in world.authorize(at=f"{hour:02}:00", reserve=False).codes


def test_the_west_of_the_mainland_goes_by_both_clocks(world: World) -> None:
    """It is two hours later there: by its clock alone a number of Shanghai would be called until 23:00."""
    assert set_zone(world, "Asia/Urumqi").zones == ["Asia/Shanghai", "Asia/Urumqi"]
    assert "outside_window" in world.authorize(at="22:30", reserve=False).codes


def test_nothing_goes_back_to_what_the_number_tells(world: World) -> None:
    set_zone(world, "America/New_York")
    assert set_zone(world, "").zones == ["Asia/Shanghai"]


def test_a_zone_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(BadInput):
        set_zone(world, "Asia/Nowhere")
    assert Contact.objects.get().zones == ["Asia/Shanghai"]


def test_admins_set_no_zones(world: World) -> None:
    with pytest.raises(NotAllowed):
        set_zone(world, "Asia/Urumqi", by="admin")


def test_the_page_sets_it(world: World, browse: Any) -> None:
    client = browse("supervisor")
    address = f"/contacts/{world.contact.public_id}/"
    client.post(f"{address}zone/", {"zone": "Asia/Urumqi"})
    assert Contact.objects.get().zones == ["Asia/Shanghai", "Asia/Urumqi"]
    assert "Asia/Urumqi" in client.get(address).content.decode()
    assert (
        "Asia/Nowhere"
        not in client.post(f"{address}zone/", {"zone": "Asia/Nowhere"}, follow=True).content.decode()
    )
