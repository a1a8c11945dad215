"""Workbooks (xlsx) as CSV. Their XML is read twice: for its structure here, for its values by calamine.

What a person sees in the sheet is what is taken: the one visible sheet that holds something. Hidden rows and
columns are named, merged cells show their value in each of their rows, and a formula is refused, because its
stored value may be an old one. The structure is read by elements, whatever their prefix, and by the parts
that the workbook names, whatever they are called. Values are read by a process of its own, with bounded
memory and time (`confined`).
"""

import io
import json
import lzma
import posixpath
import re
import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any, cast
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from . import workbook_process
from .spreadsheets import (
    MOST_COLUMNS,
    PIECE,
    Bytes,
    FileRefused,
    Layout,
    Table,
    check_size,
    is_workbook,
    letter,
    peek,
)

MOST_BYTES = 60 * 2**20  # a workbook is opened as a whole
MOST_UNPACKED = 2**30
MOST_MEMBERS = 2_000
MOST_PART = 2**20  # of the small parts that say what the workbook is made of
MOST_ROWS = 1_048_576  # of any workbook
MOST_MERGED = 10_000  # over several rows
MOST_ACROSS = 300_000  # within one row
MOST_ERRORS = 10_000
MOST_EMPTY = 40  # cells of the sheet's area for each one that holds something
_RELATIONS = "_rels/{}.rels"
_one_reader = threading.Lock()  # of this process: what each may ask for is bounded, and so is all of it

_UNREADABLE = _("The workbook cannot be read: it is damaged, encrypted or not xlsx.")
_UNRELIABLE = _(
    "The workbook is written in a way that cannot be read reliably. Open it, save it again as xlsx and "
    "upload it."
)


@dataclass
class Sheet:
    """The structure of a sheet. Rows count from 1, columns from 0."""

    name: str = ""
    cells: int = 0  # that hold something
    texts: int = 0  # of them: those that refer to a text, which may be empty
    last_row: int = 0
    last_column: int = -1
    formula: str = ""  # the first cell that holds one
    hidden_rows: list[list[int]] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)  # over several rows
    merged_across: list[str] = field(default_factory=list)  # within one row
    errors: list[tuple[int, int, str]] = field(default_factory=list)  # row, column, what it shows


@dataclass(frozen=True)
class Workbook:
    """The list in a workbook: its rows as CSV (UTF-8), in pieces; rows keep their numbers."""

    pieces: Iterator[bytes]
    sheet: Sheet
    hidden_sheets: int
    dates_from_1904: bool = False

    def described(self, layout: Layout) -> Layout:
        """The layout of the CSV with what the workbook hides."""
        return replace(
            layout, hidden_rows=self.sheet.hidden_rows, hidden_sheets=self.hidden_sheets,
            merged=self.sheet.merged,
            hidden_columns=sorted(self.sheet.hidden_columns), dates_from_1904=self.dates_from_1904,
        )  # fmt: skip


def open_workbook(file: Bytes, *, most_rows: int | None = None) -> Workbook:
    """The one list of a workbook. Raises `FileRefused`."""
    check_size(file)
    if file.seek(0, io.SEEK_END) > MOST_BYTES:
        raise FileRefused(
            _("The workbook is larger than %(most)s MB. Save it as CSV (UTF-8)."), most=MOST_BYTES // 2**20
        )
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            _check_members(archive)
            visible, hidden, from_1904 = _sheets(archive)
        sheet = _the_list(visible, hidden)
        _check_extent(sheet, most_rows)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        expat.ExpatError,
        OSError,
        EOFError,
        LookupError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ):
        raise FileRefused(_UNREADABLE) from None
    return Workbook(_values(file, sheet), sheet, sum(bool(each.cells) for each in hidden), from_1904)


def open_table(content: bytes) -> Table:
    """The table in a file. Raises `FileRefused` for what is not a table that can be read."""
    file = io.BytesIO(content)
    if not is_workbook(file):
        layout = peek(file)
        return Table(layout.heading, layout, content)
    book = open_workbook(file)
    content = b"".join(book.pieces)
    layout = book.described(peek(io.BytesIO(content)))
    return Table(layout.heading, layout, content)


def _the_list(visible: list[Sheet], hidden: list[Sheet]) -> Sheet:
    filled = [sheet for sheet in visible if sheet.cells]
    if len(filled) > 1:
        raise FileRefused(
            _("The workbook has %(count)s sheets. Keep the one with the list."), count=len(filled)
        )
    if not filled and any(sheet.cells for sheet in hidden):
        raise FileRefused(
            _("The list stands in a hidden sheet. Show the sheet and upload the workbook again.")
        )
    if not filled:
        raise FileRefused(_("The file is empty."))
    if filled[0].formula:
        raise FileRefused(
            _("Cell %(cell)s holds a formula. Paste the list as values and upload it again."),
            cell=filled[0].formula,
        )
    return filled[0]


