"""Legal holds: what is held stays, and no more of the person; when the hold ends, what it deferred goes by
itself."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.calls.models import Call, Decision
from apps.contacts.models import Contact
from apps.core.errors import BadInput, HeguiError, NotAllowed, NotFound, PersonalDataFound
from apps.retention import services
from apps.retention.models import LegalHold, PurgeRun
from tests.world import World

YEAR = timedelta(days=365)
Kind = LegalHold.Kind
REVIEW = date(2027, 1, 1)


def hold(world: World, kind: str, target_id: int | None = None, **about: Any) -> LegalHold:
    about = {"reason": "案号 2026-17", "review_on": REVIEW, **about}
    return services.place_hold(actor=world.people["compliance"], kind=kind, target_id=target_id, **about)


def test_a_held_contact_stays_and_goes_by_itself_when_the_hold_ends(world: World, clock: Any) -> None:
    made = hold(world, Kind.CONTACT, world.contact.pk)
    clock.shift(YEAR)
    run = services.purge(pause=0)
    assert Contact.objects.count() == 1
    assert (run.state, run.held) == ("done", {"contact": 1, "uncalled": 1})
    services.end_hold(actor=world.people["compliance2"], hold=made, reason="结案")
    services.purge(pause=0)
    assert not Contact.objects.exists()


def test_a_replay_leaves_whom_a_hold_keeps_and_erases_them_when_it_ends(world: World) -> None:
    services.begin_erasure([(world.contact.pk, world.contact.phone)])  # a purge that was killed, then a hold
    made = hold(world, Kind.CONTACT, world.contact.pk)
    assert services.replay()["erased"] == 0
    assert Contact.objects.count() == 1
    assert services.check_consistency() == {}
    services.end_hold(actor=world.people["compliance"], hold=made, reason="结案")
    services.purge(pause=0)
    assert not Contact.objects.exists()


def test_a_held_call_keeps_its_decision_and_not_its_contact(world: World, clock: Any) -> None:
    call = world.call()
    hold(world, Kind.CALL, call.pk)
    clock.shift(YEAR)
    services.purge(pause=0)
    assert not Contact.objects.exists()
    assert list(Call.objects.values_list("pk", "contact_id")) == [(call.pk, None)]
    assert Decision.objects.filter(pk=call.decision_id).exists()


@pytest.mark.parametrize("kind", [Kind.CAMPAIGN, Kind.QUERY])
def test_the_calls_of_a_campaign_or_a_time_stay(world: World, clock: Any, kind: str) -> None:
    world.call()
    world.authorize()  # refused: the second of the day
    if kind == Kind.CAMPAIGN:
        hold(world, kind, world.campaign.pk)
    else:
        hold(
            world,
            kind,
            query={"since": world.at("09:00").isoformat(), "until": world.at("11:00").isoformat()},
        )
    clock.shift(YEAR)
    services.purge(pause=0)
    assert (Call.objects.count(), Decision.objects.count()) == (1, 2)


def test_a_query_is_narrowed_by_line_and_agent(world: World, clock: Any) -> None:
    world.call()
    query = {
        "since": world.at("09:00").isoformat(),
        "until": world.at("11:00").isoformat(),
        "agent": world.people["agent2"].pk,
    }
    hold(world, Kind.QUERY, query=query)
    clock.shift(YEAR)
    services.purge(pause=0)
    assert not Call.objects.exists()


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_holds(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        services.place_hold(
            actor=world.people[role],
            kind=Kind.CONTACT,
            target_id=world.contact.pk,
            reason="x",
            review_on=REVIEW,
        )


def test_a_hold_says_why_what_and_until_when_it_is_looked_at(world: World) -> None:
    compliance = world.people["compliance"]
    wrong: list[tuple[dict[str, Any], type[HeguiError]]] = [
        ({"reason": " "}, BadInput),
        ({"reason": "客户 13800001234"}, PersonalDataFound),
        ({"review_on": date(2026, 11, 24)}, BadInput),
        ({"target_id": 0}, NotFound),
        ({"kind": "nothing"}, NotFound),
        ({"kind": Kind.QUERY, "query": {"since": "2026-01-01"}}, BadInput),
        (
            {
                "kind": Kind.QUERY,
                "query": {"since": world.at("11:00").isoformat(), "until": world.at("10:00").isoformat()},
            },
            BadInput,
        ),
    ]
    right = {
        "actor": compliance,
        "kind": Kind.CONTACT,
        "target_id": world.contact.pk,
        "reason": "案号",
        "review_on": REVIEW,
    }
    for change, error in wrong:
        with pytest.raises(error):
            services.place_hold(**{**right, **change})
    assert not LegalHold.objects.exists()


def test_an_ended_hold_stays_ended_and_says_why(world: World) -> None:
    made = hold(world, Kind.CONTACT, world.contact.pk)
    with pytest.raises(BadInput):
        services.end_hold(actor=world.people["compliance"], hold=made, reason="")
    services.end_hold(actor=world.people["compliance"], hold=made, reason="结案")
    with pytest.raises(HeguiError):
        services.end_hold(actor=world.people["compliance"], hold=made, reason="结案")
    for harm in (lambda: LegalHold.objects.update(ended_at=None), lambda: LegalHold.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            harm()


def test_its_owner_is_reminded_on_the_day(world: World, clock: Any) -> None:
    hold(world, Kind.CONTACT, world.contact.pk, owner=world.people["compliance2"])
    assert services.remind_of_holds() == 0
    clock.move_to(world.at("10:00").replace(year=2027, month=1, day=1))
    assert services.remind_of_holds() == 1
    assert services.remind_of_holds() == 0
    assert world.people["compliance2"].notices.get(code="hold_to_review").sentence


def test_the_pages(world: World, browse: Any) -> None:
    officer = browse("compliance")
    asked = {
        "kind": "contact",
        "subject": world.contact.public_id,
        "reason": "案号 2026-17",
        "review_on": "2027-01-01",
    }
    assert officer.post("/retention/holds/new/", asked | {"subject": "cl_1"}).status_code == 200
    assert not LegalHold.objects.exists()
    officer.post("/retention/holds/new/", asked)
    made = LegalHold.objects.get()
    assert world.contact.public_id in officer.get("/retention/holds/").content.decode()
    assert "案号 2026-17" in officer.get(f"/contacts/{world.contact.public_id}/").content.decode()
    officer.post(f"/retention/holds/{made.pk}/end/", {"reason": "结案"})
    assert LegalHold.objects.get().ended_at is not None


def test_the_certificate_names_what_was_deleted_and_what_was_left(
    world: World, clock: Any, browse: Any
) -> None:
    call = world.call()
    hold(world, Kind.CALL, call.pk)
    clock.shift(YEAR)
    run = services.purge(pause=0)
    officer = browse("compliance")
    payload = officer.get(f"/retention/runs/{run.pk}/certificate.json").json()["document"]
    assert (payload["people_erased"], payload["deleted"]["contact"], payload["left_on_hold"]) == (
        1,
        1,
        {"call": 1},
    )
    assert payload["ledger"]["line"] == 2
    assert officer.get(f"/retention/runs/{run.pk}/certificate.pdf").content.startswith(b"%PDF")
    assert officer.get(f"/retention/runs/{run.pk}/").status_code == 200
    assert officer.get("/retention/?count").status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic():
        PurgeRun.objects.filter(pk=run.pk).update(counts={})


def test_a_review_whose_day_nobody_worked_on_is_not_forgotten(world: World, clock: Any) -> None:
    placed = hold(world, Kind.CONTACT, world.contact.pk, owner=world.people["compliance2"])
    clock.move_to(world.at("10:00").replace(year=2027, month=1, day=20))
    assert services.remind_of_holds() == 1
    assert services.remind_of_holds() == 0
    assert world.people["compliance2"].notices.get(code="hold_to_review").facts["hold"] == placed.pk
