"""Building the demo world, through the same services that people use."""

import csv
import io
import json
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.access import field_rights
from apps.access import services as access
from apps.access.models import ProtectedField, ProtectedFieldUserPermission
from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.audit import services as audit
from apps.audit.alarms import Seen
from apps.audit.heads import heads_file
from apps.calls import services as calls
from apps.calls.models import Call, Disposition
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign, Filing, QueueEntry
from apps.console import figures
from apps.contacts import services as contacts
from apps.contacts.models import DataSource, Purpose
from apps.core.calendar import clock
from apps.core.crypto import keyring
from apps.core.documents.append_only import set_aside
from apps.core.errors import HeguiError
from apps.core.privacy import phones
from apps.core.privacy.protected import clear_for_machine
from apps.governance.services import why_needed
from apps.jobs.alarm_rules import every
from apps.jobs.models import DutyRun
from apps.optouts import services as optouts
from apps.policies import services as policies
from apps.retention import ledger
from apps.scripts import services as scripts

from .campaigns import CHECKLIST, PLANS, Plan
from .conversations import SLIPS, conversation
from .governance import assess, make_governance
from .people import DEPARTMENTS, NOTES, STAFF, TAGS, name, numbers
from .quality import QualityWork, hand_in
from .requests_and_shares import tell_of_persons
from .scripts import approved, write_scripts

SEED = 20261001
CONTACTS_EACH = 400
HISTORY_DAYS = 59
CALLS_A_DAY = 14
HOME = ZoneInfo(phones.HOME_ZONE)
MARK = "demo"
DIALLER_SCOPES = ["authorize", "dial", "events", "optouts", "recordings", "complaints"]
# The other programs beside a call centre: each has what its work needs.
CLIENTS = {
    "crm": ["contacts", "requests", "complaints"],
    "message-gateway": ["optouts"],
    "feed-reader": ["feed", "numbers", "scrub"],
    "telephone-gateway": ["telephony", "events", "recordings"],
}


class DemoExists(HeguiError):
    code = "demo_exists"
    sentence = (
        "The database already holds data. Use demo --reset to start the demo anew (it deletes everything)."  # type: ignore[assignment]
    )


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    """The demo's clock stands at a moment of its past: what the register notes then is of then."""
    before = settings.DEMO_CLOCK_OFFSET
    settings.DEMO_CLOCK_OFFSET = moment - timezone.now()
    try:
        yield
    finally:
        settings.DEMO_CLOCK_OFFSET = before


def has_people() -> bool:
    return User.objects.exists()


def exists() -> bool:
    return settings.DEMO and has_people()


def mark_path() -> Any:
    return settings.HEGUI_HOME / MARK


def build(*, reset: bool = False) -> None:
    """Make the world. Refuses a database that holds anything, unless `reset`."""
    if settings.EMBEDDED is None and not settings.DEMO:
        raise HeguiError("The demo is for the embedded database, or for one that HEGUI_DEMO=1 names a demo.")
    if has_people():
        if not reset:
            raise DemoExists()
        if not settings.DEMO:
            raise HeguiError("This database is not a demo's: it is not deleted.")
        call_command("flush", interactive=False, verbosity=0)
        set_aside(ledger.ledger_file())
        set_aside(heads_file())
        call_command("migrate", "policies", "0001", verbosity=0)
        call_command("migrate", verbosity=0)
    secret = {"password": secrets.token_urlsafe(9), "dialler_key": ""}
    settings.DEMO = True
    with transaction.atomic():
        _Builder(random.Random(SEED), secret).build()  # noqa: S311  (invented people, not secrets)
    path = mark_path()
    path.unlink(missing_ok=True)
    keyring.write_private_file(path, json.dumps(secret))


def secrets_of_demo() -> dict[str, str]:
    secret: dict[str, str] = json.loads(keyring.read_private_file(mark_path()))
    return secret


def describe_people() -> dict[str, dict[str, str]]:
    password = secrets_of_demo()["password"]
    return {
        role: {"username": role, "password": password}
        for role in ("agent", "supervisor", "compliance", "admin")
    }


def describe() -> dict[str, Any]:
    """What a stranger or a test needs to walk in. Numbers in clear: a demo database only."""
    if not exists():
        raise HeguiError("There is no demo in this database. Run manage.py demo first.")
    secret = secrets_of_demo()
    entries = (
        QueueEntry.objects.filter(state=QueueEntry.State.WAITING)
        .select_related("contact", "campaign")
        .order_by("campaign", "-priority", "pk")
    )
    return {
        "url": f"http://127.0.0.1:{settings.PORT}",
        "users": describe_people(),
        "api_clients": {
            "practice-dialler": {"key": secret["dialler_key"], "scopes": DIALLER_SCOPES},
            **{
                name: {"key": secret[name], "scopes": scopes}
                for name, scopes in CLIENTS.items()
                if name in secret
            },
        },
        "campaigns": [
            {
                "code": row.code,
                "type": row.kind,
                "trade": row.trade,
                "state": row.state,
                "lines": [line.number for line in row.lines.all()],
            }
            for row in Campaign.objects.prefetch_related("lines").order_by("pk")
        ],
        "sources": [{"code": row.code, "state": row.state} for row in DataSource.objects.order_by("pk")],
        "contacts": [
            {
                "id": entry.contact.public_id,
                "phone": clear_for_machine(entry.contact.phone),
                "campaign": entry.campaign.code,
            }
            for entry in entries
        ],
    }