def _check_extent(sheet: Sheet, most_rows: int | None) -> None:
    """A cell far away makes a small file a large sheet, which would be held as a whole."""
    if most_rows is not None and sheet.last_row > most_rows + 1:
        raise FileRefused(_("The file has more than %(most)s rows. Split it."), most=most_rows)
    if sheet.last_column >= MOST_COLUMNS:
        raise FileRefused(_("The file has more than %(most)s columns."), most=MOST_COLUMNS)
    if sheet.last_row * (sheet.last_column + 1) > MOST_EMPTY * max(sheet.cells, 10_000):
        cell = f"{letter(sheet.last_column)}{sheet.last_row}"
        raise FileRefused(
            _("The sheet is nearly empty up to cell %(cell)s. Delete the rows and columns behind the list."),
            cell=cell,
        )


# -- structure


def _check_members(archive: zipfile.ZipFile) -> None:
    """No bomb, no macro, nothing encrypted, no part twice."""
    members = archive.infolist()
    if sum(entry.file_size for entry in members) > MOST_UNPACKED or len(members) > MOST_MEMBERS:
        raise FileRefused(_("The workbook unpacks to more than %(most)s MB."), most=MOST_UNPACKED // 2**20)
    if any(entry.flag_bits & 1 for entry in members):
        raise FileRefused(_("The workbook is encrypted. Save it without a password."))
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in members):
        raise FileRefused(_("The workbook holds macros. Save it as xlsx, without them."))
    if len({entry.filename.lower() for entry in members}) != len(members):
        raise FileRefused(_UNREADABLE)
    unpacked = 0
    for entry in members:
        with archive.open(entry) as member:
            while piece := member.read(PIECE):
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED:
                    raise FileRefused(
                        _("The workbook unpacks to more than %(most)s MB."), most=MOST_UNPACKED // 2**20
                    )


def _sheets(archive: zipfile.ZipFile) -> tuple[list[Sheet], list[Sheet], bool]:
    """The structure of the sheets that are shown, that of those that are hidden, and whether days count from
    1904."""
    book = {kind: target for kind, _id, target in _relations(archive, "")}["officeDocument"]
    targets = {key: target for kind, key, target in _relations(archive, book) if kind == "worksheet"}
    listed: list[dict[str, str]] = []
    from_1904 = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        if _local(name) == "workbookPr":
            from_1904 = attributes.get("date1904") in ("1", "true")
        if _local(name) == "sheet":
            listed.append({_local(key): value for key, value in attributes.items()})

    _parse(_small_part(archive, book), start)
    if len({sheet["name"].casefold() for sheet in listed}) != len(listed):
        raise FileRefused(_UNREADABLE)
    visible: list[Sheet] = []
    hidden: list[Sheet] = []
    for sheet in listed:
        if target := targets.get(sheet["id"]):
            with archive.open(_member(archive, target)) as part:
                (visible if sheet.get("state", "visible") == "visible" else hidden).append(
                    _structure(part, sheet["name"])
                )
    return visible, hidden, from_1904


def _local(name: str) -> str:
    """The name of an element or attribute without its namespace, whatever prefix the file uses."""
    return name.rpartition(" ")[2]


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """The part of that name; parts are the same in any case of letters."""
    found = [entry for entry in archive.namelist() if entry.lower().lstrip("/") == name.lower()]
    if not found:
        raise FileRefused(_UNREADABLE)
    return found[0]


def _small_part(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    with archive.open(_member(archive, name)) as part:
        content = part.read(MOST_PART + 1)
    if len(content) > MOST_PART:
        raise FileRefused(_UNREADABLE)
    return io.BytesIO(content)


def _relations(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str, str]]:
    """Of a part ("": the whole package) what it refers to: kind, id, target."""
    folder, name = posixpath.split(part)
    found: list[tuple[str, str, str]] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        if _local(element) == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes["Target"]
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            found.append((attributes["Type"].rpartition("/")[2], attributes["Id"], posixpath.normpath(path)))

    _parse(_small_part(archive, posixpath.join(folder, _RELATIONS.format(name))), start)
    return found


