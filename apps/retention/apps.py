from typing import Any

from django.apps import AppConfig
from django.core.checks import register


def _remember(sender: Any, **kwargs: Any) -> None:
    from django.db import transaction

    from .services import write_register_now

    transaction.on_commit(write_register_now, robust=True)


def _hold(sender: Any, complaint: Any, **kwargs: Any) -> None:
    from .services.holding import hold_complaint

    hold_complaint(complaint)


def _release(sender: Any, complaint: Any, actor: Any, **kwargs: Any) -> None:
    from .services.holding import release_complaint

    release_complaint(complaint, actor=actor)


def _begin_erasure(sender: Any, **kwargs: Any) -> None:
    """What is due since this moment is erased at once; when the queue is away, by tonight's purge."""
    from django.db import transaction

    from .services.purging import purge_soon

    transaction.on_commit(purge_soon, robust=True)


class _EveryStore:
    """The implementation of `rights.ports.erasing`, loaded when it is asked."""

    def preview(self, **about: Any) -> Any:
        from .services.erasing import preview_person

        return preview_person(**about)

    def erase(self, **about: Any) -> Any:
        from .services.erasing import erase_person

        return erase_person(**about)


def _know_index_keys(sender: Any, connection: Any, **kwargs: Any) -> None:
    from django.db import DEFAULT_DB_ALIAS

    from .services.rotating_index import know_index_keys

    # not the maintenance database, beside which this process goes on
    if connection.alias == DEFAULT_DB_ALIAS:
        know_index_keys(connection)


class RetentionConfig(AppConfig):
    name = "apps.retention"
    label = "retention"

    def ready(self) -> None:
        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from django.db.backends.signals import connection_created

        from apps.contacts.signals import contacts_taken_back, erasure_asked, source_withdrawn
        from apps.notifications.sentences import register_fact
        from apps.optouts.signals import opt_outs_recorded
        from apps.quality.signals import complaint_closed, complaint_opened
        from apps.rights.ports import erasing
        from apps.webhooks.models import EventKind
        from apps.webhooks.services import RENDERERS

        from . import metrics
        from .checks import everything_has_a_period
        from .services.erasures import erased_payload
        from .wording import classes_in_words

        register(everything_has_a_period)
        RENDERERS[EventKind.CONTACT_ERASED] = erased_payload
        metrics.register_all()
        register_fact("purge_failed", "classes", classes_in_words)
        connection_created.connect(_know_index_keys, dispatch_uid="retention.know_index_keys")
        erasing.provide(_EveryStore())
        source_withdrawn.connect(_begin_erasure, dispatch_uid="retention.source_withdrawn")
        contacts_taken_back.connect(_begin_erasure, dispatch_uid="retention.contacts_taken_back")
        erasure_asked.connect(_begin_erasure, dispatch_uid="retention.erasure_asked")
        opt_outs_recorded.connect(_remember, dispatch_uid="retention.remember")
        complaint_opened.connect(_hold, dispatch_uid="retention.hold")
        complaint_closed.connect(_release, dispatch_uid="retention.release")
