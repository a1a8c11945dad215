from typing import Any

from django.apps import AppConfig


def _withdraw(sender: Any, refused: Any, **kwargs: Any) -> None:
    from .services.calling import withdraw_numbers

    withdraw_numbers(
        number_indexes=refused.number_indexes,
        opted_out_at=refused.said_at,
        scope=refused.scope,
        scope_value=refused.scope_value,
    )


def _stop(sender: Any, contact: Any, purpose: Any, marketing_only: bool, **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(
        number_index=bytes(contact.number_index), purpose=purpose, marketing_only=marketing_only
    )


def _stop_source(sender: Any, source: Any, **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(source=source)


def _stop_contacts(sender: Any, contacts: dict[str, Any], **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(**contacts)


def _stop_version(sender: Any, version: Any, **kwargs: Any) -> None:
    from .services.calling import withdraw_reservations

    withdraw_reservations(script_version=version)


def _stop_named(sender: Any, signal: Any, **named: Any) -> None:
    """What is named of campaign, line, agent and client is what the calls have in common."""
    from .services.calling import withdraw_reservations

    withdraw_reservations(**named)


def _free_desk(sender: Any, agent: Any = None, **kwargs: Any) -> None:
    from .services.breaks import end_break
    from .services.desk import free_desk

    if agent is not None:
        free_desk(agent)
        end_break(actor=agent)


def _signed_out(sender: Any, user: Any, **kwargs: Any) -> None:
    from .services.breaks import end_break

    if user is not None:
        end_break(actor=user)


def _doubt(sender: Any, number_index: bytes, reference: str, client: Any, **kwargs: Any) -> None:
    from apps.contacts.services import raise_doubt

    raise_doubt(number_index=number_index, origin="message", reference=reference, client=client)


def _carry_refusals(
    sender: Any, before: Any, after: Any, client: Any, disowned_at: Any, **kwargs: Any
) -> None:
    from apps.optouts.services import carry_refusals

    carry_refusals(
        before=before.phone, after=after.phone, contact_id=after.pk, client=client, disowned_at=disowned_at
    )


DECISION_COLUMNS = (
    "id", "at", "created_at", "allowed", "reserves", "codes", "not_applicable", "facts", "retry_at",
    "contact_id", "campaign_id", "policy",
    "script_version_id", "line_asked", "agent_id", "client_id", "idempotency_key", "request_digest",
)  # fmt: skip


class CallsConfig(AppConfig):
    name = "apps.calls"
    label = "calls"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from apps.accounts.signals import calling_ended
        from apps.audit import alarms
        from apps.audit.trail_tables import Stream, register
        from apps.campaigns.signals import calling_narrowed
        from apps.contacts.signals import (
            calling_stopped,
            contacts_taken_back,
            number_changed,
            source_withdrawn,
        )
        from apps.core.web import ids
        from apps.notifications.sentences import register_fact
        from apps.optouts.signals import number_disowned, opt_outs_recorded
        from apps.scripts.signals import version_withdrawn

        from . import metrics
        from .alarm_rules import CALLS_GIVEN_BACK, CLIENT_WALKS, READS_WITHOUT_CALLS
        from .models import Flag

        metrics.register_all()
        alarms.register(READS_WITHOUT_CALLS, CALLS_GIVEN_BACK, CLIENT_WALKS)
        calling_stopped.connect(_stop, dispatch_uid="calls.stop")
        contacts_taken_back.connect(_stop_contacts, dispatch_uid="calls.stop_contacts")
        number_changed.connect(_carry_refusals, dispatch_uid="calls.carry_refusals")
        source_withdrawn.connect(_stop_source, dispatch_uid="calls.stop_source")
        version_withdrawn.connect(_stop_version, dispatch_uid="calls.stop_version")
        calling_narrowed.connect(_stop_named, dispatch_uid="calls.stop_narrowed")
        calling_ended.connect(_stop_named, dispatch_uid="calls.stop_ended")
        calling_ended.connect(_free_desk, dispatch_uid="calls.free_desk")
        user_logged_out.connect(_signed_out, dispatch_uid="calls.signed_out")
        opt_outs_recorded.connect(_withdraw, dispatch_uid="calls.withdraw")
        number_disowned.connect(_doubt, dispatch_uid="calls.doubt")
        # Decisions come under tree heads as they are made; they go by themselves, with their calls (R33).
        register(Stream("decisions", "calls_decision", DECISION_COLUMNS, erasable=True))
        register_fact("flagged", "reason", lambda reason: Flag.Reason(reason).label)
        ids.register(call="cl", decision="dc")
