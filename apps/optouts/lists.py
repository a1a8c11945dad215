"""Lists of numbers in files: CSV, xlsx, either of them packed with gzip. Which column holds the number."""

import gzip
import io
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.core import phones
from apps.core.reading import MOST_BYTES, FileRefused, Table, open_table

HEADINGS = frozenset({
    "phone", "phonenumber", "mobile", "mobilephone", "tel", "telephone", "number", "msisdn", "手机", "手机号", "手机号码", "电话",
    "电话号码", "联系电话", "号码", "被叫号码", "移动电话",
})  # fmt: skip
MOST_ROWS = 5_000_000


def open_list(content: bytes) -> tuple[Table, int]:
    """The table and the place of its number column. Raises `FileRefused`."""
    table = open_table(_unpacked(content))
    plain = ["".join(cell.split()).lower().replace("_", "").replace("-", "") for cell in table.heading]
    found = [place for place, heading in enumerate(plain) if heading in HEADINGS]
    if len(found) != 1:
        raise FileRefused(
            _("One column has to be named as the number, for example: phone, 手机号. Headings found: %(count)s."), count=len(plain)
        )
    return table, found[0]


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise FileRefused(_("The packed file is broken. Pack it again with gzip.")) from None
    if len(unpacked) > MOST_BYTES:
        raise FileRefused(_("Unpacked, the file is larger than %(most)s MB. Split it."), most=MOST_BYTES // 2**20)
    return unpacked


def numbers_in(table: Table, place: int) -> Iterator[str | None]:
    """The number of each row in E.164; None for what is no number."""
    mobile_of = phones.mobile_of
    for _row, cells in table.rows():
        yield mobile_of(cells[place]) or _number(cells[place])


def _number(text: str) -> str | None:
    try:
        return phones.normalise(text)
    except phones.PhoneInvalid:
        return None
