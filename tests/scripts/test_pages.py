"""Pages of the review: the queue by urgency, what each role is offered, answers by form."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.core.calendar import clock
from apps.scripts import queries, services
from apps.scripts.models import RuleVersion, Script, ScriptVersion
from tests.scripts.rules import rule_of
from tests.world import COMPANY, SECTIONS, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def submitted(
    world: World, code: str, *, trade: str = "retail", days: int = 0, **fields: str
) -> ScriptVersion:
    script = services.create_script(
        actor=world.people["supervisor"], code=code, name=code, kind="marketing", trade=trade
    )
    version = services.write_version(
        actor=world.people["supervisor"], script=script, company=COMPANY, **{**SECTIONS, **fields}
    )
    version = services.submit(actor=world.people["supervisor"], version=version)
    if days:
        version.submitted_at = clock.now() - timedelta(days=days)
        version.save()
    return version


def url(name: str, version: ScriptVersion, **more: Any) -> str:
    return reverse(name, kwargs={"pk": version.pk, **more})


def codes(world: World, viewer: str = "compliance") -> list[str]:
    return [row.version.script.code for row in queries.review_queue(world.people[viewer])]


def test_the_queue_has_late_ones_first_then_two_approvers_then_findings_then_age(world: World) -> None:
    submitted(world, "young")
    submitted(world, "older", days=1)
    submitted(world, "flawed", body="全网最低价。")
    submitted(world, "finance", trade="finance")
    submitted(world, "late", days=9)
    assert codes(world) == ["late", "finance", "flawed", "older", "young"]
    assert [row.is_late for row in queries.review_queue(world.people["compliance"])] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_an_answer_is_due_within_two_working_days(world: World) -> None:
    submitted(world, "x")
    (row,) = queries.review_queue(world.people["compliance"])
    assert row.due == world.today + timedelta(days=2)  # a Tuesday: Thursday
    assert codes(world, "agent") == []
    assert codes(world, "admin") == []


def test_on_to_the_next_round_to_the_first_and_never_to_what_one_approved(world: World) -> None:
    finance = submitted(world, "finance", trade="finance")
    older, young = submitted(world, "older", days=1), submitted(world, "young")
    reviewer = world.people["compliance"]
    assert queries.next_to_review(reviewer) == finance
    assert queries.next_to_review(reviewer, older) == young
    assert queries.next_to_review(reviewer, young) == finance
    services.approve(actor=reviewer, version=finance)
    assert queries.next_to_review(reviewer, young) == older
    assert queries.next_to_review(world.people["compliance2"], young) == finance


def test_how_fast_it_was_answered_is_reported(world: World) -> None:
    services.approve(actor=world.people["compliance"], version=submitted(world, "soon"))
    services.request_changes(
        actor=world.people["compliance"], version=submitted(world, "late", days=9), note="x"
    )
    result = queries.answered_lately()
    assert (result.count, result.in_time) == (3, 2)  # the script of the world was answered at once
    assert result.median == timedelta(0)


def test_the_verdict_goes_on_to_the_next(world: World, browse: Any) -> None:
    first, second = submitted(world, "first", days=1), submitted(world, "second")
    answer = browse("compliance").post(url("script_review", first), {"verdict": "approve", "note": "ok"})
    assert answer.headers["Location"] == url("script", second)
    assert ScriptVersion.objects.get(pk=first.pk).state == "published"
    answer = browse("compliance").post(
        url("script_review", second), {"verdict": "approve", "publish_later": "on"}
    )
    assert answer.headers["Location"] == reverse("script_queue")
    assert ScriptVersion.objects.get(pk=second.pk).state == "approved"
    browse("supervisor").post(url("script_publish", second))
    assert ScriptVersion.objects.get(pk=second.pk).state == "published"


@pytest.mark.parametrize(
    "data",
    [{}, {"verdict": "burn"}, {"verdict": "request_changes"}, {"verdict": "approve", "note": "x" * 401}],
)
def test_an_answer_that_is_none_changes_nothing(world: World, browse: Any, data: dict[str, str]) -> None:
    version = submitted(world, "x")
    page = browse("compliance").post(url("script_review", version), data, follow=True).content.decode()
    assert 'role="status"' in page
    assert ScriptVersion.objects.get(pk=version.pk).state == "submitted"


@pytest.mark.parametrize(
    "place", [{"start": "x", "end": "1"}, {"start": "-1", "end": "9"}, {"start": "0", "end": "9" * 30}, {}]
)
def test_overruling_what_is_not_there_is_reported(world: World, browse: Any, place: dict[str, str]) -> None:
    version = submitted(world, "x")
    page = browse("compliance").post(
        url("script_overrule", version), {"code": "y", "reason": "z", **place}, follow=True
    )
    assert page.status_code == 200
    assert not version.overrulings.exists()


def test_the_author_is_not_offered_the_answer_and_an_agent_sees_the_text_alone(
    world: World, browse: Any
) -> None:
    version = submitted(world, "x", body="全网最低价。")
    assert b"data-verdict" in browse("compliance").get(url("script", version)).content
    page = browse("supervisor").get(url("script", version)).content
    assert b"data-verdict" not in page
    assert b"take_back" in page
    assert browse("agent").get(url("script", version)).status_code == 404
    page = browse("agent").get(url("script", world.script.versions.get())).content.decode()
    assert SECTIONS["body"] in page
    assert "data-review" not in page


def test_the_difference_shows_the_changed_words(world: World, browse: Any) -> None:
    version = services.write_version(
        actor=world.people["supervisor"],
        script=world.script,
        company=COMPANY,
        **{**SECTIONS, "body": "续费一年可以享受八折。"},
    )
    page = browse("compliance").get(url("script", version)).content.decode()
    assert "<del>九折</del>" in page
    assert "<ins>八折</ins>" in page


def test_remarks_are_made_answered_and_resolved_by_form(world: World, browse: Any) -> None:
    version = submitted(world, "x")
    officer, author = browse("compliance"), browse("supervisor")
    answer = officer.post(
        url("remark_new", version), {"section": "body", "quote": "享受九折", "text": "写明期限", "start": "4"}
    )
    remark = version.remarks.get()
    assert answer.headers["Location"] == f"{url('script', version)}#remark-{remark.pk}"
    author.post(reverse("remark_change", kwargs={"pk": remark.pk}), {"text": "好的", "back": str(version.pk)})
    page = officer.get(url("script", version)).content.decode()
    assert "好的" in page
    assert f'class="mark-remark" href="#remark-{remark.pk}">享受九折</a>' in page
    assert (
        author.post(reverse("remark_change", kwargs={"pk": remark.pk}), {"resolve": "1"}).status_code == 403
    )
    officer.post(reverse("remark_change", kwargs={"pk": remark.pk}), {"resolve": "1"})
    assert version.remarks.get().resolved_by == world.people["compliance"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"section": "nowhere", "text": "x"},
        {"section": "body"},
        {"section": "body", "quote": "没有", "text": "x"},
    ],
)
def test_a_remark_that_is_none_is_reported(world: World, browse: Any, data: dict[str, str]) -> None:
    version = submitted(world, "x")
    page = browse("compliance").post(url("remark_new", version), data, follow=True).content.decode()
    assert 'role="status"' in page
    assert not version.remarks.exists()


def test_a_script_of_200_kb_is_reported_at_its_section_and_nothing_is_stored(
    world: World, browse: Any
) -> None:
    page = browse("supervisor").post(
        reverse("version_new", kwargs={"script_pk": world.script.pk}),
        {"company": COMPANY, **SECTIONS, "body": "好" * 70_000},
    )
    assert page.status_code == 200
    assert "body" in page.context["form"].errors
    assert world.script.versions.count() == 1


def test_what_is_written_in_a_script_stays_text(world: World, browse: Any) -> None:
    version = submitted(world, "x", body="<script>alert(1)</script> & <b>九折</b>")
    page = browse("compliance").get(url("script", version)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page


def rule_form(**changes: Any) -> dict[str, Any]:
    rule = rule_of()
    lines = {part: "\n".join(rule[part]) for part in ("terms", "required", "allow", "must_find", "must_pass")}
    return {
        "code": "too_familiar", "name_zh": "称呼不得体", "name_en": "too familiar", "level": "advisory",
        "duty": "R23", "law": "norm",
        "kinds": ["marketing", "sms"], **lines, "advice_zh": "用您", "advice_en": "politely",
        "reason": "客户反映", **changes,
    }  # fmt: skip


def test_a_rule_is_written_by_form_and_decided_by_another(world: World, browse: Any) -> None:
    answer = browse("compliance2").post(reverse("rule_new"), rule_form())
    version = RuleVersion.objects.get()
    at = {"code": "too_familiar", "number": 1}
    assert answer.headers["Location"] == reverse("rule_version", kwargs=at)
    services.approve_rule(actor=world.people["compliance"], version=version)
    page = browse("compliance").get(reverse("rule", kwargs={"code": "too_familiar"})).content.decode()
    assert "家人们，本周有活动" in page
    changed = browse("compliance2").get(reverse("rule_change", kwargs={"code": "too_familiar"}))
    assert changed.context["form"]["terms"].value() == "亲亲\n家人们"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "absolute_claim"}, "code"),
        ({"code": "new"}, "code"),
        ({"must_find": "您好"}, "__all__"),
        ({"kinds": []}, "kinds"),
    ],
)
def test_a_rule_that_cannot_be_is_reported_in_its_form(
    world: World, browse: Any, changes: dict[str, Any], field: str
) -> None:
    page = browse("compliance").post(reverse("rule_new"), rule_form(**changes))
    assert page.status_code == 200
    assert field in page.context["form"].errors
    assert not RuleVersion.objects.exists()


def test_every_shipped_rule_has_its_page_and_its_form_hands_back_what_it_was(
    world: World, browse: Any
) -> None:
    officer = browse("compliance")
    for code in queries.rule_codes():
        assert officer.get(reverse("rule", kwargs={"code": code})).status_code == 200
        form = officer.get(reverse("rule_change", kwargs={"code": code})).context["form"]
        result = {name: form[name].value() for name in form.fields}
        result = {
            name: "\n".join(value) if isinstance(value, list) and name not in {"kinds", "trades"} else value
            for name, value in result.items()
        }
        data = {name: value for name, value in result.items() if value not in (None, False)}
        answer = officer.post(reverse("rule_change", kwargs={"code": code}), {**data, "reason": "核对"})
        assert answer.status_code == 302, (code, answer.context["form"].errors)
    assert Script.objects.count() == 1


def test_there_is_no_page_for_a_rule_that_is_not(world: World, browse: Any) -> None:
    assert browse("compliance").get(reverse("rule", kwargs={"code": "nothing"})).status_code == 404
    assert browse("compliance").get(reverse("rule_change", kwargs={"code": "nothing"})).status_code == 404
