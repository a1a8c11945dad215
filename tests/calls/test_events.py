"""What a dialler reports: claimed, ringing, answered, key 9, ended; late, twice, out of order."""

from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import AccessEvent
from apps.calls import services
from apps.calls.models import Call
from apps.contacts.models import Contact
from apps.core.errors import BadInput, NotFound
from apps.optouts.models import OptOut
from tests.world import PHONE, World


@pytest.fixture
def call(world: World) -> Call:
    """A call that waits at the agent's desk."""
    made = world.authorize(agent="agent", checklist_done=True).call
    assert made is not None
    return made


def tell(world: World, call: Call, event: str, **more: Any) -> str:
    return services.record_event(call_id=call.pk, event=event, client=world.client, **more).call.state


def test_a_whole_call(world: World, call: Call, clock: Any) -> None:
    claimed = services.claim_call(client=world.client)
    assert claimed is not None
    states = []
    for event in ("ringing", "answered", "ended"):
        clock.shift(5)
        states.append(tell(world, call, event))
    assert states == ["ringing", "answered", "ended"]
    call.refresh_from_db()
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert (call.ended_at - call.answered_at).seconds == 5


def test_the_handing_over_of_the_number_is_in_the_trail(world: World, call: Call) -> None:
    services.claim_call(client=world.client)
    event = AccessEvent.objects.get(kind="handed_over")
    assert (event.client, event.subject, event.purpose) == (world.client, call.public_id, "dial")


def test_a_call_is_claimed_once(world: World, call: Call) -> None:
    assert services.claim_call(client=world.client) is not None
    assert services.claim_call(client=world.client) is None


def test_a_foreign_client_claims_nothing(world: World, call: Call) -> None:
    other, _key = world.api_client("other", "dial")
    assert services.claim_call(client=other) is None


def test_an_expired_reservation_is_not_handed_over(world: World, call: Call, clock: Any) -> None:
    clock.shift(60)
    assert services.claim_call(client=world.client) is None


def test_key_9_opts_out_in_the_call(world: World, call: Call) -> None:
    services.claim_call(client=world.client)
    tell(world, call, "answered")
    tell(world, call, "key", digit="9")
    call.refresh_from_db()
    assert call.opted_out_at is not None
    assert call.end_requested_at is not None
    assert OptOut.objects.get().channel == "key"
    assert "opted_out" in world.authorize().codes


@pytest.mark.parametrize("digit", ["1", "0", "#", ""])
def test_other_keys_do_nothing(world: World, call: Call, digit: str) -> None:
    services.claim_call(client=world.client)
    tell(world, call, "key", digit=digit)
    assert not OptOut.objects.exists()


def test_key_9_counts_however_late_and_however_often_it_is_reported(
    world: World, call: Call, clock: Any
) -> None:
    services.claim_call(client=world.client)
    tell(world, call, "answered")
    tell(world, call, "ended")
    clock.shift(timedelta(hours=5))
    for _again in range(3):
        tell(world, call, "key", digit="9", at=world.at("09:59") + timedelta(days=2))
    entry = OptOut.objects.get()
    assert entry.said_at == world.at("15:00"), "never later than it was reported"


def test_key_9_for_a_deleted_contact_holds_against_what_it_had_agreed_to(
    world: World, call: Call, clock: Any
) -> None:
    """The number is not known any more, its hash is: a list that brings the consent again brings none."""
    services.claim_call(client=world.client)
    tell(world, call, "failed")
    Contact.objects.all().delete()
    clock.shift(timedelta(minutes=1))
    taken = services.record_event(call_id=call.pk, event="key", digit="9", client=world.client)
    assert taken.ignored == ("digit",)
    assert taken.call.opted_out_at is not None
    world.consent(world.add_contact(PHONE), given_at=world.at("10:00"))
    assert "consent_withdrawn" in world.authorize(reserve=False).codes


def test_events_reported_twice_or_out_of_order_change_nothing(world: World, call: Call) -> None:
    services.claim_call(client=world.client)
    for event, state in (
        ("ringing", "ringing"),
        ("ringing", "ringing"),
        ("answered", "answered"),
        ("ringing", "answered"),
        ("ended", "ended"),
        ("answered", "ended"),
        ("busy", "ended"),
    ):
        assert tell(world, call, event) == state


