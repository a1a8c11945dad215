"""Remarks follow the text until they are resolved."""

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.notifications.models import Notice
from apps.scripts import queries, services
from apps.scripts.models import Remark, ScriptVersion
from tests.world import COMPANY, SECTIONS, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def submitted(world: World, **fields: str) -> ScriptVersion:
    version = services.write_version(
        actor=world.people["supervisor"], script=world.script, company=COMPANY, **{**SECTIONS, **fields}
    )
    return services.submit(actor=world.people["supervisor"], version=version)


def remark(world: World, version: ScriptVersion, quote: str = "享受九折", **more: object) -> Remark:
    payload = {"section": "body", "quote": quote, "text": "写明期限", **more}
    return services.remark(actor=world.people["compliance"], version=version, **payload)


def test_a_remark_knows_its_passage_and_tells_the_author(world: World) -> None:
    version = submitted(world)
    made = remark(world, version)
    assert version.body[made.start : made.start + len(made.quote)] == "享受九折"
    assert Notice.objects.filter(recipient=world.people["supervisor"], code="script_remark").exists()


def test_of_two_equal_passages_the_chosen_one_is_meant(world: World) -> None:
    version = submitted(world, body="九折。九折。")
    assert remark(world, version, "九折。", start=3).start == 3
    assert remark(world, version, "九折。", start=1).start == 0


@pytest.mark.parametrize(("payload", "says"), [
    ({"quote": "没有的话"}, "does not stand"), ({"section": "nowhere"}, "no such section"),
    ({"text": " "}, "from 1 to"),
    ({"text": "x" * 1001}, "from 1 to"),
])  # fmt: skip
def test_a_remark_about_nothing_is_refused(world: World, payload: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        remark(world, submitted(world), **{"quote": "享受九折", **payload})


def test_no_personal_number_hides_in_a_remark_or_an_answer(world: World) -> None:
    version = submitted(world)
    with pytest.raises(PersonalDataFound):
        remark(world, version, text="客户110101188002045240投诉")
    with pytest.raises(PersonalDataFound):
        services.answer(
            actor=world.people["supervisor"], remark=remark(world, version), text="110101188002045240"
        )


def test_open_remarks_keep_a_version_from_being_approved_and_are_words_enough_to_send_it_back(
    world: World,
) -> None:
    version = submitted(world)
    remark(world, version)
    with pytest.raises(services.ReviewOpen, match="1 remarks"):
        services.approve(actor=world.people["compliance2"], version=version)
    assert (
        services.request_changes(actor=world.people["compliance2"], version=version, note="").state
        == "changes_requested"
    )


def test_a_remark_follows_to_the_next_version_until_it_is_resolved(world: World) -> None:
    version = submitted(world)
    made = remark(world, version)
    services.request_changes(actor=world.people["compliance"], version=version, note="见批注")
    services.answer(actor=world.people["supervisor"], remark=made, text="已补充")
    following = submitted(world, body="续费一年可以享受九折，至年底有效。")
    assert queries.open_remarks(following) == [made]
    services.resolve(actor=world.people["compliance"], remark=made)
    assert services.approve(actor=world.people["compliance"], version=following).state == "published"
    assert not queries.remarks_on(submitted(world)).exists()


def test_an_author_does_not_put_away_what_compliance_remarked(world: World) -> None:
    made = remark(world, submitted(world))
    with pytest.raises(NotAllowed):
        services.resolve(actor=world.people["supervisor"], remark=made)
    services.resolve(actor=world.people["compliance2"], remark=made)
    with pytest.raises(WrongState):
        services.answer(actor=world.people["supervisor"], remark=made, text="x")


def test_agents_and_admins_remark_nothing(world: World) -> None:
    version = submitted(world)
    made = remark(world, version)
    for role in ("agent", "admin"):
        with pytest.raises(NotAllowed):
            services.remark(actor=world.people[role], version=version, section="body", quote="", text="x")
        with pytest.raises(NotAllowed):
            services.answer(actor=world.people[role], remark=made, text="x")


def test_a_published_text_takes_no_remarks(world: World) -> None:
    with pytest.raises(WrongState):
        remark(world, world.script.versions.get())
