"""Reads of the inbox."""

from django.db.models import QuerySet

from apps.accounts.models import User

from .models import Notice
from .rules import BY_MAIL, DAILY, URGENT


def kind_of(code: str) -> str:
    """How much a notice presses: `urgent`, `waits` (for a person), `news`."""
    return "urgent" if code in URGENT else "waits" if code in DAILY else "news"


def inbox(viewer: User, *, show: str = "open", kind: str = "") -> QuerySet[Notice]:
    """`show`: `open`, `done` or `all`; `kind` as `kind_of` says, all by default."""
    found = Notice.objects.filter(recipient=viewer).select_related("about", "recipient")
    if show in {"open", "done"}:
        found = found.filter(done_at__isnull=show == "open")
    if kind == "news":
        return found.exclude(code__in=BY_MAIL)
    return (
        found.filter(code__in=URGENT if kind == "urgent" else DAILY) if kind in {"urgent", "waits"} else found
    )


def unread(viewer: User) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=viewer, read_at__isnull=True)
