"""Alarms of the trail: unusual use is found, given to somebody, and closed with what it was (R10)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.accounts.models import KeyAddress, User
from apps.audit import alarms, services
from apps.audit.models import AccessEvent, Alarm
from apps.audit.services import raise_alarm_about, record_access
from apps.console.scheduled import TASKS
from apps.core.errors import BadInput, FourEyes, NotAllowed, WrongState
from apps.jobs.models import DutyRun
from apps.jobs.services import note_duty
from apps.notifications.models import Notice
from apps.policies import services as policies
from apps.policies.models import PolicyDraft
from config.celery import SCHEDULE
from tests.http import Api
from tests.world import World


def seen(
    world: World,
    kind: str = "disclosed",
    *,
    who: str = "agent",
    times: int = 1,
    count: int = 1,
    subject: str = "ct_1",
) -> None:
    for number in range(times):
        about = subject if times == 1 else f"ct_{number}"
        record_access(kind=kind, subject=about, purpose="test", actor=world.people[who], count=count)


def found(code: str) -> list[Alarm]:
    services.look_for_alarms()
    return list(Alarm.objects.filter(code=code))


def test_reading_without_calling(world: World) -> None:
    seen(world, "viewed", times=29)
    assert found("reads_without_calls") == []
    seen(world, "viewed", subject="ct_z")
    (alarm,) = found("reads_without_calls")
    assert (alarm.person, alarm.count, alarm.limit) == (world.people["agent"], 30, 30)


def test_who_calls_may_read(world: World) -> None:
    world.connected()
    seen(world, "viewed", times=30)
    assert found("reads_without_calls") == []


def test_one_call_excuses_one_read(world: World) -> None:
    world.connected()
    seen(world, "viewed", times=31)
    assert [alarm.count for alarm in found("reads_without_calls")] == [30]


def test_exports_of_a_day(world: World, clock: Any) -> None:
    seen(world, "exported", who="supervisor", count=499)
    assert found("exports_many") == []
    seen(world, "exported", who="supervisor", count=1)
    assert [alarm.count for alarm in found("exports_many")] == [500]
    clock.shift(timedelta(days=1, minutes=1))
    Alarm.objects.filter(code="exports_many").update(
        state="closed", closed_by=world.people["compliance"], closed_at=world.at("10:00"),
        verdict="explained", note="x",
        owner=world.people["compliance"],
    )  # fmt: skip
    assert [alarm.state for alarm in found("exports_many")] == ["closed"], "yesterday's are over"


@pytest.mark.parametrize(
    ("hour", "rings"), [("07:59", True), ("08:01", False), ("20:59", False), ("21:01", True)]
)
def test_nights(world: World, clock: Any, hour: str, rings: bool) -> None:
    clock.move_to(world.at(hour))
    seen(world, "played", who="supervisor", times=5)
    assert bool(found("reads_at_night")) is rings


def test_failed_sign_ins_of_a_name_and_of_an_address(world: World) -> None:
    for number in range(20):
        subject = f"user:{world.people['agent'].pk}" if number % 2 else "nobody"
        record_access(kind="sign_in_failed", subject=subject, purpose="sign in", address="192.0.2.7")
    (alarm,) = found("sign_ins_failed")
    assert alarm.subject == "address:192.0.2.7"
    for _each in range(10):
        record_access(
            kind="sign_in_failed",
            subject=f"user:{world.people['agent'].pk}",
            purpose="sign in",
            address="192.0.2.8",
        )
    assert {alarm.person for alarm in found("sign_ins_failed")} == {None, world.people["agent"]}


def test_a_gap_in_the_heads(world: World, clock: Any) -> None:
    seen(world)
    services.sign_trail()
    seen(world)
    clock.shift(timedelta(minutes=14))
    assert found("heads_behind") == []
    clock.shift(timedelta(minutes=2))
    assert {alarm.subject for alarm in found("heads_behind")} >= {"stream:reads"}


def test_a_duty_that_never_ran(world: World, clock: Any) -> None:
    """As where no worker was ever started for the heavy queue: counted from the day on which the site got
    this version."""
    MigrationRecorder.Migration.objects.update(applied=timezone.now())
    for entry in SCHEDULE.values():
        if entry["task"] != "apps.retention.tasks.back_up":
            note_duty(entry["task"])
    assert found("duty_missed") == []
    clock.shift(timedelta(days=3, hours=1))
    assert "duty:retention.tasks.back_up" in {alarm.subject for alarm in found("duty_missed")}


def test_an_alarm_about_the_only_officer_goes_to_the_admins(world: World) -> None:
    User.objects.filter(role="compliance").exclude(pk=world.people["compliance"].pk).update(is_active=False)
    raise_alarm_about("numbers_guessed", 9, actor=world.people["compliance"])
    assert {notice.recipient.role for notice in Notice.objects.filter(code="alarm_raised")} == {"admin"}


def test_a_duty_that_did_not_run(world: World, clock: Any) -> None:
    for entry in SCHEDULE.values():
        note_duty(entry["task"])
    assert found("duty_missed") == []
    clock.shift(timedelta(minutes=45))
    assert {alarm.subject for alarm in found("duty_missed")} >= {
        "duty:jobs.tasks.pick_up",
        "duty:audit.tasks.sign_trail",
    }
    assert "duty:retention.tasks.back_up" not in {alarm.subject for alarm in Alarm.objects.all()}
    clock.shift(timedelta(days=3))
    assert "duty:retention.tasks.back_up" in {alarm.subject for alarm in found("duty_missed")}


def test_the_end_of_a_scheduled_task_is_noted(world: World) -> None:
    from apps.jobs.tasks import pick_up

    pick_up.apply()
    assert DutyRun.objects.get().task == "apps.jobs.tasks.pick_up"


def test_a_key_from_a_new_address(world: World, clock: Any) -> None:
    api = Api(world.key)
    api.get("campaigns")
    assert KeyAddress.objects.get().address == "127.0.0.1"
    clock.shift(timedelta(days=8))
    assert found("key_new_address") == []
    api.client.get("/api/v1/campaigns", REMOTE_ADDR="198.51.100.9")
    (alarm,) = found("key_new_address")
    assert alarm.client == world.client


def test_one_alarm_at_a_time_and_not_again_for_the_same_things(world: World) -> None:
    seen(world, "exported", who="supervisor", count=600)
    (alarm,) = found("exports_many")
    assert Notice.objects.filter(code="alarm_raised").count() == 2, "both of compliance"
    assert found("exports_many") == [alarm]
    services.take_alarm(actor=world.people["compliance"], alarm=alarm)
    services.close_alarm(actor=world.people["compliance"], alarm=alarm, verdict="explained", note="年度报表")
    assert len(found("exports_many")) == 1
    seen(world, "exported", who="supervisor", count=600)
    assert [each.count for each in found("exports_many") if each.state == "open"] == [1_200]


def test_nobody_looks_into_their_own(world: World) -> None:
    seen(world, "exported", who="compliance", count=600)
    (alarm,) = found("exports_many")
    assert not Notice.objects.filter(code="alarm_raised", recipient=world.people["compliance"]).exists()
    with pytest.raises(NotAllowed):
        services.take_alarm(actor=world.people["compliance"], alarm=alarm)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.update(
            state="closed", closed_by=world.people["compliance"], closed_at=alarm.created_at,
            verdict="explained", note="x",
            owner=world.people["compliance"],
        )  # fmt: skip


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance(world: World, role: str) -> None:
    seen(world, "exported", who="supervisor", count=600)
    (alarm,) = found("exports_many")
    with pytest.raises(NotAllowed):
        services.take_alarm(actor=world.people[role], alarm=alarm)


def test_closing_says_what_it_was_and_stays(world: World) -> None:
    seen(world, "exported", who="supervisor", count=600)
    (alarm,) = found("exports_many")
    officer = world.people["compliance"]
    for verdict, note in (("", "x"), ("nothing", "x"), ("explained", " ")):
        with pytest.raises(BadInput):
            services.close_alarm(actor=officer, alarm=alarm, verdict=verdict, note=note)
    services.close_alarm(actor=officer, alarm=alarm, verdict="incident", note="名单外泄")
    with pytest.raises(WrongState):
        services.take_alarm(actor=officer, alarm=alarm)
    with pytest.raises(DatabaseError), transaction.atomic():
        Alarm.objects.update(note="改")


def test_who_does_not_look_is_reported_once_more(world: World, clock: Any) -> None:
    seen(world, "exported", who="supervisor", count=600)
    services.look_for_alarms()
    clock.shift(timedelta(days=1, minutes=1))
    services.look_for_alarms()
    services.look_for_alarms()
    assert Notice.objects.filter(code="alarm_waits").count() == 2


def test_a_rule_that_fails_keeps_no_other_from_being_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(now: Any, limit: int) -> list[alarms.Seen]:
        AccessEvent.objects.get(pk=-1)
        return []

    broken = alarms.AlarmRule(
        "broken", alarms.RULES["exports_many"].says, alarms.RULES["exports_many"].asks, 1, fails
    )
    monkeypatch.setattr(alarms, "RULES", {"broken": broken, **alarms.RULES})
    seen(world, "exported", who="supervisor", count=600)
    with pytest.raises(AccessEvent.DoesNotExist):
        services.look_for_alarms()
    assert Alarm.objects.filter(code="exports_many").exists()


def test_thresholds_are_set_by_two_people(world: World) -> None:
    first, second = world.people["compliance"], world.people["compliance2"]
    draft = policies.write_draft(
        actor=first,
        kind=PolicyDraft.Kind.ALARMS,
        values={"thresholds": {"exports_many": 50}},
        reason="试运行",
    )
    with pytest.raises(FourEyes):
        policies.approve_draft(actor=first, draft=draft)
    seen(world, "exported", who="supervisor", count=60)
    assert found("exports_many") == []
    policies.approve_draft(actor=second, draft=draft)
    assert [alarm.limit for alarm in found("exports_many")] == [50]


@pytest.mark.parametrize(
    "thresholds", [{"nothing": 1}, {"exports_many": 0}, {"exports_many": "5"}, {"heads_behind": 100_000}]
)
def test_thresholds_that_make_no_sense_are_refused(world: World, thresholds: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        policies.write_draft(
            actor=world.people["compliance"],
            kind=PolicyDraft.Kind.ALARMS,
            values={"thresholds": thresholds},
            reason="试运行",
        )


def test_the_pages(world: World, browse: Any) -> None:
    seen(world, "exported", who="supervisor", count=600)
    (alarm,) = found("exports_many")
    officer = browse("compliance")
    assert str(world.people["supervisor"]) in officer.get("/alarms/").content.decode()
    officer.post(f"/alarms/{alarm.pk}/", {"take": "1"})
    officer.post(f"/alarms/{alarm.pk}/", {"verdict": "explained", "note": "年度报表"})
    alarm.refresh_from_db()
    assert (alarm.state, alarm.owner) == ("closed", world.people["compliance"])
    fields = {code: rule.default for code, rule in alarms.RULES.items() if rule.most > 1}
    answer = officer.post("/policies/new/alarms/", {**fields, "exports_many": 70, "reason": "试运行"})
    assert answer.status_code == 302
    assert PolicyDraft.objects.get().values["thresholds"]["exports_many"] == 70
    assert "70" in officer.get(answer.url).content.decode()


def test_an_alarm_of_a_duty_names_it_in_words(world: World, clock: Any) -> None:
    for entry in SCHEDULE.values():
        note_duty(entry["task"])
    clock.shift(timedelta(days=4))
    (alarm,) = [each for each in found("duty_missed") if each.subject == "duty:retention.tasks.purge_expired"]
    assert alarm.about == str(TASKS["retention.purge_expired"][0])
    assert "." not in alarm.about
