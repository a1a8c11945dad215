"""Metrics and probe of jobs and of the schedule: what waits, and whether the workers and beat run."""

from datetime import timedelta

from celery import current_app
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from apps.core.calendar import clock
from apps.core.web.health import Outcome, Probe, warning, well
from apps.core.web.health import register as register_probes
from apps.core.web.metrics import Metric, Values, one, register

from .models import DutyRun, FileToDelete, Job

# runs every 15 seconds: its last end is the pulse of beat, queue and workers
PULSE = "apps.calls.tasks.expire_reservations"
SILENT = timedelta(minutes=3)
UNDER_WAY = (Job.State.WAITING, Job.State.RUNNING)


def _queue_of(task: str) -> str:
    route = current_app.conf.task_routes.get(task) or {}
    return str(route.get("queue", current_app.conf.task_default_queue))


def _jobs() -> Values:
    counted = Job.objects.filter(state__in=UNDER_WAY).values_list("task", "state").annotate(Count("pk"))
    return [((_queue_of(task), state, task.removeprefix("apps.")), count) for task, state, count in counted]


def _oldest() -> Values:
    now, waiting = clock.now(), Job.objects.filter(state=Job.State.WAITING)
    found = waiting.values_list("task").annotate(Min("created_at"))
    return [
        ((_queue_of(task), task.removeprefix("apps.")), (now - since).total_seconds())
        for task, since in found
    ]


def _duties() -> Values:
    now = clock.now()
    return [
        ((task.removeprefix("apps."),), (now - ended).total_seconds())
        for task, ended in DutyRun.objects.values_list("task", "ended_at")
    ]


def _pulse() -> Outcome:
    last = DutyRun.objects.filter(task=PULSE).first()
    if last is not None and last.ended_at > clock.now() - SILENT:
        return well()
    since = f"{last.ended_at:%Y-%m-%d %H:%M}" if last else "–"
    return warning(
        _("Nothing that runs by itself has run since %(since)s.") % {"since": since},
        _("Start beat and the workers of the queues urgent, default and heavy, and see their logs."),
    )


def _stuck() -> Outcome:
    count = FileToDelete.objects.filter(tries__gt=0).count()
    return (
        warning(
            _("%(count)d files could not be deleted yet.") % {"count": count}, _("See the page Enforcement.")
        )
        if count
        else well()
    )


def register_all() -> None:
    register(
        Metric("hegui_jobs", "Jobs that wait or run.", _jobs, ("queue", "state", "task")),
        Metric(
            "hegui_job_waiting_seconds",
            "How long the oldest waiting job of a kind has waited.",
            _oldest,
            ("queue", "task"),
        ),
        Metric(
            "hegui_duty_age_seconds",
            "Since when each task of the schedule last ended well.",
            _duties,
            ("task",),
        ),
        Metric(
            "hegui_files_to_delete",
            "Files that could not be deleted yet.",
            lambda: one(FileToDelete.objects.filter(tries__gt=0).count()),
        ),
    )
    register_probes(Probe("schedule", _pulse, is_quick=True), Probe("deletions", _stuck))
