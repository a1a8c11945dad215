"""A gateway that has fallen silent, a spool that grows, calls that went beside it: reported to the
administrators."""

from datetime import timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.core.calendar import clock
from apps.notifications.models import Notice
from apps.notifications.services import notify

from ..models import Gateway

SILENT = timedelta(minutes=2)
WAITS = 15 * 60  # seconds after which something in the spool is reported
LEAST_FREE = 200 * 1024 * 1024  # bytes; a call of an hour takes 115 MB
AGAIN = timedelta(hours=6)


@transaction.atomic
def watch() -> list[str]:
    """Notices of what is wrong with a gateway, each once in six hours. Returns their codes."""
    now = clock.now()
    made = []
    for gateway in Gateway.objects.select_related("client").filter(client__is_active=True):
        wrong = {
            "gateway_silent": gateway.seen_at < now - SILENT or not gateway.is_answering,
            "gateway_spool": gateway.oldest_seconds > WAITS
            or gateway.spool_free < LEAST_FREE
            or gateway.set_aside > 0,
        }
        for code, is_wrong in wrong.items():
            known = Notice.objects.filter(
                code=code, facts__gateway=gateway.client.name, created_at__gt=now - AGAIN
            )
            if is_wrong and not known.exists():
                notify(
                    User.objects.filter(role=Role.ADMIN, is_active=True), code, gateway=gateway.client.name
                )
                made.append(code)
    return made
