"""Impact assessments: what needs one does not begin without, and not when it has changed since (R36)."""

from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models.functions import Now
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Department
from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign
from apps.campaigns.services import issue_client
from apps.core.calendar import clock as site_clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.governance import services
from apps.governance.models import Assessment
from apps.governance.rules.assessing import HIGH, Trigger, grade_of, needed_because, verdicts_for
from apps.governance.services import subjects
from apps.governance.services.subjects import triggers
from apps.governance.wording import TRIGGERS
from apps.scripts import services as scripts
from apps.sharing import services as sharing
from apps.sharing.services import AssessmentMissing
from tests.governance.assessed import TEXTS, approved, risk, written
from tests.sharing.shares import ask as ask_share
from tests.world import World


@pytest.fixture
def robot(world: World) -> Campaign:
    """A campaign with a synthetic voice, which needs an assessment; a draft."""
    return campaigns.create_campaign(
        actor=world.people["supervisor"], lines=[world.line], code="robot", name="机器人回访",
        kind="marketing", trade="retail",
        voice="synthetic", purpose=world.purpose, lawful_basis="同意", filing=world.filing,
        script=world.script, starts_on=world.today,
        ends_on=world.today + timedelta(days=30),
    )  # fmt: skip


def test_a_campaign_that_needs_one_is_blocked_until_it_has_one(world: World, robot: Campaign) -> None:
    supervisor = world.people["supervisor"]
    assert "assessment" in campaigns.what_is_missing(robot)
    with pytest.raises(BadInput, match="影响评估"):
        campaigns.submit_campaign(actor=supervisor, campaign=robot)
    approved(world, robot)
    assert "assessment" not in campaigns.what_is_missing(robot)
    assert services.why_needed(robot) == ["synthetic_voice"]


def test_others_need_none(world: World) -> None:
    assert services.why_needed(world.campaign) == []
    assert not services.is_missing(world.campaign)


@pytest.mark.parametrize("verdict", ["refused", "not_acceptable"])
def test_a_refusal_or_a_bad_verdict_blocks(world: World, robot: Campaign, verdict: str) -> None:
    made = written(world, robot, verdict="not_acceptable" if verdict == "not_acceptable" else "with_measures")
    services.submit_assessment(actor=made.written_by, assessment=made, about=robot)
    approve = verdict == "not_acceptable"
    services.decide_assessment(
        actor=world.people["compliance"], assessment=made, about=robot, approve=approve, note="风险过高"
    )
    assert services.is_missing(robot)


@pytest.mark.parametrize("field", ["lawful_basis", "brand", "clients", "ends_on"])
def test_what_changed_is_assessed_again(world: World, robot: Campaign, field: str) -> None:
    done = approved(world, robot)
    if field == "clients":
        robot.clients.add(world.client)
    else:
        setattr(robot, field, robot.ends_on + timedelta(days=1) if field == "ends_on" else "明澜")
        robot.save()
    assert services.is_missing(robot)
    assert services.what_changed(done, robot) == [
        {"clients": "recipients", "lawful_basis": "basis", "ends_on": "until"}.get(field, field)
    ]
    approved(world, robot)
    assert not services.is_missing(robot)


def test_a_change_while_it_waits_is_not_approved_unread(world: World, robot: Campaign) -> None:
    made = written(world, robot)
    services.submit_assessment(actor=made.written_by, assessment=made, about=robot)
    robot.brand = "明澜"
    robot.save()
    decide: Any = {"actor": world.people["compliance"], "assessment": made, "about": robot}
    with pytest.raises(BadInput):
        services.decide_assessment(**decide, approve=True)
    back = services.send_back_assessment(actor=world.people["compliance"], assessment=made)
    services.submit_assessment(actor=world.people["supervisor"], assessment=back, about=robot)
    assert services.decide_assessment(**decide, approve=True).state == "approved"


def test_a_clear_share_waits_for_its_assessment(world: World) -> None:
    share = ask_share(world, "compliance", is_clear=True)
    decide: Any = {"actor": world.people["compliance2"], "share": share, "approve": True}
    with pytest.raises(AssessmentMissing):
        sharing.decide_share(**decide)
    approved(world, share, by="compliance")
    assert sharing.decide_share(**decide).state == "approved"


