"""The smallest legal world, and a few words to tell a story in it."""

from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.auth.models import Group

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, Department, User
from apps.calls import services as calls
from apps.calls.models import Call, Disposition
from apps.campaigns import services as campaigns
from apps.campaigns.models import Brand, Campaign, Filing, Line, QueueEntry
from apps.contacts import services as contacts
from apps.contacts.models import Consent, Contact, DataSource, Purpose
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.privacy import phones
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out
from apps.policies.models import CallingPolicy
from apps.scripts import services as scripts
from apps.scripts.models import Script, ScriptVersion

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = "13800001234"
OTHER_PHONE = "13900005678"
LINE = "+861085550101"
COMPANY = "明澜家居"
PASSWORD = "a-Long-enough-Passphrase-7"
SECTIONS = {
    "opening": f"您好，我是{COMPANY}的客服。",
    "purpose": "来电是向您介绍会员续费。",
    "body": "续费一年可以享受九折。",
    "way_out": "如不想再接到来电，请按9。",
    "forbidden": "不得承诺收益",
}


class Asked:
    """An answer of the gate, with the words that tests use."""

    def __init__(self, answer: calls.Answer) -> None:
        self.answer = answer
        self.allowed = answer.allowed
        self.codes = [reason["code"] for reason in answer.reasons]
        self.retry_at = {reason["code"]: reason["retry_at"] for reason in answer.reasons}
        self.call = Call.objects.get(pk=answer.call_id) if answer.call_id else None


def have_norm() -> None:
    """The rows that migrations write: a test that commits leaves the tables empty for the next one."""
    if not CallingPolicy.objects.exists():
        import_module("apps.policies.migrations.0001_tables").write_norm(apps, None)


