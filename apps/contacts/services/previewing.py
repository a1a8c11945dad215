"""What a person decides an import by: its first rows, masked, and what would become of every row."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from apps.access.services import watch_list
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.documents.spreadsheets import Layout, first_rows, letter, rows_of

from .. import rules
from ..models import ContactImport
from . import storing
from .importing import CHUNK, checked_mapping, layout_of, upload_of
from .preparing import judge_of, judged_rows, refused_in

SHOWN = 50  # rows


@dataclass(frozen=True)
class Preview:
    """What a person decides by: cells are masked. `above`: the rows among which the heading is."""

    layout: Layout
    titles: list[str]
    above: list[tuple[int, list[str]]]
    rows: list[tuple[int, list[str], bool]]  # number, cells, whether the workbook hides it

    @property
    def titled_rows(self) -> list[tuple[int, list[tuple[str, str]], bool]]:
        """The rows with each cell under its title."""
        return [
            (number, list(zip(self.titles, cells, strict=False)), is_hidden)
            for number, cells, is_hidden in self.rows
        ]


def preview(contact_import: ContactImport) -> Preview:
    """The first rows, masked, and how the file is laid out."""
    layout = layout_of(contact_import)
    with upload_of(contact_import) as file:
        above = [
            (row, [_masked_cell(cell) for cell in cells])
            for row, cells in first_rows(file, layout)
            if any(cells)
        ]
        rows = [
            (number, [_masked_cell(cell) for cell in cells[: len(layout.heading)]], layout.is_hidden(number))
            for number, cells in islice(rows_of(file, layout), SHOWN)
        ]
    return Preview(layout, titles_of(layout), above, rows)


def titles_of(layout: Layout) -> list[str]:
    """The columns by their headings, those without one by their letters."""
    return [title or letter(column) for column, title in enumerate(layout.heading)]


@dataclass(frozen=True)
class ImportForecast:
    """What an import would do, counted before it is started."""

    counts: Counter[str]
    without_consent: int  # of those that would be taken in
    known_with_consent: int  # of `without_consent`: known numbers whose consent holds
    withdrawn: int  # of those with a consent: persons who withdrew theirs after its time
    abroad: int
    refused: int  # persons who said no, as a row of the list says: what they agreed to would be withdrawn
    also_read: tuple[str, ...]  # titles of further columns that are read for such words


def forecast(contact_import: ContactImport, mapping: dict[str, int], *, leave_hidden: bool) -> ImportForecast:
    """Judge every row of the list as the import would. Raises `BadInput` where the columns do not fit."""
    layout, now = replace(layout_of(contact_import), leave_hidden=leave_hidden), clock.now()
    mapping = checked_mapping(mapping, layout)
    judge = judge_of(layout, mapping, now=now, consent_days=contact_import.source.consent_days)
    counts: Counter[str] = Counter()
    seen: set[int] = set()
    without: list[bytes] = []
    given: dict[bytes, datetime] | None = {} if storing.has_withdrawals(contact_import.source_id) else None
    known = withdrawn = abroad = 0
    index = blind_index.indexers()[0]
    blocked = storing.being_erased()

    with upload_of(contact_import) as file:
        refused = refused_in(file, layout, mapping, judge)
    with upload_of(contact_import) as file:
        for _number, verdict in judged_rows(file, layout, judge):
            status = verdict.status
            if status == rules.ACCEPTED and verdict.e164:
                if int(verdict.e164) in seen:
                    status = "duplicate_in_file"
                elif blocked and index(verdict.e164) in blocked:
                    status = "being_erased"
                else:
                    seen.add(int(verdict.e164))
                    abroad += not verdict.e164.startswith("+86")
                    if verdict.consent is None or (refused and index(verdict.e164) in refused):
                        without.append(index(verdict.e164))
                    elif given is not None:
                        given[index(verdict.e164)] = verdict.consent.given_at
                        if len(given) == CHUNK:
                            withdrawn += len(storing.withdrawn_since(contact_import.source_id, given))
                            given = {}
            counts[status] += 1
    # who counts known ones may be guessing
    watch_list((f"+{number}" for number in seen), actor=contact_import.started_by)
    for start in range(0, len(without), CHUNK):
        some = [each for each in without[start : start + CHUNK] if each not in refused]
        known += len(storing.with_consent(contact_import.source_id, some, now))
    withdrawn += len(storing.withdrawn_since(contact_import.source_id, given or {}))
    taken = {*mapping.values()}
    more = [column for columns in rules.columns_of_word(layout.heading, mapping) for column in columns]
    also_read = tuple(titles_of(layout)[column] for column in more if column not in taken)
    return ImportForecast(counts, len(without), known, withdrawn, abroad, len(refused), also_read)


def _masked_cell(cell: str) -> str:
    return cell[:1] + "*" * min(len(cell) - 1, 6) if len(cell) > 1 else cell


def imported_before(contact_import: ContactImport) -> ContactImport | None:
    """The last import of the same file that came to its end."""
    same = ContactImport.objects.filter(digest=contact_import.digest, state=ContactImport.State.DONE)
    return same.exclude(pk=contact_import.pk).order_by("-pk").first()
