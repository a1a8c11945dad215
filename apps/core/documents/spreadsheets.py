"""From a file that somebody handed in to rows of text: CSV in the encodings and delimiters of real CRMs,
workbooks (xlsx).

Nothing here knows what the columns mean. `peek` reads how the text is laid out; `examine` reads all of it
once, so that what is wrong shows before the start; `rows_of` gives its rows one by one. At no time is the
whole of a CSV held. No row may vanish: a quotation mark that swallows lines is an error with its row, and a
byte that cannot be read stays visible as U+FFFD in its row. A workbook becomes CSV on the way in
(`core.documents.workbooks`). A file that is not what it says it is raises `FileRefused` with a sentence;
nothing of it has been stored by then.
"""

import codecs
import csv
import io
import itertools
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any, cast

from django.utils.translation import gettext_lazy as _

from ..errors import BadInput
from ..privacy import phones

MOST_BYTES = 200 * 2**20
MOST_COLUMNS = 60
MOST_CELL = 4000
# lines of a cell that have as many parts as the heading: rows of the list, and no address or note
ROWS_SWALLOWED = 3
HEADING_WITHIN = 20  # the row that names the columns is one of the first
DELIMITERS = ",;\t|，；"
PIECE = 2**20
UNREADABLE = "\ufffd"
Bytes = IO[bytes] | io.RawIOBase
WORKBOOK = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class FileRefused(BadInput):
    """The whole file is refused; nothing of it is stored."""

    code = "file_refused"


