"""What holds when many ask at once: one call a day, and an opt-out wins."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from apps.access import services as access
from apps.accounts import services as accounts
from apps.calls import services as calls
from apps.calls.models import Call, Decision, Disposition
from apps.calls.services import deciding
from apps.campaigns import services as campaigns
from apps.contacts import services as contacts
from apps.core.crypto import blind_index
from apps.core.privacy.protected import Protected
from apps.notifications import gateway
from apps.notifications.services import outbox
from apps.optouts import services as optouts
from apps.optouts.models import OptOut
from apps.optouts.services.coding import TooOften
from tests.conftest import MOMENT
from tests.faults.racing import PROCESSES, THREADS, race
from tests.proofs import sized
from tests.world import LINE, World

FRESH = "+8613900009999"
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def committed() -> Iterator[World]:
    """A world whose rows other processes see. Time goes on from MOMENT."""
    with time_machine.travel(MOMENT, tick=True):
        yield World()


def test_64_ask_for_one_number_and_one_may_call(committed: World) -> None:
    answers, allowed = race(["+8613800001234"])
    assert answers == {"allow": 1, "daily_cap": PROCESSES * THREADS - 1}
    assert allowed == ["1234"]
    assert Call.objects.count() == 1


def test_64_ask_for_each_of_many_numbers_and_each_is_called_once(committed: World) -> None:
    numbers = [f"+861390000{number:04}" for number in range(sized(120, 500))]
    for number in numbers:
        committed.add_contact(number)
    answers, allowed = race(numbers)
    assert answers["allow"] == len(numbers)
    assert sorted(allowed) == sorted(number[-4:] for number in numbers)
    assert sum(answers.values()) == len(numbers) * PROCESSES * THREADS
    assert set(answers) == {"allow", "daily_cap"}
    assert Call.objects.count() == len(numbers)


def test_64_that_retry_under_one_key_get_the_one_call_again(committed: World) -> None:
    numbers = [f"+861390000{number:04}" for number in range(60)]
    for number in numbers:
        committed.add_contact(number)
    answers, allowed = race(numbers, client=committed.client.pk)
    assert answers == {"allow": len(numbers) * PROCESSES * THREADS}
    assert len(allowed) == len(numbers) * PROCESSES * THREADS
    assert Call.objects.count() == len(numbers)
    assert Decision.objects.count() == len(numbers)


def test_codes_asked_for_side_by_side_are_counted_like_others(
    committed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public page that sends a message to the person who is named must not send it thirty times."""
    sent: list[str] = []
    monkeypatch.setattr(outbox, "can_send", lambda: True)
    monkeypatch.setattr(outbox, "_soon", lambda: transaction.on_commit(outbox.send_due))
    monkeypatch.setattr(gateway, "send", lambda *, number, text, key: sent.append(str(number)))
    begin, outcomes = threading.Barrier(THREADS), Counter[str]()

    def ask() -> None:
        begin.wait()
        try:
            optouts.ask_code(phone="13800001234", address="192.0.2.7")
            outcomes["sent"] += 1
        except TooOften:
            outcomes["too often"] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _each in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"sent": 1, "too often": THREADS - 1}
    assert len(sent) == 1


def test_searches_side_by_side_do_not_outrun_the_quota(committed: World) -> None:
    agent, most = committed.people["agent"], 20
    begin, outcomes = threading.Barrier(2 * most), Counter[str]()

    def search(place: int) -> None:
        begin.wait()
        try:
            access.search_number(actor=agent, number=f"+861390000{place:04}")
            outcomes["answered"] += 1
        except access.SearchQuotaReached:
            outcomes["too often"] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=search, args=(place,)) for place in range(2 * most)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"answered": most, "too often": most}


def test_races_between_yes_and_dial_hand_out_no_number(committed: World) -> None:
    """Suspension, pause and withdrawal between allow and claim: once they have answered, no claim gives a
    number."""
    rounds, wrong, outcomes = sized(300, 1_000), [], Counter[str]()
    numbers = [f"+86159100{number:05}" for number in range(rounds)]
    _insert(committed, numbers)
    supervisor, agent = committed.people["supervisor"], committed.people["agent"]
    for place, number in enumerate(numbers):
        kind = ("pause", "suspend", "doubt")[place % 3]
        reserved = calls.authorize(
            campaign="spring", phone=Protected(number, "phone"), line=LINE, agent=agent, checklist_done=True
        )
        assert reserved.allowed, reserved.codes
        begin, claimed = threading.Barrier(2), []

        def claim() -> None:
            begin.wait()  # noqa: B023  (joined within the round)
            claimed.append(calls.claim_call(client=committed.client))  # noqa: B023
            connection.close()

        thread = threading.Thread(target=claim)
        thread.start()
        begin.wait()
        if kind == "pause":
            campaigns.pause_campaign(actor=supervisor, campaign=committed.campaign)
        elif kind == "suspend":
            accounts.suspend(actor=supervisor, agent=agent, reason="x")
        else:
            index = blind_index.number_index(number)
            contacts.raise_doubt(number_index=index, origin="person", reference="x", actor=agent)
        call = Call.objects.get(pk=reserved.call_id)
        late = calls.claim_call(client=committed.client)
        thread.join()
        outcomes["claimed before" if claimed[0] else "withdrawn"] += 1
        if late is not None or (claimed[0] is None and call.state not in {"withdrawn"}):
            wrong.append(f"{kind} {number}")
        if claimed[0] is not None:  # handed over before the word: to be ended, and it counts
            call.refresh_from_db()
            if call.end_requested_at is None:
                wrong.append(f"{kind} {number}: not to be ended")
        Call.objects.filter(pk=call.pk).update(state="ended", made_at=call.reserved_at)
        Disposition.objects.create(call=call, reason="not_reached", written_by=agent)
        if kind == "pause":
            campaigns.run_campaign(actor=supervisor, campaign=committed.campaign)
        elif kind == "suspend":
            accounts.resume(actor=supervisor, agent=agent)
            agent.refresh_from_db()
    assert wrong == []
    assert outcomes["withdrawn"] + outcomes["claimed before"] == rounds


