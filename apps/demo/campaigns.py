"""The five campaigns of the demo, with their scripts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    code: str
    name: str
    kind: str
    trade: str
    company: str
    purpose: tuple[str, str]
    line: str
    supervisor: str
    agents: tuple[str, ...]
    opening: str
    why: str
    body: str
    risk: str = ""
    paused: bool = False
    way_out: str = "如果您不想再接到我们的来电，请按9退订，或直接告诉我，我马上为您登记。"
    forbidden: str = (
        "不得索要身份证号、银行卡号或短信验证码\n不得承诺收益、效果或名次\n客户表示拒绝后不得继续推销"
    )


PLANS = (
    Plan(
        "retail-members",
        "会员续费回访",
        "marketing",
        "retail",
        "明澜家居",
        ("membership", "会员续费营销"),
        "01085550101",
        "supervisor",
        ("agent", "agent4"),
        "您好，我是明澜家居的客服，工号{{ staff }}。",
        "这次来电是向您介绍会员续费的优惠安排。",
        "续费一年可以享受九折，细则以会员页面为准。\n请问您现在方便了解一下吗？\n如果方便，我把续费页面用短信发给您，由您自己决定。",
    ),
    Plan(
        "finance-renewal",
        "理财到期提醒",
        "marketing",
        "finance",
        "海桐银行",
        ("wealth", "理财产品营销"),
        "02155550102",
        "supervisor2",
        ("agent2", "agent5"),
        "您好，这里是海桐银行客户经理，工号{{ staff }}。",
        "来电是想告知您所持R2级理财产品即将到期。",
        "理财非存款，产品有风险，投资须谨慎，过往业绩不代表未来表现。\n您可以在手机银行查看到期日与可选产品。",
        risk="R2",
    ),
    Plan(
        "education-open-day",
        "成人英语公开课",
        "marketing",
        "education",
        "知行教育",
        ("courses", "课程营销"),
        "02085550103",
        "supervisor3",
        ("agent3", "agent6"),
        "您好，我是知行教育的课程顾问，工号{{ staff }}。",
        "打电话是想邀请您参加本周六的成人英语公开课。",
        "公开课免费，课程效果因人而异。\n如果您有兴趣，我为您登记一个座位。",
    ),
    Plan(
        "parcel-notice",
        "包裹到站通知",
        "notification",
        "general",
        "顺达物流",
        ("delivery", "物流通知"),
        "057185550104",
        "supervisor",
        ("agent", "agent4"),
        "您好，这里是顺达物流。",
        "通知您有包裹已到达驿站。",
        "请凭取件码领取，取件时间为每天8点到21点。",
        way_out="如不希望再接到通知电话请按9。",
    ),
    Plan(
        "retail-clearance",
        "换季清仓",
        "marketing",
        "retail",
        "明澜家居",
        ("membership", "会员续费营销"),
        "01085550105",
        "supervisor",
        ("agent",),
        "您好，我是明澜家居的客服，工号{{ staff }}。",
        "来电是向会员介绍换季清仓的安排。",
        "清仓商品不参与其他优惠，退换规则以页面为准。",
        paused=True,
    ),
)
CHECKLIST = ("核对客户资料与标签", "确认来电目的与任务一致", "话术已打开，开场白准备好")
