"""Lists on their way in: the sample files, what is refused whole, what a crash leaves behind."""

import csv as _csv
import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from apps.audit.models import AccessEvent
from apps.campaigns.models import Campaign, QueueEntry
from apps.campaigns.services import contact_list_of
from apps.contacts import rules, services
from apps.contacts.models import Consent, Contact, ContactImport
from apps.contacts.services import importing, preparing, previewing, storing
from apps.core.crypto import blind_index
from apps.core.documents.spreadsheets import FileRefused
from apps.core.errors import BadInput, NotAllowed, PersonalDataFound
from apps.jobs.models import Job
from tests.conftest import DATA
from tests.contacts.importing import run
from tests.world import World

EXPECTED = json.loads((DATA / "contacts-expected.json").read_text())


@pytest.fixture
def world(world: World) -> World:
    """Without a contact of its own, so that counts are those of the file."""
    QueueEntry.objects.all().delete()
    Contact.objects.all().delete()
    return world


def report_of(done: ContactImport) -> list[dict[str, Any]]:
    return [json.loads(line) for line in services.report_lines(done)]


def load_workbook(content: bytes) -> list[list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_index(place).to_python() for place in range(len(book.sheet_names))]


def csv(*rows: str, heading: str = "手机号,姓名,同意渠道,同意时间") -> bytes:
    return "\n".join([heading, *rows]).encode()


@pytest.mark.parametrize("name", ["contacts-crm.csv", "contacts-gb18030.csv"])
def test_the_sample_files_give_the_expected_status_for_every_row(world: World, name: str) -> None:
    done = run(world, (DATA / name).read_bytes(), name=name)
    result = report_of(done)
    assert [(line["row"], line["status"]) for line in result] == [
        (row["row"], row["status"]) for row in EXPECTED["rows"]
    ]
    assert Counter(line["status"] for line in result) == EXPECTED["counts"] == done.counts
    accepted = [row for row in EXPECTED["rows"] if row["status"] == "accepted"]
    assert Contact.objects.count() == len({row["e164"] for row in accepted})
    for row in accepted:
        contact = Contact.objects.get(number_index=blind_index.number_index(row["e164"]))
        assert contact.consents.exists() is row["consent"]
    assert done.consented == EXPECTED["consented"] == Consent.objects.count()


def test_the_overreaching_sample_is_refused_whole_and_names_its_columns(world: World, storage: Path) -> None:
    with pytest.raises(importing.ColumnsRefused) as refused:
        run(world, (DATA / "contacts-overreach.csv").read_bytes())
    assert refused.value.columns == ["身份证号", "银行卡号"]
    assert "身份证号" in str(refused.value)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()
    assert not storage.exists() or not [path for path in storage.rglob("*") if path.is_file()]


def test_the_report_never_repeats_a_value_of_the_file(world: World) -> None:
    done = run(world, (DATA / "contacts-crm.csv").read_bytes())
    text = b"".join(services.report_lines(done)).decode() + str(load_workbook(services.report_workbook(done)))
    for row in EXPECTED["rows"]:
        if row.get("e164"):
            assert row["e164"][-11:] not in text


