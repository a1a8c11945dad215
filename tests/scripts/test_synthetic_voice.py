"""A voice made by a machine says so at the beginning (R38): in the script, at the gate, in what was said."""

from typing import Any

import pytest

from apps.calls.gate.rules import judge
from apps.campaigns.services import what_is_missing
from apps.quality.rules import examining
from apps.quality.rules.examining import Segment
from apps.scripts import services
from apps.scripts.checking import check, shipped
from apps.scripts.models import Script
from tests.calls.legal import LEGAL
from tests.world import World

PLAIN = "您好，我是明澜家居的客服小周，来电是想向您介绍会员续费。退订请按9。"
LABELLED = "您好，我是明澜家居的智能语音助手，来电是想向您介绍会员续费。退订请按9。"


@pytest.mark.parametrize(
    ("text", "is_labelled"),
    [
        (LABELLED, True),
        ("您好，我是明澜家居的AI客服小澜，来电是想向您介绍续费。退订请按9。", True),
        ("您好，这里是明澜家居，本通电话由机器人为您播报，来电是想提醒您续费。退订请按9。", True),
        ("您好，这里是明澜家居，以下为合成语音，来电是想提醒您续费。退订请按9。", True),
        (PLAIN, False),
        ("您好，我是明澜家居的客服，我不是机器人，来电是想向您介绍续费。退订请按9。", False),
        (
            PLAIN + "我们的产品很多，欢迎您到店里来看一看、坐一坐。" * 4 + "另外说明，我是智能语音助手。",
            False,
        ),
    ],
)
def test_a_script_for_a_machine_says_so_in_its_opening(text: str, is_labelled: bool) -> None:
    codes = {finding.code for finding in check(text, voice="synthetic")}
    assert ("missing_synthetic_label" not in codes) == is_labelled
    assert "missing_synthetic_label" not in {finding.code for finding in check(text)}, "people need no label"


def test_without_the_words_it_is_not_approved(world: World) -> None:
    author = world.people["supervisor"]
    script = services.create_script(
        actor=author, code="robot", name="robot", kind="notification", trade="general", voice="synthetic"
    )
    version = services.write_version(
        actor=author, script=script, company="明澜家居", opening="您好，这里是明澜家居。",
        purpose="来电是想提醒您续费。", body="请留意。",
        way_out="退订请按9。",
    )  # fmt: skip
    services.submit(actor=author, version=version)
    with pytest.raises(services.CheckBlocked):
        services.approve(actor=world.people["compliance"], version=version)


def test_a_script_never_changes_who_speaks_it(world: World) -> None:
    from django.db import ProgrammingError, transaction

    with pytest.raises(ProgrammingError), transaction.atomic():
        Script.objects.update(voice="synthetic")


def test_a_campaign_of_a_machine_is_refused_with_a_script_for_people(world: World) -> None:
    assert world.authorize(reserve=False).codes == []
    world.campaign.voice = "synthetic"
    world.campaign.save()
    assert world.authorize(reserve=False).codes == ["synthetic_voice_unlabelled"]
    assert "synthetic_script" in what_is_missing(world.campaign)


def test_the_rule_holds_for_every_kind_of_call() -> None:
    from dataclasses import replace

    for kind in ("marketing", "notification", "service"):
        verdict = judge(replace(LEGAL, kind=kind, voice_unlabelled=True))
        assert "synthetic_voice_unlabelled" in verdict.refusals


@pytest.mark.parametrize(
    ("words", "said"), [("您好我是明澜家居的智能语音助手", True), ("您好我是明澜家居的小周", False)]
)
def test_the_check_of_a_recording_looks_for_the_words(words: str, said: bool) -> None:
    segments = [Segment(0, 4_000, "agent", words), Segment(5_000, 6_000, "client", "你好")]
    checks: dict[str, Any] = examining.examine(segments, kind="marketing", pack=shipped(), voice="synthetic")
    assert checks["label"] is said
    assert examining.examine(segments, kind="marketing", pack=shipped())["label"] is None


def test_advice_on_what_was_said_is_counted_for_the_queue() -> None:
    risky = "这款产品您闭着眼放，到日子一分都不少您的，亏了算我的"
    segments = [Segment(0, 4_000, "agent", "您好我是海桐银行的客服"), Segment(5_000, 9_000, "agent", risky)]
    calm = [Segment(0, 4_000, "agent", "您好我是海桐银行的客服请问您方便吗")]
    promise = [Segment(0, 4_000, "agent", "我丈母娘的养老钱都放里头了，到日子一分都没少过，您还怕个啥。")]
    assert examining.advice(promise, kind="notification", trade="finance", pack=shipped()) >= 60
    assert examining.advice(calm, kind="notification", trade="finance", pack=shipped()) == 0
    # of two words nobody is sure
    assert examining.advice(segments, kind="notification", trade="finance", pack=shipped()) == 0
