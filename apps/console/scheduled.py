"""Every duty of the schedule: when it last ended well, when it comes next, whether it is late, and where its
results stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from celery import current_app
from celery.schedules import crontab
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.jobs.alarm_rules import LEAST, every, of_this_version_since
from apps.jobs.models import DutyRun

# What each task is called, and the page of its results; "" where there is none.
TASKS: Mapping[str, tuple[Promise, str]] = {
    "retention.purge_expired": (_("delete what is due"), "retention"),
    "retention.back_up": (_("back up database and files"), "backups"),
    "retention.drill": (_("restore the newest backup on trial"), "backups"),
    "retention.watch_backups": (_("watch the age of the last good backup"), "backups"),
    "retention.watch_ledger": (_("write the ledger outside the database"), ""),
    "retention.remind_of_holds": (_("remind of legal holds to review"), "holds"),
    "retention.repair_files": (_("delete files that no record names"), ""),
    "audit.sign_trail": (_("sign the access log"), "tree_heads"),
    "audit.check_trail": (_("check all of the access log"), "tree_heads"),
    "audit.look_for_alarms": (_("look for unusual use"), "alarms"),
    "access.audit_permissions": (_("audit permissions"), "permission_audits"),
    "access.close_due_reviews": (_("revoke rights that nobody confirmed"), "reviews"),
    "access.end_lapsed_grants": (_("end temporary grants"), "grants"),
    "rights.watch": (_("watch the deadlines of data-subject requests"), "requests"),
    "ui.drop_drafts": (_("delete what was typed and not sent"), ""),
    "rights.tidy": (_("finish deletions that a hold had delayed"), "requests"),
    "evidence.let_packs_lapse": (_("delete evidence packs that nobody fetched"), "evidence_packs"),
    "governance.make_month": (_("measure the month, remind of the compliance audit"), "months"),
    "governance.watch_incidents": (_("watch incidents and their tasks"), "incidents"),
    "sharing.end_due": (_("end shares whose last day is over"), "shares"),
    "calls.expire_reservations": (_("end reservations that were not used"), "decisions"),
    "calls.end_forgotten_breaks": (_("end breaks of agents who forgot to"), ""),
    "calls.measure": (_("measure lines and agents against the limits"), "flags"),
    "console.keep_figures": (_("count today and yesterday for the overview"), "home"),
    "console.keep_all_figures": (_("count the days of the overview again"), "home"),
    "campaigns.pause_lapsed": (_("pause campaigns that lack something"), "campaigns"),
    "scripts.expire_due": (_("end approvals of scripts"), "scripts"),
    "scripts.remind_of_expiry": (_("remind of approvals that end"), "scripts"),
    "policies.warn_of_unknown_year": (_("warn of a year without a holiday calendar"), "policies"),
    "optouts.remind_of_messages": (_("remind of messages that may be refusals"), "opt_outs"),
    "quality.measure_received": (_("analyse recordings"), "recordings"),
    "quality.transcribe_due": (_("transcribe recordings"), "recordings"),
    "quality.watch_lines": (_("look for lines that are not recorded"), "coverage"),
    "telephony.watch": (_("look after the telephone gateways"), "gateways"),
    "quality.report_missing": (_("report calls without a recording"), "coverage"),
    "quality.sample_due": (_("choose calls to review"), "quality_reviews"),
    "quality.free_forgotten": (_("return reviews that were left"), "quality_reviews"),
    "quality.write_plays": (_("record what was listened to"), "trail"),
    "quality.escalate": (_("escalate overdue actions and complaints"), "actions"),
    "webhooks.deliver_due": (_("deliver webhooks"), "end_points"),
    "notifications.send_due": (_("send short messages and e-mails"), ""),
    "notifications.mail_now": (_("e-mail urgent notices"), ""),
    "notifications.mail_in_the_morning": (_("e-mail the other notices"), ""),
    "jobs.pick_up": (_("resume jobs whose worker was lost"), ""),
    "jobs.delete_discarded": (_("delete discarded files"), ""),
    "accounts.forget_attempts": (_("delete counters of sign-in attempts"), ""),
}


@dataclass(frozen=True)
class Duty:
    label: Promise | str
    url: str  # "" where the viewer has no page of it
    last: datetime | None
    due: datetime  # when it comes next, or should have come
    is_late: bool


def duties(viewer: User, now: datetime) -> list[Duty]:
    """The late ones first, then as they stand in `TASKS`."""
    runs = dict(DutyRun.objects.values_list("task", "ended_at"))
    schedule = {
        entry["task"].removeprefix("apps.").replace(".tasks", ""): entry
        for entry in current_app.conf.beat_schedule.values()
    }
    begun = min(of_this_version_since() or now, now)  # a demo may live earlier
    found = []
    for task, (label, page) in TASKS.items():
        if (entry := schedule.get(task)) is None:
            continue  # only of a site that has an adapter
        last = runs.get(entry["task"])
        due = _next(entry["schedule"], last or begun)
        is_late = now > due + max(LEAST, every(entry["schedule"]) / 6)
        found.append(Duty(label, _address(viewer, page), last, due, is_late))
    return sorted(found, key=lambda duty: not duty.is_late)


def _next(schedule: crontab | float, last: datetime) -> datetime:
    if not isinstance(schedule, crontab):
        return last + every(schedule)
    start, step, _now = schedule.remaining_delta(last)
    following: datetime = start + step
    return following


def _address(viewer: User, page: str) -> str:
    address = reverse(page) if page else ""
    return address if address and viewer.role in getattr(resolve(address).func, "roles", ()) else ""