@pytest.mark.parametrize("state", ["expired", "withdrawn"])
def test_a_call_made_though_it_was_withdrawn_is_recorded_and_to_be_ended(
    world: World, call: Call, state: str
) -> None:
    Call.objects.update(client=world.client, state=state)
    assert tell(world, call, "ringing") == "ringing"
    call.refresh_from_db()
    assert call.end_requested_at is not None
    assert "daily_cap" in world.authorize(reserve=False).codes


def test_ringing_that_arrives_after_the_reservation_counts_by_the_time_it_names(
    world: World, call: Call, clock: Any
) -> None:
    Call.objects.update(client=world.client)
    clock.shift(63)
    assert tell(world, call, "ringing", at=call.reserved_at + timedelta(seconds=5)) == "ringing"
    call.refresh_from_db()
    assert call.made_at == call.reserved_at + timedelta(seconds=5)
    assert call.end_requested_at is None
    assert "daily_cap" in world.authorize(reserve=False).codes


def test_ringing_after_the_reservation_is_recorded_and_to_be_ended(
    world: World, call: Call, clock: Any
) -> None:
    Call.objects.update(client=world.client)
    clock.shift(63)
    assert tell(world, call, "ringing") == "ringing"
    call.refresh_from_db()
    assert call.end_requested_at is not None


@pytest.mark.parametrize(
    "events", [["answered"], ["answered", "ended"], ["ended"], ["busy"], ["failed"], ["key"], ["no_answer"]]
)
def test_any_event_says_that_the_call_was_made_without_ringing_before(
    world: World, clock: Any, events: list[str]
) -> None:
    made = world.authorize(client=world.client, hands_over=True).call
    assert made is not None
    for event in events:
        tell(world, made, event)
    clock.shift(70)
    services.expire_reservations()
    assert "daily_cap" in world.authorize(reserve=False).codes


def test_a_number_that_was_handed_over_counts_without_a_word(world: World, clock: Any) -> None:
    world.authorize(client=world.client, hands_over=True)
    clock.shift(70)
    assert "daily_cap" in world.authorize(reserve=False).codes, "also before the sweep"
    services.expire_reservations()
    assert "daily_cap" in world.authorize(reserve=False).codes


def test_a_number_that_was_never_handed_over_does_not_count(world: World, call: Call, clock: Any) -> None:
    clock.shift(70)
    services.expire_reservations()
    assert world.authorize(reserve=False).allowed


@pytest.mark.parametrize("after", [10, 70, 3600])
def test_released_gives_the_slot_back_within_the_day(world: World, clock: Any, after: int) -> None:
    made = world.authorize(client=world.client, hands_over=True).call
    assert made is not None
    clock.shift(after)
    services.expire_reservations()
    assert tell(world, made, "released") == "released"
    assert world.authorize(reserve=False).allowed


def test_released_on_another_day_changes_nothing(world: World, clock: Any) -> None:
    made = world.authorize(client=world.client, hands_over=True).call
    assert made is not None
    clock.shift(timedelta(days=1))
    services.expire_reservations()
    taken = services.record_event(call_id=made.pk, event="released", client=world.client)
    assert (taken.call.state, taken.ignored) == ("expired", ("event",))


def test_released_after_ringing_is_not_believed(world: World) -> None:
    made = world.authorize(client=world.client, hands_over=True).call
    assert made is not None
    tell(world, made, "ringing")
    taken = services.record_event(call_id=made.pk, event="released", client=world.client)
    assert (taken.call.state, taken.ignored) == ("ringing", ("event",))


def test_a_call_that_was_made_after_it_was_released_counts_beside_the_next(world: World) -> None:
    first = world.authorize(client=world.client, hands_over=True).call
    assert first is not None
    tell(world, first, "released")
    second = world.authorize(client=world.client, hands_over=True).call
    assert second is not None
    tell(world, first, "answered")
    first.refresh_from_db()
    assert (first.slot_number, first.revived_at is not None) == (2, True)
    tell(world, second, "released")
    assert "daily_cap" in world.authorize(reserve=False).codes


