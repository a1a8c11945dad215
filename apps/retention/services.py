"""The purge: what is due goes, in batches, with a ledger entry before each delete."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from apps.calls.models import Call, Decision, Disposition, Ticket
from apps.contacts.models import Consent, Contact
from apps.core import blind_index, clock
from apps.core.locks import try_lock_numbers
from apps.policies import queries as policies
from apps.policies.models import RetentionPolicy

from .models import ErasureEntry, PurgeRun

log = structlog.get_logger(__name__)
BATCH = 500
Progress = Callable[[str, int], None]


def count_due(*, at: datetime) -> dict[str, int]:
    """What a purge at `at` would delete, by class."""
    policy = policies.retention_policy(at)
    return {"contacts": _due_contacts(at).count(), "calls": _due_calls(at, policy).count()}


def _due_contacts(at: datetime) -> QuerySet[Contact]:
    return Contact.objects.filter(expires_at__lte=at).exclude(call__state__in=Call.OPEN)


def _due_calls(at: datetime, policy: RetentionPolicy) -> QuerySet[Call]:
    return Call.objects.filter(reserved_at__lte=at - timedelta(days=policy.call_days)).exclude(state__in=Call.OPEN)


def purge(*, at: datetime | None = None, progress: Progress | None = None) -> PurgeRun:
    """Delete what is due. Each batch is a transaction of its own; a run cut short is finished by
    the next, because what is gone is no longer due. Returns the run with its counts."""
    at = at or clock.now()
    policy = policies.retention_policy(at)
    run = PurgeRun.objects.create(at=at, policy=policy.number)
    counts = {"contacts": 0, "calls": 0}
    while deleted := _purge_contacts(run, at):
        counts["contacts"] += deleted
        if progress:
            progress("contacts", counts["contacts"])
    while deleted := _purge_calls(at, policy):
        counts["calls"] += deleted
        if progress:
            progress("calls", counts["calls"])
    run.counts, run.state, run.ended_at = counts, PurgeRun.State.DONE, clock.now()
    run.save()
    log.info("purged", run=run.pk, **counts)
    return run


@transaction.atomic
def _purge_contacts(run: PurgeRun, at: datetime) -> int:
    """One batch. A number that somebody is deciding about just now is left for the next run."""
    due = list(_due_contacts(at).order_by("pk").values_list("number_index", flat=True)[:BATCH])
    locked = try_lock_numbers(map(bytes, due))
    batch = list(_due_contacts(at).filter(number_index__in=locked).select_for_update(of=("self",)).order_by("pk").only("pk", "phone"))
    ids = [contact.pk for contact in batch]
    ErasureEntry.objects.bulk_create(ErasureEntry(number_hash=blind_index.ledger_hash(contact.phone), run=run) for contact in batch)
    Consent.objects.filter(contact__in=ids).delete()
    Contact.objects.filter(pk__in=ids).delete()
    return len(ids)


@transaction.atomic
def _purge_calls(at: datetime, policy: RetentionPolicy) -> int:
    batch = list(
        _due_calls(at, policy).select_for_update(skip_locked=True, of=("self",)).order_by("pk").values_list("pk", "decision_id")[:BATCH]
    )
    calls = [pk for pk, _decision in batch]
    Ticket.objects.filter(call__in=calls).delete()
    Disposition.objects.filter(call__in=calls).delete()
    Call.objects.filter(pk__in=calls).delete()
    Decision.objects.filter(pk__in=[decision for _pk, decision in batch]).delete()
    return len(calls)
