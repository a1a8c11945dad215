"""The trained reader: advice on what nobody wrote down, with its reasons; figures on hands it never saw; it
is never a ban."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.core import embeddings
from apps.core.errors import BadInput
from apps.scripts import queries, services
from apps.scripts.checking import advising, check, denied_codes, read, shipped_rules, training
from apps.scripts.models import ScriptVersion
from tests.world import COMPANY, SECTIONS, World

PROMISE = "我丈母娘的养老钱都放里头了，到日子一分都没少过，您还怕个啥。"
LAWFUL = "您先别急着定，合同拿回家跟老伴慢慢看，看不明白的地方划出来，明天我一条条给您讲。"
CASES = yaml.safe_load((Path(__file__).parent.parent / "data" / "strangers.yaml").read_text())["scripts"][
    "cases"
]


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As where the embeddings are not installed."""
    monkeypatch.setattr(advising, "embedder", lambda: None)
    advising._read.cache_clear()
    yield
    advising._read.cache_clear()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"])
def test_what_strangers_said(case: dict[str, str]) -> None:
    found = [
        finding for finding in check(case["input"], trade="finance", needs_parts=False) if finding.is_blocking
    ]
    assert bool(found) == (case["right"] == "blocking")


@pytest.mark.parametrize(
    ("text", "is_promise"),
    [
        ("不是不保本", True),
        ("谁说不保本？", True),
        ("绝对不会不保本", True),
        ("我们保本，不骗您", True),
        ("不能不说，这款产品稳赚不赔", True),
        ("我没说过保本", False),
        ("保本吗？不保本的", False),
        ("要是有人跟您说稳赚不赔，不管是谁，请您直接投诉", False),
        ("您问保不保本，不保的", False),
        ("原始股我们不卖也不介绍", False),
        ("「全网第一」这种话，公司不准我们讲", False),
        ("本行理财经理不得向客户口头承诺收益", False),
    ],
)
def test_a_negation_a_question_and_a_report_count_where_they_govern(text: str, is_promise: bool) -> None:
    assert bool(check(text, trade="finance", needs_parts=False)) == is_promise


SAID = [
    "验证码不要告诉别人，只告诉我。",
    "不提供验证码就办不了，请报给我。",
    "本产品保本，不建议错过。",
    "私募基金收益高，不建议您错过。",
    "产品零风险，不受法律限制。",
    "保本保息，请您警惕其他骗子。",
    "这款产品保本保息，别急着挂。",
    "稳赚不赔，先别告诉别人。",
    "保本保息，别给别人说。",
    "保本保息，不信可以举报我。",
    "稳赚不赔，不满意您投诉我。",
    "保本保息，没有这么好的事了。",
    "零风险，不信您问问。",
    "公司明确规定，这款产品保本，您别不信。",
    "想不想稳赚不赔？",
    "您想要保本保息吗？我们有。",
    "要不要来一款稳赚不赔的？",
    "保本保息您还不心动吗？",
    "稳赚不赔的机会您要吗？",
    "有没有兴趣了解保本保息的理财？",
    "私募基金您了解一下吗？",
    "保本吗？那是自然。",
    "保本吗？您放一百个心。",
    "不仅保本保息，还送礼品。",
    "不只是保本。",
    "不保本我赔您。",
    "不稳赚您找我。",
    "别家都不敢承诺保本，我们敢。",
    "稳赚不赔的产品没那么多。",
    "没有哪款产品不保本。",
]
NOT_SAID = [
    "这里是公安路支行，请问您是张先生吗？",
    "您好，这里是中信银行法院街支行。",
    "这边是建设银行海关大楼支行的客户经理小李。",
    "我是工商银行税务局支行的小王。",
    "我是招商银行央行大厦网点的客户经理。",
    "请您确保本人操作，保证资金来源合法。",
    "我们保证您的信息安全，收益以实际为准。",
    "没有任何一款理财产品是零风险的。",
    "没有哪款产品能做到零风险。",
    "不要相信所谓高收益无风险的投资。",
    "如果有人以我行名义向您承诺保本，请拨打95588核实。",
    "这款产品风险等级是R2，不属于R4或R5。",
    "您的风险测评结果为C3，不能购买R4和R5级产品。",
    "您对风险等级R4的产品没有购买资格。",
    "高风险产品不适合您。",
    "请您远离炒外汇、炒黄金等非法平台。",
    "今天必须提醒您的是，投资有风险。",
    "我行无权冻结账户，只有司法机关可以。",
    "您孩子放学后您方便吗？",
    "您放学后接孩子的话，我晚点再打。",
    "我们是全国第一批试点银行。",
    "最好的方式是您到网点咨询。",
]


