"""What a notice says, by its code. The facts are codes, ids, masks and names of things: the words are made in
the reader's language."""

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "factor_reset_asked": _(
        "%(who)s asks to take away the second factor of %(person)s, who lost it. Somebody else has to agree."
    ),
    "role_asked": _(
        "%(who)s asks to give %(person)s the role %(role)s. Somebody else has to agree within two days."
    ),
    "role_given": _("%(person)s has the role %(role)s now (%(who)s agreed)."),
    "key_asked": _(
        'A new key of the API client "%(client)s" receives telephone numbers: %(who)s asks for it, somebody '
        "else has to agree within two days."
    ),
    "key_agreed": _('The new key of the API client "%(client)s" is in force (%(who)s agreed).'),
    "not_agreed": _("%(who)s did not agree to what you asked for %(person)s."),
    "factor_removed": _(
        "Your second factor was taken away (%(who)s agreed). Set up a new one at your next sign-in."
    ),
    "link_made": _("%(who)s made a link with which %(person)s sets a new password."),
    "alarm_raised": _("The access log shows unusual use: alarm %(alarm)s. Look into it."),
    "alarm_waits": _("Nobody has looked into the alarm %(alarm)s for a day."),
    "message_given_up": _(
        "A message (%(kind)s) could not be sent and was given up: %(why)s. Look after the gateway or mail "
        "server."
    ),
    "webhook_set_aside": _(
        'The message %(event)s to "%(end_point)s" could not be made and was set aside. The log of the worker '
        "says why; send it again once "
        "the cause is repaired."
    ),
    "webhook_given_up": _(
        'Messages to "%(end_point)s" were given up after their last attempt (%(answer)s). See what is wrong '
        "there, then send them again."
    ),
    "reveals_many": _("%(person)s revealed %(count)s values within an hour."),
    "reveal_at_night": _("%(person)s revealed a value at %(hour)s o'clock."),
    "reveal_foreign": _("%(person)s revealed a value of a contact outside their own campaigns."),
    "grant_asked": _("%(person)s asks for a temporary grant."),
    "grant_decided": _("Your request for a temporary grant was decided."),
    "review_due": _("Rights wait for your confirmation until %(due)s."),
    "spoofing": _(
        "Number spoofing: a call was asked for under %(line)s, which is no line of its campaign. It was "
        "refused."
    ),
    "campaign_paused": _('The campaign "%(campaign)s" was paused. It lacks: %(because)s.'),
    "campaign_submitted": _('The campaign "%(campaign)s" awaits approval.'),
    "gateway_silent": _(
        "The telephone gateway %(gateway)s does not report, or its SIP server does not answer. No call "
        "passes it."
    ),
    "gateway_spool": _(
        "Events or recordings wait too long at the telephone gateway %(gateway)s, or its spool is almost "
        "full."
    ),
    "flagged": _("%(who)s was flagged: %(reason)s, %(percent)s %% of %(counted)s."),
    "calendar_unknown": _(
        "Marketing calls stop on %(day)s: the holiday calendar of that year is not known. Enter the State "
        "Council's notice."
    ),
    "script_submitted": _('The script "%(script)s" awaits review.'),
    "script_second_approver": _('The script "%(script)s" awaits a second approval.'),
    "script_approved": _('The script "%(script)s" was approved.'),
    "script_changes_requested": _('Changes were requested to the script "%(script)s".'),
    "script_retired": _('The approval of the script "%(script)s" was withdrawn: its calls are refused.'),
    "script_remark": _('There is a remark on the script "%(script)s".'),
    "script_answer": _('A remark on the script "%(script)s" was answered.'),
    "script_expires": _(
        'The approval of the script "%(script)s" ends in %(days)s days. Hand in a new version.'
    ),
    "script_expired": _('The approval of the script "%(script)s" has ended: its calls are refused.'),
    "rule_written": _('The rule "%(rule)s" of the automatic check awaits a second person.'),
    "rule_blocks_script": _(
        'The new rule "%(rule)s" finds the script "%(script)s" at fault. Hand in a new version, or withdraw '
        "it."
    ),
    "lift_asked": _("A lift of an opt-out awaits a second person."),
    "purge_failed": _(
        "The purge could not delete everything: %(classes)s. It tries again tonight; the enforcement page "
        "says more."
    ),
    "hold_to_review": _("A legal hold is to be reviewed today."),
    "not_consistent": _(
        "The nightly check found %(count)s kinds of things that do not belong together. Run "
        "check_consistency --json, which names each."
    ),
    "ledger_behind": _(
        "The ledger outside the database is not written, so a restore would forget opt-outs: %(why)s"
    ),
    "backup_old": _("The last good backup is older than 26 hours."),
    "drill_failed": _("The restore drill failed: the backups may not be usable."),
    "number_in_doubt": _(
        "Somebody said that a number is not the client's. It is not called until you have looked."
    ),
    "number_changed_hands": _(
        'A number from the data source "%(source)s" changed hands: its consents have ended.'
    ),
    "client_walks": _(
        "The API client %(client)s was given %(count)s numbers within an hour; its limit is %(limit)s."
    ),
    "messages_wait": _(
        "%(count)s messages that may be refusals have waited for hours. They are read within the day."
    ),
    "message_to_judge": _("A message may be a refusal. The number is blocked until you have read it, today."),
    "policy_draft": _("A new version of a policy awaits a second person."),
    "exception_asked": _('An exception for the campaign "%(campaign)s" awaits approval.'),
    "request_received": _(
        "The request %(request)s of a person about their data is yours. It is due on %(due)s."
    ),
    "request_unverified": _(
        "For %(days)s days nobody has made sure who made the request %(request)s. Its clock stands."
    ),
    "request_due": _("The request %(request)s is due in %(days)s working days."),
    "request_overdue": _("The request %(request)s is overdue: the 15 working days are over."),
    "share_asked": _("%(person)s asks for a share: %(share)s."),
    "share_decided": _("The share %(share)s that you asked for was decided."),
    "recordings_missing": _("%(count)s connected calls of %(day)s have no recording."),
    "line_unrecorded": _(
        "The last connected calls of %(line)s have no recording: the line may not be recorded at all."
    ),
    "recording_damaged": _("The recording %(recording)s was altered or cannot be read."),
    "review_done": _("A call of yours was reviewed: %(score)s points."),
    "review_appealed": _("%(person)s appeals against a review."),
    "review_settled": _("Your appeal against a review was decided."),
    "violation_found": _("A violation was found: %(kind)s. It has to be corrected by %(due)s."),
    "action_done": _("A corrective action was reported as done and awaits your check."),
    "action_reopened": _("A corrective action was sent back: %(note)s"),
    "action_overdue": _("A corrective action is overdue since %(due)s."),
    "agent_grave": _("%(agent)s was suspended: a grave violation was found."),
    "complaint_recorded": _("A complaint awaits you: %(kind)s."),
    "complaint_overdue": _("The complaint %(complaint)s is overdue."),
    "pack_asked": _("The evidence pack %(evidence)s was asked for and awaits a second person."),
    "pack_decided": _("The evidence pack %(evidence)s was decided."),
    "score_card_written": _("A new version of a score card awaits a second person."),
    "trail_broken": _("The trail is not as it was signed: %(count)s findings. The first: %(first)s"),
    "trail_not_signed": _(
        "Rows of the trail have waited for a quarter of an hour and are not signed: %(why)s"
    ),
    "incident_recorded": _("The incident %(incident)s was recorded. Its clock runs."),
    "incident_authority_waits": _(
        "The authority has not been notified of the incident %(incident)s. The law says: at once."
    ),
    "incident_closing": _("The incident %(incident)s is to be closed and awaits a second person."),
    "incident_task": _("A task of an incident is yours. It is due on %(due)s."),
    "incident_task_overdue": _("A task of an incident is overdue since %(due)s."),
    "audit_due": _("A compliance audit is due on %(day)s (R35). Plan it."),
    "audit_to_sign": _("The compliance audit %(audit)s awaits a second signature."),
    "month_measured": _("The report of %(month)s has been measured. Read it, note what is not met, sign it."),
    "month_to_sign": _("The report of %(month)s awaits a second signature."),
    "nonconformity_opened": _("Something does not conform and is yours to resolve by %(due)s."),
    "nonconformity_done": _("A nonconformity was resolved and awaits your check."),
    "nonconformity_overdue": _("A nonconformity is overdue since %(due)s."),
    "assessment_submitted": _("The impact assessment %(assessment)s awaits a second person."),
    "assessment_decided": _("The impact assessment %(assessment)s was decided."),
    "audit_done": _("The permission audit found %(count)s things to clear."),
}

_LABELS: dict[tuple[str, str], Callable[[Any], object]] = {}


def register_fact(code: str, fact: str, label: Callable[[Any], object]) -> None:
    """Say how the fact of a notice reads, from what is stored; the room whose code it is calls it in its
    `apps.py`."""
    _LABELS[code, fact] = label


def in_words(code: str, facts: dict[str, Any]) -> str:
    return str(SENTENCES[code]) % {
        fact: str(_LABELS.get((code, fact), str)(value)) for fact, value in facts.items()
    }
