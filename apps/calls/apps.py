from typing import Any

from django.apps import AppConfig


def _withdraw(sender: Any, opt_outs: Any, number_indexes: list[bytes], **kwargs: Any) -> None:
    from .services.calling import withdraw_numbers

    first = opt_outs[0]
    withdraw_numbers(number_indexes=number_indexes, opted_out_at=first.said_at, scope=first.scope, scope_value=first.scope_value)


def _stop(sender: Any, contact: Any, purpose: Any, marketing_only: bool, **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(number_index=bytes(contact.number_index), purpose=purpose, marketing_only=marketing_only)


def _stop_source(sender: Any, source: Any, **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(source=source)


DECISION_COLUMNS = (
    "id", "at", "created_at", "allowed", "reserves", "codes", "not_applicable", "facts", "retry_at", "contact_id", "campaign_id", "policy",
    "script_version_id", "line_asked", "agent_id", "client_id", "idempotency_key", "request_digest",
)  # fmt: skip


class CallsConfig(AppConfig):
    name = "apps.calls"
    label = "calls"

    def ready(self) -> None:
        from apps.audit.streams import Stream, register
        from apps.contacts.signals import calling_stopped, source_withdrawn
        from apps.optouts.signals import opt_outs_recorded

        calling_stopped.connect(_stop, dispatch_uid="calls.stop")
        source_withdrawn.connect(_stop_source, dispatch_uid="calls.stop_source")
        opt_outs_recorded.connect(_withdraw, dispatch_uid="calls.withdraw")
        # Decisions are sealed as they are made; they go by themselves, with their calls (R33).
        register(Stream("decisions", "calls_decision", DECISION_COLUMNS, erasable=True))
