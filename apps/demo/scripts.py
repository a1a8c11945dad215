"""Scripts of the demo in every state, with what a review leaves behind, and two rules of the organisation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings

from apps.accounts.models import User
from apps.core.calendar import clock
from apps.notifications.services import mark_read
from apps.scripts import services as scripts
from apps.scripts.models import Script, ScriptVersion

WAY_OUT = "如果您不想再接到我们的来电，请按9退订，或直接告诉我，我马上为您登记。"
FORBIDDEN = "不得索要身份证号、银行卡号或短信验证码\n客户表示拒绝后不得继续推销"
Staff = Mapping[str, User]


def approved(staff: Staff, version: ScriptVersion, note: str, *, publish_now: bool = True) -> ScriptVersion:
    """Handed in by its author and approved by as many as its trade needs."""
    version = scripts.submit(actor=version.author, version=version)
    for reviewer in (staff["compliance"], staff["compliance2"]):
        if version.state == ScriptVersion.State.SUBMITTED:
            version = scripts.approve(actor=reviewer, version=version, note=note, publish_now=publish_now)
    return version


@contextmanager
def earlier(**ago: float) -> Iterator[None]:
    """Events inside happened so long ago."""
    offset = settings.DEMO_CLOCK_OFFSET
    settings.DEMO_CLOCK_OFFSET = offset - timedelta(**ago)
    try:
        yield
    finally:
        settings.DEMO_CLOCK_OFFSET = offset


def write_scripts(staff: Staff) -> None:
    """What waits for compliance, and what became of others."""
    with earlier(days=9):
        _at_their_end(staff)
        _rules(staff)
    scripts.expire_due()
    for person in staff.values():
        mark_read(actor=person)
    _in_review(staff)
    _sent_back(staff)


def _rules(staff: Staff) -> None:
    """An advisory rule of the organisation in force, and another that awaits a second person."""
    familiar = scripts.write_rule(
        actor=staff["compliance2"],
        code="too_familiar",
        rule={
            "level": "advisory", "duty": "R23", "law": "norm",
            "kinds": ["marketing", "notification", "service", "sms"], "trades": [],
            "terms": ["亲亲", "宝子", "家人们", "老铁"], "required": [], "allow": ["亲亲抱抱"],
            "negatable": False,
            "must_find": ["家人们，本周有活动", "亲亲，来看看吧"], "must_pass": ["您好，本周有活动"],
            "name": {"zh": "称呼不得体", "en": "too familiar"},
            "advice": {"zh": "称呼客户用“您”，不用网络称呼。",
            "en": "Address clients politely, without slang."},
        },
        reason="客户反映称呼随意",
    )  # fmt: skip
    scripts.approve_rule(actor=staff["compliance"], version=familiar)
    scripts.write_rule(
        actor=staff["compliance2"],
        code="vague_discount",
        rule={
            "level": "advisory", "duty": "R23", "law": "ad-28", "kinds": ["marketing", "sms"],
            "trades": ["retail"],
            "terms": ["可以享受…折", "另送"], "required": [], "allow": [], "negatable": True,
            "must_find": ["续费一年可以享受九折", "续费另送上门清洁一次"],
            "must_pass": ["活动细则以会员页面为准"],
            "name": {"zh": "优惠未写明期限", "en": "discount without a date"},
            "advice": {"zh": "写明优惠与赠品的内容、数量、期限和方式。",
            "en": "Say what it is, how many, until when and how."},
        },
        reason="优惠与赠品须写明期限与方式",
    )  # fmt: skip


def _in_review(staff: Staff) -> None:
    supervisor = staff["supervisor"]
    members = Script.objects.get(code="retail-members")
    current = members.versions.get(is_current=True)
    version = scripts.write_version(
        actor=supervisor, script=members, company=current.company,
        opening="您好，我是{{ company }}的客服，工号{{ staff }}。",
        purpose=current.purpose,
        body="续费一年可以享受九折，续费两年享受八五折，细则以会员页面为准。\n请问您现在方便了解一下吗？"
            "\n如果方便，我把续费页面用短信发给您，由您自己决定。\n本月续费另送上门清洁一次。",
        objections="客户说“太贵了”：可以只续一季，费用按月计算。\n客户说“再考虑”：好的，不打扰您，"
            "需要时您可以在会员页面自行办理。",
        way_out=current.way_out, forbidden=current.forbidden,
    )  # fmt: skip
    with earlier(hours=20):
        scripts.submit(actor=supervisor, version=version)
    scripts.remark(
        actor=staff["compliance"], version=version, section="body", quote="本月续费另送上门清洁一次。",
        text="赠送的清洁要写明期限和预约方式。",
    )  # fmt: skip
    sms = scripts.create_script(
        actor=supervisor, code="members-sms", name="会员日短信", kind="sms", trade="retail"
    )
    message = scripts.write_version(
        actor=supervisor,
        script=sms,
        company="明澜家居",
        body="【明澜家居】家人们，会员日续费九折，详见会员页面。回TD退订",
    )
    scripts.submit(actor=supervisor, version=message)
    finance = scripts.create_script(
        actor=staff["supervisor2"],
        code="finance-new-products",
        name="新品理财介绍",
        kind="marketing",
        trade="finance",
    )
    risky = scripts.write_version(
        actor=staff["supervisor2"], script=finance, company="海桐银行",
        opening="您好，这里是海桐银行客户经理，工号{{ staff }}。",
        purpose="来电是向您介绍一款R2级理财产品。",
        body="这款产品保 本 保 息，市面上收益最好的理财。\n理财非存款，产品有风险，投资须谨慎。",
        way_out=WAY_OUT, forbidden=FORBIDDEN,
    )  # fmt: skip
    with earlier(days=6):
        scripts.submit(actor=staff["supervisor2"], version=risky)


def _sent_back(staff: Staff) -> None:
    author = staff["supervisor3"]
    course = scripts.create_script(
        actor=author, code="education-spring", name="春季班邀约", kind="marketing", trade="education"
    )
    version = scripts.write_version(
        actor=author, script=course, company="知行教育",
        opening="您好，我是知行教育的课程顾问，工号{{ staff }}。",
        purpose="来电是想邀请您了解春季班。",
        body="春季班三月开课，每周两次。\n学完之后您的口语一定会有提高。", way_out=WAY_OUT,
        forbidden=FORBIDDEN,
    )  # fmt: skip
    scripts.submit(actor=author, version=version)
    made = scripts.remark(
        actor=staff["compliance"],
        version=version,
        section="body",
        quote="学完之后您的口语一定会有提高。",
        text="这是对效果的承诺，请改为“效果因人而异”。",
    )
    scripts.request_changes(actor=staff["compliance"], version=version, note="效果承诺，见批注。")
    scripts.answer(actor=author, remark=made, text="好的，下一版改。")
    survey = scripts.create_script(
        actor=staff["supervisor"], code="retail-survey", name="满意度回访", kind="service", trade="retail"
    )
    scripts.write_version(
        actor=staff["supervisor"], script=survey, company="明澜家居", opening="您好，我是明澜家居的客服。",
        purpose="来电是想了解您对上次安装服务的意见。", body="请问整体满意吗？有什么需要改进？",
        way_out="如不希望再接到回访电话请按9。", forbidden="不得推销",
    )  # fmt: skip


def _at_their_end(staff: Staff) -> None:
    """Approved for later, withdrawn, expired."""
    supervisor = staff["supervisor"]
    for code, name, body in (
        ("delivery-delay", "延误通知", "您的包裹因天气原因预计延误一天，给您带来不便请谅解。"),
        ("store-moved", "门店搬迁通知", "门店已搬至新址，营业时间不变。"),
        ("recall-notice", "产品召回通知", "您购买的产品需要免费更换零件，请携带凭证到店办理。"),
    ):
        script = scripts.create_script(
            actor=supervisor, code=code, name=name, kind="notification", trade="general"
        )
        version = scripts.write_version(
            actor=supervisor, script=script, company="顺达物流", opening="您好，这里是顺达物流。",
            purpose="来电是通知您一件事情。",
            body=body,
            way_out="如不希望再接到通知电话请按9。",
        )  # fmt: skip
        version = approved(staff, version, "内容属实。", publish_now=code != "delivery-delay")
        if code == "store-moved":
            scripts.retire(actor=staff["compliance"], version=version, note="新址有误，重新提交。")
        elif code == "recall-notice":
            version.expires_at = clock.now() + timedelta(days=8)
            version.save()
