"""The smallest legal world: one source, filing, line, script and running campaign. For benchmarks."""

from dataclasses import dataclass
from datetime import timedelta

from apps.accounts.models import Department, User
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign, Filing
from apps.contacts import services as contacts
from apps.contacts.models import DataSource, Purpose
from apps.core.calendar import clock
from apps.scripts import services as scripts
from apps.scripts.models import Script


@dataclass(frozen=True)
class SmallestWorld:
    supervisor: User
    compliance: User
    purpose: Purpose
    source: DataSource
    campaign: Campaign


def smallest_world(*, code: str) -> SmallestWorld:
    department = Department.objects.create(name=code)
    supervisor, compliance = (
        User.objects.create(username=f"{code}-{role}", display_name=role, role=role, department=department)
        for role in ("supervisor", "compliance")
    )
    purpose = Purpose.objects.create(code=code, name=code)
    source = contacts.create_source(
        actor=supervisor,
        purposes=[purpose],
        code=code,
        name=code,
        origin=DataSource.Origin.OWN,
        lawful_basis="同意",
        consent_wording="我同意。",
    )
    source = contacts.approve_source(actor=compliance, source=source)
    script = Script.objects.create(code=code, name=code, kind="marketing", trade="retail")
    version = scripts.write_version(
        actor=supervisor,
        script=script,
        company=code,
        opening=f"您好，我是{code}公司的客服。",
        purpose="来电是向您介绍续费。",
        body=code,
        way_out="按9退订",
        forbidden="",
    )
    scripts.approve(actor=compliance, version=scripts.submit(actor=supervisor, version=version))
    today = clock.now().date()
    term = {"starts_on": today - timedelta(days=30), "ends_on": today + timedelta(days=30)}
    filing = Filing.objects.create(
        number=code, authority=code, valid_from=term["starts_on"], valid_until=term["ends_on"]
    )
    line = campaigns.record_line(
        actor=supervisor, number="+861085550101", carrier=code, ownership_proof=code, filing=filing
    )
    campaigns.record_test_call(actor=supervisor, line=line, record=code)
    line = campaigns.verify_line(actor=compliance, line=line)
    campaign = campaigns.create_campaign(
        actor=supervisor, lines=[line], code=code, name=code, kind="marketing", trade="retail",
        purpose=purpose, lawful_basis="同意",
        filing=filing, script=script, **term,
    )  # fmt: skip
    campaigns.approve_campaign(
        actor=compliance, campaign=campaigns.submit_campaign(actor=supervisor, campaign=campaign)
    )
    campaign = campaigns.run_campaign(actor=supervisor, campaign=campaign)
    return SmallestWorld(supervisor, compliance, purpose, source, campaign)
