"""Reading without calling: somebody who looks at contacts one after the other and rings none of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from apps.accounts.roles import Role
from apps.audit.alarms import AlarmRule, Seen
from apps.audit.models import AccessEvent

from .models import Call

SPAN = timedelta(hours=4)
READING = (AccessEvent.Kind.VIEWED, AccessEvent.Kind.DISCLOSED)


def _reads(now: datetime, limit: int) -> Sequence[Seen]:
    events = AccessEvent.objects.filter(created_at__gt=now - SPAN, created_at__lte=now, kind__in=READING, subject__startswith="ct_")
    calls = Call.objects.filter(agent=OuterRef("actor"), reserved_at__gt=now - SPAN)
    rows = events.filter(actor__role=Role.AGENT).exclude(Exists(calls)).values("actor").annotate(total=Count("subject", distinct=True))
    return [Seen(f"person:{row['actor']}", row["total"], person_id=row["actor"]) for row in rows.filter(total__gte=limit)]


READS_WITHOUT_CALLS = AlarmRule(
    "reads_without_calls", _("%(count)s contacts were looked at within four hours, and none was called."),
    _("contacts that an agent looks at within four hours without a call"), 30, _reads,
)  # fmt: skip
CLIENT_WALKS = AlarmRule(
    "client_walks", _("A key was given %(count)s numbers within an hour, more than the policy of measures allows."),
    _("numbers beyond the policy of measures, each time"), 1, most=1,
)  # fmt: skip
