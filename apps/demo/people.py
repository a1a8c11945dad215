"""Invented people and companies."""

import random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾"
GIVEN = (
    "安",
    "博",
    "晨",
    "丹",
    "恩",
    "帆",
    "涵",
    "佳",
    "凯",
    "岚",
    "明",
    "宁",
    "佩",
    "晴",
    "然",
    "思",
    "彤",
    "薇",
    "欣",
    "雅",
    "泽",
    "子涵",
    "思远",
    "雨桐",
    "浩然",
    "佳怡",
    "文博",
    "若曦",
    "天佑",
    "梓萱",
)
PREFIXES = ("1380000", "1390000", "1590000", "1880000")
TAGS = ("新客", "续费", "VIP", "老客", "试听", "到期提醒")
NOTES = ("", "", "", "下午联系", "喜欢短信联系", "订单号202603150000001234", "上次问过优惠")

DEPARTMENTS = ("金融外呼部", "教育外呼部", "客户服务部")
# (user name, name as shown, role, department)
STAFF = (
    ("agent", "周晓雯", "agent", 2),
    ("agent2", "林志远", "agent", 0),
    ("agent3", "何佳宁", "agent", 1),
    ("agent4", "郭一鸣", "agent", 2),
    ("agent5", "唐诗琪", "agent", 0),
    ("agent6", "梁浩宇", "agent", 1),
    ("supervisor", "陈立群", "supervisor", 2),
    ("supervisor2", "许文静", "supervisor", 0),
    ("supervisor3", "邓建国", "supervisor", 1),
    ("compliance", "赵明慧", "compliance", 2),
    ("compliance2", "孙启航", "compliance", 0),
    ("admin", "高思源", "admin", 2),
)


def numbers(chance: random.Random, count: int) -> list[str]:
    """Distinct sample numbers."""
    picked = chance.sample(range(len(PREFIXES) * 10_000), count)
    return [f"{PREFIXES[place // 10_000]}{place % 10_000:04}" for place in picked]


def name(chance: random.Random) -> str:
    """A name that stands in nobody's of the staff: what is searched for as a client's is never a
    colleague's."""
    while any(
        (made := chance.choice(SURNAMES) + chance.choice(GIVEN)) in shown
        for _user, shown, _role, _place in STAFF
    ):
        continue
    return made
