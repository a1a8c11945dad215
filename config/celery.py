"""Celery: the queue and the schedule. Tasks take ids only, and may run twice without harm."""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, before_task_publish, celeryd_init, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.database.redis_server import tls
from apps.core.web import request_ids

DAY, HOUR = 24 * 3600, 3600

# What stands behind nothing long: refusals reported to other systems, reservations that end, heads of the
# trail, the ledger.
URGENT = (
    "apps.audit.tasks.sign_trail",
    "apps.calls.tasks.expire_reservations",
    "apps.retention.tasks.watch_ledger",
    "apps.notifications.tasks.send_due",
    "apps.webhooks.tasks.deliver_due",
)
# What may take minutes or hours.
HEAVY = (
    "apps.access.tasks.audit_permissions",
    "apps.audit.tasks.check_trail",
    "apps.calls.tasks.run_forecast",
    "apps.console.tasks.keep_all_figures",
    "apps.contacts.tasks.run_import",
    "apps.evidence.tasks.make_pack",
    "apps.governance.tasks.determine_scope",
    "apps.governance.tasks.make_month",
    "apps.governance.tasks.send_messages",
    "apps.optouts.tasks.run_list",
    "apps.optouts.tasks.run_scrub",
    "apps.quality.tasks.measure_received",
    "apps.quality.tasks.measure_recording",
    "apps.retention.tasks.back_up",
    "apps.retention.tasks.drill",
    "apps.retention.tasks.repair_files",
    "apps.retention.tasks.purge_by_hand",
    "apps.retention.tasks.purge_expired",
    "apps.rights.tasks.make_copy",
    "apps.scripts.tasks.read_by_third",
)
# What listens: as many recordings at once as the queue has processes, beside nothing else.
SPEECH = ("apps.quality.tasks.transcribe_due",)
QUEUES = ("urgent", "default", "heavy", "speech")


def _due(task: str, when: crontab | float) -> dict[str, Any]:
    """An entry of the schedule. A tick that no worker took before the next one is due is dropped: after a day
    without a worker one of each kind is left, and what it does covers the whole day."""
    if isinstance(when, crontab):
        expires: float = HOUR - 60 if len(when.hour) > 1 else DAY - HOUR
    else:
        expires = when
    return {"task": f"apps.{task}", "schedule": when, "options": {"expires": expires}}


