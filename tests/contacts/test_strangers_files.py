"""Lists as strangers send them: what a person sees is what is taken, and nothing vanishes."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from django.urls import reverse
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.campaigns.models import QueueEntry
from apps.campaigns.services import contact_list_of
from apps.contacts import rules, services
from apps.contacts.models import ColumnMapping, Consent, Contact, ContactImport, MetContact
from apps.contacts.services import importing, previewing, undoing
from apps.contacts.services.preparing import _report_line
from apps.contacts.written_times import parse_time
from apps.core.crypto import blind_index
from apps.core.documents import workbooks
from apps.core.documents.spreadsheets import FileRefused
from apps.core.errors import BadInput, NotAllowed, WrongState
from apps.core.privacy.protected import Protected
from apps.retention.services import purging
from tests.contacts.books import book, cell, prefixed, sheet
from tests.world import PHONE, World

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def world(world: World) -> World:
    """Without a contact of its own, so that counts are those of the file."""
    QueueEntry.objects.all().delete()
    Contact.objects.all().delete()
    return world


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def start(world: World, content: bytes, name: str = "list.csv") -> ContactImport:
    return services.start_import(
        actor=world.people["supervisor"], source=world.source, file_name=name, file=io.BytesIO(content)
    )


def run(
    world: World, content: bytes, *, leave_hidden: bool | None = None, name: str = "list.csv"
) -> ContactImport:
    return services.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name=name,
        file=content,
        leave_hidden=leave_hidden,
    )


def known_contact(world: World) -> Contact:
    """A contact whose consent holds."""
    run(world, "手机号,同意渠道,同意时间\n13800000001,网页,2026-06-01\n".encode(), name="before.csv")
    return Contact.objects.get()


def report_of(done: ContactImport) -> dict[int, str]:
    return {line["row"]: line["status"] for line in map(json.loads, services.report_lines(done))}


def numbers(count: int) -> list[str]:
    return [f"138000{place:05}" for place in range(count)]


# -- CSV


@pytest.mark.parametrize("closing", ["", '\n13800099999,"李四"', '\n13800099998,李四"\n13800099997,"王五"'])
def test_a_stray_quotation_mark_is_refused_by_its_row(world: World, closing: str) -> None:
    rows = ["手机号,姓名", *(f"{number},王小明" for number in numbers(60))]
    rows[9] = f'{numbers(60)[8]},"王小明,x'
    with pytest.raises(FileRefused, match="Row 10:"):
        start(world, ("\n".join(rows) + closing).encode())
    assert ContactImport.objects.count() == 0


def test_a_note_of_several_lines_is_one_row(world: World) -> None:
    done = run(world, '手机号,备注\n13800000001,"第一行\n第二行"\n13800000002,好\n'.encode())
    assert report_of(done) == {2: "accepted", 3: "accepted"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\n'])
def test_the_line_that_names_the_separator_is_no_heading(world: World, encoding: str, first: str) -> None:
    done = run(world, f"{first}手機;姓名\n13800000001;王小明\n13800000002;李文\n".encode(encoding))
    assert report_of(done) == {2: "accepted", 3: "accepted"}
    assert done.layout["heading"] == ["手機", "姓名"]


def test_big5_is_recognised(world: World) -> None:
    done = run(
        world,
        "手機號碼,姓名,備註\n13800000001,陳國強,喜歡喝茶\n13800000002,黃麗華,請下午聯絡\n".encode("big5"),
    )
    assert done.layout["encoding"] == "cp950"
    assert report_of(done) == {2: "accepted", 3: "accepted"}
    assert {str(contact.name) for contact in Contact.objects.all()} == {"陳*", "黃*"}


def test_gb18030_is_not_taken_for_big5(world: World) -> None:
    done = run(world, "手机号,姓名,备注\n13800000001,欧阳修,喜欢喝茶，请下午联系\n".encode("gb18030"))
    assert done.layout["encoding"] == "gb18030"


def test_a_broken_byte_is_refused_in_its_row_alone(world: World) -> None:
    lines = ["手机号,姓名".encode(), *(f"{number},王小明".encode() for number in numbers(1000))]
    lines[500] = lines[500][:-1]
    started = start(world, b"\n".join(lines))
    assert (started.layout["encoding"], started.layout["unreadable"]) == ("utf-8-sig", 1)
    done = run(world, b"\n".join(lines))
    assert {row: status for row, status in report_of(done).items() if status != "accepted"} == {
        501: "unreadable"
    }


def test_a_title_above_the_heading_and_no_heading_at_all(world: World) -> None:
    titled = start(world, "2026年7月客户名单,,\n,,\n序号,姓名,手机号\n1,王小明,13800000001\n".encode())
    assert (titled.layout["heading_row"], titled.layout["rows"], titled.mapping["phone"]) == (3, 1, 2)
    bare = start(world, "王小明,13800000001\n李文,13800000002\n".encode())
    assert (bare.layout["heading_row"], bare.layout["rows"], bare.mapping) == (0, 2, {"phone": 1})


def test_a_person_chooses_the_heading(world: World) -> None:
    started = start(world, "甲,乙\n丙,丁\n王小明,13800000001\n".encode())
    assert started.layout["heading_row"] == 2
    chosen = services.choose_heading(actor=world.people["supervisor"], contact_import=started, row=1)
    assert (chosen.layout["heading"], chosen.layout["rows"]) == (["甲", "乙"], 2)
    with pytest.raises(NotAllowed):
        services.choose_heading(actor=world.people["supervisor2"], contact_import=started, row=2)
    with pytest.raises(FileRefused):
        services.choose_heading(actor=world.people["supervisor"], contact_import=started, row=99)


def test_another_heading_does_not_hide_a_forbidden_column(world: World) -> None:
    started = start(world, "手机号,乙\n身份证号,丁\n13800000001,x\n".encode())
    with pytest.raises(importing.ColumnsRefused):
        services.choose_heading(actor=world.people["supervisor"], contact_import=started, row=2)
    with pytest.raises(importing.ColumnsRefused):
        start(world, "身份证号,乙\n手机号,丁\n13800000001,x\n".encode())


@pytest.mark.parametrize(
    ("heading", "mapping"),
    [
        ("手机号码（必填）,客户 姓名", {"phone": 0, "name": 1}),
        ("*联系人姓名,固定电话,手机", {"name": 0, "phone": 2}),
        ("电话1,电话2,姓名", {"phone": 0, "second_phone": 1, "name": 2}),
        ("客户手机号(11位),用户名称[选填]", {"phone": 0, "name": 1}),
    ],
)
def test_headings_as_people_write_them(heading: str, mapping: dict[str, int]) -> None:
    assert rules.match_columns(heading.split(",")) == mapping


def test_a_second_column_of_phones_is_read_where_the_first_is_empty(world: World) -> None:
    done = run(world, "手机,电话,姓名\n13800000001,13800000003,甲\n,13800000002,乙\n,,丙\n".encode())
    assert report_of(done) == {2: "accepted", 3: "accepted", 4: "phone_missing"}
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    "rows", ["李四,139 1234 5679\n王五,137-1234-5670", "李四,010-62345678\n王五,010-62345679"]
)
def test_rows_in_a_note_are_rows_however_their_numbers_are_written(world: World, rows: str) -> None:
    with pytest.raises(FileRefused, match="Row 2:"):
        start(world, f'姓名,手机号,备注\n张三,13812345678,"5寸屏\n{rows}"\n'.encode())


@pytest.mark.parametrize("note", ["来电\n13912345679", "北京,朝阳,x\n上海,浦东,y"])
def test_a_note_that_holds_a_number_or_an_address_is_a_note(world: World, note: str) -> None:
    assert report_of(run(world, f'姓名,手机号,备注\n张三,13812345678,"{note}"\n'.encode())) == {2: "accepted"}


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("\r\n\r\n客户名单\r\n姓名,手机号\r\n张三,13812345678\r\n", 4),
        (",,\n姓名,手机号,\n张三,13812345678,\n", 2),
        ("\n张三,13812345678\n", 0),
        ("2024客户名单（联系人电话 010-62345678）\n姓名,手机号\n张三,13812345678\n", 2),
        ("客户,,联系方式,\n姓名,性别,手机,座机\n张三,男,13812345678,\n", 2),
        ("客户信息,电话\n姓名,手机号\n张三,13812345678\n", 2),
    ],
)
def test_the_heading_is_found_where_people_put_it(world: World, text: str, heading: int) -> None:
    started = start(world, text.encode())
    assert (started.layout["heading_row"], started.layout["rows"]) == (
        heading,
        2 if heading == 0 and text[0] != "\n" else 1,
    )


def test_an_endless_cell_is_named_as_such(world: World) -> None:
    with pytest.raises(FileRefused, match="more than 4000"):
        start(world, ("手机号,备注\n13812345678," + "x" * 20_000).encode())


def test_utf_32_is_refused_by_name(world: World) -> None:
    with pytest.raises(FileRefused, match="UTF-8"):
        start(world, "手机号\n13812345678\n".encode("utf-32"))


# -- times


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2026-07-16 10:00:00.123456", datetime(2026, 7, 16, 10, 0, 0, 123456, tzinfo=CHINA)),
        ("2026-07-16 10:00:00.000Z", datetime(2026, 7, 16, 10, tzinfo=UTC)),
        ("2026/7/16 下午 3:05:00", datetime(2026, 7, 16, 15, 5, tzinfo=CHINA)),
        ("2026年7月16日15时05分30秒", datetime(2026, 7, 16, 15, 5, 30, tzinfo=CHINA)),
        ("2026年7月16日 星期四 上午9点", datetime(2026, 7, 16, 9, tzinfo=CHINA)),
        ("46219.5", datetime(2026, 7, 16, 12, tzinfo=CHINA)),
        ("2026-07-16T10:00:00+00:00", datetime(2026, 7, 16, 10, tzinfo=UTC)),
        ("２０２６－０７－１６　１０：００", datetime(2026, 7, 16, 10, tzinfo=CHINA)),
        ("20260716100000", datetime(2026, 7, 16, 10, tzinfo=CHINA)),
        ("2026.7.16 3:05 PM", datetime(2026, 7, 16, 15, 5, tzinfo=CHINA)),
        ("2026-07-16 10:00:00 GMT+8", datetime(2026, 7, 16, 10, tzinfo=CHINA)),
        ("260716", None), ("16/07/2026", None), ("07-16", None), ("2026-02-30", None),
        ("2026-07-16 25:00", None),
        ("2026-07-16 上午 15:00", None), ("2026-07-16 晚上12点", None), ("2026-07-16 10:00 CST", None),
        ("昨天", None), ("2026-07-1610:00", None),
        ("2026-W29-4", None), ("1784167200000000", None),
    ],
)  # fmt: skip
def test_a_time_is_read_right_or_not_at_all(text: str, right: datetime | None) -> None:
    assert parse_time(text, CHINA) == right


@pytest.mark.parametrize("time", ["1999-12-31", "2199-01-01", "36525"])
def test_a_consent_before_2000_or_in_the_future_is_none(world: World, time: str) -> None:
    done = run(world, f"手机号,同意渠道,同意时间\n13800000001,网页,{time}\n".encode())
    assert (done.consented, Consent.objects.count()) == (0, 0)


# -- workbooks


def rows_written(*rows: str) -> str:
    return sheet(*(f'<row r="{place}">{cells}</row>' for place, cells in enumerate(rows, start=1)))


HEAD = cell("手机号", "A1") + cell("姓名", "B1")
FORMULA = '<c r="A2"><f>B2</f><v>13800000001</v></c>'
PLAIN = cell("13800000001", "A2") + cell("王小明", "B2")


@pytest.mark.parametrize(
    "content",
    [
        book({"sheet1.xml": rows_written(HEAD, FORMULA)}),
        book({"Data.xml": rows_written(HEAD, FORMULA)}),
        book({"sheet1.xml": prefixed(rows_written(HEAD, FORMULA))}),
        book({"sheet1.xml": rows_written(HEAD, FORMULA.replace(' r="A2"', ""))}),
        book({"sheet1.xml": rows_written(HEAD, '<c r="A2"><f t="shared" si="0"/><v>13800000001</v></c>')}),
        book({"sheet1.xml": rows_written(HEAD, "<c\n r='A2' ><f\n>B2</f><v>13800000001</v></c>")}),
    ],
)
def test_a_formula_is_refused_with_its_cell_however_it_is_written(world: World, content: bytes) -> None:
    with pytest.raises(FileRefused, match="Cell A2"):
        start(world, content, "list.xlsx")


@pytest.mark.parametrize(
    "change", [str, prefixed, lambda xml: xml.replace(' r="A2"', "").replace(' r="B2"', "")]
)
@pytest.mark.parametrize("part", ["sheet1.xml", "Data.xml"])
def test_sheets_of_other_programs_are_read(world: World, part: str, change: Any) -> None:
    done = run(world, book({part: change(rows_written(HEAD, PLAIN))}), name="list.xlsx")
    assert report_of(done) == {2: "accepted"}
    assert str(Contact.objects.get().phone) == "138****0001"


def filtered() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["手机号", "姓名", "内部编号"])
        for place, number in enumerate(numbers(4), start=1):
            page.write_row(place, 0, [number, "王小明", "x"])
        page.autofilter(0, 0, 4, 2)
        page.set_row(2, None, None, {"hidden": True})
        page.set_column(2, 2, None, None, {"hidden": True})
    return out.getvalue()


def test_hidden_rows_are_asked_about(world: World) -> None:
    started = start(world, filtered(), "list.xlsx")
    assert importing.layout_of(started).hidden_count == 1
    with pytest.raises(BadInput, match="hides 1 rows"):
        services.confirm_import(
            actor=world.people["supervisor"], contact_import=started, mapping=started.mapping
        )
    assert report_of(run(world, filtered(), leave_hidden=True)) == {
        2: "accepted",
        3: "left_out",
        4: "accepted",
        5: "accepted",
    }
    assert set(report_of(run(world, filtered(), leave_hidden=False)).values()) == {"accepted"}


def test_hidden_columns_are_not_taken_by_themselves(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["手机号", "备注"])
        page.write_row(1, 0, ["13800000001", "x"])
        page.set_column(1, 1, None, None, {"hidden": True})
    assert start(world, out.getvalue(), "list.xlsx").mapping == {"phone": 0}


def test_hidden_columns_are_marked_below_a_title_too(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write(0, 0, "2026年7月名单")
        page.write_row(1, 0, ["手机号", "姓名", "备注"])
        page.write_row(2, 0, ["13800000001", "王小明", "x"])
        page.set_column(2, 2, None, None, {"hidden": True})
    started = start(world, out.getvalue(), "list.xlsx")
    assert (started.layout["heading_row"], started.layout["hidden_columns"], started.mapping) == (
        2,
        [2],
        {"phone": 0, "name": 1},
    )
    seen = previewing.preview(started)
    assert [title for title, _cell in seen.titled_rows[0][1]] == ["手机号", "姓名", "备注"]


def test_the_one_sheet_that_is_shown_is_read(world: World) -> None:
    listed, other = rows_written(HEAD, PLAIN), rows_written(cell("13900000009", "A1"))
    done = run(
        world,
        book({"a.xml": other, "b.xml": listed, "c.xml": sheet()}, states={"a.xml": "veryHidden"}),
        name="list.xlsx",
    )
    assert (done.layout["hidden_sheets"], report_of(done)) == (1, {2: "accepted"})
    with pytest.raises(FileRefused, match="hidden sheet"):
        start(world, book({"a.xml": listed, "b.xml": sheet()}, states={"a.xml": "hidden"}), "list.xlsx")
    with pytest.raises(FileRefused, match="2 sheets"):
        start(world, book({"a.xml": listed, "b.xml": listed}), "list.xlsx")


def test_merged_cells_count_in_each_of_their_rows(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["手机号", "同意渠道", "同意时间"])
        for place, number in enumerate(numbers(3), start=1):
            page.write(place, 0, number)
        page.merge_range(1, 1, 3, 1, "网页")
        page.merge_range(1, 2, 3, 2, "2026-07-01")
    done = run(world, out.getvalue(), name="list.xlsx")
    assert done.consented == 3
    assert len(done.layout["merged"]) == 2


@pytest.mark.parametrize(("merged", "beneath"), [("B2:C2", "C2"), ("B2:B3", "B3")])
def test_a_value_beneath_merged_cells_is_named(world: World, merged: str, beneath: str) -> None:
    """Nobody sees it: it is neither taken nor dropped in silence."""
    first, second = numbers(2)
    rows = (
        f"<row>{cell('手机号')}{cell('姓名')}{cell('备注')}</row>",
        f"<row>{cell(first)}{cell('王一')}{cell('不要再打')}</row>",
        f"<row>{cell(second)}{cell('李二')}{cell('')}</row>",
    )
    made = book({"a.xml": sheet(*rows, after=f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>')})
    with pytest.raises(FileRefused, match=beneath):
        start(world, made, "list.xlsx")


def test_the_same_value_in_each_of_merged_cells_is_what_is_seen(world: World) -> None:
    first, second = numbers(2)
    rows = (
        f"<row>{cell('手机号')}{cell('姓名')}</row>",
        f"<row>{cell(first)}{cell('王一')}</row>",
        f"<row>{cell(second)}{cell('王一')}</row>",
    )
    made = book({"a.xml": sheet(*rows, after='<mergeCells><mergeCell ref="B2:B3"/></mergeCells>')})
    assert report_of(run(world, made, name="list.xlsx")) == {2: "accepted", 3: "accepted"}


def test_a_cell_that_shows_an_error_says_so_in_its_row(world: World) -> None:
    """It has no number; an empty cell would have been a row without one, or none at all."""
    first = numbers(1)[0]
    rows = (
        f"<row>{cell('手机号')}{cell('姓名')}</row>",
        f"<row>{cell(first)}{cell('王一')}</row>",
        '<row><c t="e"><v>#N/A</v></c><c t="e"><v>#REF!</v></c></row>',
    )
    done = run(world, book({"a.xml": sheet(*rows)}), name="list.xlsx")
    assert report_of(done) == {2: "accepted", 3: "phone_invalid"}


@pytest.mark.parametrize(
    "content",
    [
        book(
            {
                "sheet1.xml": sheet(
                    f'<row r="1">{HEAD}</row>', f'<row r="2">{PLAIN}</row>', f'<row r="2">{PLAIN}</row>'
                )
            }
        ),
        book({"sheet1.xml": rows_written(HEAD, PLAIN + cell("李四", "B2"))}),
    ],
)
def test_a_cell_that_stands_twice_is_refused(world: World, content: bytes) -> None:
    with pytest.raises(FileRefused):
        start(world, content, "list.xlsx")


def test_two_sheets_of_one_name_are_refused(world: World) -> None:
    content = book(
        {"a.xml": rows_written(HEAD, PLAIN), "b.xml": rows_written(HEAD, PLAIN)}, states={"a.xml": "hidden"}
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(out, "w") as copy:
        for name in made.namelist():
            copy.writestr(name, made.read(name).replace(b'name="b.xml"', b'name="a.xml"'))
    with pytest.raises(FileRefused):
        start(world, out.getvalue(), "list.xlsx")


def test_formulas_outside_of_cells_are_none(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["手机号", "姓名"])
        page.write_row(1, 0, ["13800000001", "王小明"])
        page.add_sparkline("D1", {"range": "Sheet1!B2:B2"})
    assert report_of(run(world, out.getvalue(), name="list.xlsx")) == {2: "accepted"}


def test_a_list_that_begins_further_down_and_error_cells(world: World) -> None:
    rows = ["", "", '<c r="B3" t="inlineStr"><is><t>姓名</t></is></c>' + cell("手机号", "C3"),
            cell("张三", "B4") + cell("13800000001", "C4"),
            '<c r="B5" t="e"><v>#N/A</v></c>' + cell("13800000002", "C5")]  # fmt: skip
    done = run(world, book({"sheet1.xml": rows_written(*rows)}), name="list.xlsx")
    assert report_of(done) == {4: "accepted", 5: "accepted"}


def test_bare_days_of_a_workbook_that_counts_from_1904_are_not_read(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": True}) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["手机号", "同意渠道", "同意时间"])
        page.write_row(1, 0, ["13800000001", "网页", 43894])
    assert run(world, out.getvalue(), name="list.xlsx").consented == 0


@pytest.mark.parametrize(
    "xml",
    [
        rows_written(HEAD, PLAIN + cell("x", "XFD2")),
        sheet(f'<row r="1">{HEAD}</row>', f'<row r="1048576">{cell("x", "A1048576")}</row>'),
        sheet(f'<row r="1">{HEAD}</row>', f'<row r="900000">{cell("x", "BH900000")}</row>'),
    ],
)
def test_a_small_workbook_that_would_be_a_huge_sheet_is_refused(world: World, xml: str) -> None:
    with pytest.raises(FileRefused):
        start(world, book({"sheet1.xml": xml}), "list.xlsx")


def test_a_workbook_with_a_document_type_is_refused(world: World) -> None:
    head = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">]>'
    with pytest.raises(FileRefused):
        start(world, book({"sheet1.xml": rows_written(HEAD, PLAIN)}, head=head), "list.xlsx")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["", "13800000001", "13800000002", "010-12", "13800000003.0"]),
            st.text(
                st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="<>&\ufffd"), max_size=8
            ),
        ),
        min_size=1,
        max_size=12,
    ),
    prefix=st.booleans(),
    places=st.booleans(),
)
def test_what_a_person_sees_in_a_workbook_is_what_is_read(
    rows: list[tuple[bool, str, str]], prefix: bool, places: bool
) -> None:
    """Hand-made XML: each visible row is there with its cells, each hidden one is named as hidden."""
    xml = []
    for place, (hidden, phone, name) in enumerate([(False, "手机号", "姓名"), *rows], start=1):
        cells = cell(phone, f"A{place}" if places else "") + cell(name, f"B{place}" if places else "")
        state = " hidden='1'" if hidden else ""
        xml.append(f"<row r='{place}'{state}>{cells}</row>")
    made = sheet(*xml)
    opened = workbooks.open_table(book({"sheet1.xml": prefixed(made) if prefix else made}))
    read = dict(opened.rows())
    for place, (hidden, phone, name) in enumerate(rows, start=2):
        assert opened.layout.is_hidden(place) == hidden
        assert read.get(place, ["", ""])[:2] == [phone.strip(), name.strip()]


# -- before, and after


def test_the_forecast_says_what_the_report_will_say(world: World) -> None:
    known_contact(world)
    rows = [
        "13800000001,,",
        "13800000002,,",
        "13800000003,网页,2026-07-01",
        "13800000003,,",
        "12,,",
        ",,",
        "+14155552671,,",
    ]
    content = "\n".join(["手机号,同意渠道,同意时间", *rows]).encode()
    started = start(world, content)
    coming = services.forecast(started, started.mapping, leave_hidden=False)
    assert (coming.without_consent, coming.known_with_consent, coming.abroad) == (3, 1, 1)
    done = run(world, content)
    assert dict(coming.counts) == done.counts
    assert done.consented == 2
    messages = {line["row"]: line["message"] for line in map(json.loads, services.report_lines(done))}
    assert messages[2] == "", "the number is known, with a consent that holds"
    assert "无同意" in messages[3], "in the language of the site, whoever reads it"


def test_refused_rows_are_corrected_and_imported_again(world: World) -> None:
    done = run(world, "手机号,姓名\n1380000000,甲\n13800000002,乙\n,丙\n".encode())
    assert [row for row, _sentence in undoing.refused_rows(done)] == [2, 4]
    typed = {2: {"phone": "13800000001", "name": "甲"}, 4: {"phone": "12"}}
    outcome = services.correct_rows(actor=world.people["supervisor"], contact_import=done, rows=typed)
    assert [(row, status) for row, status, _sentence in outcome] == [(2, "accepted"), (4, "phone_invalid")]
    done.refresh_from_db()
    assert [row for row, _sentence in undoing.refused_rows(done)] == [4]
    assert done.corrections.count() == 1
    with pytest.raises(BadInput):
        services.correct_rows(
            actor=world.people["supervisor"], contact_import=done, rows={2: {"phone": "13800000009"}}
        )


def test_a_correction_belongs_to_its_import_before_it_stores_anything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(world, "手机号\n1380000000\n13800000002\n".encode())
    seen: list[int | None] = []

    def dies(job_id: int, progress: Any = None) -> None:
        seen.append(ContactImport.objects.get(job=job_id).corrects_id)
        raise SystemExit

    monkeypatch.setattr(importing, "run_import", dies)
    with pytest.raises(SystemExit):
        services.correct_rows(
            actor=world.people["supervisor"], contact_import=done, rows={2: {"phone": "13800000001"}}
        )
    assert seen == [done.pk]


def test_an_import_is_taken_back_within_a_day_and_erased_by_the_purge(world: World, clock: Any) -> None:
    known = known_contact(world)
    before = known.consents.filter(withdrawn_at__isnull=True).count()
    content = (
        "手机号,同意渠道,同意时间\n13800000001,网页,2026-07-01\n13800000002,网"
        "页,2026-07-01\n13800000003,,\n1380000,,\n"
    )
    done = run(world, content.encode())
    services.correct_rows(
        actor=world.people["supervisor"], contact_import=done, rows={5: {"phone": "13800000004"}}
    )
    assert Contact.objects.count() == 4
    assert services.take_back(actor=world.people["supervisor"], contact_import=done) == 3
    assert Contact.objects.filter(erasing_at__isnull=False).count() == 3
    known.refresh_from_db()
    assert known.erasing_at is None
    assert known.consents.filter(withdrawn_at__isnull=True).count() == before
    purging.purge()
    assert list(Contact.objects.all()) == [known]
    with pytest.raises(WrongState):
        services.take_back(actor=world.people["supervisor"], contact_import=done)


def test_taking_a_list_back_leaves_what_others_brought_and_no_place_in_its_queue(world: World) -> None:
    supervisor, queue = world.people["supervisor"], contact_list_of(world.campaign)
    known = known_contact(world)

    def listed(content: str, name: str) -> ContactImport:
        return services.import_now(
            actor=supervisor, source=world.source, file_name=name, file=content.encode(), contact_list=queue
        )

    heading = "手机号,同意渠道,同意时间\n"
    first = listed(
        f"{heading}13800000001,,\n13800000002,网页,2026-06-02\n13800000003,网页,2026-06-02\n", "a.csv"
    )
    run(world, f"{heading}13800000002,网页,2026-07-03\n".encode(), name="b.csv")
    assert QueueEntry.objects.count() == 3
    assert services.take_back(actor=supervisor, contact_import=first) == 1
    stays = Contact.objects.exclude(pk=known.pk).get(erasing_at=None)
    assert [each.given_at.month for each in stays.consents.filter(withdrawn_at=None)] == [7], (
        "the consent of the other list alone"
    )
    assert not QueueEntry.objects.filter(contact__in=[known, stays]).exists()


def test_a_contact_that_a_list_met_is_erased_like_any_other(world: World) -> None:
    known = known_contact(world)
    run(world, "手机号\n13800000001\n".encode(), name="again.csv")
    assert MetContact.objects.get().contact == known
    Contact.objects.update(erasing_at=world.at("09:00"))
    purging.purge()
    assert not Contact.objects.exists()
    assert not MetContact.objects.exists()


def test_who_was_in_the_queue_before_the_list_stays_in_it(world: World, clock: Any) -> None:
    supervisor, queue = world.people["supervisor"], contact_list_of(world.campaign)
    lists = [
        services.import_now(
            actor=supervisor,
            source=world.source,
            file_name=name,
            file=f"手机号\n{phones}\n".encode(),
            contact_list=queue,
        )
        for name, phones in (("a.csv", "13800000001"), ("b.csv", "13800000001\n13800000002"))
        if clock.shift(60) is None
    ]
    assert services.take_back(actor=supervisor, contact_import=lists[1]) == 1
    assert QueueEntry.objects.filter(contact__erasing_at=None).count() == 1


def test_a_correction_is_taken_back_by_itself_on_the_next_day(world: World, clock: Any) -> None:
    supervisor = world.people["supervisor"]
    done = run(world, "手机号\n1380000000\n".encode())
    clock.shift(undoing.TAKEN_BACK_WITHIN)
    services.correct_rows(actor=supervisor, contact_import=done, rows={2: {"phone": "13800000001"}})
    with pytest.raises(undoing.TooLate):
        services.take_back(actor=supervisor, contact_import=done)
    assert services.take_back(actor=supervisor, contact_import=done.corrections.get()) == 1


def test_a_consent_that_does_not_hold_is_said_before_and_in_its_row(world: World) -> None:
    withdrawn = known_contact(world)
    withdrawn.consents.update(withdrawn_at=world.at("09:00"), withdrawal="phone")
    content = "手机号,同意渠道,同意时间\n13800000001,网页,2026-07-01\n13800000002,网页,2010-06-01\n".encode()
    started = start(world, content)
    coming = services.forecast(started, started.mapping, leave_hidden=False)
    assert (coming.without_consent, coming.withdrawn) == (1, 1)
    done = run(world, content)
    assert (done.consented, done.withdrawn) == (0, 1)
    messages = {line["row"]: line["message"] for line in map(json.loads, services.report_lines(done))}
    assert "撤回" in messages[2]
    assert "无同意" in messages[3]


def test_a_row_whose_consent_was_not_taken_is_corrected_like_a_refused_one(world: World) -> None:
    done = run(
        world,
        "手机号,同意渠道,同意时间\n13800000001,网"
        "页,2099-01-01\n13800000002,,\n110101199003072017,,\n".encode(),
    )
    assert [row for row, _sentence in undoing.refused_rows(done)] == [2, 4]
    typed = {2: {"phone": "13800000001", "consent_channel": "web", "consent_time": "2026-07-01"}}
    services.correct_rows(actor=world.people["supervisor"], contact_import=done, rows=typed)
    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    done.refresh_from_db()
    assert [row for row, _sentence in undoing.refused_rows(done)] == [4]


def test_the_thirtieth_refused_row_can_be_reached(world: World, browse: Any) -> None:
    done = run(world, ("手机号\n" + "138\n" * 30 + "1380000\n").encode())
    browser = browse("supervisor")
    page = browser.get(reverse("import_correct", args=[done.pk])).content.decode()
    assert "?after=26" in page
    assert (
        "row32-phone" in browser.get(reverse("import_correct", args=[done.pk]) + "?after=26").content.decode()
    )


@pytest.mark.parametrize(
    ("heading", "row", "taken"),
    [
        ("手机,备用电话", "无,13800000011", "13800000011"),
        ("手机,备用电话", "-,13800000014", "13800000014"),
        ("会员号码,电话", "10086001,13800000012", "13800000012"),
        ("客户号码,手机号", "10086001,13800000012", "13800000012"),
        ("家长电话,学员电话", ",13800000013", None),
        ("客户号码,备注", "13800000012,x", "13800000012"),
    ],
)
def test_which_of_two_columns_is_the_phone(world: World, heading: str, row: str, taken: str | None) -> None:
    run(world, f"{heading}\n{row}\n".encode())
    assert [str(each.last4_index) for each in Contact.objects.all()] == (
        [str(blind_index.last4_index(f"+86{taken}"))] if taken else []
    )


def test_what_is_wrong_is_said_of_the_column_that_holds_something(world: World) -> None:
    done = run(world, "手机号,备用电话\n1380000,无\n".encode())
    (alone,) = services.report_lines(run(world, "手机号\n1380000\n".encode(), name="b.csv"))
    assert json.loads(next(services.report_lines(done)))["message"] == json.loads(alone)["message"]


def test_a_second_number_that_is_not_taken_is_said(world: World) -> None:
    done = run(world, "手机号,备用电话\n13800000001,13800000002\n13800000003,13800000003\n".encode())
    messages = {line["row"]: line["message"] for line in map(json.loads, services.report_lines(done))}
    assert "第二个" in messages[2]
    assert "第二个" not in messages[3]


def test_a_hidden_column_is_not_taken_though_it_was_before(world: World) -> None:
    run(world, "手机,电话,姓名\n13800000001,13800000002,王\n".encode())
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as written:
        page = written.add_worksheet()
        page.write_row(0, 0, ["手机", "电话", "姓名"])
        page.write_row(1, 0, ["13800000003", "13800000004", "李"])
        page.set_column(0, 0, None, None, {"hidden": True})
    started = start(world, out.getvalue(), "list.xlsx")
    assert started.mapping["phone"] == 1


def test_a_column_that_no_heading_names_is_shown_and_can_be_chosen(world: World) -> None:
    started = start(world, "手机号,姓名\n13800000061,王,VIP客户\n".encode())
    assert previewing.preview(started).titles == ["手机号", "姓名", "C"]
    chosen = started.mapping | {"tags": 2}
    job = services.confirm_import(
        actor=world.people["supervisor"], contact_import=started, mapping=chosen, here=True
    )
    importing.run_import(job.pk)
    assert Contact.objects.get().tags == ["VIP客户"]


@pytest.mark.parametrize("swallowed", ["1380000,赵", ",赵", "138****1111,赵", "１３８ ００００ ００５５,赵"])
def test_a_row_behind_a_stray_quotation_mark_is_no_name(world: World, swallowed: str) -> None:
    with pytest.raises(FileRefused, match="quotation mark"):
        start(world, f'手机号,姓名\n13800000054,王\n13800000055,"李\n{swallowed}"\n13800000056,孙\n'.encode())


def test_a_note_of_two_lines_with_a_number_and_a_comma_is_a_note(world: World) -> None:
    done = run(world, '手机号,备注\n13800000057,"先打座机,\n备用13800000058, 下午"\n'.encode())
    assert done.counts == {"accepted": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4\n1 0 obj\n", b"<html><table><tr><td>13800000001</td></tr></table></html>",
        b'<?xml version="1.0"?><Workbook/>',
        b'[{"phone": "13800000001"}]', b"{\\rtf1 13800000001}",
        "phone,name\n13800000001,Jörg\n13800000002,Müller\n".encode("latin-1"),
        "電話,氏名\n13800000001,シバタカナコ\n".encode("shift-jis"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_by_its_name(world: World, content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        start(world, content, "list.xls")
    assert "CSV" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-07-16 晚上1点", None), ("2026-07-16 晚上 2:30", None), ("2026-07-16 傍晚1:00", None),
        ("2026-07-16 晚上8点", 20),
        ("2026-07-16 晚上20:00", 20), ("2026-07-16 傍晚 6:30", 18), ("2026-07-16T10:00:00+08:99", None),
        ("2026-07-16 下午1点", 13),
    ],
)  # fmt: skip
def test_an_hour_that_may_be_another_is_not_read(text: str, hour: int | None) -> None:
    read = parse_time(text, CHINA)
    assert (read and read.hour) == hour


def test_after_a_day_it_is_too_late_and_nobody_else_may(world: World, clock: Any) -> None:
    done = run(world, "手机号\n13800000002\n".encode())
    with pytest.raises(NotAllowed):
        services.take_back(actor=world.people["supervisor2"], contact_import=done)
    clock.shift(undoing.TAKEN_BACK_WITHIN)
    with pytest.raises(undoing.TooLate):
        services.take_back(actor=world.people["supervisor"], contact_import=done)
    assert Contact.objects.filter(erasing_at__isnull=True).count() == 1


@pytest.mark.parametrize("size", [65, 201])
def test_a_large_upload_arrives_or_is_refused_for_its_size(
    world: World, browse: Any, tmp_path: Path, size: int
) -> None:
    """Encrypted on the way, never held as a whole."""
    browser = browse("supervisor")
    path = tmp_path / "list.csv"
    line = "13800000001,王小明,".encode() + b"x" * 3900 + b"\n"
    with path.open("wb") as out:
        out.write("手机号,姓名,备注\n".encode())
        for _each in range(size * 2**20 // len(line) + 1):
            out.write(line)
    with path.open("rb") as file:
        answer = browser.post(reverse("import_new"), {"source": world.source.pk, "file": file})
    if size == 65:
        assert answer.status_code == 302
        assert ContactImport.objects.get().layout["rows"] == size * 2**20 // len(line) + 1
    else:
        assert "200 MB" in answer.content.decode()
        assert ContactImport.objects.count() == 0


def test_what_of_a_row_is_not_taken_is_said_whole(world: World) -> None:
    judge = rules.judging(
        {"phone": 0, "name": 1, "tags": 2},
        heading=["手机号", "姓名", "标签"],
        zone=CHINA,
        now=world.at("10:00"),
        consent_days=365,
    )
    verdict = judge(2, ["13800001234", "长" * 81, f"老客户;{'尾' * 41};13900001234"])
    assert verdict.tags == ("老客户",)
    assert "was cut" in str(verdict.message)
    assert "Tags were left out" in str(verdict.message)


def test_the_report_is_json_whatever_a_message_holds() -> None:
    line = _report_line(rules.RowVerdict(3, "phone_invalid", 'a "quote", a \\ and a\ttab'))
    assert json.loads(line) == {
        "row": 3,
        "status": "phone_invalid",
        "message": 'a "quote", a \\ and a\ttab',
        "phone": "",
    }


def test_a_sign_in_few_rows_divides_no_list(world: World) -> None:
    """A tab behind numbers, as some systems write it, in a list whose rows are of several widths."""
    assert counted(world, "手机号,姓名,备注\n13900000001\t\n13900000002\t,李四\n") == {"accepted": 2}


def counted(world: World, text: str) -> dict[str, int]:
    done = services.import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name="a.csv",
        file=io.BytesIO(text.encode()),
    )
    return {status: count for status, count in done.counts.items() if count}


@pytest.mark.parametrize(
    ("heading", "cells", "given"),
    [
        ("手机号,是否同意,同意渠道,同意时间", "否,网页,2026-11-16", False),
        ("手机号,是否同意,同意渠道,同意时间", "不同意,网页,2026-11-16", False),
        ("手机号,是否同意,同意渠道,同意时间", ",网页,2026-11-16", False),
        ("手机号,是否同意,同意渠道,同意时间", "是,网页,2026-11-16", True),
        ("手机号,是否接受营销,同意渠道,同意时间", "拒绝,网页,2026-11-16", False),
        ("手机号,撤回时间,同意渠道,同意时间", "2026-11-18,网页,2026-11-16", False),
        ("手机号,撤回时间,同意渠道,同意时间", ",网页,2026-11-16", True),
        ("手机号,是否退订,同意渠道,同意时间", "是,网页,2026-11-16", False),
        ("手机号,是否退订,同意渠道,同意时间", "否,网页,2026-11-16", True),
        ("手机号,unsubscribed,consent channel,consent time", "TRUE,web,2026-11-16", False),
    ],
)
def test_a_row_that_says_no_gives_no_consent(world: World, heading: str, cells: str, given: bool) -> None:
    done = run(world, f"{heading}\n13900001115,{cells}\n".encode())
    assert done.counts["accepted"] == 1
    contact = Contact.objects.get(number_index=blind_index.number_index(Protected("+8613900001115", "phone")))
    assert contact.consents.exists() == given


def test_the_time_at_which_a_consent_ended_is_not_that_of_its_giving(world: World) -> None:
    assert "consent_time" not in rules.match_columns(["手机号", "授权渠道", "授权时间(失效)"])


def test_a_remembered_mapping_is_not_that_of_a_correction(world: World) -> None:
    """A source whose lists have the headings of a correction, its phone in another column."""
    heading = ",".join(undoing.FIELDS)
    ColumnMapping.objects.create(
        source=world.source, heading=[rules.plain(each) for each in heading.split(",")], mapping={"phone": 2},
        saved_by=world.people["supervisor"], created_at=world.at("09:00"),
    )  # fmt: skip
    refused = run(world, "phone,备注\n1390000,x\n".encode())
    ((_row, status, _message),) = undoing.correct_rows(
        actor=world.people["supervisor"], contact_import=refused, rows={2: {"phone": "13900001115"}}
    )
    assert status == rules.ACCEPTED


def test_a_known_number_keeps_what_else_its_row_says(world: World) -> None:
    done = run(world, f"手机,备用手机\n{PHONE},13900001115\n".encode())
    with override("zh-hans"):
        messages = [line["message"] for line in map(json.loads, services.report_lines(done))]
    assert any("第二个电话号码" in message for message in messages), messages


def test_the_preview_counts_who_is_being_deleted(world: World) -> None:
    going = world.add_contact("13900001116")
    Contact.objects.filter(pk=going.pk).update(erasing_at=world.at("10:00"))
    started = services.start_import(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv",
        file=io.BytesIO(b"phone\n13900001116\n"),
    )  # fmt: skip
    counts = previewing.forecast(started, started.mapping, leave_hidden=False).counts
    assert dict(counts) == {"being_erased": 1}


def test_who_gave_a_consent_by_hand_since_stays_when_an_import_is_taken_back(world: World) -> None:
    done = run(world, b"phone,consent channel,consent time\n13900001115,web,2026-11-16\n")
    contact = Contact.objects.get(number_index=blind_index.number_index(Protected("+8613900001115", "phone")))
    world.consent(contact, evidence="纸质表格")
    undoing.take_back(actor=world.people["supervisor"], contact_import=done)
    contact.refresh_from_db()
    assert contact.erasing_at is None
    assert list(contact.consents.filter(withdrawn_at=None).values_list("evidence", flat=True)) == ["纸质表格"]


def test_a_workbook_that_breaks_while_it_is_unpacked_is_refused(world: World) -> None:
    whole = book({"a.xml": rows_written(cell("手机号"), cell("13800000001"))})
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as into:
        for name in source.namelist():
            into.writestr(name, source.read(name))
        place = into.getinfo("xl/worksheets/a.xml").header_offset + 80
    content = bytearray(packed.getvalue())
    content[place : place + 40] = bytes(each ^ 0x5A for each in content[place : place + 40])
    with pytest.raises(FileRefused):
        start(world, bytes(content), "list.xlsx")


def test_a_column_before_the_first_hides_no_more_than_there_are() -> None:
    """A workbook of eight kilobytes took gigabytes of the web process."""
    hiding = '<cols><col min="-9" max="2" hidden="1"/></cols>'
    listed = sheet(f"<row>{cell('手机号')}</row>", f"<row>{cell('13800000001')}</row>", before=hiding)
    found = workbooks.open_workbook(io.BytesIO(book({"a.xml": listed})))
    assert b"13800000001" in b"".join(found.pieces)
    assert found.sheet.hidden_columns == {0, 1}
