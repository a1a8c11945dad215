"""Lists inside sentences, with the marks of the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext


def join_items(values: Iterable[object]) -> str:
    """Words or names: `a, b` in English, `a、b` in Chinese."""
    return pgettext("between the items of a list", ", ").join(map(str, values))


def join_clauses(values: Iterable[object]) -> str:
    """Clauses that may hold commas themselves: `a; b` in English, `a；b` in Chinese."""
    return pgettext("between clauses", "; ").join(map(str, values))


_ZONES = {"Asia/Shanghai": _("Beijing time"), "Asia/Urumqi": _("Xinjiang time")}


def zone_in_words(name: str) -> str:
    """China's zones by the names that people use, any other by its name in the IANA database."""
    return str(_ZONES.get(name, name))