@dataclass
class _Builder:
    chance: random.Random
    secret: dict[str, str]

    def build(self) -> None:
        self.now = clock.now()
        self.today = self.now.astimezone(HOME).date()
        departments = [accounts.open_department(actor=None, name=title) for title in DEPARTMENTS]
        self.staff = {
            username: accounts.create_user(
                username=username,
                display_name=shown,
                staff_number=f"{8021 + number}" if role == "agent" else "",
                role=role,
                department=departments[place],
                password=self.secret["password"] + "-Demo",
            )
            for number, (username, shown, role, place) in enumerate(STAFF)
        }
        self.secret["password"] += "-Demo"
        dialler, self.secret["dialler_key"] = accounts.issue_client(
            name="practice-dialler",
            owner=self.staff["admin"],
            scopes=DIALLER_SCOPES,
            ends_at=self.now + timedelta(days=365),
        )
        issued = {
            name: accounts.issue_client(
                name=name, owner=self.staff["admin"], scopes=scopes, ends_at=self.now + timedelta(days=365)
            )
            for name, scopes in CLIENTS.items()
        }
        self.secret |= {name: key for name, (_client, key) in issued.items()}
        filing = campaigns.record_filing(
            actor=self.staff["compliance"],
            number="DEMO-B2-20260088",
            authority="通信管理局（演示）",
            valid_from=self.today - timedelta(days=300),
            valid_until=self.today + timedelta(days=200),
        )
        pool = iter(numbers(self.chance, CONTACTS_EACH * len(PLANS)))
        for plan in PLANS:
            campaign = self._campaign(plan, filing, [dialler, *(client for client, _key in issued.values())])
            self._list(plan, campaign, [next(pool) for _ in range(CONTACTS_EACH)])
        self._loose_ends()
        self._history()
        QualityWork(self.staff, self.today, self.chance, _at).do()
        self._rights()
        self._alarms()
        make_governance(self.staff, self.now)
        figures.keep_up(whole=True)
        self._duties()

    def _duties(self) -> None:
        """What runs every hour or more often has run until now, by the demo's clock."""
        for entry in current_app.conf.beat_schedule.values():
            if (apart := every(entry["schedule"])) < timedelta(days=1):
                DutyRun.objects.update_or_create(
                    task=entry["task"], defaults={"ended_at": self.now - apart * self.chance.random()}
                )

    def _alarms(self) -> None:
        """Unusual use that somebody looked into, and some that nobody has looked into yet."""
        supervisor, agent, officer = self.staff["supervisor"], self.staff["agent"], self.staff["compliance"]
        seen = audit.raise_alarm(
            "exports_many", Seen(f"person:{supervisor.pk}", 620, person_id=supervisor.pk)
        )
        if seen is not None:
            audit.close_alarm(
                actor=officer, alarm=seen, verdict="explained", note="季度对账，已核对共享审批单。"
            )
        audit.raise_alarm("reads_without_calls", Seen(f"person:{agent.pk}", 46, person_id=agent.pk))

    def _campaign(self, plan: Plan, filing: Filing, clients: list[ApiClient]) -> Campaign:
        supervisor, compliance = self.staff[plan.supervisor], self.staff["compliance"]
        purpose = Purpose.objects.filter(code=plan.purpose[0]).first() or contacts.record_purpose(
            actor=compliance, code=plan.purpose[0], name=plan.purpose[1]
        )
        source = contacts.create_source(
            actor=supervisor,
            purposes=[purpose],
            code=f"{plan.code}-web",
            name=f"{plan.company}{plan.name}",
            origin=DataSource.Origin.OWN,
            lawful_basis="个人同意",
            consent_wording=f"我同意{plan.company}就{plan.purpose[1]}致电联系我，可随时退订。",
        )
        contacts.approve_source(actor=compliance, source=source)
        script = scripts.create_script(
            actor=supervisor, code=plan.code, name=plan.name, kind=plan.kind, trade=plan.trade
        )
        version = scripts.write_version(
            actor=supervisor,
            script=script,
            company=plan.company,
            opening=plan.opening,
            purpose=plan.why,
            body=plan.body,
            way_out=plan.way_out,
            forbidden=plan.forbidden,
        )
        approved(self.staff, version, "开场、目的与退订方式齐全。")
        line = campaigns.record_line(
            actor=supervisor,
            number=plan.line,
            carrier="演示运营商",
            ownership_proof="DEMO-合同",
            filing=filing,
        )
        campaigns.record_test_call(actor=supervisor, line=line, record="拨打公司测试手机，来电显示为本号码。")
        line = campaigns.verify_line(actor=compliance, line=line)
        campaign = campaigns.create_campaign(
            actor=supervisor,
            lines=[line],
            code=plan.code,
            name=plan.name,
            kind=plan.kind,
            trade=plan.trade,
            product_risk=plan.risk,
            purpose=purpose,
            lawful_basis="个人同意",
            filing=filing,
            script=script,
            starts_on=self.today - timedelta(days=60),
            ends_on=self.today + timedelta(days=120),
            checklist=list(CHECKLIST),
        )
        campaign.clients.add(*clients)
        if why_needed(campaign):
            assess(campaign, by=supervisor, decided_by=compliance)
        campaigns.submit_campaign(actor=supervisor, campaign=campaign)
        campaigns.approve_campaign(actor=compliance, campaign=campaign)
        campaigns.run_campaign(actor=supervisor, campaign=campaign)
        for agent in plan.agents:
            campaigns.assign_agent(actor=supervisor, campaign=campaign, agent=self.staff[agent])
        for other in ("supervisor", "supervisor2", "supervisor3"):
            if self.staff[other].department_id == supervisor.department_id:
                assign_perm("supervise", self.staff[other], campaign)
        return Campaign.objects.get(pk=campaign.pk)

    def _list(self, plan: Plan, campaign: Campaign, phones_of_list: list[str]) -> None:
        """A list as a CRM would export it, through the import that people use."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["手机号", "姓名", "标签", "备注", "同意渠道", "同意时间"])
        for number in phones_of_list:
            given = self.now.astimezone(HOME) - timedelta(days=self.chance.randint(5, 300))
            consents = self.chance.random() < 0.93
            writer.writerow(
                [
                    number,
                    name(self.chance),
                    self.chance.choice(TAGS),
                    self.chance.choice(NOTES),
                    "网页勾选" if consents else "",
                    f"{given:%Y-%m-%d} 10:00" if consents else "",
                ]
            )
        contacts.import_now(
            actor=self.staff[plan.supervisor],
            source=DataSource.objects.get(code=f"{plan.code}-web"),
            file_name=f"{plan.code}.csv",
            file=text.getvalue().encode(),
            contact_list=campaigns.contact_list_of(campaign),
        )

    def _loose_ends(self) -> None:
        """What waits for somebody: a script in review, a draft, sources to judge, a paused campaign."""
        supervisor = self.staff["supervisor"]
        membership = Purpose.objects.get(code="membership")
        for code, title, origin, supplier in (
            ("bought-list-2025", "外购名单（2025）", DataSource.Origin.PURCHASED, "某数据公司（虚构）"),
            ("store-sign-up", "门店登记表", DataSource.Origin.OWN, ""),
        ):
            contacts.create_source(
                actor=supervisor,
                purposes=[membership],
                code=code,
                name=title,
                origin=origin,
                supplier=supplier,
                lawful_basis="待合规确认",
                consent_wording="门店纸质登记表第3版。",
            )
        write_scripts(self.staff)
        paused = Campaign.objects.get(code="retail-clearance")
        campaigns.pause_campaign(actor=supervisor, campaign=paused)
        self._for_compliance(supervisor)
        tell_of_persons(self.staff, self.now)

    def _for_compliance(self, supervisor: User) -> None:
        """What waits for compliance: a policy's draft, an exception, a line without its test call; and one
        spoofing attempt."""
        second = self.staff["compliance2"]
        gateway = ApiClient.objects.get(name="practice-dialler")
        optouts.take_message(
            client=gateway, sender="+8613800007701", text="TD谢谢，不用了", message_id="demo-gateway-1"
        )
        optouts.take_message(
            client=gateway, sender="+8613800007702", text="ＴＤ", message_id="demo-gateway-2"
        )
        hours = {
            "window_start": "09:00:00",
            "window_end": "20:30:00",
            "calls_per_day": 1,
            "calls_per_week": 2,
            "reservation_seconds": 60,
        }
        policies.write_draft(
            actor=second, kind="calling", values=hours, reason="投诉集中在清晨与晚间，收紧时段与频次"
        )
        notice = Campaign.objects.get(code="parcel-notice")
        campaigns.ask_exception(
            actor=supervisor,
            campaign=notice,
            covers="hours",
            window_start=time(7, 0),
            window_end=time(22, 0),
            starts_at=self.now,
            ends_at=self.now + timedelta(days=2),
            reason="台风停运，须当晚通知改约取件",
        )
        disowned = (
            Campaign.objects.get(code="retail-members")
            .entries.select_related("contact")
            .order_by("-pk")[0]
            .contact
        )
        contacts.raise_doubt(
            number_index=bytes(disowned.number_index),
            origin="person",
            reference="来电者称不是机主",
            actor=self.staff["agent"],
        )
        campaigns.record_line(
            actor=supervisor,
            number="01085550106",
            carrier="演示运营商",
            ownership_proof="DEMO-合同-2",
            filing=notice.filing,
        )
        waiting = (
            Campaign.objects.get(code="retail-members")
            .entries.filter(state=QueueEntry.State.WAITING)
            .select_related("contact")[0]
        )
        calls.authorize(
            campaign="retail-members",
            phone=waiting.contact.phone,
            line="02155550199",
            agent=self.staff["agent"],
            checklist_done=True,
        )

    def _rights(self) -> None:
        """Drift for the permission audit to find, and a grant that waits for approval."""
        agent, other = self.staff["agent"], self.staff["agent2"]
        name = ProtectedField.objects.get(name=field_rights.NAME)
        right = Permission.objects.get(codename="view_clear", content_type__app_label="access")
        ProtectedFieldUserPermission.objects.create(
            user=self.staff["agent6"], content_object=name, permission=right
        )
        assign_perm("supervise", self.staff["agent5"], Campaign.objects.get(code="finance-renewal"))
        access.ask_grant(
            actor=agent,
            beneficiary=agent,
            field=name,
            right="view_clear",
            reason="客户要求书面确认称呼",
            ends_at=self.now + timedelta(days=2),
        )
        accounts.deactivate(actor=self.staff["admin"], user=self.staff["agent4"])
        User.objects.filter(pk=other.pk).update(last_login=self.now - timedelta(days=120))
        access.audit_permissions()

    def _history(self) -> None:
        """Two months of calls, so that a month has one before it; each asked of the gate at its hour and
        ended with a result."""
        for days_ago in range(HISTORY_DAYS, 0, -1):
            day = self.today - timedelta(days=days_ago)
            for plan in PLANS[:4]:
                self._day(plan, datetime.combine(day, time(9, 0), HOME))

    def _day(self, plan: Plan, start: datetime) -> None:
        campaign = Campaign.objects.get(code=plan.code)
        line = campaign.lines.get()
        entries = (
            campaign.entries.filter(state=QueueEntry.State.WAITING)
            .select_related("contact")
            .order_by("pk")[:200]
        )
        picked = self.chance.sample(
            list(entries), CALLS_A_DAY // len(PLANS) + self.chance.choice((-1, 0, 0, 1))
        )
        for place, entry in enumerate(picked):
            agent = self.staff[plan.agents[place % len(plan.agents)]]
            at = start + timedelta(minutes=place * 150 + self.chance.randint(0, 40))
            answer = calls.authorize(
                campaign=campaign.code,
                phone=entry.contact.phone,
                line=line.number,
                agent=agent,
                at=at,
                checklist_done=True,
            )
            if answer.call_id:
                self._finish(Call.objects.get(pk=answer.call_id), plan, agent, at)

    def _finish(self, call: Call, plan: Plan, agent: User, at: datetime) -> None:
        chance = self.chance.random()
        state = (
            Call.State.ENDED if chance < 0.7 else Call.State.NO_ANSWER if chance < 0.9 else Call.State.BUSY
        )
        call.state, call.claimed_at, call.made_at, call.ended_at = (
            state,
            at,
            at,
            at + timedelta(seconds=self.chance.randint(20, 300)),
        )
        said = None
        if state == Call.State.ENDED:
            slip = self.chance.choice(list(SLIPS)) if self.chance.random() < 0.07 else ""
            said = conversation(plan, self.chance, staff_number=agent.staff_number, slip=slip)
            call.answered_at, call.identity_said = at + timedelta(seconds=8), self.chance.random() < 0.95
            call.ended_at = call.answered_at + timedelta(seconds=said.seconds)
        call.save()
        reasons = ("interested", "not_interested", "call_back", "wrong_number")
        reason = self.chance.choice(reasons) if state == Call.State.ENDED else Disposition.Reason.NOT_REACHED
        Disposition.objects.create(call=call, reason=reason, written_by=agent, created_at=call.ended_at)
        if said and self.chance.random() < 0.98:  # now and then one is missing
            hand_in(call, plan, said, self.chance, _at)
        if said and self.chance.random() < 0.06:
            pressed = at + timedelta(seconds=8 + said.seconds * 0.8)
            # so long until it took effect
            with _at(pressed + timedelta(milliseconds=self.chance.randint(40, 900))):
                calls.record_event(call_id=call.pk, event="key", client=None, at=pressed, digit="9")
