"""A whole site in a home of its own, started and stopped as people do it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .templates import state_of_code

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300  # a machine that is busy with something else takes its time
MADE = ROOT / "var" / "made"  # what a first start makes, for tests about something else
OF_ITS_PLACE = ("sockets", "run", "said.txt")


@dataclass
class Site:
    port: int
    home: Path
    env: dict[str, str]
    output: str

    def manage(self, *arguments: str, ok: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in ok, done.stderr
        return done.stdout

    @property
    def demo(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.manage("demo", "--json"))
        return payload

    @property
    def database(self) -> dict[str, str]:
        return {
            "host": (self.home / "sockets").read_text().strip(),
            "port": "5432",
            "user": "hegui",
            "dbname": "hegui",
        }


def keep_as_made(home: Path) -> None:
    """A home whose site has ended, for `begin_with_made`."""
    shutil.rmtree(MADE, ignore_errors=True)
    MADE.mkdir(parents=True)
    _copy(home, MADE / "draft")
    (MADE / "draft").rename(MADE / state_of_code())


def begin_with_made(home: Path) -> None:
    """The home as a first start of this code left it, if one was kept; else the next start is a first one."""
    if (made := MADE / state_of_code()).exists():
        _copy(made, home)


def _copy(source: Path, target: Path) -> None:
    # with its owners: PostgreSQL looks at them
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    for name in OF_ITS_PLACE:
        place = target / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: Path, port: int, *arguments: str) -> tuple[subprocess.Popen[bytes], dict[str, str], Path]:
    env = {**os.environ, "HEGUI_HOME": str(home), "PORT": str(port)}
    env.pop("HEGUI_POSTGRES_BIN", None)
    home.mkdir(parents=True, exist_ok=True)
    said = home / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments], cwd=ROOT, env=env, stdout=out, stderr=out
        )
    deadline = time.monotonic() + START_SECONDS
    while "Hegui is at" not in said.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process)
            pytest.fail(f"The site did not start:\n{said.read_text()}")
        time.sleep(0.1)
    return process, env, said


def _end(process: "subprocess.Popen[bytes]") -> None:
    """As it ends by itself, with its servers; only then by force."""
    try:
        stop(process)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=40)
