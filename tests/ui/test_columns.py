"""Cells: a day and a moment in the viewer's zone, a dash for none, templates that see the page, text that is
escaped."""

from datetime import UTC, date, datetime
from typing import Any

import django_tables2 as tables
import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.translation import override

from apps.ui import columns


class Shown(tables.Table):
    day = columns.DateColumn(verbose_name="day")
    moment = columns.DateTimeColumn(attrs={"td": {"class": "text-nowrap"}})
    word = columns.TemplateColumn(template_code="{{ record.word }}{{ of_page }}{{ value|default:'' }}")
    tags = columns.TagsColumn()
    text = tables.Column(verbose_name='a "name"')


def body(*rows: dict[str, Any]) -> str:
    page = Template("{% load cells %}{% table_body table %}")
    table = Shown([{"day": None, "moment": None, "word": "", "tags": [], "text": "", **row} for row in rows])
    table.context = Context({"of_page": "!"})
    return page.render(Context({"table": table}))


def test_a_cell_bears_the_name_of_its_column() -> None:
    assert 'data-label="a &quot;name&quot;">x</td>' in body({"text": "x"})
    assert '<td data-label="Moment" class="text-nowrap">' in body({})


def test_moments_are_in_the_viewer_s_zone() -> None:
    at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert ">2026-11-24 10:00</td>" in body({"moment": at})
    with timezone.override("America/New_York"):
        assert ">2026-11-23 21:00</td>" in body({"moment": at})


def test_a_column_may_say_how_moments_are_written() -> None:
    column = columns.DateTimeColumn(format="H:i:s")
    assert column.render(value=datetime(2026, 11, 24, 2, 0, tzinfo=UTC)) == "10:00:00"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_days_are_written_the_same_in_every_language(language: str) -> None:
    with override(language):
        assert ">2026-11-24</td>" in body({"day": date(2026, 11, 24)})


def test_nothing_is_a_dash() -> None:
    assert body({}).count(">—</td>") == 3, (
        "day, moment and text: a template says itself what it shows for none, and no tag is no badge"
    )


def test_each_tag_is_a_badge() -> None:
    assert (
        '<span class="badge bg-blue-lt me-1">老客户</span><span class="badge bg-blue-lt '
        'me-1">&lt;b&gt;</span></td>' in body({"tags": ["老客户", "<b>"]})
    )


def test_a_template_sees_the_row_and_the_page_and_what_it_shows_is_escaped() -> None:
    assert ">&lt;b&gt;!&lt;b&gt;</td>" in body({"word": "<b>"})
    shown = body({"word": "a", "text": "<i>"}, {"word": "b"})
    assert shown.count("<tr>") == shown.count("</tr>") == 2
    assert shown.index(">a!a</td>") < shown.index(">&lt;i&gt;</td>") < shown.index(">b!b</td>")
