"""Every page, who opens it, and an object of each kind to open it with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.access import services as access
from apps.access.models import ProtectedField, ProtectedFieldUserPermission
from apps.accounts import services as accounts
from apps.accounts.roles import Role
from apps.audit import services as audit
from apps.audit.alarms import Seen
from apps.calls import services as calls
from apps.calls.models import Call, Decision, Flag, Postponed, Ticket
from apps.campaigns import services as campaign_services
from apps.campaigns.models import Campaign
from apps.contacts import services as contacts
from apps.contacts.models import Contact, ContactImport
from apps.core.calendar.clock import now as clock_now
from apps.evidence import services as evidence
from apps.governance import services as governance
from apps.governance.models import Nonconformity
from apps.optouts import services as optouts
from apps.optouts.models import ListRow
from apps.policies import services as policies
from apps.quality import services as quality
from apps.quality.models import Recording, TimedRemark
from apps.retention import services as retention
from apps.rights import services as rights
from apps.rights.models import SubjectRequest
from apps.scripts import services as scripts
from apps.sharing import services as sharing
from apps.webhooks import services as webhooks
from apps.webhooks.models import Delivery
from tests.contacts.recording import record
from tests.http import SecureClient
from tests.quality.judging import ITEMS, judged
from tests.quality.sounds import hand_in, wav
from tests.scripts.rules import rule_of
from tests.sharing.shares import ask as ask_share
from tests.telephony.world import set_up
from tests.world import COMPANY, OTHER_PHONE, PHONE, SECTIONS, World

A, S, C, D = Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN


@dataclass(frozen=True)
class Page:
    """`roles` are answered; all others get 403 (nobody: the sign-in). `own`: whose foreign object is 404."""

    roles: frozenset[str]
    method: str = "get"
    object: str = ""
    data: tuple[tuple[str, str], ...] = ()


def page(*roles: str, method: str = "get", object: str = "", **data: str) -> Page:
    return Page(frozenset(roles), method, object, tuple(data.items()))


PAGES = {
    "home": page(A, S, C, D),
    "overview_csv": page(S, C),
    "overview_pdf": page(S, C),
    "people": page(D),
    "duties": page(C, D),
    "contacts": page(A, S, C),
    "contact_search": page(A, S, C, method="post", number=OTHER_PHONE),
    "contact": page(A, S, C, object="contact"),
    "campaigns": page(A, S, C),
    "campaign": page(A, S, C, object="campaign"),
    "campaign_new": page(S),
    "campaign_edit": page(S, object="campaign"),
    "campaign_pin": page(S, method="post", object="campaign"),
    "campaign_agent": page(S, method="post", object="campaign"),
    "campaign_move": page(S, C, method="post", object="campaign_step"),
    "scripts": page(A, S, C),
    "script": page(A, S, C, object="script"),
    "script_new": page(S),
    "version_new": page(S, object="script_of_version"),
    "script_submit": page(S, method="post", object="script"),
    "script_queue": page(S, C),
    "script_next": page(C),
    "version_edit": page(S, object="script_draft"),
    "script_review": page(C, method="post", object="script", verdict="request_changes", note="补充"),
    "script_overrule": page(C, method="post", object="script"),
    "script_publish": page(S, C, method="post", object="script"),
    "script_retire": page(C, method="post", object="script"),
    "remark_new": page(S, C, method="post", object="script", section="body", text="补充"),
    "remark_change": page(S, C, method="post", object="remark", text="好的"),
    "rules": page(S, C),
    "rule_new": page(C),
    "rule": page(S, C, object="rule"),
    "rule_change": page(C, object="rule"),
    "rule_version": page(S, C, object="rule_version"),
    "rule_decide": page(C, method="post", object="rule_verdict"),
    "sources": page(S, C),
    "source": page(S, C, object="source"),
    "source_new": page(S, C),
    "source_decide": page(C, method="post", object="source_verdict"),
    "import_new": page(S, C),
    "import_preview": page(S, C, object="import"),
    "import_progress": page(S, C, object="import"),
    "import_report": page(S, C, object="import_report"),
    "import_discard": page(S, C, method="post", object="import"),
    "import_heading": page(S, C, method="post", object="import"),
    "import_correct": page(S, C, object="import"),
    "import_take_back": page(S, C, method="post", object="import"),
    "import_forecast": page(S, C, method="post", object="import"),
    "source_agreement": page(S, C, object="agreement"),
    "source_agreement_add": page(S, C, object="agreement"),
    "wording_new": page(S, C, object="source"),
    "wording_approve": page(C, method="post", object="wording"),
    "consent_new": page(S, C, object="contact"),
    "consent_withdraw": page(A, S, C, object="consent"),
    "consent_evidence": page(S, C, object="consent"),
    "minor_flag": page(A, S, C, object="contact"),
    "minor_lift": page(C, object="minor"),
    "requests": page(A, S, C),
    "request_new": page(A, S, C),
    "request": page(A, S, C, object="subject_request"),
    "request_step": page(C, method="post", object="subject_request"),
    "request_execute": page(C, method="post", object="subject_request"),
    "request_copy": page(C, method="post", object="subject_request"),
    "request_certificate": page(C, object="subject_certificate"),
    "shares": page(S, C),
    "share_new": page(S, C),
    "share": page(S, C, object="share"),
    "share_agreement": page(S, C, object="share"),
    "share_look": page(S, C, object="share"),
    "share_file": page(S, C, method="post", object="share"),
    "share_fetch": page(S, C, object="share_with_file"),
    "share_step": page(S, C, method="post", object="share_step"),
    "opt_outs": page(S, C),
    "opt_out_new": page(S, C),
    "lift_ask": page(C),
    "lift_decide": page(C, method="post", object="lift_verdict"),
    "message": page(C, object="message"),
    "list_in": page(C),
    "list_in_progress": page(C, object="list_in"),
    "list_row": page(C, object="list_row"),
    "doubts": page(S, C),
    "doubt_decide": page(C, method="post", object="doubt", verdict="end", reason="新机主来电"),
    "scrubs": page(S, C),
    "scrub": page(S, C, object="scrub"),
    "scrub_result": page(S, C, object="scrub"),
    "decisions": page(A, S, C),
    "decision": page(A, S, C, object="decision"),
    "contact_reveal": page(S, C, object="reveal"),
    "trail_proof": page(C, D, object="access_event"),
    "trail": page(A, S, C, D),
    "tree_heads": page(C, D),
    "trail_check": page(C, D, method="post"),
    "trail_export": page(C, D, method="post"),
    "inbox": page(A, S, C, D),
    "mail_choice": page(A, S, C, D),
    "incidents": page(S, C, D),
    "incident_new": page(S, C, D),
    "incident_tasks": page(S, C, D),
    "incident_task_done": page(S, C, D, method="post", object="incident_task"),
    "incident_of_alarm": page(C, method="post", object="alarm"),
    "incident": page(S, C, D, object="incident"),
    "incident_facts": page(C, object="incident"),
    "incident_step": page(C, method="post", object="incident", step="note", note="x"),
    "incident_notice": page(C, object="incident_notice"),
    "incident_report": page(C, object="incident"),
    "registers": page(C, D),
    "register_file": page(C, D, object="register_file"),
    "training_new": page(C, D),
    "training_file": page(C, D, object="training"),
    "months": page(C, D),
    "month_make": page(C, method="post"),
    "month": page(C, D, object="month"),
    "month_step": page(C, method="post", object="month", step="note", duty="R1", note="x"),
    "month_paper": page(C, D, object="month_paper"),
    "compliance_audits": page(C, D),
    "compliance_audit_new": page(C),
    "compliance_audit": page(C, D, object="compliance_audit"),
    "compliance_audit_step": page(C, method="post", object="compliance_audit", step="begin"),
    "compliance_audit_paper": page(C, D, object="audit_paper"),
    "compliance_audit_file": page(C, D, object="audit_file"),
    "nonconformities": page(S, C, D),
    "nonconformity_step": page(S, C, D, method="post", object="nonconformity", step="done", measures="x"),
    "assessments": page(S, C),
    "assessment_new": page(S, C),
    "assessment": page(S, C, object="assessment"),
    "assessment_edit": page(S, C, object="assessment"),
    "assessment_step": page(S, C, method="post", object="assessment", step="submit"),
    "assessment_paper": page(S, C, object="assessment"),
    "alarms": page(C),
    "alarm_step": page(C, method="post", object="alarm", take="1"),
    "inbox_done": page(A, S, C, D, method="post"),
    "inbox_read": page(A, S, C, D, method="post"),
    "matrix": page(C, D),
    "protected_field": page(C, D, object="field"),
    "person": page(C, D, object="person"),
    "person_add": page(D),
    "person_details": page(D, object="person"),
    "factor_reset_ask": page(D, method="post", object="person", reason="手机丢失"),
    "second_person": page(C, D),
    "second_person_decide": page(C, D, method="post", object="factor_reset"),
    "departments": page(D),
    "department": page(D, object="department"),
    "department_close": page(D, method="post", object="department"),
    "purposes": page(S, C),
    "purpose_new": page(C),
    "purpose_retire": page(C, method="post", object="purpose"),
    "brand_new": page(C),
    "brand_retire": page(C, method="post", object="brand"),
    "person_change": page(D, method="post", object="person_step"),
    "search": page(A, S, C, D),
    "own_sessions_end": page(A, S, C, D, method="post"),
    "list_change": page(A, S, C, D, method="post", object="list"),
    "drafts": page(A, S, C, D),
    "api_clients": page(D),
    "client_add": page(D),
    "client_change": page(D, method="post", object="client", end="1"),
    "end_points": page(D),
    "end_point_add": page(D),
    "end_point": page(D, object="end_point"),
    "end_point_change": page(D, method="post", object="end_point_step"),
    "delivery_again": page(D, method="post", object="delivery"),
    "retention": page(C, D),
    "purge_start": page(C, method="post"),
    "purge_run": page(C, D, object="purge_run"),
    "purge_certificate": page(C, D, object="certificate"),
    "holds": page(C),
    "hold_new": page(C),
    "hold_end": page(C, method="post", object="hold", reason="结案"),
    "backups": page(C, D),
    "grants": page(A, S, C, D),
    "grant_ask": page(A, S, C, D),
    "grant_decide": page(A, S, C, D, method="post", object="grant", end="1"),
    "campaign_grant_ask": page(A, S),
    "permission_audits": page(C, D),
    "permission_audit": page(C, D, object="audit"),
    "permission_audit_run": page(D, method="post"),
    "permission_audit_report": page(C, D, object="audit_report"),
    "findings_resolve": page(D, method="post", object="audit"),
    "finding_resolve": page(D, method="post", object="finding"),
    "reviews": page(S, C, D),
    "review_start": page(D, method="post"),
    "reviews_decide": page(S, C, D, method="post"),
    "review_decide": page(S, C, D, method="post", object="review_item", confirm="1"),
    "policies": page(C, D),
    "policy_new": page(C, object="policy_kind"),
    "policy_draft": page(C, D, object="draft"),
    "policy_decide": page(C, method="post", object="draft_verdict"),
    "gateways": page(S, C, D),
    "trunk_new": page(D),
    "trunk_edit": page(D, object="trunk"),
    "dialler_new": page(D),
    "dialler_edit": page(D, object="dialler"),
    "dialler_digest": page(D, method="post", object="dialler"),
    "live_calls": page(S, C),
    "live_call_end": page(S, C, method="post", object="live_call"),
    "attempts": page(S, C, D),
    "lines": page(S, C),
    "line_new": page(S, C),
    "filing_new": page(C),
    "line_change": page(S, C, method="post", object="line", test="1", words="显示本号码"),
    "exception_ask": page(S, method="post", object="campaign"),
    "exception_decide": page(C, method="post", object="exception"),
    "contact_zone": page(S, C, method="post", object="contact", zone="Asia/Urumqi"),
    "forecast_list": page(S, C, method="post", object="campaign"),
    "forecast_campaign": page(
        S, C, method="post", object="campaign", window_start="09:00", window_end="18:00", calls_per_week="2"
    ),
    "forecast_draft": page(C, method="post", object="draft"),
    "forecast": page(S, C, object="forecast"),
    "recordings": page(A, S, C),
    "coverage": page(S, C),
    "recording": page(A, S, C, object="recording"),
    "recording_play": page(A, S, C, method="post", object="recording", purpose="quality"),
    "transcript_new": page(S, C, method="post", object="recording"),
    "play_sound": page(A, S, C, object="play"),
    "play_heard": page(A, S, C, method="post", object="play", heard="[]"),
    "review_choose": page(S, C, method="post", object="connected"),
    "quality_reviews": page(A, S, C),
    "review_next": page(S, C, method="post"),
    "quality_review": page(A, S, C, object="review"),
    "review_take": page(S, C, method="post", object="review"),
    "review_remark": page(S, C, method="post", object="review", start_ms="0", end_ms="0", text="x"),
    "timed_remark_delete": page(S, C, method="post", object="timed_remark"),
    "review_verdict": page(S, C, method="post", object="review"),
    "review_violation": page(S, C, method="post", object="review"),
    "review_appeal": page(A, method="post", object="review", text="x"),
    "review_settle": page(S, C, method="post", object="review"),
    "score_cards": page(S, C),
    "score_card_new": page(C),
    "score_card_approve": page(C, method="post", object="score_card"),
    "plans": page(S, C),
    "plan_new": page(C),
    "plan_end": page(C, method="post", object="plan"),
    "agents": page(S, C),
    "agent_suspension": page(S, C, method="post", agent="0"),
    "actions": page(A, S, C),
    "action": page(A, S, C, object="action"),
    "action_step": page(A, S, C, method="post", object="action", step="back", note="x"),
    "action_proof": page(A, S, C, object="action"),
    "complaints": page(S, C),
    "complaint_new": page(S, C),
    "comparison": page(S, C),
    "base_new": page(C, method="post"),
    "complaint": page(S, C, object="complaint"),
    "complaint_step": page(S, C, method="post", object="complaint", step="note", note="x"),
    "complaint_violation": page(S, C, method="post", object="complaint"),
    "evidence_packs": page(S, C),
    "evidence_new": page(S, C),
    "evidence_verifier": page(S, C, D),
    "evidence": page(S, C, object="pack"),
    "evidence_decide": page(C, method="post", object="pack", approve="1"),
    "evidence_fetch": page(S, C, method="post", object="pack"),
    "flags": page(S, C),
    "flag_close": page(C, method="post", object="flag", note="已核对"),
    "tickets": page(A, S),
    "ticket_close": page(A, S, method="post", object="ticket"),
    "desk": page(A),
    "desk_state": page(A),
    "desk_next": page(A, method="post"),
    "desk_call": page(A, method="post"),
    "desk_end": page(A, method="post"),
    "desk_opt_out": page(A, method="post"),
    "desk_postpone": page(A, method="post"),
    "desk_later": page(A),
    "desk_take": page(A, method="post", object="postponed"),
    "desk_break": page(A, method="post"),
    "desk_break_end": page(A, method="post"),
    "desk_result": page(A, method="post"),
}


def pages_by_object() -> dict[str, list[str]]:
    """The pages that are read, by what they are about."""
    found: dict[str, list[str]] = {}
    for name, entry in PAGES.items():
        if entry.method == "get":
            found.setdefault(entry.object, []).append(name)
    return found


def objects(world: World, whose: str, wanted: str = "") -> dict[str, dict[str, Any]]:
    """Arguments of URLs for objects that are one's own, or somebody else's; `wanted` is the one that the page
    is about."""
    campaign, contact = world.campaign, world.contact
    if whose == "foreign":
        campaign = world.running_campaign("foreign", agents=("agent2",))
        from apps.campaigns.models import CampaignUserPermission

        CampaignUserPermission.objects.filter(
            content_object=campaign, permission__codename="supervise"
        ).update(user=world.people["supervisor2"])
        contact = world.add_contact(OTHER_PHONE, campaign=campaign)
    world.authorize(
        campaign=campaign.code,
        phone=OTHER_PHONE if whose == "foreign" else "13800001234",
        agent="agent2" if whose == "foreign" else "agent",
    )
    version = world.script.versions.get()
    return {
        "": {},
        "contact": {"pk": contact.pk},
        "campaign": {"pk": campaign.pk},
        "campaign_step": {"pk": campaign.pk, "step": "pause"},
        "script": {"pk": version.pk},
        "script_of_version": {"script_pk": world.script.pk},
        "source": {"pk": world.source.pk},
        "source_verdict": {"pk": world.source.pk, "verdict": "withdraw"},
        "decision": {"pk": Decision.objects.latest("pk").pk},
        "import": {"pk": 0},
        "import_report": {"pk": 0, "form": "xlsx"},
        "reveal": {"pk": contact.pk, "field": "phone"},
        "field": {"pk": ProtectedField.objects.get(name="contacts.contact.phone").pk},
        "person": {"pk": world.people["agent2"].pk},
        "department": {"pk": world.people["agent2"].department_id},
        "factor_reset": {"kind": "factor", "pk": _factor_reset(world) if wanted == "factor_reset" else 0},
        "purpose": {"pk": world.purpose.pk},
        "brand": {
            "pk": campaign_services.record_brand(actor=world.people["compliance"], name=f"品牌{whose}").pk
        }
        if wanted == "brand"
        else {},
        "list": {"list_name": "campaigns", "step": "columns"},
        "person_step": {"pk": world.people["agent2"].pk, "step": "end-sessions"},
        "client": {"pk": world.client.pk},
        **(_made_for(world, campaign, contact, wanted)),
    }


def _factor_reset(world: World) -> int:
    """Asked by `admin2`, of `agent2`, who has a factor."""
    asker = world.people.get("admin2") or world.person("admin2", role="admin")
    Authenticator.objects.create(user=world.people["agent2"], type="totp", data={})
    reset = accounts.ask_factor_reset(actor=asker, user=world.people["agent2"], reason="手机丢失")
    return int(reset.pk)


GOVERNANCE = {
    "month",
    "month_paper",
    "compliance_audit",
    "audit_paper",
    "audit_file",
    "register_file",
    "training",
}


INCIDENTS = {"incident", "incident_task", "incident_notice"}


QUALITY = {
    "recording",
    "connected",
    "play",
    "review",
    "timed_remark",
    "score_card",
    "plan",
    "action",
    "complaint",
    "pack",
}


def _made_for(world: World, campaign: Campaign, contact: Contact, wanted: str) -> dict[str, dict[str, Any]]:
    """What is made only for a page that wants it: making everything for every page takes minutes."""
    makers: dict[Callable[[], dict[str, dict[str, Any]]], set[str]] = {
        lambda: _of_contacts(world, contact): {"wording", "consent", "minor", "agreement", "doubt"},
        lambda: {name: {"pk": 0} for name in SHARES}: SHARES,
        lambda: _of_rights(world): {"subject_request", "subject_certificate"},
        lambda: _of_access(world): {"grant", "audit", "audit_report", "finding", "review_item"},
        lambda: _of_policies(world, campaign): {"policy_kind", "draft", "draft_verdict", "line", "exception"},
        lambda: _of_calls(world, campaign): {"flag", "ticket", "forecast"},
        lambda: _of_scripts(world): {"script_draft", "remark", "rule", "rule_version", "rule_verdict"},
        lambda: _of_register(world): {"message", "list_in", "list_row", "lift_verdict", "scrub"},
        lambda: {"alarm": {"pk": audit.raise_alarm("exports_many", Seen("person:0", 600), limit=500).pk}}: {
            "alarm"
        },
        lambda: _of_telephony(world): {"trunk", "dialler", "live_call"},
        lambda: _of_webhooks(world): {"end_point", "end_point_step", "delivery"},
        lambda: _of_quality(world, campaign): QUALITY,
        lambda: {name: {"pk": 0} for name in INCIDENTS}: INCIDENTS,
        lambda: {
            "assessment": {
                "pk": governance.begin_assessment(actor=world.people["compliance"], about=campaign).pk
            }
        }: {"assessment"},
        lambda: _of_governance(world): GOVERNANCE,
        lambda: {"nonconformity": {"pk": 0}}: {"nonconformity"},
        lambda: {"postponed": {"pk": 0}}: {"postponed"},
        lambda: {"access_event": {"pk": _seen(world)}}: {"access_event"},
        lambda: _of_retention(world): {"purge_run", "certificate", "hold"},
    }
    return next((make() for make, names in makers.items() if wanted in names), {})


def _of_policies(world: World, campaign: Campaign) -> dict[str, dict[str, Any]]:
    """A draft of `compliance2`, and an exception that `supervisor` asks for."""
    hours = {
        "window_start": "09:00:00",
        "window_end": "20:00:00",
        "calls_per_day": 1,
        "calls_per_week": 2,
        "reservation_seconds": 60,
    }
    draft = policies.write_draft(
        actor=world.people["compliance2"], kind="calling", values=hours, reason="收紧"
    )
    notice = world.approved_script("notice", kind="notification", trade="general")
    other = world.running_campaign(
        "notice", kind="notification", trade="general", script=notice, lines=list(campaign.lines.all())
    )
    exception = campaign_services.ask_exception(
        actor=world.people["supervisor"], campaign=other, covers="hours", window_start="07:00",
        window_end="22:00",
        starts_at=clock_now(), ends_at=clock_now() + timedelta(days=1), reason="台风停运通知",
    )  # fmt: skip
    return {
        "policy_kind": {"kind": "calling"},
        "draft": {"pk": draft.pk},
        "draft_verdict": {"pk": draft.pk, "verdict": "approve"},
        "line": {"pk": world.line.pk},
        "exception": {"pk": exception.pk, "verdict": "approve"},
    }


def _of_register(world: World) -> dict[str, dict[str, Any]]:
    """A near miss, a list of `compliance`, a lift that `compliance2` asks for; scrubs are those of who looks
    (`visit`)."""
    other = "+8613700000001"
    optouts.record_opt_out(phone=other, channel="api", evidence="x", said_at=clock_now() - timedelta(hours=1))
    near = optouts.take_message(client=world.client, sender="+8613700000002", text="别打了", message_id="m1")
    taken = optouts.take_list(
        actor=world.people["compliance"],
        origin="list",
        evidence="x",
        file_name="a.csv",
        content=b"phone\n13700000003\n",
    )
    lift = optouts.ask_lift(
        actor=world.people["compliance2"], phone=other, consent_given_at=clock_now(), evidence="x"
    )
    return {
        "message": {"pk": near.pk},
        "list_in": {"pk": taken.pk},
        "list_row": {"pk": ListRow.objects.create(taken=taken, row=2, text="看不清").pk},
        "lift_verdict": {"pk": lift.pk, "verdict": "approve"},
        "scrub": {"pk": 0},
    }


def _of_telephony(world: World) -> dict[str, dict[str, Any]]:
    """A trunk, a dialler, and a call of the campaign that a gateway leads."""
    made = set_up(world)
    call = Call.objects.latest("pk")
    Call.objects.filter(pk=call.pk).update(relayed_by=made.gateway, state="ringing", ended_at=None)
    return {"trunk": {"pk": made.trunk.pk}, "dialler": {"pk": made.dialler.pk}, "live_call": {"pk": call.pk}}


def _of_webhooks(world: World) -> dict[str, dict[str, Any]]:
    """An end point with a delivery that was given up."""
    made, _secret = webhooks.add_end_point(
        actor=world.people["admin"],
        name="crm",
        client=world.client,
        url="https://hooks.example.com/",
        kinds=["script.retired"],
    )
    webhooks.emit("script.retired", {})
    Delivery.objects.update(state="dead")
    return {
        "end_point": {"pk": made.pk},
        "end_point_step": {"pk": made.pk, "step": "end"},
        "delivery": {"pk": Delivery.objects.get().pk},
    }


def _of_governance(world: World) -> dict[str, dict[str, Any]]:
    """A month that was measured, an audit that is planned, and one with a file beside an answer."""
    report = governance.make_report(month=date(2026, 10, 1))
    plan: Any = {"scope": "x", "since": date(2026, 1, 1), "until": date(2026, 10, 31), "auditor": "x"}
    planned = governance.plan_audit(actor=world.people["compliance"], title="x", **plan)
    running = governance.begin_audit(
        actor=world.people["compliance"],
        audit=governance.plan_audit(actor=world.people["compliance"], title="y", **plan),
    )
    answer = governance.answer_point(
        actor=world.people["compliance"], answer=running.answers.all()[0], found="x", verdict="conforms",
        content=b"%PDF-1.7\n%%EOF",
        file_name="x.pdf",
    )  # fmt: skip
    training = governance.record_training(
        actor=world.people["admin"],
        title="x",
        held_on=world.today,
        people=[world.people["agent"]],
        content=b"%PDF-1.7\n%%EOF",
    )
    return {
        "month": {"pk": report.pk},
        "month_paper": {"pk": report.pk, "form": "json"},
        "compliance_audit": {"pk": planned.pk},
        "audit_paper": {"pk": planned.pk, "form": "json"},
        "audit_file": {"pk": answer.pk},
        "register_file": {"code": "recipients", "form": "csv"},
        "training": {"pk": training.pk},
    }


def _postponed_of(world: World, owner: str) -> dict[str, int]:
    entry, at = world.queue_entry(), clock_now() + timedelta(hours=1)
    return {"pk": Postponed.objects.create(entry=entry, agent=world.people[owner], at=at, why="asked").pk}


def _nonconformity_of(world: World, owner: str) -> dict[str, Any]:
    """One that `owner` has to resolve; compliance sees those of others too."""
    report = governance.make_report(month=date(2026, 10, 1))
    made = Nonconformity.objects.create(
        report=report, duty="R0", text="x", owner=world.people[owner], due_on=world.today
    )
    return {"pk": made.pk}


def _seen(world: World) -> int:
    return int(
        audit.record_access(kind="viewed", subject="none", purpose="x", actor=world.people["agent"]).pk
    )


def _incident_of(world: World, owner: str, wanted: str) -> dict[str, Any]:
    """An incident that `owner` recorded, with a task of theirs; compliance sees those of others too."""
    now = clock_now()
    incident = governance.record_incident(
        actor=world.people[owner], kind="leak", title="x", discovered_at=now, since=now, until=now
    )
    if wanted == "incident_task":
        task = governance.add_task(
            actor=world.people["compliance"],
            incident=incident,
            text="x",
            owner=world.people[owner],
            due_on=world.today,
        )
        return {"pk": task.pk}
    return {"pk": incident.pk, **({"recipient": "authority"} if wanted == "incident_notice" else {})}


def _of_retention(world: World) -> dict[str, dict[str, Any]]:
    run = retention.purge(pause=0)
    hold = retention.place_hold(
        actor=world.people["compliance"],
        kind="contact",
        target_id=world.contact.pk,
        reason="案号",
        review_on=date(2027, 1, 1),
    )
    return {
        "purge_run": {"pk": run.pk},
        "certificate": {"pk": run.pk, "form": "json"},
        "hold": {"pk": hold.pk},
    }


def _of_quality(world: World, campaign: Campaign) -> dict[str, dict[str, Any]]:
    """A call of the agent with a recording, a verdict, a violation whose action is done with a proof, and a
    complaint."""
    is_own = campaign == world.campaign
    call = Call.objects.latest("pk")
    ended = clock_now() - timedelta(minutes=1)
    call.state, call.answered_at, call.ended_at = Call.State.ENDED, ended - timedelta(seconds=5), ended
    call.save()
    recording = hand_in(call, wav(5))
    reviewer, officer = world.people["supervisor" if is_own else "supervisor2"], world.people["compliance"]
    review = judged(world, call, reviewer.username)
    remark = TimedRemark.objects.create(review=review, start_ms=0, end_ms=0, text="x", author=reviewer)
    violation = quality.open_violation(
        actor=officer,
        kind="manner",
        gravity="minor",
        note="x",
        law="x",
        owner=reviewer,
        review=review,
        start_ms=0,
        end_ms=1_000,
    )
    quality.report_done(actor=reviewer, action=violation.action, measures="x", proof="x", file=b"x")
    complaint = quality.record_complaint(actor=reviewer, channel="letter", kind="manner", text="x", call=call)
    about = complaint.public_id
    pack, _passphrase = evidence.ask_pack(
        actor=world.people["compliance2"], about=about, recipient="court", reason="案号"
    )
    card = quality.write_card(
        actor=world.people["compliance2"], code="other", name="x", trade="retail", items=ITEMS, pass_mark=80
    )
    plan = quality.write_plan(actor=officer, name="x", campaign=None)
    return {
        "recording": {"pk": recording.pk},
        "connected": {"pk": call.pk},
        "play": {"pk": 0},
        "review": {"pk": review.pk},
        "timed_remark": {"pk": remark.pk},
        "score_card": {"pk": card.pk},
        "plan": {"pk": plan.pk},
        "action": {"pk": violation.action.pk},
        "complaint": {"pk": complaint.pk},
        "pack": {"pk": pack.pk},
    }


def _play_of(world: World, username: str) -> int:
    recording = Recording.objects.get()
    return quality.begin_play(actor=world.people[username], recording=recording, purpose="quality").pk


def _scrub_of(world: World, username: str) -> int:
    content = "\n".join(["phone", *(f"1370000{number:04}" for number in range(100))]).encode()
    return optouts.ask_scrub(
        actor=world.people[username], file_name="a.csv", content=content, purpose="清洗"
    ).pk


def _of_scripts(world: World) -> dict[str, dict[str, Any]]:
    """A draft of `supervisor` with a remark of compliance, and a rule that `compliance2` wrote."""
    script = scripts.create_script(
        actor=world.people["supervisor"], code="other", name="x", kind="marketing", trade="retail"
    )
    draft = scripts.write_version(
        actor=world.people["supervisor"], script=script, company=COMPANY, **SECTIONS
    )
    remark = scripts.remark(
        actor=world.people["compliance"], version=draft, section="body", quote="", text="补充期限"
    )
    rule = scripts.write_rule(
        actor=world.people["compliance2"], code="too_familiar", rule=rule_of(), reason="x"
    )
    return {
        "script_draft": {"pk": draft.pk},
        "remark": {"pk": remark.pk},
        "rule": {"code": "absolute_claim"},
        "rule_version": {"code": rule.code, "number": rule.number},
        "rule_verdict": {"code": rule.code, "number": rule.number, "verdict": "approve"},
    }


def _of_calls(world: World, campaign: Campaign) -> dict[str, dict[str, Any]]:
    """A flag on the line, a ticket of `agent`, a forecast of `supervisor`."""
    flag = Flag.objects.create(line=world.line, reason="short", counted=60, percent=70, limit=50, policy=1)
    call = Call.objects.latest("pk")
    ticket = Ticket.objects.create(call=call, subject="回电", owner=world.people["agent"], due_on=world.today)
    asker = "supervisor" if campaign == world.campaign else "supervisor2"
    forecast = calls.ask_list(actor=world.people[asker], campaign=campaign)
    return {"flag": {"pk": flag.pk}, "ticket": {"pk": ticket.pk}, "forecast": {"pk": forecast.pk}}


def _of_access(world: World) -> dict[str, dict[str, Any]]:
    """A grant of `agent`, an audit with a finding about `agent2`, a right that `supervisor` has to
    confirm."""
    ends = clock_now() + timedelta(days=1)
    field = ProtectedField.objects.get(name="contacts.contact.phone")
    grant = access.ask_grant(
        actor=world.people["agent"],
        beneficiary=world.people["agent"],
        field=field,
        right="view_clear",
        reason="复核投诉",
        ends_at=ends,
    )
    access.decide_grant(actor=world.people["compliance"], grant=grant, approve=True)
    right = Permission.objects.get(codename="view_clear")
    ProtectedFieldUserPermission.objects.create(
        user=world.people["agent2"], content_object=field, permission=right
    )
    made = access.audit_permissions()
    review = access.start_review(
        actor=world.people["admin"], name="x", due_on=world.today + timedelta(days=7)
    )
    return {
        "grant": {"pk": grant.pk},
        "audit": {"pk": made.pk},
        "audit_report": {"pk": made.pk, "form": "csv"},
        "finding": {"pk": made.findings.get(kind="direct").pk},
        "review_item": {
            "pk": review.items.filter(reviewer=world.people["supervisor"]).values_list("pk", flat=True)[0]
        },
    }


def _of_rights(world: World) -> dict[str, dict[str, Any]]:
    """A request that is open, and one that was carried out; whose they are is set by `visit`."""
    done = rights.execute(actor=world.people["compliance"], request=_request(world, "compliance"))
    return {
        "subject_request": {"pk": _request(world, "compliance").pk},
        "subject_certificate": {"pk": done.pk, "form": "json"},
    }


def _request(world: World, by: str) -> SubjectRequest:
    return rights.record_request(
        actor=world.people[by], kind="withdraw", phone=PHONE, channel="letter", verification="回拨核实"
    )


SHARES = {"share", "share_with_file", "share_step"}


def _share_of(world: World, username: str, wanted: str) -> dict[str, Any]:
    """A share of that person's, in force; one that awaits a decision for a step."""
    asked = ask_share(world, username, form="file" if wanted == "share_with_file" else "view")
    if wanted == "share_step":
        return {"pk": asked.pk, "step": "withdraw"}
    approver = world.people["compliance2" if username != "compliance2" else "compliance"]
    share = sharing.decide_share(actor=approver, share=asked, approve=True)
    if wanted == "share_with_file":
        sharing.make_file(viewer=world.people[username], share=share)
    return {"pk": share.pk}