def test_nobody_decides_what_they_wrote(world: World, robot: Campaign) -> None:
    made = written(world, robot, by="compliance")
    services.submit_assessment(actor=world.people["compliance"], assessment=made, about=robot)
    with pytest.raises(FourEyes):
        services.decide_assessment(
            actor=world.people["compliance"], assessment=made, about=robot, approve=True
        )
    with pytest.raises(NotAllowed):
        services.decide_assessment(
            actor=world.people["supervisor2"], assessment=made, about=robot, approve=True
        )


def test_one_person_writes_it_and_nobody_who_did_decides(world: World, robot: Campaign) -> None:
    made = written(world, robot)
    submit: Any = {"assessment": made, "about": robot}
    with pytest.raises(NotAllowed):
        services.write_assessment(
            actor=world.people["supervisor2"], assessment=made, texts=TEXTS, verdict="", risks=[]
        )
    with pytest.raises(NotAllowed):
        services.begin_assessment(actor=world.people["agent"], about=robot)
    with pytest.raises(NotAllowed):
        services.submit_assessment(actor=world.people["compliance"], **submit)
    taken = services.write_assessment(
        actor=world.people["compliance"],
        assessment=made,
        texts=TEXTS,
        verdict="with_measures",
        risks=[risk()],
    )
    services.write_assessment(
        actor=world.people["compliance2"],
        assessment=taken,
        texts=TEXTS,
        verdict="with_measures",
        risks=[risk()],
    )
    services.submit_assessment(actor=world.people["compliance2"], **submit)
    for name in ("compliance", "compliance2"):
        with pytest.raises(FourEyes):
            services.decide_assessment(actor=world.people[name], **submit, approve=True)
    third = world.person("compliance3", role="compliance")
    assert services.decide_assessment(actor=third, **submit, approve=True).state == "approved"


def test_a_script_that_is_spoken_by_a_machine_needs_one_too(world: World) -> None:
    script = scripts.create_script(
        actor=world.people["supervisor"],
        code="robot2",
        name="x",
        kind="marketing",
        trade="retail",
        voice="synthetic",
    )
    world.campaign.script = script
    assert services.why_needed(world.campaign) == ["synthetic_voice"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"harm": " "}, None),
        ({"necessity": ""}, "三个问题"),
        ({"risks": []}, "至少"),
        ({"verdict": "acceptable"}, "结论"),
        ({"risks": [risk(likelihood=3, harm=3, remaining=3)]}, "结论"),
        ({"verdict": ""}, "结论"),
    ],
)
def test_what_is_not_whole_is_not_handed_in(
    world: World, robot: Campaign, fields: dict[str, Any], sentence: str | None
) -> None:
    fields = {name: value for name, value in fields.items() if name != "harm"}
    made = written(world, robot, **fields)
    submit: Any = {"actor": made.written_by, "assessment": made, "about": robot}
    if sentence is None:
        assert services.submit_assessment(**submit).state == "submitted"
        return
    with pytest.raises(BadInput, match=sentence):
        services.submit_assessment(**submit)


def test_what_was_decided_stays_for_three_years(world: World, robot: Campaign) -> None:
    done = approved(world, robot)
    with pytest.raises(WrongState):
        services.write_assessment(
            actor=world.people["supervisor"], assessment=done, texts=TEXTS, verdict="", risks=[]
        )
    for change in (
        lambda: Assessment.objects.filter(pk=done.pk).update(note="x"),
        done.risks.all().delete,
        done.delete,
    ):
        with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
            change()


def test_after_three_years_it_may_go(world: World, robot: Campaign, clock: time_machine.Traveller) -> None:
    approved(world, robot)
    with pgtrigger.ignore("governance.Assessment:decided_stays"):  # the triggers ask the database's own clock
        Assessment.objects.update(decided_at=Now() - timedelta(days=1100))
    Assessment.objects.get().delete()
    assert not Assessment.objects.exists()


def test_similar_ones_give_texts_and_risks(world: World, robot: Campaign) -> None:
    done = approved(world, robot)
    share = ask_share(world, "compliance", is_clear=True)
    made = services.begin_assessment(actor=world.people["compliance"], about=share, like=done)
    assert (made.necessity, made.risks.get().threat, made.state) == (TEXTS["necessity"], "打扰客户", "draft")
    assert services.begin_assessment(actor=world.people["compliance"], about=share) == made, "one at a time"


