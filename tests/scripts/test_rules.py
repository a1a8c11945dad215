"""Rules that compliance writes: tested, decided by another, never looser than what comes with Hegui."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.notifications.models import Notice
from apps.scripts import queries, services
from apps.scripts.checking import RuleRefused, check, shipped, shipped_rules, written_rule
from apps.scripts.models import RuleVersion, ScriptVersion
from tests.http import Api
from tests.scripts.rules import rule_of
from tests.world import COMPANY, SECTIONS, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def write(world: World, code: str = "too_familiar", **changes: Any) -> RuleVersion:
    return services.write_rule(
        actor=world.people["compliance2"], code=code, rule=rule_of(**changes), reason="客户反映"
    )


def in_force(world: World, code: str = "too_familiar", **changes: Any) -> RuleVersion:
    return services.approve_rule(actor=world.people["compliance"], version=write(world, code, **changes))


def shipped_as_form(code: str, **changes: Any) -> dict[str, Any]:
    """A shipped rule as the form hands it back."""
    raw = next(rule.raw for rule in shipped_rules() if rule.code == code)
    result = {
        part: list(map(str, raw.get(part, ())))
        for part in ("terms", "allow", "kinds", "trades", "must_find", "must_pass")
    }
    same = {
        "level": raw["level"],
        "duty": raw["duty"],
        "law": raw["law"],
        "advice": raw["advice"],
        "negatable": raw.get("negatable", False),
    }
    return {**rule_of(), **result, **same, "required": [], **changes}


def published(world: World, code: str, body: str) -> ScriptVersion:
    script = services.create_script(
        actor=world.people["supervisor"], code=code, name=code, kind="marketing", trade="retail"
    )
    version = services.write_version(
        actor=world.people["supervisor"], script=script, company=COMPANY, **{**SECTIONS, "body": body}
    )
    return world.approve(services.submit(actor=world.people["supervisor"], version=version))


def test_a_rule_counts_from_the_second_persons_yes_on_for_everything_that_checks(world: World) -> None:
    text = "家 人 们，续费九折"
    assert check(text, needs_parts=False, pack=queries.packs_in_force()) == []
    waiting = write(world)
    assert check(text, needs_parts=False, pack=queries.packs_in_force()) == []
    services.approve_rule(actor=world.people["compliance"], version=waiting)
    (found,) = check(text, needs_parts=False, pack=queries.packs_in_force())
    assert (found.code, found.level, text[found.start : found.end]) == (
        "too_familiar",
        "advisory",
        "家 人 们",
    )
    answer = (
        Api(world.key)
        .post("scripts/check", {"text": f"您好，我是{COMPANY}的客服，来电介绍续费，家人们。退订按9。"})
        .json()
    )
    assert [each["code"] for each in answer["findings"]] == ["too_familiar"]


def test_nobody_puts_in_force_what_they_wrote(world: World) -> None:
    version = write(world)
    with pytest.raises(FourEyes):
        services.approve_rule(actor=world.people["compliance2"], version=version)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleVersion.objects.filter(pk=version.pk).update(
            decided_by=version.written_by, decided_at=version.created_at
        )


def test_only_compliance_writes_and_decides(world: World) -> None:
    version = write(world)
    for role in ("agent", "supervisor", "admin"):
        with pytest.raises(NotAllowed):
            services.write_rule(actor=world.people[role], code="x", rule=rule_of(), reason="x")
        for decide in (services.approve_rule, services.refuse_rule):
            with pytest.raises(NotAllowed):
                decide(actor=world.people[role], version=version)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"must_find": ["您好"]}, "does not find its example"),
        ({"must_pass": ["亲亲，您好"]}, "has to let pass"),
        ({"must_find": []}, "at least one example"),
        ({"terms": []}, "either phrases"),
        ({"required": ["投资有风险"]}, "either phrases"),
        ({"terms": ["。。"]}, "from 2 to"),
        ({"terms": ["亲"]}, "from 2 to"),
        ({"terms": ["亲" * 61]}, "from 2 to"),
        ({"terms": ["…亲亲"]}, "around each gap"),
        ({"terms": [f"词语{n}" for n in range(501)]}, "501 phrases"),
        ({"level": "fatal"}, "level, a law and a duty"),
        ({"law": "ad-99"}, "level, a law and a duty"),
        ({"kinds": []}, "at least one kind"),
        ({"name": {"zh": "x", "en": ""}}, "both languages"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_a_sentence(
    world: World, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(RuleRefused, match=says):
        write(world, **changes)
    assert not RuleVersion.objects.exists()


def test_a_class_of_a_shipped_rule_s_frames_takes_more_words(world: World) -> None:
    text = "本金就像焊死了一样，雷都打不动"
    shipped = {each.code: each for each in shipped_rules()}["guaranteed_return"]
    assert not check(text, trade="finance", needs_parts=False)
    kept = {part: [str(each) for each in shipped.raw.get(part, ())] for part in ("terms", "allow")}
    changes = {
        "level": "blocking",
        "duty": "R24",
        "law": "ad-25",
        "kinds": sorted(shipped.kinds),
        "negatable": True,
        **kept,
    }
    rule = rule_of(**changes, words=["unharmed: 焊死了一样、雷都打不动"], must_find=[text])
    version = services.write_rule(
        actor=world.people["compliance"], code="guaranteed_return", rule=rule, reason="听到的说法"
    )
    services.approve_rule(actor=world.people["compliance2"], version=version)
    found = check(text, trade="finance", needs_parts=False, pack=queries.packs_in_force())
    assert {finding.code for finding in found} == {"guaranteed_return"}


@pytest.mark.parametrize(
    ("line", "says"), [("nothing: 词语", "no such class"), ("unharmed:", "2 to"), ("unharmed: 稳", "2 to")]
)
def test_words_for_a_class_that_is_not_there_are_refused(world: World, line: str, says: str) -> None:
    rule = rule_of(
        level="blocking", kinds=["marketing", "notification", "service", "sms"], negatable=True, words=[line]
    )
    with override("en"), pytest.raises(RuleRefused, match=says):
        services.write_rule(actor=world.people["compliance"], code="guaranteed_return", rule=rule, reason="x")


def test_a_rule_needs_a_reason(world: World) -> None:
    with pytest.raises(BadInput):
        services.write_rule(actor=world.people["compliance"], code="x", rule=rule_of(), reason=" ")


def test_a_gap_in_a_phrase_stands_for_a_few_characters(world: World) -> None:
    rule = written_rule("x", rule_of(terms=["加送…清洁"], must_find=["加送上门清洁"], must_pass=["加送"]))
    assert rule.patterns
    in_force(world, "gift", terms=["加送…清洁"], must_find=["加送上门清洁"], must_pass=["加送"])
    pack = queries.packs_in_force()
    assert [found.code for found in check("加送一次上门清洁", needs_parts=False, pack=pack)] == ["gift"]
    assert check("加送优惠券一张，另外我们也做上门的清洁", needs_parts=False, pack=pack) == []


def test_a_rule_may_ask_for_a_part_that_has_to_be_said(world: World) -> None:
    in_force(
        world, "missing_risk", terms=[], required=["投资…风险", "产品有风险"], trades=["finance"],
        must_find=["收益可观"], must_pass=["投资有风险"],
    )  # fmt: skip
    pack = queries.packs_in_force()
    whole = "您好，这里是海桐银行，来电介绍理财。退订请按9。"
    assert [found.code for found in check(whole, trade="finance", pack=pack)] == ["missing_risk"]
    assert check(whole + "产品有风险。", trade="finance", pack=pack) == []
    assert check(whole, trade="retail", pack=pack) == []


@pytest.mark.parametrize(
    "changes", [{"level": "advisory"}, {"kinds": ["notification"]}, {"trades": ["retail"]}]
)
def test_a_shipped_rule_is_never_loosened(world: World, changes: dict[str, Any]) -> None:
    with pytest.raises(RuleRefused):
        services.write_rule(
            actor=world.people["compliance"],
            code="absolute_claim",
            rule=shipped_as_form("absolute_claim", **changes),
            reason="x",
        )


def test_a_shipped_rule_still_finds_its_own_examples(world: World) -> None:
    terms = [
        term
        for term in shipped_as_form("absolute_claim")["terms"]
        if term not in {"国家级", "销量第一", "全国第一", "全国销量第一"}
    ]
    with pytest.raises(RuleRefused, match="does not find its example"):
        services.write_rule(
            actor=world.people["compliance"],
            code="absolute_claim",
            rule=shipped_as_form("absolute_claim", terms=terms),
            reason="x",
        )


def test_a_shipped_rule_takes_more_phrases_and_keeps_its_patterns(world: World) -> None:
    more = shipped_as_form("guaranteed_return")
    more["terms"] = [*more["terms"], "稳如泰山"]
    rule = services.write_rule(
        actor=world.people["compliance2"], code="guaranteed_return", rule=more, reason="新话术"
    )
    services.approve_rule(actor=world.people["compliance"], version=rule)
    pack = queries.packs_in_force()
    for text in ("收益稳如泰山", "年化收益保证8%", "保本保息"):
        assert {found.code for found in check(text, trade="finance", needs_parts=False, pack=pack)} == {
            "guaranteed_return"
        }
    assert pack.stamp != shipped().stamp
    assert pack.stamp.endswith("guaranteed_return.1")


def test_the_new_rule_says_how_many_scripts_in_use_it_finds_at_fault_and_tells_their_people(
    world: World,
) -> None:
    versions = [published(world, f"s{n}", "家人们，续费九折。") for n in range(3)]
    published(world, "clean", "续费九折。")
    rule = write(world)
    impact = queries.impact_of(rule)
    assert [version.pk for version in impact.blocked] == [version.pk for version in versions]
    assert impact.freed == []
    rule = services.approve_rule(actor=world.people["compliance"], version=rule)
    assert rule.blocks == [version.pk for version in versions]
    assert Notice.objects.filter(recipient=world.people["supervisor"], code="rule_blocks_script").count() == 3
    assert ScriptVersion.objects.get(pk=versions[0].pk).state == "published"


def test_a_repaired_rule_says_what_it_frees(world: World) -> None:
    version = published(world, "s", "家人们，续费九折。")
    in_force(world)
    repaired = write(world, allow=["家人们，续费"], must_find=["亲亲，来看看"])
    assert [freed.pk for freed in queries.impact_of(repaired).freed] == [version.pk]


def test_the_next_version_takes_the_place_of_the_one_before(world: World) -> None:
    first = in_force(world)
    second = in_force(world, terms=["宝子"], must_find=["宝子们好"])
    assert (RuleVersion.objects.get(pk=first.pk).state, second.state, second.number) == (
        "superseded",
        "in_force",
        2,
    )
    pack = queries.packs_in_force()
    assert check("家人们好", needs_parts=False, pack=pack) == []
    assert pack.stamp.endswith("too_familiar.2")


def test_a_refused_rule_stays_as_it_is(world: World) -> None:
    version = services.refuse_rule(actor=world.people["compliance"], version=write(world))
    with pytest.raises(WrongState):
        services.approve_rule(actor=world.people["compliance"], version=version)
    for change in (
        RuleVersion.objects.filter(pk=version.pk).update,
        RuleVersion.objects.filter(pk=write(world).pk).update,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(rule={})


@given(st.lists(st.text(alphabet=st.sampled_from("亲家人们好…. 。*(["), max_size=6), max_size=4))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_as_a_phrase_is_used_or_refused_with_a_sentence(phrases: list[str]) -> None:
    try:
        rule = written_rule("x", rule_of(terms=phrases))
    except BadInput as error:
        sentence = str(error)
    else:
        sentence = "used" if rule.terms or rule.patterns else ""
    assert sentence