def _of_contacts(world: World, contact: Contact) -> dict[str, dict[str, Any]]:
    """A wording that awaits approval, a consent and a source with their files, a client who says that they
    are a minor."""
    supervisor = world.people["supervisor"]
    paper = {"content": b"%PDF-1.7 %%EOF", "file_name": "form.pdf"}
    given = contacts.record_consent(
        actor=supervisor,
        contact=contact,
        purpose=world.purpose,
        channel="paper",
        given_at=clock_now(),
        reference="登记表",
        **paper,
    )
    made = record(world, origin="partner", agreement_content=paper["content"])
    contacts.flag_minor(actor=supervisor, contact=contact, reason="自称十五岁")
    return {
        "wording": {
            "pk": contacts.propose_wording(
                actor=supervisor, source=world.source, version="2", text="我同意。"
            ).pk
        },
        "consent": {"pk": contact.pk, "consent": given.pk},
        "minor": {"pk": contact.pk},
        "agreement": {"pk": made.pk},
        "doubt": {
            "pk": contacts.raise_doubt(
                number_index=bytes(contact.number_index), origin="person", reference="来电"
            ).pk
        },
    }


def _import_of(world: World, username: str) -> ContactImport:
    actor = world.people[username]
    done = contacts.import_now(
        actor=actor, source=world.source, file_name="a.csv", file="手机号\n13800007777\n".encode()
    )
    return done


