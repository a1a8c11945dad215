"""Figures as tables, which `charts.js` draws: whoever has no script, or cannot see, reads the table; a file
holds the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class ChartKind(StrEnum):
    STACKED = "stacked"  # bars over time, one series on the other
    RANKED = "ranked"  # bars that lie, the longest on top


@dataclass(frozen=True)
class ChartMark:
    """One figure, and the page whose list holds what was counted; "" where the viewer has none."""

    count: int
    url: str = ""


@dataclass(frozen=True)
class Series:
    """Marks in the order of the chart's categories. `colour`: a word of Tabler's palette; a word for one
    meaning in all charts."""

    label: str | Promise
    colour: str
    marks: Sequence[ChartMark]

    @property
    def total(self) -> int:
        return sum(mark.count for mark in self.marks)


@dataclass(frozen=True)
class Chart:
    """`head` names what the categories are; `empty` is said where there is nothing to draw."""

    name: str
    title: str | Promise
    kind: ChartKind
    head: str | Promise
    categories: Sequence[str]
    series: Sequence[Series]
    empty: str | Promise

    @property
    def rows(self) -> list[tuple[str, list[ChartMark]]]:
        return [
            (category, [each.marks[number] for each in self.series])
            for number, category in enumerate(self.categories)
        ]

    @property
    def has_marks(self) -> bool:
        return any(each.total for each in self.series)


WIDE, HIGH = 100, 24


def trend(counts: Sequence[int]) -> str:
    """Points of a line through the counts, in a box of `WIDE` by `HIGH`; "" where there is no line."""
    if len(counts) < 2 or not any(counts):
        return ""
    step, top = WIDE / (len(counts) - 1), max(counts)
    return " ".join(
        f"{number * step:.1f},{HIGH - 1 - (HIGH - 2) * count / top:.1f}"
        for number, count in enumerate(counts)
    )
