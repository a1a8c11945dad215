"""`up [--demo] [--host H]`: everything that makes the site, until Ctrl-C.

Prepares (tables, messages, static files, the demo), then keeps these processes running: web, two
workers (one for long work), beat and, in a demo, the practice dialler. One that ends is started again, after pauses that grow. The
embedded servers are held by manage.py around this command and stop after it.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.console import demo, static_files
from apps.console.demo.world import secrets_of_demo
from apps.core import cli
from apps.core.calendar import clock
from apps.retention.services import upgrade

# Of each worker: the queues it takes from, and how many processes it has. Nothing long stands in front of what is urgent.
WORKERS = {"worker": ("urgent,default", settings.HEGUI_WORKERS), "heavy": ("heavy", settings.HEGUI_HEAVY_WORKERS)}
NAMES = ("web", *WORKERS, "beat", "dialler")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
START_SECONDS = 30
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds before a process that ended is started again, by how often it did
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


def worker_command(queues: str, processes: int) -> list[str]:
    """How a worker is started that takes from these queues, with commas between them."""
    options = {"--queues": queues, "--hostname": f"{queues.partition(',')[0]}@%h", "--concurrency": str(processes), "--loglevel": "WARNING"}
    spelled = [word for option in options.items() for word in option]
    return [sys.executable, "-m", "celery", "-A", "config", "worker", *spelled, "--without-gossip", "--without-mingle"]


def beat_command() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "WARNING", "--pidfile="]


class Command(cli.Command):
    help = "Run the whole site: web, worker, beat and, in a demo, the practice dialler."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo world when the database is empty")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--clock", default="", help="in a demo: the hour that the day starts at, like 10:00")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], settings.PORT
        log = Path(settings.HEGUI_HOME) / "run"
        children = Children(log)
        children.take_over()
        self._port_is_free(host, port)
        self._prepare(with_demo=options["demo"])
        if settings.DEMO and host not in LOOPBACK:
            raise CommandError("A demo is served on loopback only. Use a database of your own to serve others.")
        self._set_clock(options["clock"])
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: sys.exit(0))
        try:
            web = web_command(host, port, cert=settings.HEGUI_TLS_CERT, key=settings.HEGUI_TLS_KEY)
            children.start("web", web, PROMETHEUS_MULTIPROC_DIR=str(self._metrics()))
            for name, (queues, processes) in WORKERS.items():
                children.start(name, worker_command(queues, processes))
            children.start("beat", beat_command())
            url = f"{'https' if settings.HEGUI_TLS_CERT else 'http'}://{host}:{port}"
            self._wait_for(host, port, children)
            if settings.DEMO:
                key = secrets_of_demo()["dialler_key"]
                children.start("dialler", [sys.executable, "manage.py", "practice_dialler", "--url", url], HEGUI_DIALLER_KEY=key)
            self._welcome(url)
            children.keep_running(self._say)
        except SystemExit:
            self.stdout.write("\nStopping.")
        finally:
            children.stop()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    # -- before

    @staticmethod
    def _port_is_free(host: str, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(f"Port {port} cannot be used: {error.strerror}. Choose another: PORT={port + 1} make run") from None

    def _prepare(self, *, with_demo: bool) -> None:
        upgrade(with_backup=settings.EMBEDDED is None, tell=self._say)
        static_files.collect()
        if with_demo and settings.EMBEDDED is not None and not demo.has_people():
            self.stdout.write("Making the demo world …")
            demo.build()

    @staticmethod
    def _metrics() -> Path:
        """The folder into which the web processes count, without what those before counted."""
        folder = Path(settings.HEGUI_HOME) / "run" / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    @staticmethod
    def _set_clock(text: str) -> None:
        if not text:
            return
        if not settings.DEMO:
            raise CommandError("The clock can be set in a demo only.")
        try:
            wanted = datetime.combine(timezone.localdate(), datetime.strptime(text, "%H:%M").time(), timezone.get_default_timezone())  # noqa: DTZ007
        except ValueError:
            raise CommandError(f'"{text}" is not an hour like 10:00.') from None
        os.environ["HEGUI_DEMO_CLOCK_OFFSET"] = str(int((wanted - timezone.now()).total_seconds()))

    # -- while

    @staticmethod
    def _wait_for(host: str, port: int, children: "Children") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ended := children.ended():
                raise CommandError(f"The {ended} process did not start; {children.folder / ended}.log says why.")
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise CommandError(f"The site did not answer within {START_SECONDS} seconds; {children.folder}/web.log says why.")

    def _welcome(self, url: str) -> None:
        self.stdout.write(f"\nHegui is at {url}  (Ctrl-C ends it)\n")
        if settings.DEMO:
            for role, user in demo.describe_people().items():
                self.stdout.write(f"  {role:<12} user {user['username']:<12} password {user['password']}")
            offset = int(os.environ.get("HEGUI_DEMO_CLOCK_OFFSET", "0"))
            local = datetime.fromtimestamp(clock.now().timestamp() + offset, timezone.get_default_timezone())
            self.stdout.write(f"  It is {local:%H:%M} in the demo's China.")
            if not 8 <= local.hour < 21:
                self.stdout.write("  Outside 08:00-21:00 the gate refuses every call. To try the desk now: make run CLOCK=10:00")
        self.stdout.flush()


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
        return os.getpgid(pid) == group and str(settings.HEGUI_HOME).encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def _die_with_parent() -> None:
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

    def take_over(self) -> None:
        """Be the only `up` of this home; end what a killed one left running."""
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Hegui already runs from {self.folder.parent}. Stop it first, or name another home: HEGUI_HOME=…") from None
        for path in (self.folder / f"{name}.pid" for name in NAMES):
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
                preexec_fn=_die_with_parent,  # noqa: PLW1509  (one thread here)
            )
        (self.folder / f"{name}.pid").write_text(str(self.running[name].pid))

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
                    tell(f"The {name} process ended by itself; {self.folder / name}.log says why. It is started again in {pause:.0f} s.")
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
