"""The life of a script: written by one, approved by others, published, ended; never changed under way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import override

from apps.campaigns import services as campaigns
from apps.campaigns.models import Campaign
from apps.core.calendar import clock as ours
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.web import ids
from apps.notifications.models import Notice
from apps.scripts import queries, services
from apps.scripts.models import Overruling, ReviewEvent, Script, ScriptVersion
from tests.scripts.rules import rule_of
from tests.world import COMPANY, SECTIONS, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def write(world: World, script: Script | None = None, **fields: str) -> ScriptVersion:
    return services.write_version(
        actor=world.people["supervisor"],
        script=script or world.script,
        company=COMPANY,
        **{**SECTIONS, **fields},
    )


def submitted(world: World, script: Script | None = None, **fields: str) -> ScriptVersion:
    return services.submit(actor=world.people["supervisor"], version=write(world, script, **fields))


def of_finance(world: World) -> Script:
    return services.create_script(
        actor=world.people["supervisor"], code="finance", name="x", kind="marketing", trade="finance"
    )


def advisory_rule(world: World) -> None:
    rule = services.write_rule(
        actor=world.people["compliance2"], code="too_familiar", rule=rule_of(), reason="x"
    )
    services.approve_rule(actor=world.people["compliance"], version=rule)


def again(version: ScriptVersion) -> ScriptVersion:
    return ScriptVersion.objects.get(pk=version.pk)


def test_a_published_version_retires_the_one_before(world: World) -> None:
    first = world.script.versions.get()
    second = world.approve_version(world.script)
    assert (again(first).state, second.state, second.number) == ("retired", "published", 2)
    assert world.authorize().allowed


def test_a_version_can_be_approved_now_and_published_later(world: World) -> None:
    first = world.script.versions.get()
    later = services.approve(actor=world.people["compliance"], version=submitted(world), publish_now=False)
    assert (later.state, again(first).state) == ("approved", "published")
    assert services.publish(actor=world.people["supervisor2"], version=later).state == "published"
    assert again(first).state == "retired"


def test_what_the_rules_forbid_since_the_approval_is_not_published(world: World) -> None:
    later = services.approve(
        actor=world.people["compliance"],
        version=submitted(world, body="家人们，续费九折。"),
        publish_now=False,
    )
    advisory_rule(world)
    with pytest.raises(services.ReviewOpen):
        services.publish(actor=world.people["compliance"], version=later)


def test_approval_ends_after_180_days(world: World) -> None:
    version = world.script.versions.get()
    assert version.expires_at is not None
    assert version.approved_at is not None
    assert (version.expires_at - version.approved_at).days == 180


@pytest.mark.parametrize("step", [services.submit, services.take_back])
def test_only_the_author_hands_in_and_takes_back(world: World, step: Any) -> None:
    version = write(world) if step == services.submit else submitted(world)
    with pytest.raises(NotAllowed):
        step(actor=world.people["supervisor2"], version=version)


def test_taken_back_it_leaves_the_queue_and_makes_room_for_the_next(world: World) -> None:
    version = submitted(world)
    with pytest.raises(BadInput, match="in review"):
        submitted(world)
    assert services.take_back(actor=world.people["supervisor"], version=version).state == "changes_requested"
    assert submitted(world).state == "submitted"


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_reviews(world: World, role: str) -> None:
    version = submitted(world)
    for review in (services.approve, services.request_changes):
        with pytest.raises(NotAllowed):
            review(actor=world.people[role], version=version, note="x")
    with pytest.raises(NotAllowed):
        services.overrule(actor=world.people[role], version=version, code="x", start=0, end=0, reason="x")


def test_an_author_never_approves_even_as_compliance(world: World) -> None:
    version = submitted(world)
    author = world.people["supervisor"]
    author.role = "compliance"
    author.save()
    with pytest.raises(FourEyes):
        services.approve(actor=author, version=version)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewEvent.objects.create(version=version, kind="approved", actor=author, packs="x")


def test_marketing_of_finance_needs_two_people(world: World) -> None:
    version = submitted(world, of_finance(world))
    version = services.approve(actor=world.people["compliance"], version=version)
    assert version.state == "submitted"
    with pytest.raises(FourEyes, match="second person"):
        services.approve(actor=world.people["compliance"], version=version)
    assert services.approve(actor=world.people["compliance2"], version=version).state == "published"


@pytest.mark.parametrize(("kind", "trade", "needed"), [
    ("marketing", "finance", 2), ("marketing", "education", 2), ("marketing", "medical", 2),
    ("sms", "finance", 2),
    ("marketing", "retail", 1), ("notification", "finance", 1), ("service", "medical", 1),
])  # fmt: skip
def test_how_many_approve(world: World, kind: str, trade: str, needed: int) -> None:
    script = services.create_script(
        actor=world.people["supervisor"], code="x", name="x", kind=kind, trade=trade
    )
    sections = {"body": f"【{COMPANY}】续费九折。回TD退订"} if kind == "sms" else {}
    assert submitted(world, script, **sections).approvals_needed == needed


def test_the_tables_demand_two_approvals_too(world: World) -> None:
    version = submitted(world, of_finance(world))
    services.approve(actor=world.people["compliance"], version=version)
    terms = {"approved_at": ours.now(), "expires_at": ours.now()}
    for change in ({"state": "approved", **terms}, {"state": "published", **terms}, {"approvals_needed": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ScriptVersion.objects.filter(pk=version.pk).update(**change)
    draft = write(world, of_finance2(world))
    with pytest.raises(IntegrityError, match="two approvers"), transaction.atomic():
        ScriptVersion.objects.filter(pk=draft.pk).update(state="submitted", submitted_at=ours.now())


def of_finance2(world: World) -> Script:
    return services.create_script(
        actor=world.people["supervisor"], code="finance2", name="x", kind="marketing", trade="finance"
    )


def test_a_draft_is_not_approved_without_being_submitted(world: World) -> None:
    with pytest.raises(WrongState):
        services.approve(actor=world.people["compliance"], version=write(world))


def test_changes_are_requested_with_words(world: World) -> None:
    version = submitted(world)
    with pytest.raises(BadInput):
        services.request_changes(actor=world.people["compliance"], version=version, note=" ")
    assert (
        services.request_changes(actor=world.people["compliance"], version=version, note="缺少风险提示").state
        == "changes_requested"
    )
    assert Notice.objects.filter(
        recipient=world.people["supervisor"], code="script_changes_requested"
    ).exists()


def test_a_withdrawn_approval_stops_the_gate_at_once(world: World) -> None:
    assert world.authorize(at="09:00", reserve=False).allowed
    services.retire(actor=world.people["compliance"], version=world.script.versions.get(), note="客诉")
    assert world.authorize().codes == ["script_not_approved"]


def test_an_approval_that_has_ended_is_refused_by_its_name_and_becomes_expired(
    world: World, clock: Any
) -> None:
    version = world.script.versions.get()
    assert version.expires_at is not None
    assert services.expire_due(at=version.expires_at - timedelta(seconds=1)) == []
    assert services.expire_due(at=version.expires_at) == [version]
    assert again(version).state == "expired"
    ScriptVersion.objects.filter(pk=version.pk).update(expires_at=ours.now())
    assert world.authorize().codes == ["script_expired"]
    assert Notice.objects.filter(code="script_expired").count() == 3  # the author and two of compliance


def test_reminders_come_30_14_7_days_and_a_day_before_each_once(world: World) -> None:
    version = world.script.versions.get()
    assert version.expires_at is not None
    result = []
    for left in (31, 30, 29, 14, 10, 7, 3, 1):
        if services.remind_of_expiry(at=version.expires_at - timedelta(days=left)):
            result.append(left)
    assert result == [30, 14, 7, 1]
    assert Notice.objects.filter(code="script_expires", recipient=world.people["supervisor"]).count() == 4


def test_a_blocking_finding_is_never_overruled(world: World) -> None:
    version = submitted(world, body="这款产品全网最低价。")
    (finding,) = queries.findings_of(version)
    place = {"code": finding.code, "start": finding.start, "end": finding.end}
    with pytest.raises(services.CheckBlocked):
        services.overrule(actor=world.people["compliance"], version=version, reason="可以", **place)
    with pytest.raises(IntegrityError), transaction.atomic():
        Overruling.objects.create(
            version=version, level="blocking", reason="x", actor=world.people["compliance"], **place
        )
    with pytest.raises(services.CheckBlocked, match="广告法"):
        services.approve(actor=world.people["compliance"], version=version)


def test_advice_is_overruled_with_a_reason_before_the_approval(world: World) -> None:
    advisory_rule(world)
    version = submitted(world, body="家人们，续费九折。")
    (finding,) = queries.findings_of(version)
    place = {"code": finding.code, "start": finding.start, "end": finding.end}
    with pytest.raises(services.ReviewOpen):
        services.approve(actor=world.people["compliance"], version=version)
    with pytest.raises(BadInput, match="why"):
        services.overrule(actor=world.people["compliance"], version=version, reason=" ", **place)
    with pytest.raises(BadInput, match="any more"):
        services.overrule(
            actor=world.people["compliance"], version=version, reason="x", code=finding.code, start=0, end=1
        )
    services.overrule(actor=world.people["compliance"], version=version, reason="会员群的惯用称呼", **place)
    with pytest.raises(BadInput, match="already"):
        services.overrule(actor=world.people["compliance"], version=version, reason="x", **place)
    assert services.approve(actor=world.people["compliance"], version=version).state == "published"


def test_an_approval_says_under_which_rules(world: World) -> None:
    advisory_rule(world)
    version = services.approve(actor=world.people["compliance"], version=submitted(world))
    event = version.events.get(kind="approved")
    assert event.packs == queries.packs_in_force().stamp
    assert event.packs.endswith("too_familiar.1")


@pytest.mark.parametrize(
    "section", ["company", "opening", "purpose", "body", "objections", "way_out", "forbidden"]
)
def test_a_submitted_text_is_frozen_by_the_database(world: World, section: str) -> None:
    version = submitted(world)
    with pytest.raises(DatabaseError), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(**{section: "别的"})


def test_a_script_keeps_its_kind_and_trade(world: World) -> None:
    for change in ({"kind": "service"}, {"trade": "finance"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Script.objects.filter(pk=world.script.pk).update(**change)


def test_events_and_overrulings_are_never_changed(world: World) -> None:
    for change in (ReviewEvent.objects.update, lambda **_: ReviewEvent.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(note="x")


def test_the_state_is_not_set_by_hand(world: World) -> None:
    version: Any = write(world)
    with pytest.raises(AttributeError):
        version.state = "approved"


def test_a_campaign_speaks_the_version_it_pins(world: World) -> None:
    first = world.script.versions.get()
    supervisor = world.people["supervisor"]
    campaigns.pin_version(actor=supervisor, campaign=world.campaign, version=first)
    second = world.approve_version(world.script)
    assert again(first).state == "published"
    assert world.authorize(reserve=False).answer.script == ids.encode("sv", first.pk)
    campaigns.pin_version(actor=supervisor, campaign=world.campaign, version=None)
    assert again(first).state == "retired"
    assert world.authorize(reserve=False).answer.script == ids.encode("sv", second.pk)


def test_a_pinned_version_that_is_withdrawn_stops_its_campaign(world: World) -> None:
    first = world.script.versions.get()
    campaigns.pin_version(actor=world.people["supervisor"], campaign=world.campaign, version=first)
    world.approve_version(world.script)
    services.retire(actor=world.people["compliance"], version=again(first))
    assert world.authorize().codes == ["script_not_approved"]


def test_only_a_published_version_of_its_own_script_is_pinned_and_by_who_runs_it(world: World) -> None:
    other = world.approved_script("other")
    draft = write(world)
    for version in (other.versions.get(), draft):
        with pytest.raises(BadInput):
            campaigns.pin_version(actor=world.people["supervisor"], campaign=world.campaign, version=version)
    with pytest.raises(NotAllowed):
        campaigns.pin_version(actor=world.people["supervisor2"], campaign=world.campaign, version=None)
    with pytest.raises(IntegrityError, match="its own script"), transaction.atomic():
        Campaign.objects.filter(pk=world.campaign.pk).update(pinned_version=other.versions.get())
