"""Fields of forms for days and times that people type: bounded, with the browser's own pickers.

A time outside 2000–2199 is refused at its field: other rooms add zones and weeks to it, and one that Python
cannot shift would answer 500 where it is read. Pickers know ISO alone, whatever the language writes.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .timestamps import EARLIEST, LATEST

YEARS = _("Enter a day between the years %(first)s and %(last)s.")


def bounded(value: Any) -> None:
    """Raises `ValidationError` for a day or time outside what may be stored."""
    if isinstance(value, date) and not EARLIEST.year <= value.year < LATEST.year:
        raise ValidationError(
            YEARS, code="impossible", params={"first": EARLIEST.year, "last": LATEST.year - 1}
        )


class DayInput(forms.DateInput):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"type": "date", **(attrs or {})}, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """To the minute, in the site's zone."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"type": "datetime-local", "autocomplete": "off", **(attrs or {})}, format="%Y-%m-%dT%H:%M"
        )


class Day(forms.DateField):
    widget: Any = DayInput

    def validate(self, value: Any) -> None:
        super().validate(value)
        bounded(value)


class Moment(forms.DateTimeField):
    widget: Any = MomentInput

    def validate(self, value: Any) -> None:
        super().validate(value)
        bounded(value)
