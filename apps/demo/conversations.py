"""What is said in the demo's calls: the script, what clients answer, and now and then what may not be
said."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.quality.rules.examining import AGENT, CLIENT, Segment

from .campaigns import Plan
from .voices import seconds_of

YES = ("嗯，您说。", "可以，你讲。", "好的，请讲。")
ASKS = ("那费用是怎么算的？", "什么时候开始？", "在哪里可以看到？", "这个要一直续吗？")
ANSWERS = (
    "费用和细则都在页面上，您可以随时查看。",
    "您在手机上就能看到，也可以到店了解。",
    "不会自动续，到期前我们只提醒一次。",
)
BYE = ("好的，我知道了，再见。", "谢谢，我考虑一下。", "行，有需要我再联系你们。")
NO = ("不需要，谢谢。", "我在忙，先这样。", "以后别打了。")
# Slips of agents, by what is found in them.
SLIPS = {
    "promise": "您放心，这款产品保本保息，没有任何风险。",
    "secret": "麻烦您把短信验证码告诉我，我帮您办理。",
    "absolute": "我们的服务是全国最好的。",
}


@dataclass(frozen=True)
class Conversation:
    segments: list[Segment]
    seconds: float


def conversation(plan: Plan, chance: random.Random, *, staff_number: str, slip: str = "") -> Conversation:
    """One call of a campaign: most agents keep to the script, some forget the way out or say who they are too
    late."""
    result = [
        (speaker, text.replace("{{ staff }}", staff_number)) for speaker, text in _lines(plan, chance, slip)
    ]
    segments, at = [], 0.6
    for speaker, text in result:
        seconds = seconds_of(text)
        segments.append(Segment(round(at * 1000), round((at + seconds) * 1000), speaker, text))
        at += seconds + chance.uniform(0.25, 0.9)
        if chance.random() < 0.06:
            at += chance.uniform(3.5, 6)  # somebody thinks, or looks something up
    return Conversation(segments, at + 0.4)


def _lines(plan: Plan, chance: random.Random, slip: str) -> Iterator[tuple[str, str]]:
    yield CLIENT, "喂，哪位？"
    yield AGENT, plan.opening
    if chance.random() < 0.12:
        yield CLIENT, chance.choice(NO)
        yield AGENT, "好的，打扰您了，祝您生活愉快。"
        return
    yield AGENT, plan.why
    yield CLIENT, chance.choice(YES)
    for sentence in _sentences(plan.body):
        yield AGENT, sentence
        if chance.random() < 0.35:
            yield CLIENT, chance.choice(ASKS)
            yield AGENT, chance.choice(ANSWERS)
    if slip:
        yield AGENT, SLIPS[slip]
        yield CLIENT, "是吗？"
    if chance.random() < 0.88:
        yield AGENT, plan.way_out
    yield CLIENT, chance.choice(BYE)
    yield AGENT, "感谢您的接听，再见。"


def _sentences(text: str) -> Sequence[str]:
    return [line for line in text.splitlines() if line.strip()]
