"""Lines: recorded by one, tested, verified by another, blocked at once; and the filings that cover them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import override

from apps.campaigns import services
from apps.campaigns.models import Filing, Line
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from tests.world import World

NUMBER = "02155550102"


def recorded(world: World, **fields: Any) -> Line:
    return services.record_line(
        actor=world.people["supervisor"],
        **{
            "number": NUMBER,
            "carrier": "运营商",
            "ownership_proof": "合同",
            "filing": world.filing,
            **fields,
        },
    )


def test_a_line_is_verified_after_a_test_call(world: World) -> None:
    line = services.record_test_call(
        actor=world.people["supervisor"], line=recorded(world), record="显示为本号码"
    )
    line = services.verify_line(actor=world.people["compliance"], line=line)
    assert (line.state, line.number, line.verified_by) == (
        "verified",
        "+862155550102",
        world.people["compliance"],
    )


@pytest.mark.parametrize(
    ("fields", "tested", "says"),
    [
        ({}, False, "test call"),
        ({"filing": None}, True, "filing"),
        ({"ownership_proof": "合同"}, False, "test call"),
    ],
)
def test_what_is_missing_is_named(world: World, fields: dict[str, Any], tested: bool, says: str) -> None:
    line = recorded(world, **fields)
    if tested:
        line = services.record_test_call(actor=world.people["supervisor"], line=line, record="显示为本号码")
    with override("en"), pytest.raises(BadInput, match=says):
        services.verify_line(actor=world.people["compliance"], line=line)


def test_a_filing_that_is_over_verifies_no_line(world: World) -> None:
    old = services.record_filing(
        actor=world.people["compliance"], number="old", authority="x",
        valid_from=world.today - timedelta(days=9), valid_until=world.today - timedelta(days=1),
    )  # fmt: skip
    line = services.record_test_call(
        actor=world.people["supervisor"], line=recorded(world, filing=old), record="显示为本号码"
    )
    with override("en"), pytest.raises(BadInput, match="filing in force"):
        services.verify_line(actor=world.people["compliance"], line=line)


def test_nobody_verifies_the_line_that_they_recorded(world: World) -> None:
    line = services.record_line(
        actor=world.people["compliance"], number=NUMBER, carrier="x", ownership_proof="x", filing=world.filing
    )
    services.record_test_call(actor=world.people["compliance"], line=line, record="显示为本号码")
    with pytest.raises(FourEyes):
        services.verify_line(actor=world.people["compliance"], line=line)
    with pytest.raises(IntegrityError), transaction.atomic():
        Line.objects.filter(pk=line.pk).update(verified_by=world.people["compliance"])


def test_only_compliance_verifies_and_blocks(world: World) -> None:
    with pytest.raises(NotAllowed):
        services.verify_line(actor=world.people["supervisor"], line=world.line)
    with pytest.raises(NotAllowed):
        services.block_line(actor=world.people["supervisor"], line=world.line, because="x")


def test_a_blocked_line_is_refused_at_once_and_verified_anew(world: World) -> None:
    services.block_line(actor=world.people["compliance"], line=world.line, because="投诉")
    assert world.authorize(reserve=False).codes == ["line_not_verified"]
    services.verify_line(actor=world.people["compliance"], line=world.line)
    assert world.authorize(reserve=False).allowed
    with pytest.raises(WrongState):
        services.verify_line(actor=world.people["compliance"], line=world.line)


def test_a_line_whose_filing_ended_is_refused(world: World) -> None:
    Filing.objects.create(
        number="B2-2",
        authority="x",
        valid_from=world.today - timedelta(days=9),
        valid_until=world.today + timedelta(days=9),
    )
    world.campaign.filing = Filing.objects.get(number="B2-2")
    world.campaign.save()
    Filing.objects.filter(pk=world.filing.pk).update(valid_until=world.today - timedelta(days=1))
    assert world.authorize(reserve=False).codes == ["line_not_verified"]


@pytest.mark.parametrize("number", ["12", "abc", "138000012345"])
def test_a_number_that_is_none_is_refused(world: World, number: str) -> None:
    with pytest.raises(BadInput):
        recorded(world, number=number)


def test_a_line_is_on_record_once(world: World) -> None:
    recorded(world)
    with pytest.raises(BadInput):
        recorded(world, number="021-5555 0102")


def test_a_test_call_says_what_it_showed_and_lies_in_the_past(world: World) -> None:
    line = recorded(world)
    with pytest.raises(BadInput):
        services.record_test_call(actor=world.people["supervisor"], line=line, record=" ")
    with pytest.raises(BadInput):
        services.record_test_call(
            actor=world.people["supervisor"], line=line, record="显示", called_at=world.at("10:01")
        )


def test_lines_and_campaigns_are_never_deleted(world: World) -> None:
    for row in (world.line, world.campaign, world.filing):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row).objects.filter(pk=row.pk)._raw_delete("default")


def test_the_page_moves_a_line_on(world: World, browse: Any) -> None:
    browse("supervisor").post(
        "/lines/new/",
        {"number": NUMBER, "carrier": "x", "ownership_proof": "合同", "filing": world.filing.pk},
    )
    line = Line.objects.get(number="+862155550102")
    browse("supervisor").post(f"/lines/{line.pk}/change/", {"test": "1", "words": "显示为本号码"})
    client = browse("compliance")
    client.post(f"/lines/{line.pk}/change/", {"verify": "1"})
    line.refresh_from_db()
    assert line.state == "verified"
    assert "显示为本号码" in client.get("/lines/").content.decode()
    client.post(f"/lines/{line.pk}/change/", {"block": "1", "words": ""})
    line.refresh_from_db()
    assert line.state == "verified"  # a block without a reason is none
