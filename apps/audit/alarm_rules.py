"""The rules that the trail itself answers: revealing, nights, failed sign-ins, exports, gaps in the heads,
keys from new addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Sum
from django.db.models.functions import ExtractHour
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import KeyAddress

from .alarms import AlarmRule, Seen, register
from .models import AccessEvent
from .services.signing import waiting_since

Kind = AccessEvent.Kind
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = [*range(8), *range(21, 24)]  # hours of the site's zone: nobody calls, so nobody needs a number


def _by_person(now: datetime, span: timedelta, limit: int, *kinds: str, at_night: bool = False) -> list[Seen]:
    events = AccessEvent.objects.filter(
        created_at__gt=now - span, created_at__lte=now, kind__in=kinds, actor__isnull=False
    )
    if at_night:
        events = events.annotate(hour=ExtractHour("created_at", tzinfo=ZoneInfo(settings.TIME_ZONE))).filter(
            hour__in=NIGHT
        )
    rows = events.values("actor").annotate(total=Sum("count")).filter(total__gte=limit)
    return [Seen(f"person:{row['actor']}", row["total"], person_id=row["actor"]) for row in rows]


def _reads_at_night(now: datetime, limit: int) -> Sequence[Seen]:
    return _by_person(now, DAY / 2, limit, Kind.DISCLOSED, Kind.PLAYED, Kind.EXPORTED, at_night=True)


def _exports(now: datetime, limit: int) -> Sequence[Seen]:
    return _by_person(now, DAY, limit, Kind.EXPORTED)


def _sign_ins(now: datetime, limit: int) -> Sequence[Seen]:
    failed = AccessEvent.objects.filter(
        created_at__gt=now - HOUR, created_at__lte=now, kind=Kind.SIGN_IN_FAILED
    )
    by_name = (
        failed.exclude(subject="nobody")
        .values("subject")
        .annotate(total=Count("pk"))
        .filter(total__gte=limit)
    )
    by_address = (
        failed.exclude(address=None).values("address").annotate(total=Count("pk")).filter(total__gte=limit)
    )
    found = [
        Seen(row["subject"], row["total"], person_id=int(row["subject"].removeprefix("user:")))
        for row in by_name
    ]
    return found + [Seen(f"address:{row['address']}", row["total"]) for row in by_address]


def _heads(now: datetime, limit: int) -> Sequence[Seen]:
    minutes = {stream: int((now - since).total_seconds() // 60) for stream, since in waiting_since().items()}
    return [Seen(f"stream:{stream}", count) for stream, count in minutes.items() if count >= limit]


def _new_addresses(now: datetime, limit: int) -> Sequence[Seen]:
    """A key's first address is where it was set up; later ones are news for a day."""
    before = KeyAddress.objects.filter(client=OuterRef("client"), first_at__lt=OuterRef("first_at"))
    fresh = KeyAddress.objects.filter(Exists(before), first_at__gt=now - DAY)
    rows = fresh.values("client").annotate(total=Count("pk")).filter(total__gte=limit)
    return [Seen(f"client:{row['client']}", row["total"], client_id=row["client"]) for row in rows]


def register_rules() -> None:
    register(
        AlarmRule("reveals_many", _("%(count)s values were revealed within an hour."),
        _("values revealed within an hour"), 10, most=20),
        AlarmRule("reveal_at_night", _("A value was revealed at night."),
        _("values revealed at night, each time"), 1, most=1),
        AlarmRule(
            "reveal_foreign", _("A value of a contact outside of the person's campaigns was revealed."),
            _("values of foreign campaigns revealed, each time"), 1, most=1,
        ),
        AlarmRule(
            "numbers_guessed",
            _("%(count)s numbers were looked for that differ only in the digits that a mask hides."),
            _("numbers of one mask looked for within a day"), 3, most=60,
        ),
        AlarmRule(
            "reads_at_night", _("%(count)s values, recordings or files were taken at night."),
            _("values, recordings and files taken at night"), 5, _reads_at_night,
        ),
        AlarmRule(
            "exports_many", _("%(count)s values left in files within a day."),
            _("values that leave in files within a day"), 500, _exports,
        ),
        AlarmRule("sign_ins_failed", _("%(count)s sign-ins failed within an hour."),
        _("failed sign-ins within an hour"), 20, _sign_ins),
        AlarmRule(
            "heads_behind",
            _("Rows of the access log have waited for %(count)s minutes for their tree head."),
            _("minutes that rows wait for their tree head"), 15, _heads, most=1_440,
        ),
        AlarmRule(
            "key_new_address", _("A key of the API was used from %(count)s new addresses within a day."),
            _("new addresses of a key within a day"), 1, _new_addresses, most=1_000,
        ),
    )  # fmt: skip