def _parse(part: IO[bytes], start: Any, end: Any = None, text: Any = None) -> None:
    """Raises `FileRefused` for a document type: it is where entities that grow come from."""

    def refuse(*_of_document_type: object) -> None:
        raise FileRefused(_UNREADABLE)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    while piece := part.read(PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def _position(reference: str) -> tuple[int, int]:
    """Row from 1 and column from 0 of a cell such as "B7". Raises `ValueError`."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    column = 0
    for character in found[1]:
        column = column * 26 + ord(character) - 64
    if not 0 < int(found[2]) <= MOST_ROWS:
        raise ValueError(reference)
    return int(found[2]), column - 1


def _structure(part: IO[bytes], name: str) -> Sheet:
    """What a sheet is made of, read by its elements."""
    sheet = Sheet(name)
    row, column = 0, -1
    holds = in_value = in_cell = is_text = is_error = False

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, holds, in_value, in_cell, is_text, is_error
        element = element.rpartition(" ")[2]
        if element == "c":
            before = column
            at, column = _position(attributes["r"]) if "r" in attributes else (row, column + 1)
            # a cell twice, or out of order: readers would differ on which counts
            if at != row or column <= before:
                raise FileRefused(_UNRELIABLE)
            kind = attributes.get("t")
            holds, in_cell, is_text = False, True, kind in ("s", "str", "inlineStr", "e")
            is_error = kind == "e"
        elif element in ("v", "t"):
            in_value = True
        elif element == "row":
            before, row, column = row, int(attributes.get("r", row + 1)), -1
            if row <= before:
                raise FileRefused(_UNRELIABLE)
            if attributes.get("hidden") in ("1", "true") or float(attributes.get("ht", 1)) == 0:
                _add_hidden(sheet.hidden_rows, row)
        elif element == "f" and in_cell:
            sheet.formula = sheet.formula or f"{letter(column)}{row}"
        elif element == "rPh":
            in_value = False
        elif element == "mergeCell":
            _add_merged(sheet, attributes["ref"])
        elif element == "col" and (
            attributes.get("hidden") in ("1", "true") or float(attributes.get("width", 1)) == 0
        ):
            first, last = max(int(attributes["min"]), 1), min(int(attributes["max"]), MOST_COLUMNS)
            sheet.hidden_columns.update(range(first - 1, last))

    def end(element: str) -> None:
        nonlocal holds, in_value, in_cell
        in_value = False
        if element.rpartition(" ")[2] != "c":
            return
        in_cell = False
        if holds:
            sheet.cells += 1
            sheet.texts += is_text
            sheet.last_row, sheet.last_column = max(sheet.last_row, row), max(sheet.last_column, column)
            holds = False

    def text(data: str) -> None:
        nonlocal holds
        if in_value and data:
            holds = True
            if is_error:
                _add_error(sheet, row, column, data)

    _parse(part, start, end, text)
    return sheet


def _add_error(sheet: Sheet, row: int, column: int, text: str) -> None:
    if len(sheet.errors) >= MOST_ERRORS:
        raise FileRefused(
            _("The sheet has more than %(most)s cells such as #N/A. Correct them."), most=MOST_ERRORS
        )
    sheet.errors.append((row, column, text[:20]))


def _add_hidden(ranges: list[list[int]], row: int) -> None:
    if ranges and ranges[-1][1] == row - 1:
        ranges[-1][1] = row
    else:
        ranges.append([row, row])


def _add_merged(sheet: Sheet, reference: str) -> None:
    """Cells merged within one row are a matter of looks; over several rows they show one value in each."""
    first, _colon, last = reference.partition(":")
    is_across = _position(first)[0] == _position(last or first)[0]
    areas, most = (sheet.merged_across, MOST_ACROSS) if is_across else (sheet.merged, MOST_MERGED)
    if len(areas) >= most:
        raise FileRefused(_("The sheet has more than %(most)s merged cells. Unmerge them."), most=most)
    if last:
        areas.append(reference)


# -- values


def _values(file: Bytes, sheet: Sheet) -> Generator[bytes]:
    """The sheet as CSV: read by a process of its own (`confined`). It gets nothing else from us. Raises
    `FileRefused`, also where it saw other cells than the structure has."""
    with _one_reader:
        reader = subprocess.Popen(  # noqa: S603  (our own program)
            [sys.executable, "-I", workbook_process.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        to_reader, from_reader = cast(IO[bytes], reader.stdin), cast(IO[bytes], reader.stdout)
        try:
            with suppress(BrokenPipeError), to_reader:
                asked = {"sheet": sheet.name, "merged": _merged_areas(sheet), "errors": sheet.errors}
                to_reader.write(json.dumps(asked).encode() + b"\n")
                file.seek(0)
                shutil.copyfileobj(file, to_reader)
            line = from_reader.readline()
            if not line:
                raise FileRefused(_UNREADABLE)
            answer = json.loads(line)
            filled = int(answer["filled"])
            if not sheet.cells - sheet.texts <= filled <= sheet.cells or not filled:
                raise FileRefused(_UNRELIABLE)
            if answer["beneath"]:
                row, column = answer["beneath"]
                raise FileRefused(
                    _("Cell %(cell)s holds a value beneath merged cells, which nobody sees. Unmerge them."),
                    cell=f"{letter(column)}{row}",
                )
        except BaseException:
            _end(reader)
            raise
    return _pieces(reader)


def _pieces(reader: subprocess.Popen[bytes]) -> Generator[bytes]:
    try:
        while piece := cast(IO[bytes], reader.stdout).read(PIECE):
            yield piece
    finally:
        _end(reader)


def _end(reader: subprocess.Popen[bytes]) -> None:
    reader.kill()
    cast(IO[bytes], reader.stdout).close()
    reader.wait()


def _merged_areas(sheet: Sheet) -> list[tuple[int, int, int, int]]:
    """First row, first column, last row and last column of each."""
    areas = []
    for reference in (*sheet.merged, *sheet.merged_across):
        first, _colon, last = reference.partition(":")
        (top, column), (bottom, right) = _position(first), _position(last)
        areas.append((top, column, bottom, right))
    return areas
