from typing import Any

from django.apps import AppConfig


class _Notifying:
    """The implementation of `audit.ports.notifying`."""

    def notify(self, recipients: Any, code: str, **facts: Any) -> None:
        from .services import notify

        notify(recipients, code, **facts)

    def close_notices(self, *codes: str, **facts: Any) -> int:
        from .services import close_notices

        return close_notices(*codes, **facts)

    def was_notified(self, code: str, *, since: Any) -> bool:
        from .services import was_notified

        return was_notified(code, since=since)


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    label = "notifications"

    def ready(self) -> None:
        from apps.audit.ports import notifying

        from .metrics import register_all
        from .models import Outgoing
        from .sentences import register_fact

        notifying.provide(_Notifying())

        register_all()
        register_fact("message_given_up", "kind", lambda kind: Outgoing.Kind(kind).label)
