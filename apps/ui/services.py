"""What a person chooses for a list: the columns they do not want to see, and filters under a name. What they
typed and did not send."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.calendar import clock
from apps.core.errors import BadInput, NotFound, PersonalDataFound
from apps.core.privacy import forbidden_numbers
from apps.core.privacy.protected import Protected, clear_for_machine

from .list_tables import LISTS
from .models import Draft, ListChoice, SavedFilter

MOST_FILTERS = 20  # of one list
MOST_DRAFTS = 50  # of one person


def plain_query(query: str) -> str:
    """A list's address without what chooses nothing: empty fields, and how far somebody has gone through
    it."""
    return urlencode([(name, value) for name, value in parse_qsl(query) if name != "after"])


def _name(text: str) -> str:
    """Without what cannot be seen, which the database would refuse in part."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _choice(actor: User, list_name: str) -> ListChoice:
    """Locked. Raises `NotFound` for a page that is no list."""
    if list_name not in LISTS:
        raise NotFound()
    ListChoice.objects.get_or_create(user=actor, list_name=list_name)
    return ListChoice.objects.select_for_update().get(user=actor, list_name=list_name)


@transaction.atomic
def save_filter(*, actor: User, list_name: str, name: str, query: str) -> SavedFilter:
    """Keep what a list is filtered and sorted by; the same name again replaces it. Raises `BadInput` and
    `NotFound`."""
    name, query = _name(name), plain_query(query)
    if not name:
        raise BadInput(_("Give the filter a name."))
    if not query:
        raise BadInput(_("Nothing is chosen: filter or sort the list first."))
    if len(name) > SavedFilter.NAME or len(query) > SavedFilter.QUERY:
        raise BadInput(
            _("A name has at most %(name)d signs; what is chosen, %(query)d."),
            name=SavedFilter.NAME,
            query=SavedFilter.QUERY,
        )
    if forbidden_numbers.find(name) or any(
        forbidden_numbers.find(value) for _name, value in parse_qsl(query)
    ):
        raise PersonalDataFound(_("This holds a resident-ID or bank-card number. It is not kept."))
    choice = _choice(actor, list_name)
    if choice.filters.exclude(name=name).count() >= MOST_FILTERS:
        raise BadInput(_("There are %(most)d filters already. Forget one first."), most=MOST_FILTERS)
    return choice.filters.update_or_create(name=name, defaults={"query": query})[0]


@transaction.atomic
def forget_filter(*, actor: User, list_name: str, name: str) -> None:
    _choice(actor, list_name).filters.filter(name=_name(name)).delete()


@transaction.atomic
def choose_columns(*, actor: User, list_name: str, shown: Iterable[str]) -> None:
    """See only these columns; the first one always stays. Raises `NotFound`."""
    choice, wanted = _choice(actor, list_name), set(shown)
    choice.hidden = [column for column in LISTS[list_name].hideable() if column not in wanted]
    choice.save()


def draft_of(actor: User, key: str) -> dict[str, list[str]]:
    """What they typed into this form, by the name of a field; empty where nothing is kept. Only to who typed
    it."""
    draft = Draft.objects.filter(user=actor, key=key).first()
    kept: dict[str, list[str]] = json.loads(clear_for_machine(draft.fields)) if draft else {}
    return kept


@transaction.atomic
def keep_draft(*, actor: User, key: str, fields: Any) -> None:
    """Keep what was typed; without fields, what was kept goes. Raises `BadInput`."""
    is_right = isinstance(fields, dict) and all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in fields.values()
    )
    if not isinstance(key, str) or not 0 < len(key) <= Draft.KEY or not is_right:
        raise BadInput()
    if not fields:
        forget_draft(actor=actor, key=key)
        return
    text = json.dumps(fields, ensure_ascii=False).replace("\\u0000", "")
    if len(text) > Draft.TEXT or forbidden_numbers.find(text):
        return  # too long, or a number that may not be kept (R1): the form itself says so when it is sent
    others = (
        Draft.objects.filter(user=actor).exclude(key=key).order_by("-changed_at").values_list("pk", flat=True)
    )
    Draft.objects.filter(pk__in=list(others[MOST_DRAFTS - 1 :])).delete()
    Draft.objects.update_or_create(
        user=actor, key=key, defaults={"fields": Protected(text, "text"), "changed_at": clock.now()}
    )


def forget_draft(*, actor: User, key: str) -> None:
    Draft.objects.filter(user=actor, key=key).delete()


def drop_drafts() -> None:
    Draft.objects.filter(changed_at__lt=clock.now() - timedelta(days=Draft.DAYS)).delete()