def test_nothing_of_the_file_stays_but_the_encrypted_report(
    world: World, storage: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        done = run(world, csv("13800001234,王小明,网页勾选,2026-07-16 10:00"))
    assert done.upload == ""
    kept = [path for path in storage.rglob("*") if path.is_file()]
    assert [path.parent.name for path in kept] == ["reports"]


def test_a_confirmed_list_fills_the_queue_of_its_campaign(world: World) -> None:
    run(world, csv("13800001234,王小明,网页勾选,2026-07-16 10:00", "13900005678,李华,,"), campaign="spring")
    assert QueueEntry.objects.filter(campaign=world.campaign, state="waiting").count() == 2
    assert world.authorize(phone="13800001234").allowed
    assert world.authorize(phone="13900005678").codes == ["no_consent"]


def test_importing_the_same_list_again_changes_nothing(world: World) -> None:
    content = csv("13800001234,王小明,网页勾选,2026-07-16 10:00")
    run(world, content, campaign="spring")
    run(world, content, campaign="spring")
    assert Contact.objects.count() == Consent.objects.count() == QueueEntry.objects.count() == 1


def test_an_opted_out_number_stays_opted_out_after_import(world: World) -> None:
    world.opt_out("13800001234")
    run(world, csv("13800001234,王小明,网页勾选,2026-07-16 10:00"), campaign="spring")
    assert world.authorize(phone="13800001234").codes == ["opted_out"]


def test_an_import_is_in_the_trail(world: World) -> None:
    run(world, csv("13800001234,王小明,,"))
    event = AccessEvent.objects.get(kind="imported")
    assert (event.actor, event.count) == (world.people["supervisor"], 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_delimiters_and_encodings(world: World, delimiter: str, encoding: str) -> None:
    text = "手机号,姓名\n13800001234,王小明\n".replace(",", delimiter)
    assert run(world, text.encode(encoding)).counts == {"accepted": 1}


def test_english_headings_in_any_order(world: World) -> None:
    done = run(
        world,
        csv(
            "Ann Lee,web,2026-07-16,+86 138 0000 1234",
            heading="Full Name,Consent channel,Consent date,Mobile Phone",
        ),
    )
    assert (done.counts, done.consented) == ({"accepted": 1}, 1)


def test_quoted_cells_with_breaks_and_short_rows(world: World) -> None:
    content = '手机号,姓名,备注\n13800001234,王小明,"下午\n联系, 短信"\n13900005678\n\n'.encode()
    assert run(world, content).counts == {"accepted": 2}


def workbook(*sheets: list[list[object]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    for rows in sheets:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    book.close()
    return file.getvalue()


def test_xlsx_with_numbers_as_numbers(world: World) -> None:
    content = workbook(
        [
            ["手机号", "姓名", "同意渠道", "同意时间"],
            [13800001234, "王小明", "网页勾选", "2026-07-16 10:00"],
            ["13900005678", "李华", "", ""],
        ]
    )
    done = run(world, content, name="list.xlsx")
    assert (done.counts, done.consented) == ({"accepted": 2}, 1)


def test_rows_of_xlsx_keep_their_own_numbers_over_empty_rows(world: World) -> None:
    content = workbook([["手机号"], ["13800001234"], [""], ["138"]])
    assert [(line["row"], line["status"]) for line in report_of(run(world, content))] == [
        (2, "accepted"),
        (4, "phone_invalid"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n  ", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither CSV nor xlsx"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (workbook([["手机号"]], [["手机号"]]), "2 sheets"),
        ("手机号\n".encode() + b"\xff\xff\xff\xff", "neither UTF-8 nor GB18030"),
        ((",".join(f"c{n}" for n in range(61)) + "\n").encode(), "more than 60 columns"),
        (f"手机号,备注\n13800001234,{'x' * 4001}\n".encode(), "Row 2"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_sentence(world: World, content: bytes, says: str) -> None:
    with override("en"), pytest.raises(FileRefused, match=says):
        run(world, content)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()


def test_without_a_phone_column_nothing_starts(world: World, storage: Path) -> None:
    with pytest.raises(BadInput):
        run(world, csv("王小明,x", heading="姓名,备注"))
    assert not ContactImport.objects.exists()


def test_a_file_name_with_an_id_number_is_refused(world: World) -> None:
    with pytest.raises(PersonalDataFound):
        run(world, csv("13800001234,,,"), name="110101188002045240.csv")


def test_a_source_that_is_not_approved_brings_nothing_in(world: World) -> None:
    services.withdraw_source(actor=world.people["compliance"], source=world.source)
    world.source.refresh_from_db()
    with pytest.raises(BadInput, match="R3"):
        run(world, csv("13800001234,,,"))


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_who_may_not_import(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        services.start_import(
            actor=world.people[role],
            source=world.source,
            file_name="a.csv",
            file=io.BytesIO(csv("13800001234,,,")),
        )


@pytest.mark.parametrize(
    ("consent", "kept"),
    [
        ("网页勾选,2026-07-16 10:00", True),
        ("语音确认,2026/07/16", True),
        ("crm,2026年7月16日", True),
        ("网页勾选,", False),
        (",2026-07-16", False),
        ("打听到的,2026-07-16", False),
        ("网页勾选,昨天", False),
        ("网页勾选,2027-07-16", False),
    ],
)
def test_a_doubtful_consent_is_no_consent(world: World, consent: str, kept: bool) -> None:
    done = run(world, csv(f"13800001234,王小明,{consent}"))
    assert done.counts == {"accepted": 1}
    assert Consent.objects.exists() is kept
    assert bool(report_of(done)[0]["message"]) is not kept


def test_a_name_longer_than_its_column_is_cut_and_the_row_kept(world: World) -> None:
    assert run(world, csv(f"13800001234,{'王' * 300},,")).counts == {"accepted": 1}


# -- workbooks


def repacked(content: bytes, *, add: dict[str, bytes] | None = None, change: Any = None) -> bytes:
    """The same workbook with members added or changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry)
            new.writestr(entry.filename, change(entry.filename, body) if change else body)
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return out.getvalue()


PLAIN = workbook([["手机号"], ["13800001234"]])


def bomb() -> bytes:
    """More than a gigabyte of zeros in some megabytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _piece in range(1025):
            member.write(bytes(2**20))
    return out.getvalue()


def formula() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["手机号", "姓名"])
        sheet.write_string(1, 0, "13800001234")
        sheet.write_formula(1, 1, '=HYPERLINK("http://example.invalid","王")')
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (bomb, "unpacks to more than 1024 MB"),
        (formula, "Cell B2 holds a formula"),
        (lambda: repacked(PLAIN, add={"xl/vbaProject.bin": b"x"}), "macros"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted workbook"),
        (lambda: PLAIN[:-200], "damaged"),
        (lambda: PLAIN.replace(b"sheet1.xml", b"sheet9.xml"), "damaged"),
    ],
)
def test_a_workbook_that_is_not_a_plain_list_is_refused(
    world: World, storage: Path, make: Any, says: str
) -> None:
    with override("en"), pytest.raises(FileRefused, match=says):
        run(world, make())
    assert not ContactImport.objects.exists()
    assert not [path for path in storage.rglob("*") if path.is_file()]


def test_a_list_of_too_many_rows_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_ROWS", 2)
    rows = [f"1380000{number:04},,," for number in range(3)]
    with override("en"), pytest.raises(FileRefused, match="more than 2 rows"):
        run(world, csv(*rows))


# -- what is remembered


def test_the_columns_of_the_last_list_are_remembered_for_its_source(world: World) -> None:
    supervisor = world.people["supervisor"]
    content = csv("x,13800001234", heading="甲,乙")
    first = services.start_import(
        actor=supervisor, source=world.source, file_name="a.csv", file=io.BytesIO(content)
    )
    assert first.mapping == {"phone": 1}
    services.confirm_import(actor=supervisor, contact_import=first, mapping={"phone": 1, "name": 0})
    second = services.start_import(
        actor=supervisor, source=world.source, file_name="b.csv", file=io.BytesIO(content)
    )
    assert second.mapping == {"phone": 1, "name": 0}
    other = services.start_import(
        actor=supervisor, source=world.approved_source("other"), file_name="b.csv", file=io.BytesIO(content)
    )
    assert other.mapping == {"phone": 1}


def test_the_same_file_is_imported_once_at_a_time(world: World) -> None:
    supervisor, content = world.people["supervisor"], csv("13800001234,,,")
    first, second = (
        services.start_import(actor=supervisor, source=world.source, file_name=name, file=io.BytesIO(content))
        for name in ("a", "b")
    )
    job = services.confirm_import(actor=supervisor, contact_import=first, mapping=first.mapping)
    with pytest.raises(importing.ImportAlreadyRunning):
        services.confirm_import(actor=supervisor, contact_import=second, mapping=second.mapping)
    Job.objects.filter(pk=job.pk).update(state="failed")
    services.run_import(
        services.confirm_import(actor=supervisor, contact_import=second, mapping=second.mapping).pk
    )
    third = services.start_import(
        actor=supervisor, source=world.source, file_name="c", file=io.BytesIO(content)
    )
    assert previewing.imported_before(third) == ContactImport.objects.get(pk=second.pk)


def test_the_preview_shows_fifty_rows_and_nothing_in_clear(world: World) -> None:
    rows = [f"1380000{number:04},王小明{number},," for number in range(60)]
    started = services.start_import(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv", file=io.BytesIO(csv(*rows))
    )
    seen = previewing.preview(started)
    heading, shown = seen.titles, [(row, cells) for row, cells, _hidden in seen.rows]
    assert (len(heading), len(shown), shown[0][0], shown[-1][0]) == (4, 50, 2, 51)
    assert "小明" not in str(shown)
    assert "0000" not in str(shown)


def test_the_report_for_people_names_the_row_and_the_masked_number(world: World) -> None:
    done = run(world, csv("13800001234,,,", "138,,,", "13800001234,,,"))
    counts, rows = load_workbook(services.report_workbook(done))
    assert {row[0]: row[1] for row in counts} == {"accepted": 1, "phone_invalid": 1, "duplicate_in_file": 1}
    assert [row[:3] for row in rows[1:]] == [
        [2, "138****1234", "accepted"],
        [3, "", "phone_invalid"],
        [4, "138****1234", "duplicate_in_file"],
    ]


def test_a_command_that_imports_itself_tells_no_worker(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[Job] = []
    monkeypatch.setattr("apps.jobs.services.wake", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        done = run(world, csv("13800001234,,,"))
    assert (done.state, woken) == (ContactImport.State.DONE, []), (
        "a worker could take the job away from under the command"
    )


def test_a_second_process_prepares_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (DATA / "contacts-crm.csv").read_bytes()
    monkeypatch.setattr(preparing, "OWN_PROCESS", 10)
    monkeypatch.setattr(preparing, "BATCH", 50)
    done = run(world, content)
    assert (done.counts, done.consented) == (EXPECTED["counts"], EXPECTED["consented"])
    assert [line["row"] for line in report_of(done)] == [row["row"] for row in EXPECTED["rows"]]


def test_a_second_process_that_dies_is_an_error_and_the_job_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(preparing, "OWN_PROCESS", 0)
    prepared = preparing.prepared
    monkeypatch.setattr(preparing, "prepared", lambda **fields: os._exit(9))
    with pytest.raises(RuntimeError, match="ended too soon"):
        run(world, csv("13800001234,,,"))
    monkeypatch.setattr(preparing, "prepared", prepared)
    clock.shift(121)
    services.run_import(Job.objects.get().pk)
    assert Contact.objects.count() == 1


# -- any list at all

CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
LINES = st.lists(
    st.lists(
        st.one_of(CELL, st.sampled_from(["13800001234", "110101188002045240", "6222020200112230", ""])),
        max_size=4,
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LINES,
    st.sampled_from([_csv.QUOTE_MINIMAL, _csv.QUOTE_ALL, _csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_any_csv_is_imported_row_by_row_or_refused_with_a_sentence(
    world: World, lines: list[list[str]], quoting: int, end: str
) -> None:
    """The sum of the report is the count of the rows that hold anything."""
    out = io.StringIO()
    writer = _csv.writer(out, quoting=quoting, lineterminator=end)
    writer.writerow(["手机号", "姓名", "备注", "标签"])
    writer.writerows(lines)
    text = out.getvalue()
    with transaction.atomic():
        done = given_or_refused(world, text.encode())
        if done is not None:
            result = report_of(done)
            rows = [
                row
                for row in list(_csv.reader(io.StringIO(text, newline="")))[1:]
                if any(cell.strip() for cell in row)
            ]
            assert len(result) == sum(done.counts.values()) == done.layout["rows"] == len(rows)
            assert {line["status"] for line in result} <= set(rules.STATUSES)
            assert all(line["message"] for line in result if line["status"] != "accepted")
        transaction.set_rollback(True)


def given_or_refused(world: World, content: bytes) -> ContactImport | None:
    """The import, or None for a file that was refused with a sentence."""
    try:
        return run(world, content)
    except BadInput as refused:  # of a file, or of a list of which no heading tells the phone
        if not str(refused):
            raise
        return None


# -- crashes


def test_a_worker_that_dies_half_way_is_taken_over_without_a_double(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(preparing, "BATCH", 2)
    rows = [f"1380000{number:04},王小明,网页勾选,2026-07-16 10:00" for number in range(5)]
    started = services.start_import(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv", file=io.BytesIO(csv(*rows))
    )
    job = services.confirm_import(
        actor=world.people["supervisor"], contact_import=started, mapping=started.mapping
    )
    store, calls = storing.store, []

    def dies_at_the_second_batch(*args: Any, **options: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return store(*args, **options)

    monkeypatch.setattr(storing, "store", dies_at_the_second_batch)
    with pytest.raises(KeyboardInterrupt):
        services.run_import(job.pk)
    assert Contact.objects.count() == 2
    services.run_import(job.pk)
    assert Contact.objects.count() == 2, "the lease still belongs to the dead worker"
    clock.shift(121)
    services.run_import(job.pk)
    started.refresh_from_db()
    assert Contact.objects.count() == Consent.objects.count() == started.consented == 5
    assert started.counts == {"accepted": 5}
    assert Job.objects.get().state == "done"
    services.run_import(job.pk)
    assert len(calls) == 4


def test_no_clear_value_reaches_the_tables(world: World) -> None:
    run(world, csv("13800001234,欧阳小明,网页勾选,2026-07-16 10:00"))
    with connection.cursor() as cursor:
        cursor.execute(
            "select to_jsonb(c)::text from contacts_contact c union all select to_jsonb(i)::text from "
            "contacts_contactimport i"
        )
        text = "".join(row[0] for row in cursor.fetchall())
    assert "13800001234" not in text
    assert "小明" not in text


def test_last_four_digits_find_the_viewer_s_contacts_and_no_others(world: World, browse: Any) -> None:
    world.add_contact("13800001234")
    foreign = world.add_contact("13900001234", campaign=world.running_campaign("foreign", agents=("agent2",)))
    answer = browse("agent").post(reverse("contact_search"), {"number": "１２３４"})
    text = answer.content.decode()
    assert "138****1234" in text
    assert "139****1234" not in text
    assert foreign.public_id not in text
    assert AccessEvent.objects.filter(kind="searched", count=1).exists()
    assert browse("agent").post(reverse("contact_search"), {"number": "9999"}).status_code == 302


def test_a_list_follows_its_campaign_under_whatever_code(world: World) -> None:
    """The code of a campaign that was never approved may change, and another campaign may take it: the list
    is the campaign's that it was uploaded for."""
    spring = world.running_campaign("autumn")
    started = services.start_import(
        actor=world.people["supervisor"], source=world.source, file_name="list.csv",
        file=io.BytesIO("手机号\n13900001111\n".encode()), contact_list=contact_list_of(spring),
    )  # fmt: skip
    Campaign.objects.filter(pk=spring.pk).update(code="winter")
    other = world.running_campaign("autumn")
    job = services.confirm_import(
        actor=world.people["supervisor"], contact_import=started, mapping=started.mapping
    )
    services.run_import(job.pk)
    assert QueueEntry.objects.filter(campaign=spring).count() == 1
    assert not QueueEntry.objects.filter(campaign=other).exists()