class World:
    """One campaign that may call one contact: source, consent, filing, line, script, agent."""

    def __init__(self) -> None:
        have_norm()
        self.department = Department.objects.create(name="客户服务部")
        self.people: dict[str, User] = {}
        for role in ("agent", "supervisor", "compliance", "admin"):
            self.person(role, role=role)
        self.person("agent2", role="agent")
        self.person("supervisor2", role="supervisor")
        self.person("compliance2", role="compliance")
        self.purpose = Purpose.objects.create(code="membership", name="会员续费营销")
        self.brand = Brand.objects.create(name="明澜")
        self.source = self.approved_source("members")
        self.filing = Filing.objects.create(
            number="B2-20260001",
            authority="通信管理局",
            valid_from=self.today - timedelta(days=100),
            valid_until=self.today + timedelta(days=100),
        )
        self.line = self.verified_line(LINE)
        self.script = self.approved_script("members")
        self.campaign = self.running_campaign("spring")
        self.contact = self.add_contact(PHONE)
        self.client, self.key = accounts.issue_client(
            name="dialler",
            owner=self.people["admin"],
            scopes=["authorize", "dial", "events", "optouts", "recordings", "complaints"],
            ends_at=clock.now() + timedelta(days=30),
        )
        self.campaign.clients.add(self.client)

    # -- who and what

    @property
    def today(self) -> date:
        return clock.now().astimezone(SHANGHAI).date()

    def person(self, username: str, *, role: str) -> User:
        user = User(username=username, display_name=username, role=role, department=self.department)
        user.set_unusable_password()
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        self.people[username] = user
        return user

    def approved_source(self, code: str, purpose: Purpose | None = None, **fields: Any) -> DataSource:
        source = contacts.create_source(
            actor=self.people["supervisor"],
            purposes=[purpose or self.purpose],
            **{
                "code": code,
                "name": code,
                "origin": "own",
                "lawful_basis": "同意",
                "consent_wording": "我同意接到来电。",
                **fields,
            },
        )
        return contacts.approve_source(actor=self.people["compliance"], source=source)

    def verified_line(self, number: str) -> Line:
        line = campaigns.record_line(
            actor=self.people["supervisor"],
            number=number,
            carrier="运营商",
            ownership_proof="合同",
            filing=self.filing,
        )
        line = campaigns.record_test_call(
            actor=self.people["supervisor"], line=line, record="拨打公司手机，显示本号码"
        )
        return campaigns.verify_line(actor=self.people["compliance"], line=line)

    def approved_script(self, code: str, *, kind: str = "marketing", trade: str = "retail") -> Script:
        script = Script.objects.create(code=code, name=code, kind=kind, trade=trade)
        self.approve_version(script)
        return script

    def approve_version(self, script: Script) -> ScriptVersion:
        supervisor = self.people["supervisor"]
        version = scripts.write_version(actor=supervisor, script=script, company=COMPANY, **SECTIONS)
        return self.approve(scripts.submit(actor=supervisor, version=version))

    def approve(self, version: ScriptVersion) -> ScriptVersion:
        """By as many as it needs, published at once."""
        for reviewer in ("compliance", "compliance2"):
            if version.state == "submitted":
                version = scripts.approve(actor=self.people[reviewer], version=version)
        return version

    def running_campaign(self, code: str, *, agents: tuple[str, ...] = ("agent",), **fields: Any) -> Campaign:
        supervisor = self.people["supervisor"]
        campaign = campaigns.create_campaign(
            actor=supervisor,
            lines=fields.pop("lines", [self.line]),
            **{
                "code": code,
                "name": code,
                "kind": "marketing",
                "trade": "retail",
                "purpose": self.purpose,
                "lawful_basis": "同意",
                "filing": self.filing,
                "script": self.script,
                "starts_on": self.today - timedelta(days=30),
                "ends_on": self.today + timedelta(days=60),
                "checklist": ["核对资料", "确认目的"],
                **fields,
            },
        )
        campaign = campaigns.submit_campaign(actor=supervisor, campaign=campaign)
        campaigns.approve_campaign(actor=self.people["compliance"], campaign=campaign)
        campaigns.run_campaign(actor=supervisor, campaign=campaign)
        for agent in agents:
            campaigns.assign_agent(actor=supervisor, campaign=campaign, agent=self.people[agent])
        return Campaign.objects.get(pk=campaign.pk)

    def add_contact(
        self,
        phone: str,
        *,
        campaign: Campaign | None = None,
        source: DataSource | None = None,
        consent: bool = True,
        **fields: Any,
    ) -> Contact:
        """A contact who consented yesterday and waits in the campaign's queue."""
        e164 = phones.normalise(phone)
        contact = Contact.objects.create(
            phone=e164,
            name=fields.pop("name", "王小明"),
            number_index=blind_index.number_index(e164),
            last4_index=blind_index.last4_index(e164),
            source=source or self.source,
            **{
                "zones": list(phones.zones_of(e164)),
                "expires_at": clock.now() + timedelta(days=365),
                **fields,
            },
        )
        if consent:
            self.consent(contact)
        campaigns.enlist(campaign=campaign or self.campaign, contact_ids=[contact.pk])
        return contact

    def consent(self, contact: Contact, *, purpose: Purpose | None = None, **fields: Any) -> Consent:
        given_at = fields.pop("given_at", clock.now() - timedelta(days=1))
        return Consent.objects.create(
            contact=contact,
            purpose=purpose or self.purpose,
            given_at=given_at,
            **{
                "channel": "web",
                "wording": contact.source.wording,
                "evidence": "test",
                "withdrawal": "test" if "withdrawn_at" in fields else "",
                "recorded_by": self.people["supervisor"],
                "expires_at": given_at + timedelta(days=365),
                **fields,
            },
        )

    # -- what happens

    def at(self, text: str | time, day: date | None = None) -> datetime:
        """`10:00` today in Shanghai, or an ISO moment."""
        if isinstance(text, str) and "T" in text:
            return datetime.fromisoformat(text)
        hour = time.fromisoformat(text) if isinstance(text, str) else text
        return datetime.combine(day or self.today, hour, SHANGHAI)

    def authorize(
        self,
        *,
        campaign: str = "spring",
        phone: str = PHONE,
        line: str = LINE,
        agent: str | None = None,
        at: Any = None,
        **more: Any,
    ) -> Asked:
        moment = self.at(at) if isinstance(at, str | time) else at
        answer = calls.authorize(
            campaign=campaign,
            phone=calls.find_number(phone=phone),
            line=line,
            agent=self.people[agent] if agent else None,
            at=moment,
            **more,
        )
        return Asked(answer)

    def call(self, **asked: Any) -> Call:
        """A whole call: allowed, answered, ended, with its result."""
        result = self.authorize(**asked)
        assert result.call, result.codes
        result.call.state, result.call.answered_at, result.call.ended_at = (
            Call.State.ENDED,
            result.call.reserved_at,
            result.call.reserved_at,
        )
        result.call.made_at = result.call.reserved_at
        result.call.save()
        Disposition.objects.create(call=result.call, reason="interested", written_by=self.people["agent"])
        return result.call

    def connected(self, *, seconds: float = 60, agent: str | None = "agent", **asked: Any) -> Call:
        """A call of the dialler's that was answered, talked for so long and ended a minute ago."""
        result = self.authorize(agent=agent, client=self.client, checklist_done=True, **asked)
        assert result.call, result.codes
        ended = clock.now() - timedelta(minutes=1)
        result.call.state, result.call.answered_at, result.call.ended_at = (
            Call.State.ENDED,
            ended - timedelta(seconds=seconds),
            ended,
        )
        result.call.made_at = result.call.answered_at
        result.call.save()
        if agent:
            Disposition.objects.create(call=result.call, reason="interested", written_by=self.people[agent])
        return result.call

    def opt_out(self, phone: str = PHONE, evidence: str = "call:1", **scope: str) -> OptOut:
        return record_opt_out(
            phone=phones.normalise(phone),
            channel=OptOut.Channel.AGENT,
            evidence=evidence,
            recorded_by=self.people["agent"],
            **scope,
        )

    def api_client(self, name: str, *scopes: str) -> tuple[ApiClient, str]:
        return accounts.issue_client(
            name=name,
            owner=self.people["admin"],
            scopes=list(scopes),
            ends_at=clock.now() + timedelta(days=30),
        )

    def queue_entry(self, contact: Contact | None = None) -> QueueEntry:
        return QueueEntry.objects.get(contact=contact or self.contact)
