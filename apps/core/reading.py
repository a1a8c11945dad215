"""From a file that somebody handed in to rows of text: CSV in the encodings and delimiters of real CRMs, workbooks (xlsx).

Nothing here knows what the columns mean. A file is walked once before anything is done with it (`examine`), so that what
is wrong with it shows before the start; then its rows are read one by one (`rows_of`), and at no time is the whole of a CSV
held. A workbook becomes CSV on the way in (`csv_of_workbook`). A file that is not what it says it is raises `FileRefused`
with a sentence; nothing of it has been stored by then.
"""

import codecs
import csv
import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import IO, Any, cast

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from apps.core.errors import BadInput

MOST_BYTES = 200 * 2**20
MOST_BOOK_BYTES = 60 * 2**20  # a workbook is opened as a whole
MOST_UNPACKED = 2**30
MOST_MEMBERS = 2_000
MOST_COLUMNS = 60
MOST_CELL = 4000
DELIMITERS = ",;\t"
PIECE = 2**20
Bytes = IO[bytes] | io.RawIOBase
WORKBOOK = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class FileRefused(BadInput):
    """The whole file is refused; nothing of it is stored."""

    code = "file_refused"


@dataclass(frozen=True)
class Layout:
    """How the text of a list is to be read. `rows` counts those below the heading that are not empty."""

    heading: list[str]
    rows: int
    encoding: str = "utf-8-sig"
    delimiter: str = ","

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# -- any file


def is_workbook(file: Bytes) -> bool:
    file.seek(0)
    return file.read(4) == WORKBOOK


def check_size(file: Bytes) -> None:
    """Raises `FileRefused` for an empty file and for one that is too large."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size or (size < PIECE and not file.read().strip()):
        raise FileRefused(_("The file is empty."))
    if size > MOST_BYTES:
        raise FileRefused(_("The file is larger than %(most)s MB. Split it."), most=MOST_BYTES // 2**20)


def peek(file: Bytes) -> Layout:
    """How a CSV is to be read, by its text and its first row. Raises `FileRefused`; broken rows show later."""
    check_size(file)
    encoding = _encoding(file)
    delimiter = _delimiter(file, encoding)
    return Layout(_heading(next(_records(file, encoding, delimiter), None)), 0, encoding, delimiter)


def examine(file: Bytes, *, most_rows: int | None = None) -> Layout:
    """Walk the whole of a CSV and count. Raises `FileRefused` for what cannot be read, with the row where there is one."""
    layout, rows = peek(file), 0
    most = float("inf") if most_rows is None else most_rows
    for number, cells in enumerate(itertools.islice(_records(file, layout.encoding, layout.delimiter), 1, None), start=2):
        text = "".join(cells)
        if not text or text.isspace():
            continue
        rows += 1
        if len(text) > MOST_CELL and max(len(cell.strip()) for cell in cells) > MOST_CELL:
            raise FileRefused(_("Row %(row)s: a cell holds more than %(most)s characters."), row=number, most=MOST_CELL)
        if rows > most:
            raise FileRefused(_("The file has more than %(most)s rows. Split it."), most=most_rows)
    return replace(layout, rows=rows)


def rows_of(file: Bytes, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Each row below the heading that is not empty, with its number, from 2 as spreadsheets show it. Missing cells are ""."""
    width = len(layout.heading)
    for number, raw in enumerate(itertools.islice(_records(file, layout.encoding, layout.delimiter), 1, None), start=2):
        if any(cells := list(map(str.strip, raw))):
            yield number, cells + [""] * (width - len(cells)) if len(cells) < width else cells


def _heading(first: list[str] | None) -> list[str]:
    heading = [cell.strip() for cell in first or []]
    while heading and not heading[-1]:
        heading.pop()
    if not heading:
        raise FileRefused(_("The first row has to name the columns."))
    if len(heading) > MOST_COLUMNS:
        raise FileRefused(_("The file has more than %(most)s columns."), most=MOST_COLUMNS)
    return heading


# -- CSV


def _encoding(file: Bytes) -> str:
    """UTF-8 (16 with a mark), else GB18030: by decoding all of it."""
    file.seek(0)
    head = file.read(PIECE)
    if head.startswith(OLD_OFFICE):
        raise FileRefused(_("This is an encrypted workbook, or one of the old kind (xls). Save it without a password as xlsx or CSV."))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in head:
        raise FileRefused(_("This is neither CSV nor xlsx. Save the list as CSV (UTF-8) or xlsx."))
    else:
        candidates = ("utf-8-sig", "gb18030")
    for encoding in candidates:
        if _decodes(file, encoding):
            return encoding
    raise FileRefused(_("The text is neither UTF-8 nor GB18030. Save the list as CSV (UTF-8)."))


