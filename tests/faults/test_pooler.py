"""Behind PgBouncer in transaction mode: the gate answers each question, and one call a day stays one."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from tests.conftest import MOMENT
from tests.faults.racing import PROCESSES, THREADS, race
from tests.site import free_port
from tests.world import World

SERVERS = 6  # that the pooler opens: far fewer than ask, so that each transaction may get another

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reached(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Where the test database is reached through a pooler of its own."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "This test needs Debian's pgbouncer (apt-get install pgbouncer)."
    server, port = settings.DATABASES["default"], free_port()
    home = tmp_path / "pooler"
    home.mkdir()
    config = home / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={server['HOST']} port={server['PORT'] or 5432} "
        f"user={server['USER']}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = "
        "transaction\n"
        f"default_pool_size = {SERVERS}\nmax_client_conn = 500\nignore_startup_parameters = "
        "extra_float_digits,options\n"
    )
    as_other: list[str] = []
    if os.getuid() == 0:  # it refuses to run as root; the socket is for its owner alone
        for folder in (home, *tmp_path.parents[:3], tmp_path):
            folder.chmod(0o755)
        as_other = ["-u", pwd.getpwuid(Path(server["HOST"]).stat().st_uid).pw_name]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([program, *as_other, str(config)], stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)
    yield {"HOST": "127.0.0.1", "PORT": str(port)}
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def numbers() -> Iterator[list[str]]:
    with time_machine.travel(MOMENT, tick=True):
        world = World()
        found = [f"+861390000{number:04}" for number in range(60)]
        for number in found:
            world.add_contact(number)
        yield found
    connection.close()


def test_behind_the_pooler_each_number_is_called_once_and_nobody_is_failed(
    numbers: list[str], reached: dict[str, Any]
) -> None:
    answers, allowed = race(numbers, reached=reached, pooled=True)
    assert set(answers) == {"allow", "daily_cap"}, answers
    assert answers["allow"] == len(numbers)
    assert sum(answers.values()) == len(numbers) * PROCESSES * THREADS
    assert sorted(allowed) == sorted(number[-4:] for number in numbers)


def test_with_names_it_fails_so_the_setting_is_needed(numbers: list[str], reached: dict[str, Any]) -> None:
    """The planted fault: without `HEGUI_POOLER` the same race meets statements that its server does not
    know."""
    answers, _allowed = race(numbers[:10], reached=reached, pooled=False)
    assert set(answers) - {"allow", "daily_cap"}, answers
