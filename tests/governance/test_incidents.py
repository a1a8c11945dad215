"""Incidents: from an alarm to the closing by two, with the persons found in the access log (R37)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from auditlog.context import set_actor
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse

from apps.access.services import disclose
from apps.audit import services as audit
from apps.audit.alarms import Seen
from apps.audit.models import AccessEvent, Alarm
from apps.core.calendar import clock as site_clock
from apps.core.errors import BadInput, FourEyes, NotAllowed, ServiceAway, WrongState
from apps.evidence.services import ask_pack
from apps.governance import queries, services
from apps.governance.models import AffectedPerson, Incident, IncidentNotice, IncidentTask
from apps.governance.rules.closing import IncidentFacts, missing_to_close
from apps.jobs.models import Job
from apps.notifications.models import Notice, Outgoing
from apps.retention.storage_classes import erase_contacts
from tests.sharing.shares import approved, look
from tests.world import OTHER_PHONE, SHANGHAI, World

FACTS = {
    "information": "手机号码、姓名", "cause": "账号被同事借用", "harm": "可能收到骚扰电话",
    "measures": "停用账号，收回权限",
    "advice": "留意陌生来电", "contact": "个人信息保护负责人，公司前台转接", "lessons": "缩短会话时间",
}  # fmt: skip


def record(world: World, by: str = "compliance", **fields: Any) -> Incident:
    now = site_clock.now()
    given = {
        "kind": "leak",
        "title": "号码外泄",
        "discovered_at": now,
        "since": now - timedelta(hours=6),
        "until": now,
        **fields,
    }
    return services.record_incident(actor=world.people[by], **given)


def change(world: World, incident: Incident, **fields: Any) -> Incident:
    bounds = {name: getattr(incident, name) for name in ("since", "until", "person", "client")}
    texts = {**FACTS, **fields.pop("texts", {})}
    return services.change_facts(
        actor=world.people["compliance"], incident=incident, texts=texts, **{**bounds, **fields}
    )


def scoped(world: World, incident: Incident) -> Incident:
    job = services.ask_scope(actor=world.people["compliance"], incident=incident)
    services.determine_scope(job.pk)
    return Incident.objects.get(pk=incident.pk)


def reveal(world: World, contact: Any, by: str = "supervisor") -> None:
    disclose(actor=world.people[by], obj=contact, field="phone", purpose="call_back", reason="客户要求回电")


def look_up(world: World, subject: str, by: str = "supervisor", count: int = 1, kind: str = "viewed") -> None:
    audit.record_access(kind=kind, subject=subject, purpose="look up", actor=world.people[by], count=count)


def test_the_persons_are_found_from_what_was_read(world: World) -> None:
    other = world.add_contact(OTHER_PHONE)
    world.add_contact("13700001111")  # read by nobody
    reveal(world, world.contact)
    look_up(world, world.contact.public_id)
    look_up(world, world.connected().public_id, kind="played")
    look_up(world, "contact:list", count=50)
    look_up(world, other.public_id, by="supervisor2")
    incident = scoped(world, record(world, person=world.people["supervisor"]))
    assert (incident.persons, incident.unnamed, incident.erased) == (1, 50, 0)
    person = AffectedPerson.objects.get(incident=incident)
    assert (person.contact_id, person.reads, person.clear) == (world.contact.pk, 3, 2)
    assert AccessEvent.objects.filter(
        subject=incident.public_id, purpose="scope of an incident", count=1
    ).exists()


def test_a_look_at_a_share_touches_everybody_of_its_campaign(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    look(world, approved(world))
    assert scoped(world, record(world, person=world.people["supervisor2"])).persons == 2


def test_reads_outside_the_time_and_of_others_do_not_count(
    world: World, clock: time_machine.Traveller
) -> None:
    reveal(world, world.contact)
    clock.shift(timedelta(hours=7))
    incident = record(world, person=world.people["supervisor"])
    assert scoped(world, incident).persons == 0
    wider = change(
        world, incident, since=incident.since - timedelta(hours=2), person=world.people["supervisor"]
    )
    assert wider.scoped_at is None, "another time: the scope is to be determined again"
    assert scoped(world, wider).persons == 1


def test_who_was_erased_since_is_counted_and_named_no_more(world: World) -> None:
    reveal(world, world.contact)
    incident = scoped(world, record(world, person=world.people["supervisor"]))
    assert incident.affected.count() == 1
    erase_contacts([world.contact.pk])
    assert incident.affected.count() == 0
    assert scoped(world, incident).erased == 1


def test_without_a_reader_there_is_no_scope(world: World) -> None:
    with pytest.raises(BadInput):
        services.ask_scope(actor=world.people["compliance"], incident=record(world))


def test_a_program_that_was_handed_numbers(world: World) -> None:
    call = world.connected()
    audit.record_access(kind="handed_over", subject=call.public_id, purpose="dial", client=world.client)
    incident = scoped(world, record(world, client=world.client))
    assert (incident.persons, incident.affected.get().clear) == (1, 1)


def test_an_alarm_becomes_an_incident_in_one_step(world: World, browse: Any) -> None:
    alarm = audit.raise_alarm(
        "exports_many",
        Seen(f"person:{world.people['supervisor'].pk}", 600, person_id=world.people["supervisor"].pk),
    )
    assert alarm
    answer = browse("compliance").post(reverse("incident_of_alarm", kwargs={"pk": alarm.pk}))
    incident = Incident.objects.get()
    assert answer.url == reverse("incident", kwargs={"pk": incident.pk})
    assert (incident.person, incident.alarm_id, incident.owner) == (
        world.people["supervisor"],
        alarm.pk,
        world.people["compliance"],
    )
    alarm.refresh_from_db()
    assert (alarm.state, alarm.verdict, alarm.note) == (Alarm.State.CLOSED, "incident", incident.public_id)


def test_whoever_it_is_about_neither_handles_nor_sees_it(world: World, browse: Any) -> None:
    incident = record(world, by="compliance2", person=world.people["compliance"])
    assert incident.owner == world.people["compliance2"]
    with pytest.raises(NotAllowed):
        services.note_incident(actor=world.people["compliance"], incident=incident, note="x")
    assert incident not in queries.incidents_of(world.people["compliance"])
    assert browse("compliance").get(reverse("incident", kwargs={"pk": incident.pk})).status_code == 404


@pytest.mark.parametrize(
    ("by", "may"), [("agent", False), ("supervisor", True), ("admin", True), ("compliance", True)]
)
def test_who_may_record_one(world: World, by: str, may: bool) -> None:
    if may:
        assert record(world, by=by).owner.role == "compliance"
        return
    with pytest.raises(NotAllowed):
        record(world, by=by)


@pytest.mark.parametrize(
    "fields", [{"until": 1}, {"since": 1}, {"discovered_at": 1}, {"title": " "}, {"title": "打 13800001234"}]
)
def test_what_cannot_be_recorded(world: World, fields: dict[str, Any]) -> None:
    ahead = {
        name: site_clock.now() + timedelta(hours=value) if value == 1 else value
        for name, value in fields.items()
    }
    with pytest.raises(BadInput):
        record(world, **ahead)
    assert not Incident.objects.exists()


def handled(world: World, **fields: Any) -> Incident:
    """With everything done that closing asks for."""
    reveal(world, world.contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"], **fields)))
    compliance = world.people["compliance"]
    if not incident.is_drill:
        services.give_notice(
            actor=compliance, incident=incident, recipient="authority", text="……", how="网信办系统 2026-17"
        )
    return services.decide_about_persons(
        actor=compliance, incident=incident, required=False, why="账号在导出前已停用"
    )


def test_it_is_closed_by_two_and_stays(world: World) -> None:
    incident = handled(world)
    assert services.what_is_missing(incident) == []
    incident = services.ask_closing(actor=world.people["compliance"], incident=incident)
    with pytest.raises(FourEyes):
        services.decide_closing(actor=world.people["compliance"], incident=incident, close=True)
    closed = services.decide_closing(actor=world.people["compliance2"], incident=incident, close=True)
    assert closed.state == Incident.State.CLOSED
    with pytest.raises(WrongState):
        services.note_incident(actor=world.people["compliance"], incident=closed, note="x")
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        Incident.objects.filter(pk=closed.pk).update(harm="")
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        Incident.objects.filter(pk=closed.pk).delete()


def test_the_second_person_may_open_it_again(world: World) -> None:
    incident = services.ask_closing(actor=world.people["compliance"], incident=handled(world))
    with pytest.raises(BadInput):
        services.decide_closing(actor=world.people["compliance2"], incident=incident, close=False)
    again = services.decide_closing(
        actor=world.people["compliance2"], incident=incident, close=False, note="缺少原因"
    )
    assert (again.state, again.closing_by) == (Incident.State.OPEN, None)


WHOLE = IncidentFacts(
    texts=FACTS,
    is_drill=False,
    is_scoped=True,
    to_persons="required",
    notified=frozenset({"authority", "persons"}),
    open_tasks=0,
)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, []),
        ({"is_scoped": False}, ["scope"]),
        ({"texts": {**FACTS, "harm": " "}}, ["harm"]),
        ({"texts": {**FACTS, "lessons": ""}}, ["lessons"]),
        ({"notified": frozenset()}, ["authority", "persons"]),
        ({"notified": frozenset({"authority"}), "to_persons": "not_required"}, []),
        ({"notified": frozenset({"authority"})}, ["persons"]),
        ({"notified": frozenset(), "is_drill": True}, []),
        ({"to_persons": "undecided"}, ["decision"]),
        ({"open_tasks": 1}, ["tasks"]),
    ],
)
def test_what_is_missing_before_closing(fields: dict[str, Any], missing: list[str]) -> None:
    assert missing_to_close(IncidentFacts(**{**vars(WHOLE), **fields})) == missing


def test_a_notice_says_what_the_law_wants_or_is_not_given(world: World) -> None:
    incident = record(world, person=world.people["supervisor"])

    def give(incident: Incident, **more: Any) -> IncidentNotice:
        given = {"recipient": "authority", "text": "……", "how": "信函", **more}
        return services.give_notice(actor=world.people["compliance"], incident=incident, **given)

    with pytest.raises(BadInput):
        give(incident)
    incident = change(world, incident)
    draft = services.draft_notice(incident, "authority")
    assert all(
        FACTS[name] in draft for name in ("information", "cause", "harm", "measures", "advice", "contact")
    )
    assert give(incident).recipient == "authority"
    assert (
        give(incident, given_at=incident.discovered_at - timedelta(seconds=40)).given_at
        == incident.discovered_at
    )
    for refused in (
        {"recipient": "press"},
        {"how": ""},
        {"text": ""},
        {"given_at": site_clock.now() + timedelta(minutes=1)},
    ):
        with pytest.raises(BadInput):
            give(incident, **refused)
    with pytest.raises(BadInput):
        give(change(world, record(world, is_drill=True)))


def test_one_number_that_cannot_be_opened_keeps_no_other_from_hearing(world: World, settings: Any) -> None:
    settings.HEGUI_SMS_URL = "https://sms.example"
    other = world.add_contact("13900000009")
    for contact in (world.contact, other):
        reveal(world, contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"])))
    assert incident.affected.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("update contacts_contact set phone = '\\x0102' where id = %s", [world.contact.pk])
    notice = services.give_notice(
        actor=world.people["compliance"],
        incident=incident,
        recipient="persons",
        text="请留意",
        how="",
        by_message=True,
    )
    services.send_messages(notice.job_id)
    assert Job.objects.get(pk=notice.job_id).state == "done"
    assert Outgoing.objects.filter(about__startswith=incident.public_id).count() == 1
    assert incident.affected.get(contact=world.contact).notice is None
    assert world.contact.public_id in incident.entries.order_by("pk").last().note


def test_messages_go_to_each_person_once(world: World, settings: Any) -> None:
    world.opt_out()
    reveal(world, world.contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"])))
    compliance = world.people["compliance"]
    ask: Any = {
        "actor": compliance,
        "incident": incident,
        "recipient": "persons",
        "text": "请留意",
        "how": "",
        "by_message": True,
    }
    settings.HEGUI_SMS_URL = ""
    with pytest.raises(ServiceAway):
        services.give_notice(**ask)
    settings.HEGUI_SMS_URL = "https://sms.example"
    notice = services.give_notice(**ask)
    services.send_messages(notice.job_id)
    Job.objects.filter(pk=notice.job_id).update(state="waiting")
    services.send_messages(notice.job_id)
    assert Outgoing.objects.filter(about__startswith=incident.public_id).count() == 1
    assert incident.affected.get().notice == notice


def test_a_notice_by_message_counts_once_everybody_is_reached(world: World, settings: Any) -> None:
    settings.HEGUI_SMS_URL = "https://sms.example"
    other = world.add_contact(OTHER_PHONE)
    reveal(world, world.contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"])))
    compliance = world.people["compliance"]
    services.give_notice(actor=compliance, incident=incident, recipient="authority", text="……", how="信函")
    services.decide_about_persons(actor=compliance, incident=incident, required=True, why="可能被骚扰")
    by_message: Any = {
        "actor": compliance,
        "incident": incident,
        "recipient": "persons",
        "text": "请留意",
        "how": "",
        "by_message": True,
    }
    notice = services.give_notice(**by_message)
    assert services.what_is_missing(Incident.objects.get()) == ["persons"], "no message is on its way yet"
    services.send_messages(notice.job_id)
    assert services.what_is_missing(Incident.objects.get()) == ["persons"], "on its way is not there"
    Outgoing.objects.update(state="given_up", number=None, text=None, ended_at=incident.created_at)
    assert services.what_is_missing(Incident.objects.get()) == ["persons"], "it reached nobody"
    Outgoing.objects.update(state="sent")
    assert services.what_is_missing(Incident.objects.get()) == []
    look_up(world, other.public_id)
    scoped(world, incident)
    assert services.what_is_missing(Incident.objects.get()) == ["persons"], "one more is known"
    corrected = services.give_notice(**by_message)
    services.send_messages(corrected.job_id)
    Outgoing.objects.update(state="sent", number=None, text=None, ended_at=incident.created_at)
    assert services.what_is_missing(Incident.objects.get()) == []
    assert Outgoing.objects.filter(about__startswith=incident.public_id).count() == 3, (
        "the correction reaches both"
    )


def test_what_an_unknown_hand_took_is_counted_by_hand(world: World) -> None:
    incident = change(world, record(world, kind="loss"))
    scope: Any = {"actor": world.people["compliance"], "incident": incident}
    with pytest.raises(BadInput):
        services.scope_by_hand(**scope, persons=-1, note="备份盘清单")
    with pytest.raises(BadInput):
        services.scope_by_hand(**scope, persons=3, note=" ")
    assert services.scope_by_hand(**scope, persons=1200, note="备份盘清单").persons == 1200
    with pytest.raises(BadInput):  # nobody of them is known by number
        services.give_notice(**scope, recipient="persons", text="请留意", how="", by_message=True)
    assert "scope" not in services.what_is_missing(Incident.objects.get())


def test_saving_the_form_unchanged_keeps_the_seconds(
    world: World, browse: Any, clock: time_machine.Traveller
) -> None:
    clock.shift(42)
    reveal(world, world.contact)
    incident = scoped(world, record(world, person=world.people["supervisor"]))
    assert incident.persons == 1
    page = reverse("incident_facts", kwargs={"pk": incident.pk})
    shown = browse("compliance").get(page).context["form"]
    data = {name: shown[name].value() or "" for name in shown.fields}
    data |= {
        name: f"{getattr(incident, name).astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" for name in ("since", "until")
    }
    data["person"] = str(world.people["supervisor"].pk)
    assert browse("compliance").post(page, data).status_code == 302
    same = Incident.objects.get()
    assert (same.until, same.persons) == (incident.until, 1)


def test_a_change_touches_the_person_too(world: World) -> None:
    with set_actor(world.people["supervisor"]):
        world.contact.tags = ["x"]
        world.contact.save()
    assert scoped(world, record(world, person=world.people["supervisor"])).persons == 1


def test_a_queue_or_a_pack_names_its_persons(world: World) -> None:
    pack, _passphrase = ask_pack(
        actor=world.people["compliance2"], about=world.contact.public_id, recipient="client", reason="来信"
    )
    look_up(world, pack.public_id, by="compliance2", kind="exported")
    assert scoped(world, record(world, person=world.people["compliance2"])).persons == 1
    audit.record_access(kind="viewed", subject=world.campaign.public_id, purpose="queue", client=world.client)
    assert scoped(world, record(world, client=world.client)).persons == 1


def test_whom_it_is_about_is_not_told_and_has_no_part(world: World) -> None:
    incident = record(world, person=world.people["compliance2"])
    task: Any = {
        "actor": world.people["compliance"],
        "incident": incident,
        "text": "x",
        "due_on": world.today,
    }
    with pytest.raises(NotAllowed):
        services.add_task(**task, owner=world.people["compliance2"])
    with pytest.raises(BadInput):
        services.give_to(
            actor=world.people["compliance"], incident=incident, owner=world.people["compliance2"]
        )
    made = services.add_task(**task, owner=world.people["admin"])
    changed = change(world, incident, person=world.people["admin"])
    assert not queries.tasks_of(world.people["admin"]).exists()
    with pytest.raises(NotAllowed):
        services.finish_task(actor=world.people["admin"], task=made)
    given = services.give_to(
        actor=world.people["compliance"], incident=changed, owner=world.people["compliance2"]
    )
    assert change(world, given, person=world.people["compliance2"]).owner == world.people["compliance"]
    assert not Notice.objects.filter(recipient=world.people["compliance2"], code="incident_recorded").exists()


def test_a_task_is_done_by_its_owner(world: World, browse: Any) -> None:
    incident = record(world)
    task = services.add_task(
        actor=world.people["compliance"],
        incident=incident,
        text="更换密钥",
        owner=world.people["admin"],
        due_on=world.today,
    )
    assert list(queries.tasks_of(world.people["admin"])) == [task]
    with pytest.raises(NotAllowed):
        services.finish_task(actor=world.people["supervisor"], task=task)
    browse("admin").post(reverse("incident_task_done", kwargs={"pk": task.pk}))
    assert IncidentTask.objects.get().done_at is not None
    with pytest.raises(BadInput):
        services.add_task(
            actor=world.people["compliance"],
            incident=incident,
            text="x",
            owner=world.people["admin"],
            due_on=world.today - timedelta(days=1),
        )


def test_what_waits_is_reminded_of_once(world: World, clock: time_machine.Traveller) -> None:
    services.add_task(
        actor=world.people["compliance"],
        incident=record(world),
        text="更换密钥",
        owner=world.people["admin"],
        due_on=world.today,
    )
    record(world, is_drill=True)
    assert services.watch_incidents() == 0
    clock.shift(timedelta(days=1, hours=5))
    assert services.watch_incidents() == 2
    assert services.watch_incidents() == 0
    codes = set(Notice.objects.filter(recipient=world.people["admin"]).values_list("code", flat=True))
    assert "incident_task_overdue" in codes


def test_the_report_is_a_paper(world: World, browse: Any) -> None:
    incident = handled(world)
    answer = browse("compliance").get(reverse("incident_report", kwargs={"pk": incident.pk}))
    assert answer.content.startswith(b"%PDF")
    for name in ("incident", "incident_facts"):
        assert browse("compliance").get(reverse(name, kwargs={"pk": incident.pk})).status_code == 200
    for recipient in ("authority", "persons"):
        page = browse("compliance").get(
            reverse("incident_notice", kwargs={"pk": incident.pk, "recipient": recipient})
        )
        assert FACTS["harm"] in page.content.decode()


def test_a_second_notice_waits_until_the_first_is_sent(world: World, settings: Any) -> None:
    settings.HEGUI_SMS_URL = "https://sms.example"
    reveal(world, world.contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"])))
    ask: Any = {
        "actor": world.people["compliance"], "incident": incident, "recipient": "persons", "text": "请留意",
        "how": "", "by_message": True,
    }  # fmt: skip
    notice = services.give_notice(**ask)
    with pytest.raises(WrongState):
        services.give_notice(**ask)
    services.send_messages(notice.job_id)
    assert services.give_notice(**ask).job_id != notice.job_id


def test_who_was_counted_by_hand_is_not_the_list_of_before(world: World, settings: Any) -> None:
    settings.HEGUI_SMS_URL = "https://sms.example"
    reveal(world, world.contact)
    incident = scoped(world, change(world, record(world, person=world.people["supervisor"])))
    scope: Any = {"actor": world.people["compliance"], "incident": incident}
    services.scope_by_hand(**scope, persons=1, note="另一份名单")
    assert not incident.affected.exists()
    with pytest.raises(BadInput):
        services.give_notice(**scope, recipient="persons", text="请留意", how="", by_message=True)


def test_what_the_suspect_changed_and_what_is_gone_since_is_counted(world: World) -> None:
    with set_actor(world.people["supervisor"]):
        world.contact.tags = ["x"]
        world.contact.save()
    incident = record(world, person=world.people["supervisor"])
    assert scoped(world, incident).affected.count() == 1
    erase_contacts([world.contact.pk])
    assert scoped(world, incident).erased == 1


def test_who_asked_for_the_closing_may_take_it_back(world: World) -> None:
    compliance = world.people["compliance"]
    incident = services.ask_closing(actor=compliance, incident=handled(world))
    again = services.decide_closing(actor=compliance, incident=incident, close=False, note="缺少原因")
    assert again.state == Incident.State.OPEN


def test_a_closed_incident_leads_to_its_report(world: World, browse: Any) -> None:
    compliance = world.people["compliance"]
    incident = services.ask_closing(actor=compliance, incident=handled(world))
    page = browse("compliance").get(reverse("incident", kwargs={"pk": incident.pk})).content.decode()
    assert 'value="back"' in page
    assert 'value="close"' not in page
    services.decide_closing(actor=world.people["compliance2"], incident=incident, close=True)
    report = reverse("incident_report", kwargs={"pk": incident.pk})
    assert (
        report in browse("compliance").get(reverse("incident", kwargs={"pk": incident.pk})).content.decode()
    )
