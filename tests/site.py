"""A whole site in a home of its own, started and stopped as people do it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120


@dataclass
class Site:
    port: int
    home: Path
    env: dict[str, str]
    told: str

    def manage(self, *arguments: str, ok: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode in ok, done.stderr
        return done.stdout

    @property
    def demo(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.manage("demo", "--json"))
        return told

    @property
    def database(self) -> dict[str, str]:
        return {"host": (self.home / "sockets").read_text().strip(), "port": "5432", "user": "hegui", "dbname": "hegui"}


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
        process = subprocess.Popen([sys.executable, "manage.py", "up", *arguments], cwd=ROOT, env=env, stdout=out, stderr=out)
    deadline = time.monotonic() + START_SECONDS
    while "Hegui is at" not in said.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"The site did not start:\n{said.read_text()}")
        time.sleep(0.1)
    return process, env, said


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=40)
