"""What a workbook asks of its reader is bounded: a hostile one ends a process of its own and nobody else's
page."""

import io
import os
import resource
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
import xlsxwriter

from apps.core.documents import workbooks
from apps.core.documents.spreadsheets import FileRefused
from apps.core.documents.workbooks import open_table


def workbook(*cells: tuple[int, int, object]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("名单")
    for row, column, value in cells:
        sheet.write(row, column, value)
    book.close()
    return out.getvalue()


FAR = workbook((0, 0, "手机号"), (1, 0, "13800001234"), (1_048_575, 16_383, "x"))


def test_a_workbook_is_read_as_before() -> None:
    table = open_table(
        workbook((0, 0, "手机号"), (1, 0, "13800001234"), (2, 0, 13800005678), (2, 1, True), (3, 1, 0.5))
    )
    assert table.content.decode().splitlines() == ["手机号,", "13800001234,", "13800005678,TRUE", ",0.5"]


def test_one_far_cell_asks_for_more_memory_than_there_is_and_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its structure gives it away already; without that look its reader ends, and this process has not
    grown."""
    with pytest.raises(FileRefused):
        open_table(FAR)
    monkeypatch.setattr(workbooks, "_check_extent", lambda sheet, most_rows: None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileRefused):
        open_table(FAR)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB


def hostile() -> list[bytes]:
    """Workbooks that lie: cut short, with parts of noise, of zeros, of another kind, of a size that is not
    theirs."""
    good = workbook((0, 0, "手机号"), (1, 0, "13800001234"))
    noise = bytes(range(256)) * 40
    found = [good[:cut] for cut in (30, 200, len(good) // 2, len(good) - 1)] + [b"PK\x03\x04" + noise, FAR]
    for part in (
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "[Content_Types].xml",
        "xl/styles.xml",
    ):
        for content in (
            b"",
            noise,
            b"<a>" * 50_000,
            b"\0" * 5_000_000,
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
        ):
            out = io.BytesIO()
            with (
                zipfile.ZipFile(io.BytesIO(good)) as source,
                zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
            ):
                for item in source.infolist():
                    target.writestr(item, content if item.filename == part else source.read(item))
            found.append(out.getvalue())
    return found


def test_a_hundred_hostile_workbooks_at_once_are_each_refused_or_read() -> None:
    def tried(content: bytes) -> str:
        try:
            return open_table(content).content.decode()
        except FileRefused as error:
            return str(error)

    files = (hostile() * 4)[:100]
    with ThreadPoolExecutor(8) as pool:
        result = list(pool.map(tried, files))
    assert len(result) == 100
    assert all(result)
    children = [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_reader(pid)]
    assert not children, "no reader is left behind"


def _is_reader(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file, open(f"/proc/{pid}/stat") as stat:
            return b"confined.py" in file.read() and int(stat.read().split()[3]) == os.getpid()
    except OSError:
        return False
