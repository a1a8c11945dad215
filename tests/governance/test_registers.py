"""Registers that are kept up by themselves, and trainings with their papers (PIPL, articles 51 and 56)."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.audit.models import AccessEvent
from apps.campaigns.models import Campaign
from apps.core.calendar import clock
from apps.core.documents import pdf
from apps.core.errors import BadInput, NotAllowed
from apps.governance import services
from apps.governance.models import Training
from apps.governance.registers import REGISTERS
from apps.governance.views.registers import FORMULA
from tests.world import World

PAPER = b"%PDF-1.7\n...\n%%EOF"


def rows(code: str) -> list[list[str]]:
    return list(REGISTERS[code].rows())


def train(world: World, by: str = "compliance", **fields: Any) -> Training:
    given = {
        "title": "年度培训",
        "held_on": world.today,
        "people": [world.people["agent"]],
        "content": PAPER,
        "file_name": "x.pdf",
    }
    return services.record_training(actor=world.people[by], **{**given, **fields})


def test_activities_follow_campaigns_sources_and_consents(world: World) -> None:
    (row,) = rows("activities")
    assert row[0] == "会员续费营销"
    assert "spring" in row[1]
    assert row[5] == "1"
    assert "dialler" in row[6]
    Campaign.objects.update(state="ended")
    assert rows("activities")[0][1] == "–"


def test_recipients_name_programs_and_third_parties(world: World) -> None:
    world.consent(world.contact, recipient="示例合作方")
    kinds = {row[1]: row for row in rows("recipients")}
    assert set(kinds) >= {"dialler", "示例合作方"}


def test_who_is_not_trained_this_year_comes_first(world: World) -> None:
    train(world)
    train(world, people=[world.people["agent2"]], held_on=world.today - timedelta(days=400))
    found = rows("training")
    assert found[-1][0] == str(world.people["agent"])
    assert found[-1][3] == "本年度已培训"
    assert {row[0] for row in found[:-1]} >= {str(world.people["agent2"]), str(world.people["supervisor"])}


@pytest.mark.parametrize(
    "fields", [{"people": []}, {"content": None}, {"title": " "}, {"content": b"not a paper"}, {"held_on": 1}]
)
def test_a_training_has_people_a_day_and_a_paper(world: World, fields: dict[str, Any]) -> None:
    if "held_on" in fields:
        fields = {"held_on": world.today + timedelta(days=1)}
    with pytest.raises(BadInput):
        train(world, **fields)
    with pytest.raises(NotAllowed):
        train(world, by="supervisor")
    assert not Training.objects.exists()


@pytest.mark.parametrize("code", list(REGISTERS))
def test_each_is_a_page_a_table_and_a_paper(world: World, browse: Any, code: str) -> None:
    train(world, title="=1+1 培训")
    register = REGISTERS[code]
    page = browse("compliance").get(reverse("registers", kwargs={"code": code}))
    assert str(register.title) in page.content.decode()
    read = (
        browse("admin")
        .get(reverse("register_file", kwargs={"code": code, "form": "csv"}))
        .content.decode("utf-8-sig")
    )
    table = list(csv.reader(io.StringIO(read)))
    assert table[0] == [str(head) for head in register.heads]
    assert all(len(row) == len(register.heads) for row in table)
    assert all(not cell.startswith(("=", "+", "@")) for row in table for cell in row)
    assert (
        browse("admin")
        .get(reverse("register_file", kwargs={"code": code, "form": "pdf"}))
        .content.startswith(b"%PDF")
    )
    assert (
        browse("admin").get(reverse("register_file", kwargs={"code": code, "form": "exe"})).status_code == 404
    )


def test_a_cell_longer_than_a_page_is_printed() -> None:
    long = "一" * 4000
    paper = pdf.as_pdf(title="x", above=[], rows=[["a", "b"], [long, "x"]], widths=[200, 100])
    assert paper.startswith(b"%PDF")


@pytest.mark.parametrize("cell", ["=1+1", "＝1+1", "＋1", " =1", "\n=1", "@x", "\tx"])
def test_no_cell_of_a_list_is_a_formula(cell: str) -> None:
    assert FORMULA.match(cell)


def test_who_handles_data_for_the_house_stands_among_the_recipients(world: World, settings: Any) -> None:
    settings.HEGUI_SMS_URL = "https://sms.example/send"
    settings.HEGUI_BACKUPS = "s3://bucket/folder?endpoint=https://s3.example"
    rows = list(REGISTERS["recipients"].rows())
    assert {"sms.example", "bucket"} <= {row[1] for row in rows}


def test_consent_for_a_third_party_counts_while_it_holds(world: World) -> None:
    world.consent(world.contact, recipient="甲公司")
    world.consent(world.contact, recipient="乙公司", withdrawn_at=clock.now())
    named = {row[1] for row in REGISTERS["recipients"].rows()}
    assert "甲公司" in named
    assert "乙公司" not in named


def test_reading_a_paper_is_on_record(world: World, browse: Any) -> None:
    training = services.record_training(
        actor=world.people["compliance"], title="合规培训", held_on=world.today,
        people=[world.people["agent"]], content=b"%PDF-1.4 x %%EOF", file_name="list.pdf",
    )  # fmt: skip
    assert browse("compliance").get(reverse("training_file", kwargs={"pk": training.pk})).status_code == 200
    assert AccessEvent.objects.filter(kind="exported", purpose="training").count() == 1
