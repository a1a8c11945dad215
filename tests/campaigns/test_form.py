"""The form of a campaign: in sections, and what is wrong beside its field."""

from typing import Any

from apps.campaigns.forms import CampaignForm
from tests.world import World


def test_every_field_of_the_form_stands_in_one_section() -> None:
    placed = [name for _title, names in CampaignForm.SECTIONS for name in names]
    assert sorted(placed) == sorted(CampaignForm.base_fields)


def test_what_is_wrong_stands_at_its_field(world: World, browse: Any) -> None:
    wrong = {
        "starts_on": "2026-12-10",
        "ends_on": "2026-12-01",
        "window_start": "07:00",
        "window_end": "22:00",
        "calls_per_week": "9",
    }
    form = browse("supervisor").post("/campaigns/new/", wrong).context["form"]
    assert {"ends_on", "window_start", "window_end", "calls_per_week", "trade"} <= set(form.errors)
    assert "__all__" not in form.errors
