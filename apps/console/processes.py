"""The processes of a site: how web, workers and beat are started, and how `up` keeps them running."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

# Of each worker: the queues it takes from, and how many processes it has. Nothing long stands in front of
# what is urgent.
WORKERS = {
    "worker": ("urgent,default", settings.HEGUI_WORKERS),
    "heavy": ("heavy", settings.HEGUI_HEAVY_WORKERS),
}
if settings.HEGUI_SPEECH_TO_TEXT:
    WORKERS["speech"] = ("speech", settings.HEGUI_SPEECH_WORKERS)
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
START_SECONDS = 30
# seconds before a process that ended is started again, by how often it did
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
SETTLED = 300.0  # seconds after which it counts as running well


def web_command(host: str, port: int, *, cert: str, key: str) -> list[str]:
    """How granian is started; with a certificate it speaks TLS 1.3 and nothing older."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(settings.HEGUI_WEB_PROCESSES),
        "--blocking-threads": str(settings.HEGUI_WEB_THREADS),
        "--log-level": "warning",
    }
    if cert:
        options |= {"--ssl-certificate": cert, "--ssl-keyfile": key, "--ssl-protocol-min": "tls1.3"}
    spelled = [word for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *spelled, "--respawn-failed-workers", "config.wsgi:application"]


def why_not_free(host: str, port: int) -> str:
    """Why nobody can listen there, as the machine says it, or "". The web server itself would share the port
    with another that serves there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or type(error).__name__
    return ""


def worker_command(queues: str, processes: int) -> list[str]:
    """How a worker is started that takes from these queues, with commas between them."""
    options = {
        "--queues": queues,
        "--hostname": f"{queues.partition(',')[0]}@%h",
        "--concurrency": str(processes),
        "--loglevel": "WARNING",
    }
    spelled = [word for option in options.items() for word in option]
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        *spelled,
        "--without-gossip",
        "--without-mingle",
    ]


def beat_command() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "WARNING", "--pidfile="]


def _end_group(group: int) -> None:
    """Kill what is left of a process group that `up` started, and see it gone."""
    deadline = time.monotonic() + START_SECONDS
    while (left := [pid for pid in _processes() if _is_ours(pid, group)]) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _is_ours(pid: int, group: int) -> bool:
    """Whether the process is of the group and of this home: numbers are given out again. A dead
    one that nobody has asked after has no environment left."""
    try:
        return (
            os.getpgid(pid) == group
            and str(settings.HEGUI_HOME).encode() in Path(f"/proc/{pid}/environ").read_bytes()
        )
    except OSError:
        return False


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGTERM)


class Children:
    """The processes of the site: started, watched, stopped in the other order.

    Each leads a process group whose number stands in `<name>.pid`, so that what a killed `up`
    left behind can be ended by the next one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.how: dict[str, tuple[list[str], dict[str, str]]] = {}
        self.begun: dict[str, float] = {}
        self.ends: dict[str, int] = {}  # how often each has ended since it last ran well
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = (folder / "up.lock").open("a")

    def take_over(self, names: Iterable[str]) -> None:
        """Be the only `up` of this home; end those of these names that a killed one left running. Other pid
        files are none of ours: the embedded servers have theirs in the same folder."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Hegui already runs from {self.folder.parent}. Stop it first, or name another home: "
                "HEGUI_HOME=…"
            ) from None
        for path in (self.folder / f"{name}.pid" for name in names):
            if path.exists():
                _end_group(int(path.read_text()))
                path.unlink()

    def start(self, name: str, command: list[str], **env: str) -> None:
        self.how[name], self.begun[name] = (command, env), time.monotonic()
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env={**os.environ, "HEGUI_HOME": str(settings.HEGUI_HOME), **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (one thread here)
            )
        (self.folder / f"{name}.pid").write_text(str(self.running[name].pid))

    def wait_for(self, host: str, port: int) -> None:
        """Until the site answers there."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ended := self.ended():
                raise CommandError(f"The {ended} process did not start; {self.folder / ended}.log says why.")
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise CommandError(
            f"The site did not answer within {START_SECONDS} seconds; {self.folder}/web.log says why."
        )

    def ended(self) -> str | None:
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def keep_running(self, tell: Callable[[str], None]) -> None:
        """Start again what ends, until somebody ends `up`."""
        due: dict[str, float] = {}
        while True:
            now = time.monotonic()
            for name, process in self.running.items():
                if process.poll() is not None and name not in due:
                    again = 0 if now - self.begun[name] > SETTLED else self.ends.get(name, 0)
                    pause, self.ends[name] = PAUSES[min(again, len(PAUSES) - 1)], again + 1
                    due[name] = now + pause
                    tell(
                        f"The {name} process ended by itself; {self.folder / name}.log says why. It is "
                        f"started again in {pause:.0f} s."
                    )
            for name in [name for name, at in due.items() if at <= now]:
                del due[name]
                _end_group(self.running[name].pid)  # what it left behind still holds the port
                command, env = self.how[name]
                self.start(name, command, **env)
            time.sleep(0.3)

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 15
        for process in self.running.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for name in self.running:
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
