"""How many numbers a program is given, and how many it may ask for that nobody here has.

A key that may dial could walk contact after contact; one that may only ask could find out which numbers are
on record. Both are bounded. What was counted is remembered for a few seconds by each process, so that the
gate does not count on every call: the bound holds to within what all processes allow in those seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from apps.access.services import count_lookup, note_number
from apps.accounts.models import ApiClient, User
from apps.accounts.roles import Role
from apps.audit.services import raise_alarm_about
from apps.core.calendar import clock
from apps.core.errors import BadInput
from apps.core.privacy.protected import Protected
from apps.notifications.models import Notice
from apps.notifications.services import notify
from apps.policies import queries as policies

from ..models import Call

HOUR = timedelta(hours=1)
FRESH = timedelta(seconds=5)


class TooManyNumbers(BadInput):
    code = "too_many_numbers"
    status = 429


@dataclass
class _Counted:
    at: datetime
    count: int
    limit: int


_counted: dict[tuple[str, int], _Counted] = {}


def forget() -> None:
    """Count anew with the next request."""
    _counted.clear()


def require_budget(client: ApiClient) -> None:
    """Raises `TooManyNumbers` when the client was given as many numbers within the hour as the policy
    allows."""
    key, now = (str(connection.settings_dict["NAME"]), client.pk), clock.now()
    counted = _counted.get(key)
    if counted is None or not counted.at <= now < counted.at + FRESH:
        counted = _counted[key] = _count(client, now)
    counted.count += 1
    if counted.count > counted.limit:
        _alarm(client, counted, now)
        raise TooManyNumbers(
            _(
                "This key was given %(limit)s numbers within an hour, as many as the policy allows. Ask "
                "again later."
            ),
            limit=counted.limit,
        )


def _count(client: ApiClient, now: datetime) -> _Counted:
    limit = policies.measures_policy(now).numbers_per_client_hour
    given = Call.objects.filter(client=client, handed_over_at__gt=now - HOUR).values("pk")[: limit + 1]
    return _Counted(now, given.count(), limit)


def _alarm(client: ApiClient, counted: _Counted, now: datetime) -> None:
    """Compliance hears of it by an alarm, and the admins, who gave the key, by a notice, once an hour."""
    raise_alarm_about("client_walks", counted.count, client=client)
    name = ApiClient.objects.values_list("name", flat=True).get(pk=client.pk)
    if Notice.objects.filter(code="client_walks", created_at__gt=now - HOUR, facts__client=name).exists():
        return
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    notify(admins, "client_walks", client=name, count=counted.count, limit=counted.limit)


def require_unknown_budget(client: ApiClient) -> None:
    """Raises `TooManyLookups` when a key that may not dial has asked for too many numbers that nobody here
    has."""
    count_lookup(client=client)


def note_unknown(client: ApiClient, phone: Protected) -> None:
    """The number that was asked for is nobody's here: it counts, and neighbours of one mask raise an
    alarm."""
    note_number(client=client, number=phone)
