"""What is wrong with a body that does not have the form of its operation: where and why, never the value,
which may be a number."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy

# What pydantic says, in sentences that are translated; others are given as they come.
_WHY: dict[str, Any] = {
    "missing": gettext_lazy("has to be given."),
    "extra_forbidden": gettext_lazy("is not known here."),
    "string_type": gettext_lazy("has to be a text."),
    "string_too_short": gettext_lazy("has to have at least %(min_length)s characters."),
    "string_too_long": gettext_lazy("has at most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_lazy("holds characters that are not taken here."),
    "literal_error": gettext_lazy("has to be one of: %(expected)s."),
    "int_type": gettext_lazy("has to be a whole number."),
    "int_parsing": gettext_lazy("has to be a whole number."),
    "float_type": gettext_lazy("has to be a number."),
    "float_parsing": gettext_lazy("has to be a number."),
    "bool_type": gettext_lazy("has to be true or false."),
    "bool_parsing": gettext_lazy("has to be true or false."),
    "list_type": gettext_lazy("has to be a list."),
    "dict_type": gettext_lazy("has to be an object."),
    "model_type": gettext_lazy("has to be an object."),
    "model_attributes_type": gettext_lazy("has to be an object."),
    "too_short": gettext_lazy("has to have at least %(min_length)s entries."),
    "too_long": gettext_lazy("has at most %(max_length)s entries."),
    "greater_than_equal": gettext_lazy("has to be at least %(ge)s."),
    "less_than_equal": gettext_lazy("has to be at most %(le)s."),
    "timezone_aware": gettext_lazy("has to be a time with its offset, like 2026-11-24T10:00:05+08:00."),
    "datetime_type": gettext_lazy("has to be a time with its offset, like 2026-11-24T10:00:05+08:00."),
    "datetime_parsing": gettext_lazy("has to be a time with its offset, like 2026-11-24T10:00:05+08:00."),
    "datetime_from_date_parsing": gettext_lazy(
        "has to be a time with its offset, like 2026-11-24T10:00:05+08:00."
    ),
}


def why_invalid(errors: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, str]], str]:
    """The findings of pydantic, each with its place and a sentence, and all of them in one text."""
    found = [{"where": ".".join(map(str, each["loc"])), "why": _sentence_of(each)} for each in errors]
    return found, "; ".join(f"{each['where']}: {each['why']}" for each in found)


def _sentence_of(error: Mapping[str, Any]) -> str:
    words = _WHY.get(error["type"])
    return str(words) % error.get("ctx", {}) if words is not None else str(error["msg"])
