from typing import Any

from django.apps import AppConfig


def _agent_suspended(sender: Any, agent: Any, **kwargs: Any) -> None:
    from django.conf import settings
    from django.utils.translation import override

    from apps.core import references

    from .models import EventKind
    from .services import emit

    with override(settings.LANGUAGE_CODE):  # for another system: the language of the site
        reason = references.in_words(agent.suspended_for)
    emit(EventKind.AGENT_SUSPENDED, {"agent": agent.username, "reason": reason})


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from apps.accounts.signals import agent_suspended

        from . import metrics

        metrics.register_all()
        agent_suspended.connect(_agent_suspended, dispatch_uid="webhooks.agent_suspended")
