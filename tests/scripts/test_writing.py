"""What may stand in a script: variables, sections, messages; and the sentence at the place when it may
not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import BadInput, NotAllowed, PersonalDataFound, WrongState
from apps.scripts import queries, rules, services
from apps.scripts.models import Script, ScriptVersion
from apps.scripts.rules import SectionRefused
from tests.world import COMPANY, SECTIONS, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def write(world: World, script: Script | None = None, **fields: str) -> ScriptVersion:
    return services.write_version(
        actor=world.people["supervisor"],
        script=script or world.script,
        company=COMPANY,
        **{**SECTIONS, **fields},
    )


def sms(world: World) -> Script:
    return services.create_script(
        actor=world.people["supervisor"], code="sms", name="x", kind="sms", trade="retail"
    )


@pytest.mark.parametrize(
    ("section", "text", "says"),
    [
        ("body", "好\n再见\u202e", "Line 2, character 3: a character that cannot be seen (U+202E)"),
        ("purpose", "来电\x07", "Line 1, character 3: a character that cannot be seen (U+0007)"),
        ("body", "您的号码是{{ phone }}", "{{ phone }} is personal data"),
        (
            "body",
            "您好{{ nobody }}",
            "there is no variable {{ nobody }}. There are: {{ company }}, {{ campaign }}, {{ agent }}, {{ "
            "staff }}, {{ client }}.",
        ),
        ("body", "{% load x %}", '"{%" is no part of a variable'),
        ("body", "{{ company.owner }}", '"{{" is no part of a variable'),
        ("body", "{{ company|safe }}", '"{{" is no part of a variable'),
        ("body", "{{ 7*7 }}", '"{{" is no part of a variable'),
        ("body", "${company}", '"${" is no part of a variable'),
        ("body", "{{ company", '"{{" is no part of a variable'),
        ("body", "好 company }}", 'Line 1, character 11: "}}" is no part'),
        ("body", "｛｛ company ｝｝", '"｛｛" is no part of a variable'),
        ("opening", "  \n ", "This section is empty"),
        ("way_out", "", "This section is empty"),
        ("body", "", "This section is empty"),
        ("body", "好" * 200_000, "The script has 200,0"),
        ("opening", "您好，请问有空吗？", "The opening has to say the company"),
    ],
)
def test_what_may_not_stand_there_is_reported_at_its_place(
    world: World, section: str, text: str, says: str
) -> None:
    before = world.script.versions.count()
    with pytest.raises(SectionRefused) as refused:
        write(world, **{section: text})
    assert refused.value.section == section
    assert says.replace(",", "") in str(refused.value).replace(",", "")
    assert world.script.versions.count() == before


def test_the_form_shows_the_sentence_at_the_section(world: World, browse: Any) -> None:
    page = browse("supervisor").post(
        reverse("version_new", kwargs={"script_pk": world.script.pk}),
        {"company": COMPANY, **SECTIONS, "way_out": "{{ phone }}"},
    )
    assert page.status_code == 200
    assert "way_out" in page.context["form"].errors
    assert page.context["form"]["body"].value() == SECTIONS["body"]


@pytest.mark.parametrize("section", [*SECTIONS, "company", "objections"])
def test_an_id_number_in_a_script_is_refused(world: World, section: str) -> None:
    payload = {
        **SECTIONS,
        "company": COMPANY,
        section: f"{SECTIONS.get(section, COMPANY)}例如110101188002045240",
    }
    with pytest.raises(PersonalDataFound):
        services.write_version(actor=world.people["supervisor"], script=world.script, **payload)


def test_the_company_may_be_said_by_its_variable(world: World) -> None:
    version = write(
        world, opening="您好，我是{{ company }}的客服{{ agent }}。", body="{{ client }}您好，续费九折。"
    )
    assert queries.findings_of(version) == []
    said = queries.filled(version, {"agent": "小周", "client": "王*"})
    assert said["opening"] == f"您好，我是{COMPANY}的客服小周。"
    assert said["body"] == "王*您好，续费九折。"
    assert queries.filled(version, {})["body"] == "{{ client }}您好，续费九折。"


def test_a_forbidden_word_in_the_name_of_a_company_is_found_at_the_variable(world: World) -> None:
    version = services.write_version(
        actor=world.people["supervisor"],
        script=world.script,
        company="全国第一家居",
        **{**SECTIONS, "opening": "您好，我是{{ company }}的客服。"},
    )
    text, _begins = queries.spoken(version)
    (finding,) = queries.findings_of(version)
    assert text[finding.start : finding.end] == "{{ company }}"


def test_the_desk_fills_the_script_and_keeps_the_clients_name_masked(world: World, browse: Any) -> None:
    version = write(
        world,
        opening="您好，我是{{ company }}的客服{{ agent }}。",
        purpose="来电是向{{ client }}介绍{{ campaign }}。",
    )
    world.approve(services.submit(actor=world.people["supervisor"], version=version))
    agent = browse("agent")
    page = agent.post(reverse("desk_next"), follow=True).content.decode()
    assert f"您好，我是{COMPANY}的客服agent。" in page
    assert "来电是向王*介绍spring。" in page
    assert "王小明" not in page


def test_a_message_has_a_text_alone_and_no_protected_variable(world: World) -> None:
    script = sms(world)
    body = f"【{COMPANY}】会员续费九折。回TD退订"
    version = write(world, script, body=body)
    assert (version.body, version.opening, version.way_out) == (body, "", "")
    assert queries.findings_of(version) == []
    with pytest.raises(SectionRefused, match="desk alone"):
        write(world, script, body=body + "{{ client }}")
    with pytest.raises(SectionRefused, match="sender"):
        write(world, script, body="【别家】九折。回TD退订")


def test_a_message_without_a_way_out_is_not_approved(world: World) -> None:
    version = write(world, sms(world), body=f"【{COMPANY}】会员续费九折。")
    version = services.submit(actor=world.people["supervisor"], version=version)
    with pytest.raises(services.CheckBlocked):
        services.approve(actor=world.people["compliance"], version=version)


def test_a_draft_is_changed_by_its_author_until_it_is_handed_in(world: World) -> None:
    version = write(world)
    payload = {"company": COMPANY, **SECTIONS, "body": "续费一季九五折。\r\n随时可退。"}
    with pytest.raises(NotAllowed):
        services.change_draft(actor=world.people["supervisor2"], version=version, **payload)
    assert (
        services.change_draft(actor=world.people["supervisor"], version=version, **payload).body
        == "续费一季九五折。\n随时可退。"
    )
    services.submit(actor=world.people["supervisor"], version=version)
    with pytest.raises(WrongState):
        services.change_draft(actor=world.people["supervisor"], version=version, **payload)


def test_a_script_needs_a_code_of_its_own_and_a_trade_that_is_known(world: World) -> None:
    for fields in ({"code": "members", "trade": "retail"}, {"code": "x", "trade": "unknown"}):
        with pytest.raises(BadInput):
            services.create_script(actor=world.people["supervisor"], name="x", kind="marketing", **fields)
    with pytest.raises(NotAllowed):
        services.create_script(
            actor=world.people["agent"], code="x", name="x", kind="marketing", trade="retail"
        )


TEXT = st.text(alphabet=st.sampled_from("您好。！\n；ab,;?{} company"), max_size=60)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_passages_and_marks_lose_nothing_of_a_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in rules.passages(text)) == text
    marks = [
        rules.Mark(0, len(text) // 2, "blocking", "a"),
        rules.Mark(len(text) // 3, len(text), "remark", "b"),
    ]
    shown = rules.marked(text, marks)
    assert "".join(segment.text for passage in shown for segment in passage.segments) == text


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_filling_changes_variables_and_nothing_else(text: str) -> None:
    assert rules.fill(text, {}) == text
    assert rules.fill(text.replace("{", ""), {"company": "x"}) == text.replace("{", "")
