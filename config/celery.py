"""Celery: the queue and the schedule. Tasks take ids only, and may run twice without harm."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

app = Celery("hegui")
app.conf.update(
    broker_url=settings.REDIS_URL or "redis://",
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,
        "retry_on_timeout": True,
        # A page that asks for a job does not wait for a queue that is away: the row waits for `jobs.pick_up`.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="Asia/Shanghai",
    enable_utc=True,
    beat_schedule_filename=str(settings.HEGUI_HOME / "run" / "beat-schedule"),
    beat_schedule={
        "forget-attempts": {"task": "apps.accounts.tasks.forget_attempts", "schedule": crontab(minute=10)},
        "expire-reservations": {"task": "apps.calls.tasks.expire_reservations", "schedule": 15.0},
        "pick-up-jobs": {"task": "apps.jobs.tasks.pick_up", "schedule": 30.0},
        "delete-discarded": {"task": "apps.jobs.tasks.delete_discarded", "schedule": 60.0},
        "end-lapsed-grants": {"task": "apps.access.tasks.end_lapsed_grants", "schedule": 60.0},
        "audit-permissions": {"task": "apps.access.tasks.audit_permissions", "schedule": crontab(hour=3, minute=0, day_of_week=1)},
        "close-due-reviews": {"task": "apps.access.tasks.close_due_reviews", "schedule": crontab(hour=0, minute=30)},
        "pause-lapsed-campaigns": {"task": "apps.campaigns.tasks.pause_lapsed", "schedule": 300.0},
        "measure-lines-and-agents": {"task": "apps.calls.tasks.measure", "schedule": 300.0},
        "warn-of-unknown-year": {"task": "apps.policies.tasks.warn_of_unknown_year", "schedule": crontab(hour=9, minute=0)},
        "expire-scripts": {"task": "apps.scripts.tasks.expire_due", "schedule": 300.0},
        "remind-of-scripts": {"task": "apps.scripts.tasks.remind_of_expiry", "schedule": crontab(hour=9, minute=5)},
        "remind-of-messages": {"task": "apps.optouts.tasks.remind_of_messages", "schedule": 600.0},
        "measure-recordings": {"task": "apps.quality.tasks.measure_received", "schedule": 60.0},
        "write-plays": {"task": "apps.quality.tasks.write_plays", "schedule": 300.0},
        "free-reviews": {"task": "apps.quality.tasks.free_forgotten", "schedule": 600.0},
        "watch-recording": {"task": "apps.quality.tasks.watch_lines", "schedule": 600.0},
        "sample-calls": {"task": "apps.quality.tasks.sample_due", "schedule": crontab(hour=6, minute=0)},
        "escalate-actions": {"task": "apps.quality.tasks.escalate", "schedule": crontab(minute=20)},
        "report-missing-recordings": {"task": "apps.quality.tasks.report_missing", "schedule": crontab(hour=9, minute=15)},
        "watch-requests": {"task": "apps.rights.tasks.watch", "schedule": crontab(hour=9, minute=20)},
        "end-due-shares": {"task": "apps.sharing.tasks.end_due", "schedule": crontab(minute=50)},
        "tidy-requests": {"task": "apps.rights.tasks.tidy", "schedule": crontab(minute=40)},
        "deliver-webhooks": {"task": "apps.webhooks.tasks.deliver_due", "schedule": 10.0},
        "seal-trail": {"task": "apps.audit.tasks.seal_trail", "schedule": 60.0},
        "check-trail": {"task": "apps.audit.tasks.check_trail", "schedule": crontab(hour=4, minute=30)},
        "watch-ledger": {"task": "apps.retention.tasks.watch_ledger", "schedule": 60.0},
        "back-up": {"task": "apps.retention.tasks.back_up", "schedule": crontab(hour=1, minute=30)},
        "watch-backups": {"task": "apps.retention.tasks.watch_backups", "schedule": crontab(minute=5)},
        "drill": {"task": "apps.retention.tasks.drill", "schedule": crontab(hour=4, minute=0, day_of_month=1)},
        "mend-files": {"task": "apps.retention.tasks.mend_files", "schedule": crontab(hour=5, minute=0)},
        "remind-of-holds": {"task": "apps.retention.tasks.remind_of_holds", "schedule": crontab(hour=9, minute=10)},
        "purge-expired": {"task": "apps.retention.tasks.purge_expired", "schedule": crontab(hour=2, minute=30)},
    },
)
app.autodiscover_tasks(
    [
        "apps.accounts",
        "apps.audit",
        "apps.access",
        "apps.jobs",
        "apps.webhooks",
        "apps.policies",
        "apps.contacts",
        "apps.scripts",
        "apps.optouts",
        "apps.campaigns",
        "apps.calls",
        "apps.quality",
        "apps.rights",
        "apps.sharing",
        "apps.retention",
    ]
)
