"""`manage.py up`: starts everything, keeps its data, ends cleanly, and says what is in its way."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.site import ROOT, Site, begin_with_made, free_port, keep_as_made, start, stop

pytestmark = pytest.mark.slow
CONTACTS = 2000  # of the demo world


def processes_of(home: Path) -> list[str]:
    """Command lines of living processes that belong to the home: by their environment or their words."""
    found = []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            text = (proc / "cmdline").read_bytes() + (proc / "environ").read_bytes()
        except OSError:
            continue
        if str(home).encode() in text and int(proc.name) != os.getpid():
            found.append((proc / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def count(site: Site, table: str) -> int:
    with psycopg.connect(**site.database) as link:
        row = link.execute(f"select count(*) from {table}").fetchone()
    assert row
    return int(row[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deep folder, with blanks; made by the first start, then used by all."""
    return tmp_path_factory.mktemp("up") / "a deep folder" / ("x" * 90) / "var"


def test_first_start_second_start_and_the_end_of_both(home: Path) -> None:
    port = free_port()
    process, env, said = start(home, port, "--demo", "--clock", "10:00")
    site = Site(port, home, env, said.read_text())
    for role in ("agent", "supervisor", "compliance", "admin"):
        assert f"user {role}" in site.output
    assert count(site, "contacts_contact") == CONTACTS
    assert httpx.get(f"http://127.0.0.1:{port}/accounts/login/").status_code == 200
    assert stop(process) == 0
    assert processes_of(home) == []
    keep_as_made(home)

    begun = time.monotonic()
    process, env, _said = start(home, port, "--demo")
    spent = time.monotonic() - begun
    assert count(site, "contacts_contact") == CONTACTS
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=40) == 0
    assert processes_of(home) == []
    # The promise is ten seconds; a run under load is given three times as long before it fails.
    assert spent < 30


def test_a_killed_site_starts_again(home: Path) -> None:
    port = free_port()
    process, env, _said = start(home, port, "--demo")
    site = Site(port, home, env, "")
    process.kill()
    process.wait()
    process, _env, _said = start(home, port, "--demo")
    assert count(site, "contacts_contact") == CONTACTS
    assert stop(process) == 0
    assert processes_of(home) == []


def test_what_dies_is_started_again(home: Path) -> None:
    """A killed web process left workers that held its port, and the site ended when a worker did."""
    port = free_port()
    process, _env, said = start(home, port, "--demo")
    pids = {
        name: int((home / "run" / f"{name}.pid").read_text()) for name in ("web", "worker", "heavy", "beat")
    }
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        again = {name: int((home / "run" / f"{name}.pid").read_text()) for name in pids}
        if all(again[name] != pid for name, pid in pids.items()):
            break
        time.sleep(0.2)
    assert all(again[name] != pid for name, pid in pids.items()), said.read_text()
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.2)
    else:
        raise AssertionError(said.read_text())
    assert "started again in 1 s" in said.read_text()
    assert stop(process) == 0
    assert processes_of(home) == []


def test_a_lost_keyring_is_a_sentence_and_nothing_is_changed(tmp_path: Path) -> None:
    home, port = tmp_path / "var", free_port()
    begin_with_made(home)
    if not home.exists():
        process, _env, _said = start(home, port, "--demo")
        assert stop(process) == 0
    kept = (home / "keyring.json").rename(home / "kept.json")
    done = up(home, port)
    assert done.returncode == 1
    assert "keyring" in done.stderr
    assert not (home / "keyring.json").exists(), "no new keyring is made over data that needs the old one"
    kept.rename(home / "keyring.json")
    process, _env, _said = start(home, port, "--demo")
    assert stop(process) == 0


def up(home: Path, port: int, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HEGUI_HOME": str(home), "PORT": str(port), **more}
    return subprocess.run(
        [sys.executable, "manage.py", "up", "--demo"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = up(tmp_path / "var", port)
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert processes_of(tmp_path) == []


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "var"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("18\n")
    env = {**os.environ, "HEGUI_HOME": str(home)}
    words = "from django.db import connection; connection.ensure_connection(); print('it answers')"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "it answers" in done.stdout, done.stderr
    assert (home / "postgres.made").exists()
    assert processes_of(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk wants root")
def test_a_full_disk_is_a_sentence_and_the_next_start_resolves_it(tmp_path: Path) -> None:
    home = tmp_path / "small"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(home)], check=False, capture_output=True
    )
    assert mounted.returncode == 0, mounted.stderr
    try:
        done = up(home, free_port())
        assert done.returncode == 1
        assert "is full" in done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=1g", str(home)], check=True)
        process, _env, _said = start(home, free_port())
        assert stop(process) == 0
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False, capture_output=True)
