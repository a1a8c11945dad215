"""From an uploaded file to rows of text: CSV in the encodings and delimiters of real CRMs, xlsx.

Nothing here knows what the columns mean. A file that is not what it says it is raises
`FileRefused` with a sentence; nothing of it has been stored by then.
"""

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from apps.core.errors import BadInput

MOST_BYTES = 200 * 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
MOST_COLUMNS = 60
MOST_CELL = 4000
DELIMITERS = ",;\t"


class FileRefused(BadInput):
    """The whole file is refused; nothing of it is stored."""

    code = "file_refused"


@dataclass(frozen=True)
class Table:
    """A heading and the rows below it; rows are numbered from 2, as spreadsheets show them."""

    heading: list[str]
    content: bytes
    is_xlsx: bool

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with its number. Cells are text; missing ones are ""."""
        source = _xlsx_rows(self.content) if self.is_xlsx else _csv_rows(self.content)
        width = len(self.heading)
        for number, cells in enumerate(itertools.islice(source, 1, None), start=2):
            if not any(cells):
                continue
            yield number, cells + [""] * (width - len(cells))

    def count(self) -> int:
        """Rows below the heading; walks the whole file, so a broken end shows before any start."""
        total = 0
        for number, cells in self.rows():
            total += 1
            if max(map(len, cells)) > MOST_CELL:
                raise FileRefused(_("Row %(row)s: a cell holds more than %(most)s characters."), row=number, most=MOST_CELL)
        return total


def open_table(content: bytes) -> Table:
    """The table in a file. Raises `FileRefused` for what is not a table that can be read."""
    if not content.strip():
        raise FileRefused(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise FileRefused(_("The file is larger than %(most)s MB. Split it."), most=MOST_BYTES // 2**20)
    is_xlsx = content.startswith(b"PK\x03\x04")
    if not is_xlsx and b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(_("This is neither CSV nor xlsx. Save the list as CSV (UTF-8) or xlsx."))
    first = next(_xlsx_rows(content) if is_xlsx else _csv_rows(content), None)
    heading = [cell.strip() for cell in first or []]
    while heading and not heading[-1]:
        heading.pop()
    if not heading:
        raise FileRefused(_("The first row has to name the columns."))
    if len(heading) > MOST_COLUMNS:
        raise FileRefused(_("The file has more than %(most)s columns."), most=MOST_COLUMNS)
    return Table(heading, content, is_xlsx)


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(_("The text is neither UTF-8 nor GB18030. Save the list as CSV (UTF-8)."))


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first_line = text[:10_000].splitlines()[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    csv.field_size_limit(MOST_CELL * 4)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise FileRefused(_("The file is not well-formed CSV: %(why)s."), why=str(error)) from None


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
                raise FileRefused(_("The workbook unpacks to more than 1 GB."))
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if len(book.sheet_names) != 1:
            raise FileRefused(_("The workbook has %(count)s sheets. Keep the one with the list."), count=len(book.sheet_names))
        sheet = book.get_sheet_by_index(0)
        for row in sheet.iter_rows():
            yield [_cell_text(cell) for cell in row]
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError):
        raise FileRefused(_("The workbook cannot be read: it is damaged, encrypted or not xlsx.")) from None


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()
