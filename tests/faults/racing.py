"""Many processes that ask the gate at once."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.conftest import MOMENT
from tests.world import LINE

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES, THREADS = 4, 16


def race(phones: list[str], client: int | None = None, **more: Any) -> tuple[Counter[str], list[str]]:
    """All threads of all processes ask for each number in turn; the answers and the numbers allowed. `more`
    of the order: racer.py."""
    order = {
        "database": settings.DATABASES["default"]["NAME"],
        "phones": phones,
        "campaign": "spring",
        "line": LINE,
        "at": MOMENT.isoformat(),
        "client": client,
        "threads": THREADS,
        **more,
    }
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.racer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
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
        payload = json.loads(out)
        answers.update(payload["answers"])
        allowed += payload["allowed"]
        assert racer.returncode == 0
    return answers, allowed
