"""Compliance audits: planned, measured, answered, signed by two; the next one is due (R35)."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse

from apps.contacts.models import DataSource, MinorFlag
from apps.core.calendar import clock as site_clock
from apps.core.crypto import signatures
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.core.laws import LAWS
from apps.governance import services
from apps.governance.measures import MEASURES
from apps.governance.models import AuditAnswer, ComplianceAudit
from apps.governance.queries import next_audit_due
from apps.notifications.models import Notice
from tests.world import World

PAPER = b"%PDF-1.7\n...\n%%EOF"


def planned(world: World, **fields: Any) -> ComplianceAudit:
    given = {
        "title": "2026 年度合规审计",
        "scope": "全部外呼业务",
        "since": date(2026, 1, 1),
        "until": world.today - timedelta(days=1),
        "auditor": "内审部",
    }
    return services.plan_audit(actor=world.people["compliance"], **{**given, **fields})


def running(world: World) -> ComplianceAudit:
    return services.begin_audit(actor=world.people["compliance"], audit=planned(world))


def answered(world: World, verdict: str = "conforms") -> ComplianceAudit:
    audit = running(world)
    for answer in audit.answers.all():
        services.answer_point(
            actor=world.people["compliance"], answer=answer, found="已核对。", verdict=verdict
        )
    return audit


def test_every_point_has_its_law_its_words_and_measures_that_exist() -> None:
    assert len(services.points()) >= 20
    for point in services.points().values():
        assert point.law in LAWS
        assert set(point.duties) <= set(MEASURES)
        assert set(point.subject) == set(point.question) == {"en", "zh-hans"}
    assert {duty for point in services.points().values() for duty in point.duties} >= set(MEASURES) - {"R41"}


def test_each_point_is_first_answered_by_what_is_measured(world: World) -> None:
    audit = running(world)
    assert audit.answers.count() == len(services.points())
    calls = audit.answers.get(point="calls")
    assert calls.measured["R13"]["state"] == "none", "nobody was called in the time"
    with pytest.raises(WrongState):
        services.begin_audit(actor=world.people["compliance"], audit=audit)


@pytest.mark.parametrize(
    "fields",
    [{"title": " "}, {"scope": ""}, {"auditor": ""}, {"until": date(2025, 1, 1)}, {"scope": "13800001234"}],
)
def test_what_cannot_be_planned(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        planned(world, **fields)
    with pytest.raises(NotAllowed):
        services.plan_audit(
            actor=world.people["admin"],
            title="x",
            scope="x",
            since=world.today - timedelta(days=1),
            until=world.today - timedelta(days=1),
            auditor="x",
        )


def test_it_is_not_reported_before_every_point_has_its_verdict_and_its_consequence(world: World) -> None:
    audit = running(world)
    report: Any = {"actor": world.people["compliance"], "audit": audit, "conclusion": "总体符合。"}
    with pytest.raises(BadInput):
        services.report_audit(**report)
    for answer in audit.answers.all():
        services.answer_point(
            actor=world.people["compliance"], answer=answer, found="已核对。", verdict="conforms"
        )
    answer = audit.answers.get(point="training")
    for refused in ("open", "x"):
        with pytest.raises(BadInput):
            services.answer_point(actor=world.people["compliance"], answer=answer, found="x", verdict=refused)
    services.answer_point(
        actor=world.people["compliance"],
        answer=answer,
        found="缺少记录",
        verdict="not",
        content=PAPER,
        file_name="list.pdf",
    )
    with pytest.raises(BadInput):
        services.report_audit(**report)
    day = world.today + timedelta(days=20)
    services.open_nonconformity(
        actor=world.people["compliance"],
        answer=answer,
        text="培训记录缺失",
        owner=world.people["supervisor"],
        due_on=day,
    )
    assert services.report_audit(**report).state == "reported"


def test_the_second_person_may_send_it_back_and_signs_what_they_read(world: World) -> None:
    audit = services.report_audit(
        actor=world.people["compliance"], audit=answered(world), conclusion="总体符合。"
    )
    read = services.digest_of(services.document_of(audit))
    back = services.reopen_audit(actor=world.people["compliance2"], audit=audit)
    again = services.report_audit(actor=world.people["compliance"], audit=back, conclusion="基本符合。")
    with pytest.raises(BadInput):
        services.sign_audit(actor=world.people["compliance2"], audit=again, read=read)
    read = services.digest_of(services.document_of(again))
    assert services.sign_audit(actor=world.people["compliance2"], audit=again, read=read).state == "signed"


def test_a_period_that_is_not_over_is_not_measured(world: World) -> None:
    ahead = planned(world, until=world.today)
    with pytest.raises(BadInput):
        services.begin_audit(actor=world.people["compliance"], audit=ahead)


def test_two_sign_and_then_nothing_changes(world: World) -> None:
    audit = services.report_audit(
        actor=world.people["compliance"], audit=answered(world), conclusion="总体符合。"
    )
    answer = audit.answers.first()
    assert answer
    with pytest.raises(WrongState):
        services.answer_point(actor=world.people["compliance"], answer=answer, found="x", verdict="not")
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        AuditAnswer.objects.filter(pk=answer.pk).update(found="x")
    with pytest.raises(FourEyes):
        services.sign_audit(actor=world.people["compliance"], audit=audit)
    done = services.sign_audit(actor=world.people["compliance2"], audit=audit)
    assert signatures.is_valid(services.document_of(done), done.signature)
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        ComplianceAudit.objects.filter(pk=done.pk).update(conclusion="x")


def test_the_next_one_is_due_two_years_later_and_one_where_minors_are_concerned(world: World) -> None:
    DataSource.objects.update(created_at=site_clock.now())
    now = site_clock.now()
    assert next_audit_due(now) == date(2028, 11, 24)
    services.sign_audit(
        actor=world.people["compliance2"],
        audit=services.report_audit(actor=world.people["compliance"], audit=answered(world), conclusion="x"),
    )
    MinorFlag.objects.create(contact=world.contact, reason="x", set_by=world.people["agent"])
    assert next_audit_due(now) == date(2027, 11, 24)


def test_officers_are_reminded_from_ninety_days_before(world: World, clock: time_machine.Traveller) -> None:
    DataSource.objects.update(created_at=site_clock.now())
    assert not services.remind_of_audit()
    clock.move_to(world.at("2028-09-01T09:00:00+08:00"))
    assert services.remind_of_audit()
    assert not services.remind_of_audit(), "once a month"
    clock.shift(timedelta(days=31))
    assert services.remind_of_audit()
    assert Notice.objects.filter(code="audit_due", recipient=world.people["compliance"]).count() == 2
    planned(world)
    clock.shift(timedelta(days=31))
    assert not services.remind_of_audit(), "one is under way"
    clock.shift(timedelta(days=90))
    assert services.remind_of_audit(), "it was planned and never begun"


def test_the_pages(world: World, browse: Any) -> None:
    audit = answered(world, "partly")
    page = browse("compliance").get(reverse("compliance_audit", kwargs={"pk": audit.pk})).content.decode()
    assert all(point.subject["zh-hans"] in page for point in services.points().values())
    for form, head in (("pdf", b"%PDF"), ("json", b"{")):
        answer = browse("admin").get(reverse("compliance_audit_paper", kwargs={"pk": audit.pk, "form": form}))
        assert answer.content.startswith(head)
    answer = browse("compliance").post(
        reverse("compliance_audit_new"),
        {"title": "x", "scope": "x", "since": "2026-01-01", "until": "2026-11-01", "auditor": "x"},
    )
    assert browse("compliance").get(answer.url).status_code == 200