def test_the_pages(world: World, robot: Campaign, browse: Any) -> None:
    browser = browse("supervisor")
    page = browser.get(reverse("campaign", kwargs={"pk": robot.pk})).content.decode()
    address = f"{reverse('assessment_new')}?about={robot.public_id}"
    assert address in page
    assert str(TRIGGERS["synthetic_voice"]) in browser.get(address).content.decode()
    edit = browser.post(address).url
    assert browser.get(edit).status_code == 200
    matrix = {
        "risks-TOTAL_FORMS": "1",
        "risks-INITIAL_FORMS": "0",
        **{f"risks-0-{name}": value or "" for name, value in risk().items()},
    }
    answer = browser.post(edit, {**TEXTS, "verdict": "with_measures", **matrix, "submit": "1"})
    made = Assessment.objects.get()
    assert answer.status_code == 302, [answer.context["form"].errors, answer.context["formset"].errors]
    assert (answer.url, made.state) == (reverse("assessment", kwargs={"pk": made.pk}), "submitted")
    step = reverse("assessment_step", kwargs={"pk": made.pk})
    browse("compliance").post(step, {"step": "approve"})
    made.refresh_from_db()
    assert (made.state, made.decided_at) == ("approved", site_clock.now())
    assert browser.get(answer.url).status_code == 200
    assert browser.get(reverse("assessment_paper", kwargs={"pk": made.pk})).content.startswith(b"%PDF")
    assert browser.get(reverse("assessments")).status_code == 200


def test_each_rule_has_words_and_no_fact_meets_what_it_lacks() -> None:
    assert {trigger.code for trigger in triggers()} == set(TRIGGERS)
    rule = Trigger("x", "pipl-55", {"kind": ["campaign"], "voice": ["synthetic"]})
    assert needed_because([rule], {"kind": "campaign"}) == []
    assert needed_because([rule], {"kind": "campaign", "voice": "synthetic"}) == ["x"]


GRADES = st.integers(1, 3)


@given(st.lists(st.tuples(GRADES, GRADES, GRADES), min_size=1, max_size=6))
def test_no_high_risk_that_remains_goes_ahead(risks: list[tuple[int, int, int]]) -> None:
    allowed = verdicts_for(risks)
    assert "not_acceptable" in allowed
    if any(grade_of(likelihood, remaining) == HIGH for likelihood, _harm, remaining in risks):
        assert allowed == {"not_acceptable"}
    elif any(
        grade_of(likelihood, harm) > grade_of(likelihood, remaining) for likelihood, harm, remaining in risks
    ):
        assert allowed == {"with_measures", "not_acceptable"}


def test_a_clear_share_shows_nothing_once_its_assessment_no_longer_fits(world: World) -> None:
    share = ask_share(world, "compliance", is_clear=True)
    approved(world, share, by="compliance")
    share = sharing.decide_share(actor=world.people["compliance2"], share=share, approve=True)
    viewer = world.people["compliance"]
    assert sharing.in_force(viewer, share)
    viewer.department = Department.objects.create(name="另一部门", created_at=site_clock.now())
    viewer.save()
    with pytest.raises(AssessmentMissing):
        sharing.in_force(viewer, share)


def test_a_new_recipient_pauses_what_was_assessed_without_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_one = Trigger("other_trade", "pipl-55", {"trade": ["retail"]})
    monkeypatch.setattr(subjects, "triggers", lambda: (needs_one,))
    approved(world, world.campaign)
    assert campaigns.pause_lapsed() == []
    issue_client(
        actor=world.people["admin"], campaigns=[world.campaign], name="new-crm", owner=world.people["admin"],
        scopes=["authorize"], ends_at=site_clock.now() + timedelta(days=9),
    )  # fmt: skip
    assert Campaign.objects.get(pk=world.campaign.pk).state == "paused"


def test_a_trade_of_ones_own_needs_one(world: World, robot: Campaign) -> None:
    robot.voice, robot.trade = "people", "insurance"
    assert "other_trade" in services.why_needed(robot)
