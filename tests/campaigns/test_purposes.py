"""Purposes and brands: recorded by compliance, their meaning stays, and a refusal names one of them or
everything."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse

from apps.campaigns import services
from apps.campaigns.models import Brand
from apps.contacts import services as contacts
from apps.contacts.models import Purpose
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.optouts.models import OptOut
from tests.world import PHONE, World


def test_compliance_records_and_retires_on_the_page(world: World, browse: Any) -> None:
    page = browse("compliance")
    page.post(reverse("purpose_new"), {"code": "renewal", "name": "续费提醒"})
    page.post(reverse("brand_new"), {"name": "澜家"})
    shown = page.get(reverse("purposes")).content.decode()
    assert "续费提醒" in shown
    assert "澜家" in shown
    page.post(reverse("purpose_retire", kwargs={"pk": Purpose.objects.get(code="renewal").pk}))
    page.post(reverse("brand_retire", kwargs={"pk": Brand.objects.get(name="澜家").pk}))
    new = browse("supervisor").get(reverse("campaign_new")).content.decode()
    assert "续费提醒" not in new
    assert "澜家" not in new
    with pytest.raises(WrongState):
        services.retire_brand(actor=world.people["compliance"], brand=Brand.objects.get(name="澜家"))
    with pytest.raises(NotAllowed):
        contacts.record_purpose(actor=world.people["supervisor"], code="x", name="x")
    with pytest.raises(BadInput):
        contacts.record_purpose(actor=world.people["compliance"], code="renewal", name="别的")


def test_what_people_agreed_to_or_refused_keeps_its_name(world: World) -> None:
    for change in (
        lambda: Purpose.objects.update(name="贷款营销"), lambda: Purpose.objects.update(code="loans"),
        lambda: Brand.objects.update(name="别的"), lambda: Brand.objects.all().delete(),
    ):  # fmt: skip
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


def test_a_campaign_calls_under_a_brand_in_use(world: World) -> None:
    with pytest.raises(BadInput):
        world.running_campaign("other", brand="明蓝")
    assert world.running_campaign("new", brand="明澜").brand == "明澜"


def test_a_refusal_by_hand_is_chosen_from_a_list(world: World, browse: Any) -> None:
    """Today's free text let a misspelt brand through: it blocked nothing."""
    page, result = browse("compliance"), {"phone": PHONE, "channel": "complaint", "evidence": "信件 7"}
    assert 'value="purpose:membership"' in page.get(reverse("opt_out_new")).content.decode()
    assert page.post(reverse("opt_out_new"), {**result, "refused": "purpose:membershop"}).status_code == 200
    assert not OptOut.objects.exists()
    assert page.post(reverse("opt_out_new"), {**result, "refused": "purpose:membership"}).status_code == 302
    assert (OptOut.objects.get().scope, OptOut.objects.get().scope_value) == ("purpose", "membership")