def visit(
    world: World, name: str, username: str, whose: str, browse: Any, made: dict[str, Any] | None = None
) -> int:
    """`made`: the arguments of an object that is there already."""
    entry = PAGES[name]
    arguments = dict(objects(world, whose, entry.object)[entry.object]) if made is None else made
    if entry.object in {"import", "import_report"}:
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments |= {"pk": _import_of(world, owner).pk}
    if entry.object in SHARES:
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = _share_of(world, owner, entry.object)
    if entry.object == "subject_request":
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = {"pk": _request(world, owner).pk}
    if entry.object == "postponed":
        arguments = _postponed_of(
            world, username if whose == "own" and PAGES[name].roles & {username} else "agent2"
        )
    if entry.object == "nonconformity":
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = _nonconformity_of(world, owner)
    if entry.object in INCIDENTS:
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = _incident_of(world, owner, entry.object)
    if entry.object == "play":
        owner = username if whose == "own" and PAGES[name].roles & {username} else "compliance2"
        arguments = {"pk": _play_of(world, owner)}
    if entry.object == "scrub":
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = {"pk": _scrub_of(world, owner)}
    client = SecureClient() if username == "nobody" else browse(username)
    answer = getattr(client, entry.method)(reverse(name, kwargs=arguments), dict(entry.data))
    if username == "nobody" and answer.status_code == 302:
        assert "/accounts/login/" in answer.headers["Location"]
    return int(answer.status_code)


# The page answers the role; this person's request is refused by its service, or is about another's thing.
NOT_THEIRS = {
    ("ticket_close", S): 404,  # it is the agent's
    ("forecast", C): 404,  # the supervisor asked for it
    ("review_decide", C): 403,  # it waits for the supervisor
    ("review_decide", D): 403,
}
