"""What became of one thing, from the trail: when it was made and changed, by whom, what from and to.

Values stand as people know them: choices by their words, people and things by their names. Of a protected
value there is only that it changed, since the trail holds no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import is_naive, localtime, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core import references
from apps.core.privacy.fields import FileNameField
from apps.core.web.ids import row_number

from .models import Change

READERS = frozenset({Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN})
SHOWN = 50
WORDS = {
    LogEntry.Action.CREATE: gettext_lazy("created"), LogEntry.Action.UPDATE: gettext_lazy("changed"),
    LogEntry.Action.DELETE: pgettext_lazy("history", "deleted"),
}  # fmt: skip
NOTHING = frozenset({None, "", "None", "[]", "{}"})


@dataclass(frozen=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class HistoryEntry:
    """`actor` is nobody where a task or a command did it."""

    at: datetime
    actor: User | None
    what: Promise | str
    fields: list[FieldChange]


def history_of(viewer: User, thing: models.Model) -> list[HistoryEntry]:
    """The newest changes of a thing whose page the viewer may see; for agents, none."""
    if not viewer.is_active or viewer.role not in READERS:
        return []
    of_thing = Change.objects.filter(
        content_type=ContentType.objects.get_for_model(thing), object_id=thing.pk
    )
    names = _Names()
    return [
        HistoryEntry(
            entry.timestamp, entry.actor, WORDS.get(entry.action, ""),
            list(_fields(type(thing), entry.changes_dict,
            names)) if entry.action == LogEntry.Action.UPDATE else [],
        )
        for entry in of_thing.select_related("actor").order_by("-pk")[:SHOWN]
    ]  # fmt: skip


class _Names:
    """What rows are called, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[tuple[type[models.Model], str], str] = {}

    def of(self, model: type[models.Model], pk: str) -> str:
        if (model, pk) not in self._known:
            row = model._default_manager.filter(pk=number).first() if (number := row_number(pk)) else None
            self._known[model, pk] = pk if row is None else str(row)
        return self._known[model, pk]


def _fields(model: type[models.Model], changes: dict[str, Any], names: _Names) -> Iterator[FieldChange]:
    for name, change in changes.items():
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:  # it was there once
            continue
        if isinstance(field, models.Field) and isinstance(change, list):
            old, new = (_words(field, value, names) for value in change)
            yield FieldChange(str(field.verbose_name), old, new)


def _words(field: models.Field, value: Any, names: _Names) -> str:
    if value in NOTHING:
        return "–"
    if field.related_model and isinstance(field.related_model, type):
        return names.of(field.related_model, str(value))
    if isinstance(field, FileNameField):
        return _("a file")
    if isinstance(field, models.BooleanField):
        return _("yes") if value == "True" else _("no")
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(str(value))):
        return f"{localtime(make_aware(at, UTC) if is_naive(at) else at):%Y-%m-%d %H:%M}"
    choices = dict(field.flatchoices)
    text = str(choices.get(value, value))
    return (
        references.in_words(text)
        if text.startswith("grave_violation: ")
        else references.in_words_of_record(text)
    )
