"""What is called how in the trail and in records: kinds of things (`call:116`), protected fields, purposes.

They are stored by their codes. Each room registers the words of its own codes when it starts; a text without
a code was typed by a person or sent by another system, and stays as it is.
"""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext

from .web import ids

_LABELS: dict[str, Promise | str] = {}
# What the site writes into records by itself; the ids of other systems are their own.
_OWN = re.compile(r"(?:contact_import|complaint|code|link|message):[0-9]+", re.ASCII)
_KEYED = re.compile(r"(?P<kind>[a-z_.]+):(?P<key>.+)", re.ASCII)


def register(labels: dict[str, Promise | str]) -> None:
    """Words of codes. Raises `ValueError` for a code that is taken."""
    if taken := labels.keys() & _LABELS.keys():
        raise ValueError(f"already registered: {', '.join(sorted(taken))}")
    _LABELS.update(labels)


def in_words_of_record(reference: str) -> str:
    """Of evidence and references in records, which people and other systems write too: only the forms that
    the site writes itself."""
    return in_words(reference) if _OWN.fullmatch(reference) else reference


def is_registered(code: str) -> bool:
    return code in _LABELS


def in_words(reference: str) -> str:
    """`call:116` as "call cl_3m", `contact:list` as "contacts", `dispute: her words` as "dispute: her words",
    a field by its name."""
    if reference in _LABELS:
        return str(_LABELS[reference])
    keyed = _KEYED.fullmatch(reference)
    if keyed is None:
        return reference
    # a table with its room, or without
    kind = keyed["kind"] if keyed["kind"] in _LABELS else keyed["kind"].rpartition(".")[2]
    if kind not in _LABELS:
        return reference
    if keyed["key"].startswith(" "):
        return gettext("%(label)s: %(value)s") % {
            "label": _LABELS[kind],
            "value": in_words(keyed["key"].strip()),
        }
    pk = ids.row_number(keyed["key"])
    prefix = ids.PREFIXES.get(kind)
    return f"{_LABELS[kind]} {ids.encode(prefix, pk) if prefix and pk is not None else keyed['key']}"
