"""What the officer of the demo does beside the calls: incidents and impact assessments, one in each state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.access.services import disclose
from apps.accounts.models import User
from apps.calls.models import Call
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign, Filing, QueueEntry
from apps.evidence import services as evidence
from apps.governance import services
from apps.governance.models import Assessment, ComplianceAudit, Incident, Nonconformity
from apps.governance.services.month_reports import month_before

FACTS = {
    "information": "手机号码（部分为明文）、姓名", "cause": "一名主管的账号在离岗时未锁屏，被他人使用。",
    "harm": "客户可能接到冒名来电。", "measures": "已停用账号、更换密码，核对全部查看记录。",
    "advice": "留意冒用本公司名义的来电，必要时拨打公司总机核实。",
    "contact": "个人信息保护负责人，公司总机转合规部。",
    "lessons": "缩短无操作自动退出的时间；明文查看须逐次说明理由。",
}  # fmt: skip
ANSWERS = {
    "necessity": "用于履行会员合同中的回访约定，仅处理联系方式与会员标签，目的明确，无替代方式。",
    "influence": "客户可能受到打扰；数据加密保存，通话全程录音，权限按任务最小化。",
    "measures": "开场说明身份与来意；限定时段与频次；一键退订立即生效；机器播出时先行说明并可转真人。",
}
RISK = {
    "threat": "客户受到打扰或误解来意", "likelihood": 2, "harm": 2,
    "measure": "开场说明身份与来意，限定频次，随时可退订", "owner": None,
    "due_on": None, "remaining": 1,
}  # fmt: skip
# Campaigns with a synthetic voice, and how far their assessment has come.
ROBOTS = (
    ("robot-care", "机器人满意度回访", "approved"),
    ("robot-renewal", "机器人续费提醒", "submitted"),
    ("robot-notice", "机器人活动通知", ""),
)


def assess(campaign: Campaign, *, by: User, decided_by: User) -> Assessment:
    """The impact assessment of a campaign that needs one, approved."""
    made = services.begin_assessment(actor=by, about=campaign)
    services.write_assessment(actor=by, assessment=made, texts=ANSWERS, verdict="with_measures", risks=[RISK])
    services.submit_assessment(actor=by, assessment=made, about=campaign)
    return services.decide_assessment(
        actor=decided_by, assessment=made, about=campaign, approve=True, note="同意，按所列措施执行。"
    )


def make_governance(staff: Mapping[str, User], now: datetime) -> None:
    """Through the services that people use."""
    _incidents(staff, now)
    _assessments(staff, now)
    _months(staff, now)
    _audits(staff, now)
    _packs(staff)


def _incidents(staff: Mapping[str, User], now: datetime) -> None:
    """One that runs, a drill that awaits a second person, one that is closed."""
    officer, second, supervisor = staff["compliance"], staff["compliance2"], staff["supervisor"]
    entry = (
        QueueEntry.objects.filter(campaign__code="retail-members").select_related("contact").order_by("pk")[0]
    )
    disclose(actor=supervisor, obj=entry.contact, field="phone", purpose="call_back", reason="客户要求回电")

    def record(title: str, kind: str, hours: int, *, is_drill: bool = False) -> Incident:
        found = now - timedelta(hours=hours)
        since = found - timedelta(hours=8)
        made = services.record_incident(
            actor=officer,
            kind=kind,
            title=title,
            discovered_at=found,
            since=since,
            until=now,
            person=supervisor,
            is_drill=is_drill,
        )
        made = services.change_facts(
            actor=officer, incident=made, texts=FACTS, since=since, until=now, person=supervisor, client=None
        )
        services.determine_scope(services.ask_scope(actor=officer, incident=made).pk)
        return Incident.objects.get(pk=made.pk)

    running = record("疑似账号被他人使用", Incident.Kind.LEAK, 3)
    tomorrow = (now + timedelta(days=1)).date()
    services.add_task(
        actor=officer,
        incident=running,
        text="核对该账号近一周的全部导出",
        owner=staff["admin"],
        due_on=tomorrow,
    )
    drill = record("演练：导出文件遗失", Incident.Kind.LOSS, 30, is_drill=True)
    services.decide_about_persons(actor=officer, incident=drill, required=False, why="文件已加密，口令未外泄")
    services.ask_closing(actor=officer, incident=drill)
    closed = record("会员标签被误改", Incident.Kind.CHANGE, 50)
    text = services.draft_notice(closed, "authority")
    services.give_notice(
        actor=officer, incident=closed, recipient="authority", text=text, how="报送系统 2026-0117"
    )
    services.decide_about_persons(
        actor=officer, incident=closed, required=False, why="两小时内已恢复，未产生来电"
    )
    services.decide_closing(
        actor=second, incident=services.ask_closing(actor=officer, incident=closed), close=True
    )


def _assessments(staff: Mapping[str, User], now: datetime) -> None:
    supervisor, officer = staff["supervisor"], staff["compliance"]
    members = Campaign.objects.get(code="retail-members")
    for code, name, state in ROBOTS:
        campaign = campaigns.create_campaign(
            actor=supervisor, lines=list(members.lines.all()), code=code, name=name, kind="marketing",
            trade="retail", voice="synthetic",
            purpose=members.purpose, lawful_basis="个人同意", filing=Filing.objects.first(), script=None,
            starts_on=now.date(),
            ends_on=(now + timedelta(days=60)).date(),
        )  # fmt: skip
        if state == "approved":
            assess(campaign, by=supervisor, decided_by=officer)
        elif state:
            made = services.begin_assessment(
                actor=supervisor, about=campaign, like=Assessment.objects.filter(state="approved").first()
            )
            services.write_assessment(
                actor=supervisor, assessment=made, texts=ANSWERS, verdict="with_measures", risks=[RISK]
            )
            services.submit_assessment(actor=supervisor, assessment=made, about=campaign)


def _months(staff: Mapping[str, User], now: datetime) -> None:
    """The month before as a draft, and the one before it, signed by two."""
    officer, second = staff["compliance"], staff["compliance2"]
    last = month_before(timezone.localdate(now))
    report = services.make_report(month=month_before(last))
    for duty, found in report.measured.items():
        if found["state"] == "red":
            report = services.note_report(
                actor=officer, report=report, duty=duty, note="站点启用前的月份，数据不全。"
            )
    services.sign_report(actor=second, report=services.sign_report(actor=officer, report=report))
    services.make_report(month=last)
    first = Nonconformity.objects.order_by("pk").first()
    if first is not None:
        services.report_resolved(actor=first.owner, nonconformity=first, measures="已补做并复核。")


def _audits(staff: Mapping[str, User], now: datetime) -> None:
    """One that is planned, one under way, one that was signed."""
    officer, second, today = staff["compliance"], staff["compliance2"], timezone.localdate(now)

    def plan(title: str, days: int) -> ComplianceAudit:
        return services.plan_audit(
            actor=officer,
            title=title,
            scope="全部外呼任务、数据来源和录音。",
            since=today - timedelta(days=days),
            until=today - timedelta(days=1),
            auditor="内审部",
        )

    plan("下一年度合规审计", 1)
    running = services.begin_audit(actor=officer, audit=plan("半年度合规审计", 180))
    for answer in running.answers.all()[:5]:
        services.answer_point(
            actor=officer, answer=answer, found="已抽查并核对系统数据。", verdict="conforms"
        )
    done = services.begin_audit(actor=officer, audit=plan("年度合规审计", 365))
    for answer in done.answers.all():
        verdict = "not" if answer.point == "training" else "conforms"
        services.answer_point(actor=officer, answer=answer, found="已抽查并核对系统数据。", verdict=verdict)
        if verdict == "not":
            due = today + timedelta(days=30)
            services.open_nonconformity(
                actor=officer,
                answer=answer,
                text="两名坐席缺少本年度培训记录",
                owner=staff["supervisor"],
                due_on=due,
            )
    services.sign_audit(
        actor=second,
        audit=services.report_audit(
            actor=officer, audit=done, conclusion="总体符合，一项不符合已指定负责人。"
        ),
    )


def _packs(staff: Mapping[str, User]) -> None:
    """One that is ready to be fetched, one with recordings that awaits a second person."""
    call = Call.objects.filter(answered_at__isnull=False, contact__isnull=False).order_by("-pk").first()
    if call is None or call.contact is None:
        return
    ask: Any = {
        "actor": staff["compliance"],
        "recipient": "client",
        "reason": "来信 2026-031，询问为何被呼叫",
    }
    masked, _passphrase = evidence.ask_pack(about=call.contact.public_id, **ask)
    if masked.job_id:
        evidence.make_pack(masked.job_id)
    evidence.ask_pack(
        about=call.public_id,
        in_clear=True,
        **{**ask, "recipient": "court", "reason": "案号（2026）演示 17 号"},
    )
