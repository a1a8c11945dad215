"""The inbox: notices that people have to know of."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.core.calendar import clock

from ..models import Notice


def notify(recipients: Iterable[User], code: str, *, about: User | None = None, **facts: object) -> None:
    """Put a notice into inboxes, in the caller's transaction. The person whom it is about gets none.

    `thing` among the facts, as `campaign:12`, is where the notice leads, `what` its name beside the sentence;
    both stand in no e-mail.
    """
    people = {person.pk: person for person in recipients if about is None or person.pk != about.pk}
    if about is not None:
        facts["person"] = str(about)
    Notice.objects.bulk_create(
        Notice(recipient=person, about=about, code=code, facts=facts) for person in people.values()
    )


def close_notices(*codes: str, **facts: object) -> int:
    """What the notices of these codes asked for is done, by whoever: they leave every open inbox, in the
    caller's transaction. `facts` are among theirs. Returns how many did."""
    open_ones = Notice.objects.filter(code__in=codes, done_at__isnull=True, facts__contains=facts)
    return open_ones.update(done_at=clock.now())


def was_notified(code: str, *, since: datetime, **facts: object) -> bool:
    """Whether somebody got such a notice, with these facts among its own, after `since`."""
    return Notice.objects.filter(code=code, created_at__gt=since, facts__contains=facts).exists()


def mark_read(*, actor: User) -> None:
    Notice.objects.filter(recipient=actor, read_at__isnull=True).update(read_at=clock.now())


def mark_done(*, actor: User, notices: Iterable[int], done: bool = True) -> int:
    """What the person has settled leaves the open part of their inbox, or comes back to it. How many did."""
    mine = Notice.objects.filter(recipient=actor, pk__in=list(notices), done_at__isnull=done)
    now = clock.now()
    return mine.update(done_at=now if done else None, read_at=Coalesce("read_at", Value(now)))
