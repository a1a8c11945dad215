"""Whether a message refuses further contact. Pure: text in, reading out.

The text is evened out (width, case, traditional forms; blanks and punctuation do not count). What is one
of the known answers and nothing else is a refusal. What only may be one blocks too, and goes to a person:
being called again after "please stop" is worse than a call that was not made.
"""

import re
import unicodedata

from opencc import OpenCC

_TO_SIMPLIFIED = OpenCC("t2s")
_NUMERALS = str.maketrans("〇零", "00")

# The whole message, evened out. TD and T are what carriers announce, R and N what senders ask for.
REFUSALS = frozenset({
    "td", "t", "n", "r", "q", "qx", "tui", "tuiding", "tuiding退订", "unsubscribe", "stop", "quit", "cancel", "end", "0", "00",
    "000", "0000", "00000", "退订", "退", "取消", "拒收", "拒绝", "退定", "退顶", "退丁", "退阅", "取消订阅", "不再接收",
    "退订短信", "退订电话", "我要退订", "申请退订", "请退订", "退订td", "退订t", "td退订", "t退订", "回td", "回t", "回退订",
    "回复td", "回复t", "回复退订", "回复n", "回复r", "发td", "发送td", "tdtd", "退订退订", "取消退订td", "不接收", "不再联系",
    "勿扰", "免打扰",
})  # fmt: skip
_NEAR = tuple(
    re.compile(pattern)
    for pattern in (
        r"退订|退定|退顶|取消订阅|拒收|拒接|黑名单|拉黑|免打扰|勿扰|骚扰|扰民|12321|unsubscribe|stop",
        r"(?<![a-z])td(?![a-z])|^(t|n)(谢谢|了|吧|不|取消|退|拒)",
        r"(不要|不用|别|勿|莫|不想|不愿|不希望|不许|停止|拒绝|不准|禁止|请勿|不再|不需要|无需|少)(?:.){0,6}(打|发|联系|致电|来电|电话|短信|信息|消息|推送|打扰|骚扰|推销|营销|找我|烦|call)",
        r"(取消|删除|删掉|移除|注销|去掉|拉出)(?:.){0,8}(号码|电话|手机|联系方式|信息|资料|名单|通知|服务|订阅)",
        r"(号码|电话|手机|联系方式|信息|资料|名字)(?:.){0,4}(删|取消|移除|注销|去掉)",
        r"(烦死|烦人|烦不烦|太烦|好烦|有完没完|没完没了|滚|闭嘴|有病|神经病|投诉|举报|报警|起诉|告你们|再打|再发|再骚扰)",
        r"^(不|不要|不用|不需要|不用了|不要了|不需要了|no|nono|不了|别|谢绝|没兴趣|不感兴趣|没有兴趣|打错了|不是我|不认识)(谢谢|了|啊|哦|哈|吧)?$",
        r"(dont|donot|nomore|removeme|leavemealone)",
    )
)
_INNOCENT = re.compile(r"^(不要紧|不用谢|别客气|不客气|没问题|不是不)")
MOST_CHARACTERS = 1000


def plain(text: str) -> str:
    """The text evened out: letters and digits alone."""
    simplified = _TO_SIMPLIFIED.convert(unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).lower())
    return "".join(char for char in simplified if unicodedata.category(char)[0] in "LN").translate(_NUMERALS)


def reading_of(text: str) -> str:
    """ "refusal", "near" or "other"."""
    said = plain(text)
    if said in REFUSALS:
        return "refusal"
    if not said or _INNOCENT.match(said):
        return "other"
    return "near" if any(pattern.search(said) for pattern in _NEAR) else "other"