@pytest.mark.parametrize("what", ["source", "import"])
def test_a_decision_under_way_reserves_nothing_of_a_source_or_import_that_is_gone(
    committed: World, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read its facts; then the contacts are withdrawn, and only then it stores its reservation."""
    supervisor = committed.people["supervisor"]
    content = f"手机号,同意渠道,同意时间\n{FRESH},网页,2026-07-01\n".encode()
    brought = contacts.import_now(
        actor=supervisor, source=committed.source, file_name="list.csv", file=content, leave_hidden=None
    )
    has_facts, judge, answers = threading.Event(), deciding.judge, []

    def slow_judge(facts: Any) -> Any:
        has_facts.set()
        time.sleep(1)
        return judge(facts)

    def ask() -> None:
        answers.append(
            calls.authorize(
                campaign="spring",
                phone=Protected(FRESH, "phone"),
                line=LINE,
                client=committed.client,
                hands_over=True,
            )
        )
        connection.close()

    monkeypatch.setattr(deciding, "judge", slow_judge)
    asker = threading.Thread(target=ask)
    asker.start()
    assert has_facts.wait(10)
    if what == "source":
        contacts.withdraw_source(actor=committed.people["compliance"], source=committed.source, reason="x")
    else:
        contacts.take_back(actor=supervisor, contact_import=brought)
    asker.join()
    call = Call.objects.get(pk=answers[0].call_id)
    assert call.end_requested_at is not None or call.state == "withdrawn", (
        "it waited for the decision and saw its reservation"
    )


def test_after_an_opt_out_has_answered_nothing_is_allowed(committed: World) -> None:
    """Over every channel in turn: one thread says no while another asks, then both look."""
    rounds = sized(600, 2000)
    numbers = [f"+86159000{number:05}" for number in range(rounds)]
    _insert(committed, numbers)
    says = {number: _word(committed, number, place) for place, number in enumerate(numbers)}
    wrong: list[str] = []
    outcomes: Counter[str] = Counter()

    def races(mine: list[str]) -> None:
        """One thread asks before and after; the other records the opt-out in between."""
        begin, said = threading.Barrier(2), threading.Barrier(2)
        asked: dict[str, Any] = {}

        def ask() -> None:
            for number in mine:
                phone = Protected(number, "phone")
                begin.wait()
                asked["before"] = calls.authorize(campaign="spring", phone=phone, line=LINE)
                said.wait()
                asked["after"] = calls.authorize(campaign="spring", phone=phone, line=LINE)
                begin.wait()
            connection.close()

        other = threading.Thread(target=ask)
        other.start()
        for number in mine:
            begin.wait()
            says[number]()
            said.wait()
            begin.wait()
            before, after = asked["before"], asked["after"]
            outcomes["allowed first" if before.allowed else "opted out first"] += 1
            if after.allowed or (before.allowed and Call.objects.get(pk=before.call_id).state != "withdrawn"):
                wrong.append(number[-5:])
        other.join()
        connection.close()

    half = rounds // 2
    threads = [threading.Thread(target=races, args=(part,)) for part in (numbers[:half], numbers[half:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sum(outcomes.values()) == rounds
    assert len(outcomes) == 2, f"a race that always ends the same way is none: {outcomes}"
    assert not Call.objects.filter(state="reserved").exists()
    assert set(OptOut.objects.values_list("channel", flat=True)) == {
        "api",
        "sms",
        "web",
        "complaint",
        "agent",
        "regulator",
    }


def _word(world: World, number: str, place: int) -> Callable[[], object]:
    """How the holder of the number says no: by another way each time. Key 9 is said in a call that is under
    way already (`tests/calls/test_api.py`); it records as these do."""
    evidence, phone = number[-5:], Protected(number, "phone")
    link = optouts.make_link(phone=phone) if place % 6 == 2 else ""

    def by_list() -> None:
        taken = optouts.take_list(
            actor=world.people["compliance"], origin="regulator", evidence=f"list {evidence}",
            file_name="list.csv",
            content=f"phone\n{number}\n".encode(),
        )  # fmt: skip
        optouts.run_list(taken.job_id)

    ways: tuple[Callable[[], object], ...] = (
        lambda: optouts.record_opt_out(
            phone=phone, channel=OptOut.Channel.API, evidence=evidence, client=world.client
        ),
        lambda: optouts.take_message(
            client=world.client, sender=phone, text="TD" if place % 4 else "别打了", message_id=evidence
        ),
        lambda: optouts.use_link(word=link),
        lambda: optouts.record_by_hand(
            actor=world.people["supervisor"], phone=number, channel="complaint", evidence=f"c {evidence}"
        ),
        lambda: optouts.record_by_hand(
            actor=world.people["supervisor"], phone=number, channel="agent", evidence=f"a {evidence}"
        ),
        by_list,
    )
    return ways[place % len(ways)]


def _insert(world: World, numbers: list[str]) -> None:
    from apps.campaigns.services import contact_list_of
    from apps.contacts.services import import_now

    content = "手机号,同意渠道,同意时间\n" + "".join(f"{number},网页,2026-11-01\n" for number in numbers)
    done = import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name="race.csv",
        file=content.encode(),
        contact_list=contact_list_of(world.campaign),
    )
    assert done.counts == {"accepted": len(numbers)}
