"""The register of measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class MeasureState(TextChoices):
    GREEN = "green", pgettext_lazy("measured state of a duty", "met")
    AMBER = "amber", pgettext_lazy("measured state of a duty", "to be watched")
    RED = "red", pgettext_lazy("measured state of a duty", "not met")
    UNMEASURED = "none", pgettext_lazy("measured state of a duty", "not measured")


@dataclass(frozen=True)
class Span:
    """From `since` up to, not including, `until`; `now` is when is measured, for what is a state and no
    event. Aware times."""

    since: datetime
    until: datetime
    now: datetime

    def of(self, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
        return rows.filter(**{f"{column}__gte": self.since, f"{column}__lt": self.until})


@dataclass(frozen=True)
class Measurement:
    state: str
    figures: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """`says` has a place for each figure; `page` is the name of the list behind it, "" where there is
    none."""

    duty: str
    says: Promise
    page: str
    find: Callable[[Span], Measurement]

    @property
    def source(self) -> str:
        """The query, by its name in the code."""
        return f"{self.find.__module__.removeprefix('apps.')}.{self.find.__name__}"

    def sentence(self, figures: Mapping[str, Any]) -> str:
        return str(self.says) % figures


MEASURES: dict[str, Measure] = {}


def measure(
    duty: str, says: Promise, page: str = ""
) -> Callable[[Callable[[Span], Measurement]], Callable[[Span], Measurement]]:
    """Register the function as what measures a duty. Raises `ValueError` for a second one."""

    def registered(find: Callable[[Span], Measurement]) -> Callable[[Span], Measurement]:
        if duty in MEASURES:
            raise ValueError(f"{duty} is measured already")
        MEASURES[duty] = Measure(duty, says, page, find)
        return find

    return registered


def none_of(bad: int, **figures: float | int | str) -> Measurement:
    """Red as soon as there is one; not measured where there was nothing that could have been."""
    return _judged(bad, MeasureState.RED, figures)


def few_of(bad: int, **figures: float | int | str) -> Measurement:
    """Amber as soon as there is one: something waits for a person."""
    return _judged(bad, MeasureState.AMBER, figures)


def _judged(bad: int, worse: MeasureState, figures: Mapping[str, float | int | str]) -> Measurement:
    is_measured = bad or any(figures.values())
    state = worse if bad else MeasureState.GREEN if is_measured else MeasureState.UNMEASURED
    return Measurement(state, {"bad": bad, **figures})


def measure_all(span: Span) -> dict[str, Measurement]:
    """By duty, in their order."""
    return {duty: MEASURES[duty].find(span) for duty in sorted(MEASURES, key=lambda each: int(each[1:]))}
