"""What holds when many ask at once: one call a day, and an opt-out wins."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from apps.calls import services as calls
from apps.calls.models import Call, Decision
from apps.core.protected import Protected
from apps.optouts import services as optouts
from apps.optouts.models import OptOut
from tests.conftest import MOMENT
from tests.world import LINE, World

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES, THREADS = 4, 16

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def committed() -> Iterator[World]:
    """A world whose rows other processes see. Time goes on from MOMENT."""
    with time_machine.travel(MOMENT, tick=True):
        yield World()


def race(phones: list[str], client: int | None = None) -> tuple[Counter[str], list[str]]:
    """All threads of all processes ask for each number in turn; the answers and the numbers allowed."""
    order = {
        "database": settings.DATABASES["default"]["NAME"],
        "phones": phones,
        "campaign": "spring",
        "line": LINE,
        "at": MOMENT.isoformat(),
        "client": client,
        "threads": THREADS,
    }
    racers = [
        subprocess.Popen([sys.executable, "-m", "tests.faults.racer"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    answers: Counter[str] = Counter()
    allowed: list[str] = []
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(json.dumps(order) + "\n")
        racer.stdin.flush()
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        out, _nothing = racer.communicate(timeout=300)
        told = json.loads(out)
        answers.update(told["answers"])
        allowed += told["allowed"]
        assert racer.returncode == 0
    return answers, allowed


def test_64_ask_for_one_number_and_one_may_call(committed: World) -> None:
    answers, allowed = race(["+8613800001234"])
    assert answers == {"allow": 1, "daily_cap": PROCESSES * THREADS - 1}
    assert allowed == ["1234"]
    assert Call.objects.count() == 1


def test_64_ask_for_each_of_many_numbers_and_each_is_called_once(committed: World) -> None:
    numbers = [f"+861390000{number:04}" for number in range(500)]
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


def test_after_an_opt_out_has_answered_nothing_is_allowed(committed: World) -> None:
    """2,000 races over every channel in turn: one thread says no while another asks, then both look."""
    rounds = 2000
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
    assert set(OptOut.objects.values_list("channel", flat=True)) == {"api", "sms", "web", "complaint", "agent", "regulator"}


def _word(world: World, number: str, place: int) -> Callable[[], object]:
    """How the holder of the number says no: by another way each time. Key 9 is said in a call that is under way already
    (`tests/calls/test_api.py`); it records as these do."""
    evidence, phone = number[-5:], Protected(number, "phone")
    link = optouts.make_link(phone=phone) if place % 6 == 2 else ""

    def by_list() -> None:
        taken = optouts.take_list(
            actor=world.people["compliance"], origin="regulator", evidence=f"list {evidence}", file_name="list.csv",
            content=f"phone\n{number}\n".encode(),
        )  # fmt: skip
        optouts.run_list(taken.job_id)

    ways: tuple[Callable[[], object], ...] = (
        lambda: optouts.record_opt_out(phone=phone, channel=OptOut.Channel.API, evidence=evidence, client=world.client),
        lambda: optouts.take_message(client=world.client, sender=phone, text="TD" if place % 4 else "别打了", message_id=evidence),
        lambda: optouts.use_link(word=link),
        lambda: optouts.record_by_hand(actor=world.people["supervisor"], phone=number, channel="complaint", evidence=f"c {evidence}"),
        lambda: optouts.record_by_hand(actor=world.people["supervisor"], phone=number, channel="agent", evidence=f"a {evidence}"),
        by_list,
    )
    return ways[place % len(ways)]


def _insert(world: World, numbers: list[str]) -> None:
    from apps.contacts.services import import_now

    content = "手机号,同意渠道,同意时间\n" + "".join(f"{number},网页,2026-11-01\n" for number in numbers)
    done = import_now(
        actor=world.people["supervisor"], source=world.source, file_name="race.csv", file=content.encode(), list_code="spring"
    )
    assert done.counts == {"accepted": len(numbers)}
