"""The process in which values of a workbook are read: standard library and calamine alone, bounded memory and
time.

A workbook of some kilobytes may ask its reader for more memory than there is. Here that ends this process,
and nobody else's page. On standard input: a line of JSON `{"sheet": name, "merged": [[top, left, bottom,
right], …], "errors": [[row, column, text], …]}`, then the file. On standard output: a line of JSON
`{"filled": cells, "beneath": [row, column] or null}`, then the sheet as CSV. Exit 3: the file cannot be read.
"""

import csv
import io
import json
import resource
import sys
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

MEMORY = 2 * 2**30  # bytes of addresses
SECONDS = 120  # of CPU
UNREADABLE = 3


def show_merged(rows: list[list[Any]], merged: list[list[int]]) -> list[int] | None:
    """Each row of merged cells gets the value that it shows. Rows count from 1, columns from 0.

    Returns the first cell beneath them that holds another value, which nobody sees.
    """
    beneath = None
    for top, left, bottom, right in merged:
        if top > len(rows) or left >= len(rows[top - 1]):
            continue
        shown = rows[top - 1][left]
        for number, row in enumerate(rows[top - 1 : bottom], start=top):
            for column, cell in enumerate(row[left : right + 1], start=left):
                if cell not in ("", shown):
                    beneath = beneath or [number, column]
            row[left] = shown
    return beneath


def show_errors(rows: list[list[Any]], errors: list[list[Any]]) -> None:
    """The reader leaves cells such as #N/A empty; here they say what a person sees."""
    for row, column, text in errors:
        if row <= len(rows) and column < len(rows[row - 1]):
            rows[row - 1][column] = text


def cell_text(cell: object) -> str:
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


def main() -> int:
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # when the machine has no memory left, this process goes first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook

    asked = json.loads(sys.stdin.buffer.readline())
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        rows = book.get_sheet_by_name(asked["sheet"]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, LookupError, ValueError, NotImplementedError, RuntimeError, MemoryError):
        return UNREADABLE
    filled = sum(1 for row in rows for cell in row if cell != "")
    show_errors(rows, asked["errors"])
    beneath = show_merged(rows, asked["merged"])
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([cell_text(cell) for cell in row] or [""])
    # Whole before its first byte is sent: what was begun is not cut short.
    content = text.getvalue().encode("utf-8", "replace")
    out = sys.stdout.buffer
    out.write(json.dumps({"filled": filled, "beneath": beneath}).encode() + b"\n")
    out.write(content)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