@pytest.mark.parametrize("text", SAID)
def test_a_promise_that_only_looks_denied(text: str) -> None:
    assert check(text, trade="finance", needs_parts=False)


@pytest.mark.parametrize("text", NOT_SAID)
def test_lawful_words_that_only_look_forbidden(text: str) -> None:
    assert check(text, trade="finance", needs_parts=False) == []


def test_every_frame_names_classes_that_are_there_and_a_rule_that_is_shipped() -> None:
    codes = {rule.code for rule in shipped_rules() if rule.frames}
    assert len(codes) == 12


def test_advice_names_the_rule_its_strength_and_what_it_reads_like() -> None:
    (finding,) = read(PROMISE, trade="finance", needs_parts=False)
    assert (finding.code, finding.level, finding.is_blocking) == ("guaranteed_return", "advisory", False)
    assert 60 <= finding.strength <= 100
    assert finding.like
    assert PROMISE not in finding.like
    assert finding.law
    assert read(LAWFUL, trade="finance", needs_parts=False) == []


def test_what_is_banned_is_not_advised_against_too() -> None:
    findings = read("这款产品保本保息，稳赚不赔。", trade="finance", needs_parts=False)
    assert findings
    assert all(finding.is_blocking for finding in findings)


def test_what_is_only_denied_is_not_advised_against() -> None:
    text = "我们不会向您索要身份证号、银行卡密码或短信验证码。"
    assert "asks_secret" in denied_codes(text)
    assert read(text, needs_parts=False) == []


@pytest.mark.usefixtures("_alone")
def test_without_the_library_it_reads_by_characters_and_says_so() -> None:
    assert advising.mode() == "characters"
    (finding,) = read(PROMISE, trade="finance", needs_parts=False)
    assert (finding.code, finding.like) == ("guaranteed_return", ())


def test_without_a_head_the_bans_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advising, "head", lambda: None)
    advising._read.cache_clear()
    assert advising.mode() == "none"
    assert read(PROMISE, trade="finance", needs_parts=False) == []
    assert read("保本保息", trade="finance", needs_parts=False)
    advising._read.cache_clear()


def share(rate: str) -> float:
    part, whole = map(int, rate.split("/"))
    return part / whole


def test_the_head_that_is_shipped_reaches_its_goals_on_hands_it_never_saw() -> None:
    """The figures are those of the training run; the next test trains a smaller one and counts anew."""
    head = advising.head()
    assert head is not None
    figures = head.meta["figures"]
    assert figures["passages"] >= 3_000
    assert figures["hands"] >= 10
    unseen = figures["unseen_hands"]
    assert share(unseen["together"]["found"]) >= 0.85
    assert share(unseen["together"]["false"]) <= 0.05
    assert share(unseen["bans"]["false"]) <= 0.01
    assert share(unseen["together_without_embeddings"]["found"]) >= 0.75


@pytest.mark.slow
def test_a_head_trained_here_finds_what_a_hand_left_out_says() -> None:
    """Hand p and q are left out: no passage of theirs was learned from, and the threshold comes from the
    other hands."""
    embed = embeddings.embedder()
    assert embed is not None, "the extra reader is part of dev"
    passages = training.read_collections()
    rng = np.random.default_rng(1)
    others = [passage for passage in passages if passage.hand not in "pq"]
    chosen = [others[place] for place in sorted(rng.choice(len(others), 900, replace=False))]
    strangers = [passage for passage in passages if passage.hand in "pq"][:200]
    both = [*chosen, *strangers]
    material = training.prepare(both, embed([advising.plain(passage.text) for passage in both]))
    learned = np.array([passage.hand not in "pq" for passage in both])
    rows, asked = np.flatnonzero(learned), np.flatnonzero(~learned)
    totals = training._totals(
        training._outputs(
            material, asked, rows, training._solve(material, rows, with_meaning=True), with_meaning=True
        )
    )
    breaks = np.array([bool(passage.codes) for passage in strangers])
    lawful = np.sort(totals[~breaks])[::-1]
    assert (totals[breaks] > lawful[int(0.05 * len(lawful))]).mean() >= 0.75


def test_the_parts_of_a_long_script_are_read_by_themselves() -> None:
    text = (LAWFUL * 3) + PROMISE + (LAWFUL * 3)
    (finding,) = read(text, trade="finance", needs_parts=False)
    assert PROMISE in text[finding.start : finding.end]
    pieces = list(advising.passages(text))
    assert [start for start, _end in pieces[1:]] == [end for _start, end in pieces[:-1]]
    assert (pieces[0][0], pieces[-1][1]) == (0, len(text))


