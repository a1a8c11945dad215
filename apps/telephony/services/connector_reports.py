"""What the connector reports of itself and of its gateway."""

from typing import Any

from apps.accounts.models import ApiClient
from apps.core.calendar import clock

from ..models import Gateway


def take_report(*, gateway: ApiClient, **counts: Any) -> Gateway:
    """Keep the last report of a gateway; `watch` makes alarms and notices of it."""
    kept, _is_new = Gateway.objects.update_or_create(
        client=gateway, defaults={"seen_at": clock.now(), **counts}
    )
    return kept
