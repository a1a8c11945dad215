"""What people asked about their own data, what departments share, a partner's list that awaits approval, a
client who is a minor."""

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.campaigns.models import Campaign, QueueEntry
from apps.contacts import services as contacts
from apps.contacts.models import DataSource, Purpose
from apps.rights import services as rights
from apps.sharing import services as sharing

PAPER = b"%PDF-1.4\n% an invented agreement of the demo\n%%EOF\n"
# Who asked what, how it came, days ago, who wrote it down, whether they were known to be who they said.
REQUESTS = (
    ("delete", "letter", 16, "supervisor", "已回拨登记号码核实", "请删除我的全部信息，谢谢。"),
    ("see", "shop", 6, "compliance2", "当面核验证件", "想知道你们有我哪些资料"),
    ("correct", "telephone", 3, "supervisor", "已回拨登记号码核实", "名字写错了"),
    ("delete", "agent", 1, "agent", "", "客户在通话中要求删除"),
    ("withdraw", "telephone", 9, "compliance2", "已回拨登记号码核实", "不再同意会员续费来电"),
)


def tell_of_persons(staff: dict[str, User], now: datetime) -> None:
    """Through the services that people use."""
    members = Campaign.objects.get(code="retail-members")
    waiting = (
        QueueEntry.objects.filter(campaign=members, state=QueueEntry.State.WAITING)
        .select_related("contact")
        .order_by("-pk")
    )
    people = [entry.contact for entry in waiting[:6]]
    for (kind, channel, days, by, verified, text), contact in zip(REQUESTS, people, strict=False):
        made = rights.record_request(
            actor=staff[by], kind=kind, channel=channel, phone=contact.phone, text=text,
            verification=verified,
            new_name="王晓" if kind == "correct" else "", received_at=now - timedelta(days=days),
        )  # fmt: skip
        if kind == "withdraw":
            rights.execute(actor=staff["compliance"], request=made, answer="已撤回，营销来电不再拨打。")
    contacts.flag_minor(actor=staff["agent"], contact=people[5], reason="客户自称在读初中")
    _share(staff, members, now)
    _partner(staff)


def _share(staff: dict[str, User], campaign: Campaign, now: datetime) -> None:
    for form, purpose in (("view", "售后部抽样核对会员标签"), ("file", "年度满意度调查抽样")):
        share = sharing.ask_share(
            actor=staff["supervisor3"], campaign=campaign, fields=["phone", "name", "tags"], form=form,
            purpose=purpose,
            agreement="内部保密协议 2026-12", content=PAPER, file_name="agreement.pdf",
            ends_on=(now + timedelta(days=30)).date(),
        )  # fmt: skip
        if form == "view":
            sharing.decide_share(actor=staff["compliance"], share=share, approve=True)


def _partner(staff: dict[str, User]) -> None:
    contacts.create_source(
        actor=staff["supervisor"], purposes=[Purpose.objects.get(code="membership")], code="partner-mall",
        name="合作商场会员（虚构）",
        origin=DataSource.Origin.PARTNER, supplier="示例商场有限公司（虚构）",
        agreement="数据合作协议 2026-08",
        lawful_basis="个人同意（合作方取得并留存）",
        consent_wording="我同意商场将我的联系方式提供给明澜家居用于会员续费来电。",
        agreement_content=PAPER, agreement_name="agreement.pdf",
    )  # fmt: skip