SCHEDULE = {
    "forget-attempts": _due("accounts.tasks.forget_attempts", crontab(minute=10)),
    "expire-reservations": _due("calls.tasks.expire_reservations", 15.0),
    "pick-up-jobs": _due("jobs.tasks.pick_up", 30.0),
    "delete-discarded": _due("jobs.tasks.delete_discarded", 60.0),
    "end-lapsed-grants": _due("access.tasks.end_lapsed_grants", 60.0),
    "audit-permissions": _due("access.tasks.audit_permissions", crontab(hour=3, minute=0, day_of_week=1)),
    "close-due-reviews": _due("access.tasks.close_due_reviews", crontab(hour=0, minute=30)),
    "keep-figures": _due("console.tasks.keep_figures", 300.0),
    "keep-all-figures": _due("console.tasks.keep_all_figures", crontab(hour=3, minute=40)),
    "pause-lapsed-campaigns": _due("campaigns.tasks.pause_lapsed", 300.0),
    "end-forgotten-breaks": _due("calls.tasks.end_forgotten_breaks", crontab(minute=25)),
    "measure-lines-and-agents": _due("calls.tasks.measure", 300.0),
    "warn-of-unknown-year": _due("policies.tasks.warn_of_unknown_year", crontab(hour=9, minute=0)),
    "expire-scripts": _due("scripts.tasks.expire_due", 300.0),
    "remind-of-scripts": _due("scripts.tasks.remind_of_expiry", crontab(hour=9, minute=5)),
    "remind-of-messages": _due("optouts.tasks.remind_of_messages", 600.0),
    "measure-recordings": _due("quality.tasks.measure_received", 60.0),
    "write-plays": _due("quality.tasks.write_plays", 300.0),
    "free-reviews": _due("quality.tasks.free_forgotten", 600.0),
    "watch-recording": _due("quality.tasks.watch_lines", 600.0),
    "watch-gateways": _due("telephony.tasks.watch", 60.0),
    "sample-calls": _due("quality.tasks.sample_due", crontab(hour=6, minute=0)),
    "escalate-actions": _due("quality.tasks.escalate", crontab(minute=20)),
    "report-missing-recordings": _due("quality.tasks.report_missing", crontab(hour=9, minute=15)),
    "end-packs": _due("evidence.tasks.let_packs_lapse", 300.0),
    "make-month": _due("governance.tasks.make_month", crontab(hour=6, minute=30)),
    "watch-incidents": _due("governance.tasks.watch_incidents", 900.0),
    "watch-requests": _due("rights.tasks.watch", crontab(hour=9, minute=20)),
    "end-due-shares": _due("sharing.tasks.end_due", crontab(minute=50)),
    "tidy-requests": _due("rights.tasks.tidy", crontab(minute=40)),
    "drop-drafts": _due("ui.tasks.drop_drafts", crontab(minute=50)),
    "send-messages": _due("notifications.tasks.send_due", 10.0),
    "mail-urgent": _due("notifications.tasks.mail_now", 60.0),
    "mail-others": _due("notifications.tasks.mail_in_the_morning", crontab(hour=9, minute=0)),
    "deliver-webhooks": _due("webhooks.tasks.deliver_due", 10.0),
    "look-for-alarms": _due("audit.tasks.look_for_alarms", 300.0),
    "sign-trail": _due("audit.tasks.sign_trail", 60.0),
    "check-trail": _due("audit.tasks.check_trail", crontab(hour=4, minute=30)),
    "watch-ledger": _due("retention.tasks.watch_ledger", 60.0),
    "back-up": _due("retention.tasks.back_up", crontab(hour=1, minute=30)),
    "watch-backups": _due("retention.tasks.watch_backups", crontab(minute=5)),
    "drill": _due("retention.tasks.drill", crontab(hour=4, minute=0, day_of_month=1)),
    "repair-files": _due("retention.tasks.repair_files", crontab(hour=5, minute=0)),
    "remind-of-holds": _due("retention.tasks.remind_of_holds", crontab(hour=9, minute=10)),
    "purge-expired": _due("retention.tasks.purge_expired", crontab(hour=2, minute=30)),
}
if settings.HEGUI_SPEECH_TO_TEXT:
    SCHEDULE["transcribe-recordings"] = _due("quality.tasks.transcribe_due", 60.0)


app = Celery("hegui")
app.conf.update(
    broker_url=settings.REDIS_URL or "redis://",
    broker_connection_retry_on_startup=True,
    broker_use_ssl=tls() or None,
    broker_transport_options={
        # Redis hands a task out again that was not acknowledged for so long. Tasks that may take longer
        # acknowledge at once.
        "visibility_timeout": settings.HEGUI_VISIBILITY_SECONDS,
        "socket_connect_timeout": 2,
        "retry_on_timeout": True,
        # A page that asks for a job does not wait for a queue that is away: the row waits for `jobs.pick_up`.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
    },
    task_ignore_result=True,
    # Each task says itself whether it may be handed out again (`acks_late`); a test sees to it.
    task_acks_late=False,
    task_default_queue="default",
    task_routes={
        task: {"queue": queue}
        for queue, tasks in (("urgent", URGENT), ("heavy", HEAVY), ("speech", SPEECH))
        for task in tasks
    },
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="Asia/Shanghai",
    enable_utc=True,
    beat_scheduler="apps.jobs.beat:Beat",
    beat_schedule_filename=str(settings.HEGUI_HOME / "run" / "beat-schedule"),
    beat_schedule=SCHEDULE,
)
before_task_publish.connect(request_ids.give_to_task, weak=False)
task_prerun.connect(request_ids.take_from_task, weak=False)
task_postrun.connect(request_ids.forget_task, weak=False)
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def _refuse_to_start(**kwargs: Any) -> None:
    """A worker or beat with settings that cannot be right ends at once, with the list of what is wrong.

    Celery goes on after an exception in a receiver, but not after `SystemExit`.
    """
    from apps.core.web.operations import refuse_to_start

    try:
        refuse_to_start(serves_pages=False)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