def test_ending_at_the_desk_a_call_that_a_dialler_holds_frees_nothing(world: World, call: Call) -> None:
    services.claim_call(client=world.client)
    call.refresh_from_db()
    services.request_end(actor=world.people["agent"], call=call)
    assert "daily_cap" in world.authorize(reserve=False).codes


@pytest.mark.parametrize(
    "at", ["2026-11-24T11:00:00+08:00", "2026-11-24T08:00:00+08:00", "2000-01-01T00:00:00+00:00"]
)
def test_a_time_that_cannot_be_true_counts_from_now_and_is_named(world: World, call: Call, at: str) -> None:
    services.claim_call(client=world.client)
    taken = services.record_event(call_id=call.pk, event="answered", client=world.client, at=world.at(at))
    assert taken.ignored == ("at",)
    assert taken.call.answered_at == world.at("10:00")


def test_the_report_of_the_end_may_overtake_that_of_the_answer(world: World, call: Call, clock: Any) -> None:
    services.claim_call(client=world.client)
    clock.shift(60)
    assert tell(world, call, "ended", at=world.at("10:00") + timedelta(seconds=50)) == "no_answer"
    assert tell(world, call, "answered", at=world.at("10:00") + timedelta(seconds=20)) == "ended"
    call.refresh_from_db()
    assert (call.ended_at - call.answered_at).seconds == 30  # type: ignore[operator]


@pytest.mark.parametrize("digit", [9, "9", "99", "９", "9#", ["9"], 9.0, {"digit": 9}, "٩"])
def test_a_nine_in_whatever_form_opts_out(world: World, call: Call, digit: Any) -> None:
    services.claim_call(client=world.client)
    tell(world, call, "key", digit=digit)
    assert "opted_out" in world.authorize(reserve=False).codes


def test_an_unknown_event_and_a_foreign_call(world: World, call: Call) -> None:
    with pytest.raises(BadInput):
        tell(world, call, "exploded")
    with pytest.raises(NotFound):
        tell(world, call, "ringing")
    with pytest.raises(NotFound):
        services.record_event(call_id=9999, event="ringing", client=world.client)


def test_expired_reservations_are_swept(world: World, call: Call, clock: Any) -> None:
    assert services.expire_reservations() == 0
    clock.shift(60)
    assert services.expire_reservations() == 1
    assert services.expire_reservations() == 0


@pytest.mark.parametrize(
    ("state", "silence", "over"),
    [("dialling", 180, "failed"), ("ringing", 180, "failed"), ("answered", 4 * 3600, "ended")],
)
def test_a_call_whose_dialler_fell_silent_is_over_and_still_counts(
    world: World, call: Call, clock: Any, state: str, silence: int, over: str
) -> None:
    services.claim_call(client=world.client)
    Call.objects.update(state=state)
    clock.shift(silence - 1)
    assert services.end_lost_calls() == 0
    clock.shift(1)
    assert services.end_lost_calls() == 1
    assert Call.objects.get().state == over
    assert "daily_cap" in world.authorize(phone=PHONE, reserve=False).codes


def test_a_dialler_that_does_not_hang_up_when_asked_is_not_waited_for(
    world: World, call: Call, clock: Any
) -> None:
    services.claim_call(client=world.client)
    tell(world, call, "answered")
    services.request_end(actor=world.people["agent"], call=call)
    clock.shift(60)
    assert services.end_lost_calls() == 1
    assert Call.objects.get().state == "ended"


def handed_out(world: World) -> Call | None:
    return world.authorize(client=world.client, hands_over=True).call


def test_a_number_is_free_again_three_times_a_day(world: World) -> None:
    """Whoever says again and again that it was not dialled has used up its day."""
    for _time in range(3):
        call = handed_out(world)
        assert call is not None
        assert services.record_event(call_id=call.pk, event="released", client=world.client).ignored == ()
    last = handed_out(world)
    assert last is not None
    assert services.record_event(call_id=last.pk, event="released", client=world.client).ignored == ("event",)
    services.expire_reservations(now=last.reserved_until)
    assert handed_out(world) is None
