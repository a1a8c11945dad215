"""Lists of numbers in files: CSV, xlsx, either of them packed with gzip. Which columns hold numbers.

A list to be held against the register has one number a row, in a column that is named. A list of refusals is
read for all that it holds: every number of a cell, every column of numbers, a mobile number in whatever
column, without a heading too. What is counted there is a person who said no.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from django.utils.translation import gettext as _

from apps.core.documents.spreadsheets import FileRefused, Table, find_heading, first_rows, with_heading
from apps.core.documents.workbooks import open_table
from apps.core.privacy import phones
from apps.core.privacy.canonical_text import even, simplified
from apps.core.privacy.phones import find_in

HEADINGS = frozenset({
    "phone", "phonenumber", "mobile", "mobilephone", "tel", "telephone", "number", "msisdn", "手机", "手机号",
    "手机号码", "电话",
    "电话号码", "联系电话", "号码", "被叫号码", "移动电话",
})  # fmt: skip
_ASIDE = re.compile(r"[(\[<{【《〔].*?[)\]>}】》〕]|必填项?|选填项?|[0-9]+$")
_SPEAKS_OF_A_NUMBER = re.compile(
    r"手机|电话|号码|座机|固话|宅电|联系(?:人|方式)|phone|mobile|^tel|msisdn|^number"
)
# No heading: it holds digits, also spoken ones.
_DIGITS = re.compile(r"[0-9]{5}|[零〇一二三四五六七八九幺洞两]{5}")
_MANY_DIGITS = re.compile(r"(?:[0-9][^0-9]{0,2}){7}")
MOST_ROWS = 5_000_000
MOST_BYTES = 80 * 2**20  # of a list, which is held as a whole: room for so many rows
SAMPLE = 200


def open_list(content: bytes) -> tuple[Table, int]:
    """The table and the place of its number column. Raises `FileRefused`."""
    table = _table(content)
    found = _named(table.heading)
    if len(found) != 1:
        raise FileRefused(
            _(
                "One column has to be named as the number, for example: phone, 手机号. Headings found: "
                "%(count)s."
            ),
            count=len(table.heading),
        )
    return table, found[0]


def _table(content: bytes) -> Table:
    """The table, its heading being the first row that names a number, where one of the first rows does."""
    table = open_table(_unpacked(content))
    layout = find_heading(io.BytesIO(table.content), table.layout, lambda cells: bool(_named(cells)))
    return replace(table, heading=layout.heading, layout=layout)


def _plain(heading: list[str]) -> list[str]:
    return [
        "".join(simplified(even(cell)).split()).lower().replace("_", "").replace("-", "") for cell in heading
    ]


def _named(heading: list[str]) -> list[int]:
    """The places of the headings that name a number; a row in which one stands is no heading."""
    if any(map(phones.numbers_in, heading)):
        return []
    plain = _plain(heading)
    bare = [_ASIDE.sub("", text).strip("*:") for text in plain]
    return [
        place for place, texts in enumerate(zip(plain, bare, strict=True)) if not HEADINGS.isdisjoint(texts)
    ]


@dataclass(frozen=True)
class Refusals:
    """A list of refusals: its table, and the columns with numbers."""

    table: Table
    columns: list[int]

    def rows(self) -> Iterator[tuple[int, str]]:
        """Each row's number in the file and the text of its cells with numbers, blank rows left out."""
        columns = set(self.columns)
        for row, cells in chain(self._above(), self.table.rows()):
            if any(cell.strip() for cell in cells):
                yield (
                    row,
                    " / ".join(
                        cell
                        for place, cell in enumerate(cells)
                        if cell.strip() and (place in columns or _names_somebody(cell))
                    ),
                )

    def _above(self) -> Iterator[tuple[int, list[str]]]:
        """The rows above the heading in which a number stands."""
        for row, cells in first_rows(io.BytesIO(self.table.content), self.table.layout):
            if row < self.table.layout.heading_row and any(map(phones.numbers_in, cells)):
                yield row, cells

    def count(self) -> int:
        """How many rows there are; reads the whole list, so that a broken end shows before any start."""
        return sum(1 for _row in self._above()) + self.table.count()


def open_refusals(content: bytes) -> Refusals:
    """The columns are those whose heading speaks of a number; without such a heading, those that hold
    numbers, from the first row on. Raises `FileRefused`."""
    table = _table(content)
    if table.layout.hidden_sheets:
        raise FileRefused(
            _("The workbook has hidden sheets that are filled. Show them or delete them: nobody is left out.")
        )
    named = [place for place, text in enumerate(_plain(table.heading)) if _SPEAKS_OF_A_NUMBER.search(text)]
    is_heading = not any(map(phones.numbers_in, table.heading))
    if not is_heading or (not named and _DIGITS.search(even(" ".join(table.heading)))):
        layout = with_heading(io.BytesIO(table.content), table.layout, 0)
        table, named = replace(table, heading=layout.heading, layout=layout), []
    columns = named or _by_content(table)
    if not columns:
        raise FileRefused(
            _("No column of the list holds phone numbers. Headings found: %(count)s."),
            count=len(table.heading),
        )
    return Refusals(table, columns)


def _by_content(table: Table) -> list[int]:
    """The columns in which numbers stand, judged by the first rows."""
    sample = [cells for _row, cells in islice(table.rows(), SAMPLE)]
    width = max(map(len, sample), default=0)
    return [
        place
        for place in range(width)
        if any(phones.numbers_in(cells[place]) for cells in sample if place < len(cells))
    ]


def _names_somebody(cell: str) -> bool:
    """Whether a number stands in a cell of a column that is none of numbers, a note or a name, or what may be
    one that was cut. Digits alone are of an order or a customer, but for a landline with its area code."""
    text = even(cell).strip()
    if text.isdigit():
        return find_in(cell) or (text.startswith("0") and _number(text) is not None)
    return find_in(cell) or (
        _MANY_DIGITS.search(text) is not None and (bool(phones.numbers_in(cell)) or phones.has_unread(cell))
    )


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise FileRefused(_("The packed file is broken. Pack it again with gzip.")) from None
    if len(unpacked) > MOST_BYTES:
        raise FileRefused(
            _("Unpacked, the file is larger than %(most)s MB. Split it."), most=MOST_BYTES // 2**20
        )
    return unpacked


def numbers_in(table: Table, place: int) -> Iterator[list[str]]:
    """The numbers of each row in E.164, read as those of a refusal are."""
    for _row, cells in table.rows():
        yield numbers_of_cell(cells[place]) or phones.numbers_of_refusal(cells[place])


def numbers_of_cell(text: str) -> list[str]:
    """Every number in the text of a row, as E.164; [] when none can be read."""
    if number := phones.mobile_of(text) or _number(text):
        return [number]
    return phones.numbers_in(text)


def _number(text: str) -> str | None:
    try:
        return phones.normalise(text)
    except phones.PhoneInvalid:
        return None