def _decodes(file: Bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(file: Bytes, encoding: str) -> str:
    file.seek(0)
    head = codecs.getincrementaldecoder(encoding)().decode(file.read(64 * 1024))
    first_line = next(iter(head.lstrip("\r\n").splitlines()), "")
    return max(DELIMITERS, key=first_line.count)


def _records(file: Bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """The rows as they stand, blanks around cells included: to take those off takes as long as to read them."""
    file.seek(0)
    text = io.TextIOWrapper(cast("IO[bytes]", _NeverClosed(file)), encoding, newline="")
    csv.field_size_limit(MOST_CELL * 4)
    read = 0
    try:
        for row in csv.reader(text, delimiter=delimiter, strict=False):
            read += 1
            yield row
    except csv.Error as error:
        raise FileRefused(_("Row %(row)s is not well-formed CSV: %(why)s."), row=read + 1, why=str(error)) from None
    finally:
        text.detach()


class _NeverClosed(io.BufferedIOBase):
    """A view of a file, for a reader that would close it."""

    def __init__(self, file: Bytes) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        return self._file.read(-1 if size is None or size < 0 else max(size, PIECE)) or b""

    read1 = read


# -- workbooks


def csv_of_workbook(file: Bytes, *, most_rows: int | None = None) -> Iterator[bytes]:
    """The one sheet of a workbook as CSV (UTF-8), in pieces; rows keep their numbers. Raises `FileRefused`."""
    check_size(file)
    if file.seek(0, io.SEEK_END) > MOST_BOOK_BYTES:
        raise FileRefused(_("The workbook is larger than %(most)s MB. Save it as CSV (UTF-8)."), most=MOST_BOOK_BYTES // 2**20)
    try:
        _check_members(file)
        file.seek(0)
        book = CalamineWorkbook.from_filelike(file)
        if len(book.sheet_names) != 1:
            raise FileRefused(_("The workbook has %(count)s sheets. Keep the one with the list."), count=len(book.sheet_names))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        raise FileRefused(_("The workbook cannot be read: it is damaged, encrypted or not xlsx.")) from None
    if most_rows is not None and len(rows) > most_rows + 1:
        raise FileRefused(_("The file has more than %(most)s rows. Split it."), most=most_rows)
    return _csv_of(rows)


def _csv_of(rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell_text(cell) for cell in row] or [""])
        if out.tell() >= PIECE // 4:
            yield out.getvalue().encode("utf-8", "replace")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", "replace")


_FORMULA = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<f[\s/>]')


def _check_members(file: Bytes) -> None:
    """What a workbook is made of: no bomb, no macro, no formula, nothing broken. Reads every member once, by pieces."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(entry.file_size for entry in members) > MOST_UNPACKED or len(members) > MOST_MEMBERS:
            raise FileRefused(_("The workbook unpacks to more than %(most)s MB."), most=MOST_UNPACKED // 2**20)
        if any(entry.flag_bits & 1 for entry in members):
            raise FileRefused(_("The workbook is encrypted. Save it without a password."))
        if any(entry.filename.lower().endswith("vbaproject.bin") for entry in members):
            raise FileRefused(_("The workbook holds macros. Save it as xlsx, without them."))
        for entry in members:
            with archive.open(entry) as member:
                _check_member(member, is_sheet=entry.filename.startswith("xl/worksheets/sheet"))


def _check_member(member: IO[bytes], *, is_sheet: bool) -> None:
    before = b""
    while piece := member.read(PIECE):
        if is_sheet and (formula := _FORMULA.search(before + piece)):
            cell = formula[1].decode()
            raise FileRefused(_("Cell %(cell)s holds a formula. Paste the list as values and upload it again."), cell=cell)
        before = piece[-400:]


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell).strip()


# -- small lists, held as a whole


@dataclass(frozen=True)
class Table:
    """A list in memory."""

    heading: list[str]
    layout: Layout
    content: bytes

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        return rows_of(io.BytesIO(self.content), self.layout)

    def count(self) -> int:
        """Rows below the heading; walks the whole list, so a broken end shows before any start."""
        return examine(io.BytesIO(self.content)).rows


def open_table(content: bytes) -> Table:
    """The table in a file. Raises `FileRefused` for what is not a table that can be read."""
    file = io.BytesIO(content)
    if is_workbook(file):
        content = b"".join(csv_of_workbook(file))
    layout = peek(io.BytesIO(content))
    return Table(layout.heading, layout, content)
