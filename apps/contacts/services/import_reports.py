"""The report of an import, row by row: JSON lines for programs, a workbook for people."""

import io
import json
from collections.abc import Iterator
from typing import IO

import xlsxwriter
from django.utils.translation import gettext as _

from apps.core.crypto.streams import DecryptedFile

from .. import rules
from ..models import ContactImport
from ..rules import STATUS_WORDS

MOST_ROWS = 200_000  # of a workbook: rows that say something


def report_lines(contact_import: ContactImport) -> Iterator[bytes]:
    """`{"row", "status", "message"}` for each row, one a line."""
    for result in _lines(contact_import):
        yield (
            json.dumps(
                {name: result[name] for name in ("row", "status", "message")}, ensure_ascii=False
            ).encode()
            + b"\n"
        )


def _lines(contact_import: ContactImport) -> Iterator[dict[str, str]]:
    with DecryptedFile(contact_import.report, belongs_to=contact_import.report_belongs_to) as file:
        for line in io.BufferedReader(file):
            yield json.loads(line)


def with_consents(report: IO[bytes], known: set[int], withdrawn: set[int]) -> Iterator[bytes]:
    """The lines of a report. `known`: the rows whose number has a consent already, so that nothing is missing
    there; `withdrawn`: those whose person withdrew after the time in the list."""
    taken_back = _("Consent withdrawn after the time in this list: it stays withdrawn.")
    report.seek(0)
    for line in report:
        row = json.loads(line)
        if row["row"] in known or row["row"] in withdrawn:
            # what else the row says stays: a second number, a name that was cut, a time that is no time
            others = row["message"].removeprefix(str(rules.WITHOUT_CONSENT)).strip()
            row["message"] = f"{taken_back if row['row'] in withdrawn else ''} {others}".strip()
            yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        else:
            yield line


def report_workbook(contact_import: ContactImport) -> bytes:
    """Counts, and each row that was not taken or has no consent, by its own number, with the masked
    number."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        bold = book.add_format({"bold": True})
        counts = book.add_worksheet(_("Counts"))
        counts.set_column(0, 0, 30)
        for place, (status, count) in enumerate(sorted(contact_import.counts.items())):
            counts.write_string(place, 0, status)
            counts.write_string(place, 2, str(STATUS_WORDS.get(status, "")))
            counts.write_number(place, 1, count)
        rows = book.add_worksheet(_("Rows"))
        rows.set_column(1, 2, 22)
        rows.set_column(3, 3, 90)
        rows.write_row(0, 0, [_("Row"), _("Phone"), _("Status"), _("What to do")], bold)
        rows.freeze_panes(1, 0)
        place = 0
        for result in _lines(contact_import):
            if not result["message"]:
                continue
            place += 1
            if place > MOST_ROWS:
                rows.write_string(place, 3, _("More rows follow; the report for programs holds all of them."))
                break
            rows.write_number(place, 0, int(result["row"]))
            for column, name in enumerate(("phone", "status", "message"), start=1):
                rows.write_string(place, column, result[name])
        if place:
            rows.autofilter(0, 0, place, 3)
    return out.getvalue()