@pytest.mark.django_db
def test_the_command_prints_advice_with_its_strength(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.txt"
    path.write_text(f"您好，这里是海桐银行，来电是想向您介绍理财。{PROMISE}退订请按9。", encoding="utf-8")
    call_command("check_script", str(path), "--trade", "finance")
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["level"] == "advisory"
    assert set(finding) == {"code", "start", "end", "level", "law", "strength", "like"}


def test_advice_is_overruled_with_a_reason_before_an_approval_and_does_not_hold_up_publishing(
    world: World, browse: Any
) -> None:
    author, officer = world.people["supervisor"], world.people["compliance"]
    script = services.create_script(
        actor=author, code="advice", name="advice", kind="notification", trade="finance"
    )
    version = services.write_version(
        actor=author, script=script, company="海桐银行", opening="您好，这里是海桐银行。",
        purpose="来电是想提醒您账单。", body=PROMISE,
        way_out="退订请按9。",
    )  # fmt: skip
    services.submit(actor=author, version=version)
    with pytest.raises(services.ReviewOpen):
        services.approve(actor=officer, version=version)
    page = browse("compliance").get(reverse("script", kwargs={"pk": version.pk})).content.decode()
    finding = next(each for each in world_findings(version) if each.strength)
    assert finding.like[0][:20] in page
    services.overrule(
        actor=officer,
        version=version,
        code=finding.code,
        start=finding.start,
        end=finding.end,
        reason="真实案例",
    )
    approved = services.approve(actor=officer, version=version, publish_now=False)
    assert approved.state == ScriptVersion.State.APPROVED
    advising._read.cache_clear()
    assert services.publish(actor=officer, version=approved).state == ScriptVersion.State.PUBLISHED


def world_findings(version: ScriptVersion) -> list[Any]:
    from apps.scripts import queries

    return queries.findings_of(version)


ADVISED = "跟着我们老师买，翻倍的事，就等着数钱吧。"


def advised(world: World) -> tuple[Any, Any]:
    """A submitted version with a finding of the trained reader."""
    supervisor = world.people["supervisor"]
    version = services.write_version(
        actor=supervisor, script=world.script, company=COMPANY, **{**SECTIONS, "body": ADVISED}
    )
    version = services.submit(actor=supervisor, version=version)
    found = [each for each in queries.findings_of(version) if each.strength]
    assert found, "the passage of this test is advised against"
    return version, found[0]


def test_who_reviews_says_that_advice_is_right_once_and_it_stands(world: World, browse: Any) -> None:
    version, finding = advised(world)
    place = {"code": finding.code, "start": finding.start, "end": finding.end}
    page = browse("compliance").post(
        reverse("script_overrule", args=[version.pk]), {**place, "confirm": "1"}, follow=True
    )
    assert str(version.confirmations.get().actor) in page.content.decode()
    with pytest.raises(BadInput):
        services.confirm(actor=world.people["compliance"], version=version, **place)
    with pytest.raises(BadInput):
        services.overrule(actor=world.people["compliance"], version=version, reason="x", **place)
    with pytest.raises(services.ReviewOpen):
        services.approve(actor=world.people["compliance"], version=version)


def test_what_the_house_s_reviewers_said_is_learned_where_the_house_lets_it(
    world: World, settings: Any, tmp_path: Path
) -> None:
    version, finding = advised(world)
    services.confirm(
        actor=world.people["compliance"],
        version=version,
        code=finding.code,
        start=finding.start,
        end=finding.end,
    )
    with pytest.raises(CommandError, match="HEGUI_LEARN_FROM_REVIEWS"):
        call_command("train_reader", "--with-reviews")
    settings.HEGUI_LEARN_FROM_REVIEWS = True
    with pytest.raises(CommandError, match="HEGUI_READER_HEAD"):
        call_command("train_reader", "--with-reviews")
    (judged,) = queries.judged_passages()
    assert judged[0].startswith(training.HOUSE)
    assert (judged[1], judged[4]) == (ADVISED, (finding.code,))
    assert training.Passage(*judged).is_learned_from


def test_the_house_s_own_head_is_the_one_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.npz"
    shutil.copy(advising.HEAD, own)
    monkeypatch.setattr(advising, "own_head", own)
    monkeypatch.setattr(advising, "HEAD", tmp_path / "none.npz")
    advising.head.cache_clear()
    try:
        assert advising.head() is not None
        monkeypatch.setattr(advising, "own_head", tmp_path / "not_trained_yet.npz")
        advising.head.cache_clear()
        assert advising.head() is None
    finally:
        advising.head.cache_clear()
