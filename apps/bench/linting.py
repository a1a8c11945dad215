"""`lint_scripts`: the automatic check of scripts of 2,000 characters on one core: all bans, and the
advice."""

import functools

from apps.scripts.checking import advising, check, read

from .measure import Comparison, Scale, in_process, seconds

SCRIPTS, LENGTH, PER_SECOND, ADVISED_PER_SECOND = 1_000, 2_000, 200, 20
_SENTENCES = (
    "您好，我是明澜家居的客服，这次来电是想向您介绍会员续费的安排。续费一年可以享受九折，细则以会员页面为准。",
    "理财非存款，产品有风险，投资须谨慎，过往业绩不代表未来表现。本产品不保证本金和收益。",
    "我们不会向您索要身份证号、银行卡密码或短信验证码，请您放心。活动到本月最后一天结束。",
    "如果您不想再接到我们的来电，请按9退订，或告诉我，我马上为您登记。",
)


def bench_lint_scripts(scale: Scale) -> list[Comparison]:
    texts = [_text(number) for number in range(scale.of(SCRIPTS))]
    check(texts[0])  # the packs are read once
    rates = [
        len(texts) / in_process(functools.partial(seconds, functools.partial(_check_all, texts)))
        for _round in range(3)
    ]
    advised = texts[: max(1, len(texts) // 10)]
    advice = [
        len(advised) / in_process(functools.partial(seconds, functools.partial(_advise_all, advised, round_)))
        for round_ in range(3)
    ]
    return [
        Comparison("lint_scripts", "scripts/s", rates, [PER_SECOND], 1.0, {"characters": LENGTH}),
        Comparison(
            "lint_scripts, with advice",
            "scripts/s",
            advice,
            [ADVISED_PER_SECOND],
            1.0,
            {"reader": advising.mode()},
        ),
    ]


def _text(number: int) -> str:
    """Each begins elsewhere, so that no two are the same."""
    turned = [
        _SENTENCES[(number + place) % len(_SENTENCES)] + f"第{number + place}条。"
        for place in range(LENGTH // 30)
    ]
    return "".join(turned)[:LENGTH]


def _check_all(texts: list[str]) -> None:
    for text in texts:
        check(text, trade="finance")


def _advise_all(texts: list[str], round_: int) -> None:
    """Each round has other figures in its sentences, so that none is remembered from the round before."""
    for text in texts:
        read(text.replace("第", f"第{round_}"), trade="finance")
