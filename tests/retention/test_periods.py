"""Storage periods: one for each class, at most a year, and a new class without one does not pass (R8,
R10)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.checks import run_checks

from apps.calls.models import Call, Decision, SpoofingEvent
from apps.contacts.models import Contact, ContactImport
from apps.core.crypto import encrypted_files
from apps.core.errors import BadInput
from apps.core.web import ids
from apps.jobs.models import FileToDelete
from apps.policies import queries as policies
from apps.policies import services as drafts
from apps.policies.models import DataClass, PolicyDraft, RetentionPolicy
from apps.retention import services, storage_classes
from apps.retention.models import CallTally
from tests.world import OTHER_PHONE, World

YEAR = timedelta(days=365)


def period(world: World, data_class: str, days: int, **about: Any) -> RetentionPolicy:
    values = {
        "data_class": data_class,
        "days": days,
        "action": "delete",
        "basis": "",
        "basis_ends_on": None,
        **about,
    }
    draft = drafts.write_draft(
        actor=world.people["compliance"], kind=PolicyDraft.Kind.RETENTION, values=values, reason="缩短"
    )
    made = drafts.approve_draft(actor=world.people["compliance2"], draft=draft)
    assert isinstance(made, RetentionPolicy)
    return made


def test_every_class_has_a_period_within_the_norm(world: World) -> None:
    versions = policies.retention_policies(world.at("10:00"))
    assert set(versions) == set(DataClass.values)
    assert all(version.days <= 365 for version in versions.values())
    assert versions[DataClass.TRAIL].days >= 180


@pytest.mark.parametrize(
    ("data_class", "days", "about"),
    [
        ("contact", 366, {}),
        ("contact", 0, {}),
        ("contact", 400, {"basis": "条例", "basis_ends_on": "2028-01-01"}),
        ("call", 400, {"basis": "条例"}),
        ("call", 400, {"basis_ends_on": "2028-01-01"}),
        ("call", 4000, {"basis": "条例", "basis_ends_on": "2028-01-01"}),
        ("call", 7, {}),
        ("decision", 7, {}),
        ("trail", 179, {}),
        ("contact", 30, {"action": "anonymise"}),
        ("nothing", 30, {}),
    ],
)
def test_what_loosens_the_norm_is_refused(
    world: World, data_class: str, days: int, about: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        period(world, data_class, days, **about)


def test_longer_only_on_a_basis_and_until_it_ends(world: World) -> None:
    made = period(world, "call", 1000, basis="证券期货投资者适当性管理办法", basis_ends_on="2027-06-30")
    assert (made.days_at(date(2027, 6, 30)), made.days_at(date(2027, 7, 1))) == (1000, 365)


def test_a_shorter_period_holds_for_what_is_there_already(world: World, clock: Any) -> None:
    period(world, "contact", 30)
    clock.shift(timedelta(days=30))
    services.purge(pause=0)
    assert not Contact.objects.exists()


def test_who_was_never_called_goes_earlier_where_the_policy_says_so(world: World, clock: Any) -> None:
    world.add_contact(OTHER_PHONE)
    world.call()
    period(world, "uncalled", 90)
    clock.shift(timedelta(days=90))
    assert services.purge(pause=0).counts["uncalled"] == 1
    assert [contact.pk for contact in Contact.objects.all()] == [world.contact.pk]


def test_refused_decisions_go_and_the_record_of_spoofing_stays(world: World, clock: Any) -> None:
    world.authorize(line="4008001234")
    assert SpoofingEvent.objects.get().decision_id is not None
    clock.shift(YEAR)
    services.purge(pause=0)
    assert not Decision.objects.exists()
    assert SpoofingEvent.objects.get().decision_id is None


def test_files_of_imports_go_and_the_row_stays(world: World, clock: Any) -> None:
    name = encrypted_files.put(b"report", folder="reports")
    ContactImport.objects.create(
        source=world.source, file_name="a.csv", upload="", report=name, started_by=world.people["supervisor"]
    )
    clock.shift(timedelta(days=30))
    services.purge(pause=0)
    assert ContactImport.objects.get().report == ""
    assert not encrypted_files.exists(name)
    assert not FileToDelete.objects.exists()


def test_anonymised_calls_are_counts_and_small_groups_are_merged(world: World, clock: Any) -> None:
    period(world, "call", 30, action="anonymise")
    for number in range(11):
        world.add_contact(f"1390000{number:04}")
        world.call(phone=f"1390000{number:04}")
    world.call()
    odd = Call.objects.order_by("pk").last()
    assert odd is not None
    Call.objects.filter(pk=odd.pk).update(state="busy")
    clock.shift(timedelta(days=70))
    services.purge(pause=0)
    assert not Call.objects.exists()
    result = sorted(
        (tally.campaign_id is None, tally.outcome, tally.count) for tally in CallTally.objects.all()
    )
    assert result == [(False, "ended", 11), (True, "other", 1)]


def test_nothing_of_a_tally_leads_back_to_a_call(world: World, clock: Any) -> None:
    period(world, "call", 30, action="anonymise")
    call = world.call()
    day = f"{call.reserved_at:%Y-%m-%d}"
    known = [
        call.public_id,
        ids.encode("ct", world.contact.pk),
        bytes(call.number_index).hex(),
        call.line.number,
        day,
    ]
    clock.shift(timedelta(days=70))
    services.purge(pause=0)
    rows = list(CallTally.objects.values("month", "campaign_id", "outcome", "count"))
    assert rows == [{"month": date(2026, 11, 1), "campaign_id": None, "outcome": "other", "count": 1}]
    assert not any(each in str(rows) for each in known)


def test_a_class_that_fails_is_named_and_the_others_go_on(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError

    by_code = {each.code: each for each in storage_classes.CLASSES}
    broken = storage_classes.Class("call", "", by_code["call"].due, fails)
    monkeypatch.setattr(
        "apps.retention.services.purging.CLASSES", (broken, by_code["contact"], by_code["uncalled"])
    )
    world.call()
    clock.shift(YEAR)
    run = services.purge(pause=0)
    assert (run.state, run.failures, run.counts["contact"]) == ("failed", {"call": "OSError"}, 1)
    assert world.people["admin"].notices.filter(code="purge_failed").exists()


def test_without_the_ledger_nobody_is_erased(world: World, clock: Any, settings: Any, tmp_path: Any) -> None:
    (tmp_path / "ledger").write_text("a file where the folder should be")
    clock.shift(YEAR)
    run = services.purge(pause=0)
    assert run.failures["contact"] == "FileExistsError"
    assert Contact.objects.exists()


def test_a_new_class_of_personal_data_without_a_period_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found for found in run_checks() if found.id == "hegui.E031"] == []
    monkeypatch.setattr(
        storage_classes, "CLASSES", [each for each in storage_classes.CLASSES if each.code != DataClass.CALL]
    )
    assert {found.msg.split(" ")[0] for found in run_checks() if found.id == "hegui.E031"} == {
        "calls.Call",
        "calls.Disposition",
    }
