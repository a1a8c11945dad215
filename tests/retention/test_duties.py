"""A backup, a drill or a purge that ended as failed is no duty done: it stays due, and its alarm comes."""

from typing import Any

import pytest
from celery.exceptions import Ignore

from apps.retention import services, tasks
from apps.retention.models import BackupRun, PurgeRun


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("task", "service", "run"),
    [
        ("back_up", "back_up_by_schedule", BackupRun),
        ("drill", "run_drill", BackupRun),
        ("purge_expired", "purge", PurgeRun),
    ],
)
def test_a_failed_run_is_not_noted_as_done(
    monkeypatch: pytest.MonkeyPatch, task: str, service: str, run: Any
) -> None:
    monkeypatch.setattr(services, service, lambda: run(state="failed"))
    with pytest.raises(Ignore):
        getattr(tasks, task)()
    monkeypatch.setattr(services, service, lambda: run(state="done"))
    getattr(tasks, task)()
