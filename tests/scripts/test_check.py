"""The automatic check: the sample, a collection of our own, evasions, innocent uses, bad input."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import BadInput
from apps.scripts import services
from apps.scripts.checking import (
    MOST_CHARACTERS,
    PackRule,
    TextRefused,
    check,
    failed_examples,
    shipped,
    shipped_rules,
)
from apps.scripts.models import ScriptVersion
from apps.scripts.wording import DUTIES, FINDINGS
from tests.http import Api, problem
from tests.world import COMPANY, SECTIONS, World

from .collection import samples

SAMPLE = yaml.safe_load((Path(__file__).parent.parent / "data" / "scripts.yaml").read_text())


ROUNDS = yaml.safe_load((Path(__file__).parent.parent / "data" / "scripts-rounds.yaml").read_text())


def codes(text: str, **about: Any) -> set[str]:
    return {finding.code for finding in check(text, needs_parts=False, **about)}


@pytest.mark.parametrize("row", SAMPLE, ids=lambda row: row["id"])
def test_the_sample_gives_exactly_its_findings(row: dict[str, Any]) -> None:
    found = {finding.code for finding in check(row["text"], kind=row["type"], trade=row["trade"])}
    assert found == set(row["findings"])


def test_of_the_scripts_held_out_nineteen_in_twenty_are_judged_right() -> None:
    planted = found = clean = flagged = 0
    for sample in samples():
        if not sample.is_held_out:
            continue
        result = {finding.code for finding in check(sample.text, kind=sample.kind, trade=sample.trade)}
        if sample.code:
            planted, found = planted + 1, found + (sample.code in result)
        else:
            clean, flagged = clean + 1, flagged + bool(result)
    assert planted >= 80
    assert clean >= 40
    assert found / planted >= 0.95
    assert flagged / clean <= 0.05


def test_the_collection_is_large_and_has_every_code_and_trade() -> None:
    everything = list(samples())
    assert len(everything) >= 200
    assert {sample.code for sample in everything} == {
        rule.code for rule in shipped_rules() if not rule.voice
    } | {""}
    assert {sample.trade for sample in everything} == {"retail", "finance", "education", "medical", "general"}
    assert {sample.kind for sample in everything} == {"marketing", "notification"}


@pytest.mark.parametrize("number", ROUNDS)
def test_passages_in_many_wordings_are_found_and_innocent_ones_pass(number: str) -> None:
    wrong = []
    for code, rows in ROUNDS[number].items():
        for trade, text in rows:
            kinds = ("marketing", "notification") if code == "innocent" else ("marketing",)
            result = {
                found.code
                for kind in kinds
                for found in check(text, kind=kind, trade=trade, needs_parts=False)
            }
            if bool(result) if code == "innocent" else code not in result:
                wrong.append((code, text, result))
    assert wrong == []


WHOLE = [
    (
        "marketing",
        "education",
        "您好，知行教育的小李，想请您周六来听一节公开课。不需要的话按9，以后不再打扰。",
        set(),
    ),
    ("notification", "general", "【顺达物流】提醒您，包裹已到站。不想再收到通知请按9退订。", set()),
    (
        "notification",
        "finance",
        "尊敬的客户您好，海桐银行提醒您本期账单已出，请按时还款。如需取消此类语音通知请按9。",
        set(),
    ),
    (
        "service",
        "retail",
        "您好，我是明澜家居售后，回访一下上周的安装您满意吗？如不想再接到回访请按9。",
        set(),
    ),
    (
        "marketing",
        "medical",
        "您好，我是康宁诊所的护士小陈，打电话邀请您参加周末的义诊。您要是不希望我们再联系，告诉我就行，"
        "我帮您取消。",
        set(),
    ),
    (
        "marketing",
        "retail",
        "您好，明澜家居会员中心来电，通知您积分可以兑换礼品了。拒绝接听此类来电请按9。",
        set(),
    ),
    ("marketing", "retail", "您好，请问是王女士吗？我这边给您介绍个活动。退订按9。", {"missing_company"}),
    ("marketing", "retail", "您好，我们这边搞活动，想给您介绍一下优惠。退订请按9。", {"missing_company"}),
    ("marketing", "retail", "您好，我是您的老朋友小周，给您介绍个好东西。退订按9。", {"missing_company"}),
    (
        "marketing",
        "retail",
        "您好，我是明澜家居的。您现在方便吗？不方便我晚点打。退订请按9。",
        {"missing_purpose"},
    ),
    (
        "marketing",
        "retail",
        "您好，我是明澜家居的客服，来电向您介绍新品沙发，谢谢您的时间，再见。",
        {"missing_opt_out"},
    ),
    (
        "marketing",
        "retail",
        "您好，我是明澜家居的小周，来电介绍新品。本通电话无法退订。",
        {"missing_opt_out"},
    ),
]


@pytest.mark.parametrize(("kind", "trade", "text", "lacks"), WHOLE)
def test_the_parts_are_there_in_meaning_or_missing(kind: str, trade: str, text: str, lacks: set[str]) -> None:
    assert {found.code for found in check(text, kind=kind, trade=trade)} == lacks


PHRASES = [
    ("保本保息", "finance"), ("稳赚不赔", "finance"), ("国家级", "retail"), ("全网最低", "retail"),
    ("签约保过", "education"),
    ("永不复发", "medical"),
]  # fmt: skip
TRADITIONAL = str.maketrans("国级网签约过发复赚赔", "國級網簽約過發復賺賠")
BETWEEN = ["", " ", "\u200b", "\u3000", "-", "·", "*", "\u00ad", "，", "．", "~"]


@given(
    phrase=st.sampled_from(PHRASES),
    between=st.lists(st.sampled_from(BETWEEN), min_size=3, max_size=3),
    traditional=st.booleans(),
    before=st.sampled_from(["", "您好。", "这款产品", "X"]),
    after=st.sampled_from(["", "。", "，欢迎咨询", "😀"]),
)
@settings(max_examples=300, deadline=None)
def test_nothing_put_between_and_no_other_form_hides_a_phrase(
    phrase: tuple[str, str], between: list[str], traditional: bool, before: str, after: str
) -> None:
    clear, trade = phrase
    written = clear.translate(TRADITIONAL) if traditional else clear
    gaps = [*between[: len(written) - 1], ""]
    hidden = "".join(char + gap for char, gap in zip(written, gaps, strict=True))
    text = before + hidden + after
    found = check(text, trade=trade, needs_parts=False)
    assert found
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        passage = text[finding.start : finding.end]
        assert passage[0] in written
        assert passage[-1] in written


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("我们不保证收益", "finance"),
        ("本产品非保本", "finance"),
        ("凡承诺保本保息的都是骗局", "finance"),
        ("任何人索要验证码都是诈骗", "general"),
        ("我们不会向您索要身份证号、银行卡密码或短信验证码", "finance"),
        ("在第一时间告诉您", "retail"),
        ("最低消费三十元", "retail"),
        ("请勿轻信保本保息", "finance"),
    ],
)
def test_negations_warnings_and_longer_words_are_innocent(text: str, trade: str) -> None:
    assert codes(text, trade=trade) == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("不办理将影响您的征信", "pressure"),
        ("不买没关系，这款保本保息", "guaranteed_return"),
        ("没时间？国家级品质值得看看", "absolute_claim"),
        ("baobenbaoxi 的产品", "guaranteed_return"),
        ("煲本煲息", "guaranteed_return"),
    ],
)
def test_a_negation_of_something_else_saves_nothing(text: str, code: str) -> None:
    assert codes(text, trade="finance") == {code}


@pytest.mark.parametrize("text", ["x" * (MOST_CHARACTERS + 1), "您好\x00", "a\ud800"])
def test_what_is_no_text_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(TextRefused):
        check(text)


@pytest.mark.parametrize(
    "text", ["", "{{ company }}", "{% load x %}", "\u202e文本", "😀" * 100, "a" * MOST_CHARACTERS]
)
def test_odd_text_is_judged_like_any_other(text: str) -> None:
    assert {finding.code for finding in check(text)} == {
        "missing_company",
        "missing_purpose",
        "missing_opt_out",
    }


def test_every_rule_has_a_name_a_law_and_advice() -> None:
    for rule in shipped().rules:
        assert rule.code in FINDINGS
        assert rule.duty in DUTIES
        assert rule.law.startswith("《")
        assert rule.advice["zh"]
        assert rule.advice["en"]


@pytest.mark.parametrize("rule", shipped_rules(), ids=lambda rule: rule.code)
def test_every_rule_judges_its_own_examples_right(rule: PackRule) -> None:
    assert failed_examples(rule) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("【明澜家居】会员续费九折，详见会员页面。拒收请回复R", set()),
        ("【明澜家居】会员续费九折。回TD退订", set()),
        ("【明澜家居】会员续费九折，退订请回复Ｔ", set()),
        ("会员续费九折，回复TD退订【明澜家居】", set()),
        ("会员续费九折。回TD退订", {"missing_company"}),
        ("【明澜家居】会员续费九折", {"missing_opt_out"}),
        ("【明澜家居】全网最低价，回TD退订", {"absolute_claim"}),
    ],
)
def test_a_message_names_its_sender_and_the_way_out(text: str, found: set[str]) -> None:
    assert {each.code for each in check(text, kind="sms", trade="retail")} == found


@pytest.mark.parametrize("company", ["三一重工", "第一汽车", "五粮液", "一汽大众", "360金融"])
def test_a_company_may_have_numerals_in_its_name(company: str) -> None:
    assert "missing_company" not in {
        each.code for each in check(f"您好，我是{company}的客服，来电回访。退订按9。")
    }


def test_a_staff_number_is_no_company() -> None:
    assert "missing_company" in {each.code for each in check("您好，我是8021号客服，来电回访。退订按9。")}


def test_a_variable_is_read_as_what_it_stands_for() -> None:
    text = "您好，我是{{ company }}的客服，来电介绍新品。退订请按9。"
    assert check(text, said={"company": "明澜家居"}) == []
    (found,) = check("我们{{ company }}", needs_parts=False, said={"company": "全国第一"})
    assert (found.start, found.end) == (2, 15)


def test_a_blocked_text_is_not_approved_by_anybody(world: World) -> None:
    sections = {**SECTIONS, "body": "这款产品全网最低价。"}
    version = services.write_version(
        actor=world.people["supervisor"], script=world.script, company=COMPANY, **sections
    )
    services.submit(actor=world.people["supervisor"], version=version)
    with pytest.raises(BadInput, match="广告法"):
        services.approve(actor=world.people["compliance"], version=version)
    assert ScriptVersion.objects.get(pk=version.pk).state == "submitted"


def test_the_page_shows_the_passage_and_what_to_do(world: World, browse: Any) -> None:
    sections = {**SECTIONS, "body": "这款产品全网最低价。"}
    version = services.write_version(
        actor=world.people["supervisor"], script=world.script, company=COMPANY, **sections
    )
    text = browse("supervisor").get(version_url(version)).content.decode()
    assert 'class="mark-blocking" href="#finding-1">全网最低价</a>' in text
    assert "《广告法》第9条" in text


def version_url(version: Any) -> str:
    from django.urls import reverse

    return reverse("script", kwargs={"pk": version.pk})


@pytest.mark.django_db
def test_the_command_prints_findings_and_exits_with_3(tmp_path: Path) -> None:
    file = tmp_path / "script.txt"
    file.write_text("您好，我是明澜家居的客服，来电介绍新品，国家级品质。退订请按9。", encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_script", str(file), "--trade", "retail", stdout=out)
    assert ended.value.code == 3
    (found,) = json.loads(out.getvalue())["findings"]
    assert (found["code"], found["level"]) == ("absolute_claim", "blocking")
    file.write_text(file.read_text(encoding="utf-8").replace("国家级", "优良"), encoding="utf-8")
    out = io.StringIO()
    call_command("check_script", str(file), stdout=out)
    assert json.loads(out.getvalue()) == {"findings": []}


def test_programs_ask_too(world: World) -> None:
    api = Api(world.key)
    text = "您好，这里是海桐银行，来电介绍理财，保本保息。退订请按9。"
    (found,) = api.post("scripts/check", {"text": text, "trade": "finance"}).json()["findings"]
    assert text[found["start"] : found["end"]] == "保本保息"
    assert problem(api.post("scripts/check", {"text": ""})) == (422, "bad_input")
    assert problem(api.post("scripts/check", {"text": "x" * (MOST_CHARACTERS + 1)}))[0] == 422


# A promise, and the trade in which it is one.
PROMISES = {
    "guaranteed_return": ("finance", ["这款产品保本保息", "年底稳赚不赔", "零风险高收益"]),
    "medical_claim": ("medical", ["三个疗程根治糖尿病"]),
    "guaranteed_result": ("education", ["签约包过"]),
    "absolute_claim": ("retail", ["全国销量第一"]),
    "asks_secret": ("finance", ["请把短信验证码告诉我"]),
}
# What people add to it, and what takes nothing of it back.
TAILS = [
    "，请拨打我的电话。",
    "，详情请拨打95588。",
    "，有需要请拨打我们热线。",
    "，您千万别错过。",
    "，千万别跟别人说。",
    "，您别告诉同行。",
    "，别信网上的谣言。",
    "，外面都是假的。",
    "，您别听别人瞎说。",
    "，您小心名额没了。",
    "，当心错过。",
    "，您留个心眼抓紧办。",
    "，不信您去举报我。",
    "，骗您我被罚款。",
    "，说假话我报警抓我自己。",
    "，您不用不好意思。",
    "，额度不足的不让买。",
    "，不是会员买不了。",
    "，名额锁着给您留的。",
    "，违规的事我们从来不干。",
    "，非法的我们不做。",
    "，没有的事我不会说。",
    "，这不是广告词，是真的。",
    "，跟股市涨跌没有关系。",
    "，跟您的年龄无关。",
    "，绕道来我们店一趟。",
    "。如不需要请拨打退订电话。",
    "。我们有问题随时找我。",
    "。您就放心，我不会骗您。",
    "。谁骗您谁是骗子。",
    "。我劝您小心那些说不好的。",
    "。您先别打别家的款。",
    "。有什么不清楚的您问我。",
    "，不清楚的可以问我。",
    "，您有不知道的问我。",
    "，六十岁以上不适合。",
    "，投诉电话也公示了。",
    "，我们往上报过的。",
    "，公司上报监管备案了。",
    "，不适合的我不会推给您。",
]


@pytest.mark.parametrize("code", PROMISES)
@pytest.mark.parametrize("tail", TAILS)
def test_nothing_that_is_said_behind_a_promise_hides_it(code: str, tail: str) -> None:
    trade, promises = PROMISES[code]
    for promise in promises:
        found = {each.code for each in check(f"您好，{promise}{tail}", trade=trade, needs_parts=False)}
        assert code in found, promise


@pytest.mark.parametrize(
    "text",
    [
        "这个产品通过率六成多，数据在官网能查到。",
        "通过率百分之六十，不是人人都能过。",
        "保过班我们取消了。",
        "保本型产品二零二二年就退出市场了。",
        "零风险的产品我们这里没有。",
        "所谓零风险高回报，您见过天上掉馅饼的吗？反正我们这儿没有。",
        "很难做到稳赚不赔。",
        "稳赚不赔的好事轮不到咱们。",
        "要是真稳赚不赔我自己早买了。",
        "话术里不得出现“稳赚不赔”。",
        "要小心那些说稳赚不赔的人。",
        "治愈率这种数字我们不报。",
        "无副作用的药不存在。",
        "任何人向您索要验证码都不要给。",
        "奖品自提，不用交一分钱。",
        "这是R4级别的，电话里我不能给您推。",
        "期货开户要本人到营业部，电话里办不了。",
        "这款是我们店卖得最好的。",
    ],
)
def test_what_is_denied_or_warned_of_is_no_promise(text: str) -> None:
    for trade in ("finance", "education", "medical", "general", "retail"):
        assert check(text, trade=trade, needs_parts=False) == []


@pytest.mark.parametrize(
    "text",
    [
        "怎么可能不保本呢？",
        "没有哪个客户没赚到钱。",
        "不会让您亏一分钱。",
        "不可能亏损。",
        "没有考不过的学生。",
        "虽然规定不能说保本，但我跟您讲，这个就是保本的。",
        "我私下告诉您，保本保息，别往外说。",
        "不是包过，是百分百过。",
        "您不提供银行卡密码我们没法退款。",
        "保本保息，您当心错过。",
    ],
)
def test_a_denial_that_promises_is_a_promise(text: str) -> None:
    assert any(check(text, trade=trade, needs_parts=False) for trade in ("finance", "education", "medical"))