def too_large() -> FileRefused:
    return FileRefused(_("The file is larger than %(most)s MB. Split it."), most=MOST_BYTES // 2**20)


@dataclass(frozen=True)
class Layout:
    """How the text of a list is to be read.

    `heading_row` is the row that names the columns, counted from 1 as spreadsheets do; 0: none does, and
    `heading` holds letters. `rows` counts those below it that are not empty, `unreadable` those of them with
    a character that could not be decoded. `hidden_rows`: first and last of each range that the workbook
    hides; `hidden_columns`: positions from 0. `merged`: ranges of cells that were merged over several rows.
    `leave_hidden`: hidden rows are left out.
    """

    heading: list[str]
    rows: int
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    heading_row: int = 1
    has_separator_line: bool = False
    unreadable: int = 0
    hidden_rows: list[list[int]] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    hidden_sheets: int = 0
    merged: list[str] = field(default_factory=list)
    leave_hidden: bool = False
    dates_from_1904: bool = False  # a bare number is no day that could be known

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def is_hidden(self, row: int) -> bool:
        """Whether the workbook hides the row."""
        at = bisect_right(self.hidden_rows, row, key=lambda hidden: hidden[0])
        return at > 0 and row <= self.hidden_rows[at - 1][1]

    @property
    def hidden_count(self) -> int:
        """How many rows below the heading the workbook hides."""
        return sum(
            last - max(first, self.heading_row + 1) + 1
            for first, last in self.hidden_rows
            if last > self.heading_row
        )


def letter(column: int) -> str:
    """The name of a column as spreadsheets show it; `column` counts from 0."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


# -- any file


def is_workbook(file: Bytes) -> bool:
    file.seek(0)
    return file.read(4) == WORKBOOK


def check_size(file: Bytes) -> None:
    """Raises `FileRefused` for an empty file and for one that is too large."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MOST_BYTES:
        raise too_large()
    if not size or (size < PIECE and not file.read().strip()):
        raise FileRefused(_("The file is empty."))


def peek(file: Bytes) -> Layout:
    """How a CSV is to be read, its first row that is not empty taken for the heading. Raises `FileRefused`;
    broken rows show later."""
    check_size(file)
    encoding = _encoding(file)
    head = _head(file, encoding)
    separator = _SEPARATOR_LINE.match(head)
    delimiter = separator[1] if separator else _delimiter(head)
    layout = Layout([], 0, encoding, delimiter, has_separator_line=separator is not None)
    return with_heading(file, layout, next((row for row, cells in first_rows(file, layout) if any(cells)), 1))


def with_heading(file: Bytes, layout: Layout, row: int) -> Layout:
    """The layout with another row as its heading; 0: no row names the columns. Raises `FileRefused`."""
    if row == 0:
        width = max((len(cells) for _row, cells in first_rows(file, layout)), default=0)
        return replace(
            layout, heading=_checked_heading([letter(column) for column in range(width)]), heading_row=0
        )
    if not 1 <= row <= HEADING_WITHIN:
        raise FileRefused(_("The heading has to be one of the first %(most)s rows."), most=HEADING_WITHIN)
    return replace(
        layout,
        heading=_checked_heading(next(itertools.islice(_records(file, layout), row - 1, None), [])),
        heading_row=row,
    )


def find_heading(file: Bytes, layout: Layout, is_heading: Callable[[list[str]], bool]) -> Layout:
    """The layout with the first row that `is_heading` takes for one; as it was when there is none."""
    for row, cells in first_rows(file, layout):
        if is_heading(cells):
            return with_heading(file, layout, row)
    return layout


def first_rows(file: Bytes, layout: Layout) -> list[tuple[int, list[str]]]:
    """The rows among which the heading is, numbered from 1, blanks around the cells taken off."""
    records = itertools.islice(_records(file, layout), HEADING_WITHIN)
    return [(row, [cell.strip() for cell in cells]) for row, cells in enumerate(records, start=1)]


def examine(file: Bytes, layout: Layout | None = None, *, most_rows: int | None = None) -> Layout:
    """Read the whole of a CSV and count. Raises `FileRefused` for what cannot be read, with the row where
    there is one."""
    layout = layout or peek(file)
    rows = unreadable = 0
    width = len(layout.heading)
    most = float("inf") if most_rows is None else most_rows
    for number, cells in enumerate(_records(file, layout), start=1):
        text = "".join(cells)
        if not text or text.isspace():
            continue
        if ("\n" in text or "\r" in text) and _swallows(cells, layout.delimiter, len(layout.heading)):
            raise FileRefused(_STRAY_QUOTE, row=number)
        if number <= layout.heading_row:
            continue
        rows += 1
        unreadable += UNREADABLE in text
        if (
            len(cells) > width
            and (beyond := [place for place, cell in enumerate(cells) if cell.strip()][-1] + 1) > width
        ):
            width = min(beyond, MOST_COLUMNS)
        if len(text) > MOST_CELL and max(len(cell.strip()) for cell in cells) > MOST_CELL:
            raise FileRefused(_TOO_LONG, row=number, most=MOST_CELL)
        if rows > most:
            raise FileRefused(_("The file has more than %(most)s rows. Split it."), most=most_rows)
    more = range(len(layout.heading), width)  # columns that the heading does not name
    heading = layout.heading + [letter(column) if layout.heading_row == 0 else "" for column in more]
    return replace(layout, heading=heading, rows=rows, unreadable=unreadable)


def rows_of(file: Bytes, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Each row below the heading that is not empty, with its number as spreadsheets show it. Missing cells
    are ""."""
    width = len(layout.heading)
    below = itertools.islice(_records(file, layout), layout.heading_row, None)
    for number, raw in enumerate(below, start=layout.heading_row + 1):
        if any(cells := list(map(str.strip, raw))):
            yield number, cells + [""] * (width - len(cells)) if len(cells) < width else cells


def _checked_heading(first: list[str]) -> list[str]:
    heading = [cell.strip() for cell in first]
    while heading and not heading[-1]:
        heading.pop()
    if not heading:
        raise FileRefused(_("The first row has to name the columns."))
    if len(heading) > MOST_COLUMNS:
        raise FileRefused(_("The file has more than %(most)s columns."), most=MOST_COLUMNS)
    if any(UNREADABLE in cell for cell in heading):
        raise FileRefused(_("A heading holds characters that cannot be read. Save the list as CSV (UTF-8)."))
    return heading


# -- how the text is written

_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?[ \t,;]*(?:\r\n|\r|\n)', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_OTHER_FILES = (
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"\{\\rtf"), "RTF"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|html|head|body|table|meta|style|workbook)\b",
            re.IGNORECASE,
        ),
        "HTML / XML",
    ),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\""), "JSON"),
)
# of the characters beyond ASCII of a Chinese encoding: other languages' bytes are rare characters in it
LEAST_COMMON = 0.5
# readable characters beyond ASCII for each unreadable one, for a text in this encoding that has flaws
_LEAST_READABLE = 4


def _encoding(file: Bytes) -> str:
    """UTF-8 (16 with a mark), GB18030 or Big5: by decoding all of it. A few broken bytes do not make it
    another encoding."""
    file.seek(0)
    head = file.read(PIECE)
    if head.startswith(OLD_OFFICE):
        raise FileRefused(
            _(
                "This is an encrypted workbook, or one of the old kind (xls). Save it without a password as "
                "xlsx or CSV."
            )
        )
    if (what := next((what for mark, what in _OTHER_FILES if mark.match(head)), None)) is not None:
        raise FileRefused(_("This is no list but %(what)s. Save the list as CSV (UTF-8) or xlsx."), what=what)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRefused(_("The text is neither UTF-8 nor GB18030 nor Big5. Save the list as CSV (UTF-8)."))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in head:
        raise FileRefused(_("This is neither CSV nor xlsx. Save the list as CSV (UTF-8) or xlsx."))
    else:
        candidates = ("utf-8-sig", "gb18030")
    if _decodes(file, candidates[0]):
        return candidates[0]
    read = {encoding: _read_as(file, encoding) for encoding in candidates[:1]}
    if read[candidates[0]].unreadable and len(candidates) > 1 and not read[candidates[0]].is_plausible:
        read = {"gb18030": _read_as(file, "gb18030"), "cp950": _read_as(file, "cp950")}
        if read["cp950"].common > read["gb18030"].common:
            read.pop("gb18030")
    encoding, found = next(iter(read.items()))
    if not found.is_plausible or (encoding in _IN_USE and found.common < LEAST_COMMON):
        raise FileRefused(_("The text is neither UTF-8 nor GB18030 nor Big5. Save the list as CSV (UTF-8)."))
    return encoding


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


@dataclass
class _Read:
    """What a text looks like in one encoding. `common`: the share of its characters beyond ASCII that are in
    daily use."""

    readable: int = 0
    unreadable: int = 0
    in_use: int = 0

    @property
    def is_plausible(self) -> bool:
        return self.readable >= _LEAST_READABLE * self.unreadable

    @property
    def common(self) -> float:
        return self.in_use / (self.readable + self.unreadable) if self.readable else 0.0


# The lead bytes of the characters in daily use: GB 2312 has them in its first level, Big5 in its first block;
# with punctuation.
_IN_USE = {"gb18030": (range(0xB0, 0xD8), range(0xA1, 0xA4)), "cp950": (range(0xA4, 0xC7), range(0xA1, 0xA4))}


def _read_as(file: Bytes, encoding: str) -> _Read:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    levels, read = _IN_USE.get(encoding, ()), _Read()
    file.seek(0)
    while True:
        piece = file.read(PIECE)
        text = decoder.decode(piece or b"", final=not piece)
        if not text.isascii():
            foreign = [character for character in text if character > "\x7f"]
            unreadable = foreign.count(UNREADABLE)
            read.unreadable += unreadable
            read.readable += len(foreign) - unreadable
            if levels:
                read.in_use += sum(
                    _is_in_use(character, encoding) * count for character, count in Counter(foreign).items()
                )
        if not piece:
            return read


def _is_in_use(character: str, encoding: str) -> bool:
    code = character.encode(encoding, "ignore")
    if len(code) != 2 or (encoding == "gb18030" and code[1] < 0xA1):
        return False
    return any(code[0] in lead for lead in _IN_USE[encoding])


def _head(file: Bytes, encoding: str) -> str:
    file.seek(0)
    return codecs.getincrementaldecoder(encoding)("replace").decode(file.read(64 * 1024))


def _delimiter(head: str) -> str:
    """What divides most of the first lines; of several, what divides most of them into the same number of
    cells, then what into more."""
    lines = [line for line in _LINE_END.split(head)[: 2 * HEADING_WITHIN] if line.strip()]

    def fits(delimiter: str) -> tuple[int, int, int]:
        counted = Counter(line.count(delimiter) for line in lines if delimiter in line)
        return max(
            ((counted.total(), lines_alike, count) for count, lines_alike in counted.items()),
            default=(0, 0, 0),
        )

    return max(DELIMITERS, key=fits)


# -- rows

_STRAY_QUOTE = _(
    "Row %(row)s: a quotation mark is opened and not closed in its cell, so lines below it would be lost. "
    "Take it out."
)


_TOO_LONG = _("Row %(row)s: a cell holds more than %(most)s characters.")


def _swallows(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a cell of several lines holds what looks like rows of the list: a quotation mark took them in.
    A row has a phone among its parts, or as many parts as the heading and no letter where this row has its
    phone; so do notes that are no rows, seldom."""
    own = [place for place, cell in enumerate(cells) if place < width and phones.mobile_of(cell)]
    for cell in cells:
        lines = [line.split(delimiter) for line in _LINE_END.split(cell)[1:]]
        if any((len(parts) > 1 or width == 1) and any(map(_is_phone, parts)) for parts in lines):
            return True
        as_wide = [parts for parts in lines if width > 1 and len(parts) == width]
        if len(as_wide) >= ROWS_SWALLOWED or any(
            not _says_something(parts[place]) for parts in as_wide for place in own
        ):
            return True
    return False


def _says_something(part: str) -> bool:
    return any(map(str.isalpha, part))


def _is_phone(part: str) -> bool:
    """A number with nothing said around it."""
    return not _says_something(part) and bool(phones.numbers_in(part))


def _records(file: Bytes, layout: Layout) -> Iterator[list[str]]:
    """The rows as they stand, blanks around cells included: to take those off takes as long as to read
    them."""
    file.seek(0)
    text = io.TextIOWrapper(
        cast("IO[bytes]", _NeverClosed(file)), layout.encoding, errors="replace", newline=""
    )
    csv.field_size_limit(MOST_CELL * 4)
    read = 0
    try:
        if layout.has_separator_line:
            text.readline()
        for row in csv.reader(text, delimiter=layout.delimiter, strict=True):
            read += 1
            yield row
    except csv.Error as error:
        if "field limit" in str(error):
            raise FileRefused(_TOO_LONG, row=read + 1, most=MOST_CELL) from None
        raise FileRefused(_STRAY_QUOTE, row=read + 1) from None
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
        """Rows below the heading; reads the whole list, so a broken end shows before any start."""
        return examine(io.BytesIO(self.content), self.layout).rows
