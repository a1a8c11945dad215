"""A site of strangers on one host: docs/install.md word for word, then the main path, then each part killed
under traffic."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from .mail import mail_server
from .main_path import MainPath

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "install.md"
SITE = "hegui.example.cn"
POSTGRES = next(
    iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/lib/postgresql/none")
)
DATABASE_PASSWORD, REDIS_PASSWORD = "db-Word_7", "redis-Word_9"
BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.M | re.S)
# Blocks whose commands are the host's own: here the test stands in the place of systemd, of an editor, of the
# system's nginx.
OF_THE_HOST = {"names", "user", "editor", "units", "nginx"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*command: str | Path, **more: Any) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **more
    )
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def as_postgres(*words: str | Path) -> list[str]:
    """PostgreSQL does not run as root."""
    spelled = [str(word) for word in words]
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *spelled]
        if os.geteuid() == 0
        else spelled
    )


@dataclass
class Host:
    """The folder in which the host lives, its ports, and the processes that were started, the last first to
    end."""

    folder: Path
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("postgres", "redis", "web", "https", "http")}
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        return self.folder / "etc"

    @property
    def hegui(self) -> str:
        return str(self.folder / "opt" / "bin" / "hegui")

    def settings(self, mail_port: int) -> dict[str, str]:
        """What an operator writes into hegui.env."""
        tls, ports = self.conf / "tls", self.ports
        return {
            "HEGUI_SECRET_KEY": "one-host-test-" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP",
            "HEGUI_KEYRING_FILE": str(self.conf / "keys" / "keyring.json"),
            "HEGUI_ALLOWED_HOSTS": SITE,
            "HEGUI_URL": f"https://{SITE}:{ports['https']}",
            "DATABASE_URL": f"postgres://hegui:{DATABASE_PASSWORD}@localhost:{ports['postgres']}/hegui?sslmode=verify-full"
            f"&sslrootcert={tls / 'ca.pem'}&ssl_min_protocol_version=TLSv1.3",
            "REDIS_URL": f"rediss://:{REDIS_PASSWORD}@localhost:{ports['redis']}/0",
            "EMAIL_URL": f"smtp+tls://hegui:mail-Word_3@localhost:{mail_port}",
            "SSL_CERT_FILE": str(tls / "authorities.pem"),
            "HEGUI_HOME": str(self.folder / "data"),
            "PORT": str(ports["web"]),
        }

    def start(self, name: str, *command: str | Path, env: dict[str, str] | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                start_new_session=True,
                cwd="/",
            )

    def stop_all(self) -> None:
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def until(what: str, ready: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.2)


# -- what an operator has already: an authority, PostgreSQL, Redis, nginx


def make_certificates(host: Host, names_of: Mapping[str, str] | None = None) -> None:
    """An authority, and for each of `names_of` a certificate for those names."""
    here = f"DNS:localhost,IP:127.0.0.1,DNS:{SITE}"
    names_of = names_of or dict.fromkeys(("postgres", "redis", "mail", "site"), here)
    tls = host.conf / "tls"
    tls.mkdir(parents=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
    run(
        "openssl",
        "req",
        "-x509",
        *key,
        "-subj",
        "/CN=Authority of the test",
        "-keyout",
        tls / "ca.key",
        "-out",
        tls / "ca.pem",
    )
    for name, those in names_of.items():
        names = tls / f"{name}.ext"
        names.write_text(f"subjectAltName={those}\n")
        request = tls / f"{name}.csr"
        run(
            "openssl",
            "req",
            *key[:-2],
            "-subj",
            f"/CN={name}",
            "-keyout",
            tls / f"{name}.key",
            "-out",
            request,
        )
        run("openssl", "x509", "-req", "-in", request, "-CA", tls / "ca.pem", "-CAkey", tls / "ca.key",
            "-CAcreateserial", "-days", "90", "-extfile", names, "-out", tls / f"{name}.pem")  # fmt: skip
    system = Path("/etc/ssl/certs/ca-certificates.crt")
    (tls / "authorities.pem").write_text(
        (system.read_text() if system.exists() else "") + (tls / "ca.pem").read_text()
    )


def start_postgres(host: Host) -> str:
    data, tls = host.folder / "postgres", host.conf / "tls"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
    word = host.folder / "superuser.txt"
    word.write_text("super-Word_1")
    word.chmod(0o644)
    run(
        *as_postgres(
            POSTGRES / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            word,
            "--no-sync",
        )
    )
    for end in ("pem", "key"):
        shutil.copy(tls / f"postgres.{end}", data / f"server.{end}")
        (data / f"server.{end}").chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(data / f"server.{end}", "postgres", "postgres")
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    options = {
        "listen_addresses": "127.0.0.1", "port": str(host.ports["postgres"]), "unix_socket_directories": "",
        "ssl": "on",
        "ssl_cert_file": "server.pem", "ssl_key_file": "server.key", "ssl_min_protocol_version": "TLSv1.3",
        "fsync": "off",
    }  # fmt: skip
    (data / "postgresql.auto.conf").write_text(
        "".join(f"{name} = '{value}'\n" for name, value in options.items())
    )
    host.start("postgres", *as_postgres(POSTGRES / "postgres", "-D", data))
    url = (
        f"postgres://postgres:super-Word_1@localhost:{host.ports['postgres']}/postgres"
        f"?sslmode=verify-full&sslrootcert={tls / 'ca.pem'}"
    )
    until(
        "PostgreSQL",
        lambda: (
            subprocess.run(["psql", url, "-c", "select 1"], capture_output=True, check=False).returncode == 0
        ),
    )
    return url


def start_redis(host: Host) -> None:
    tls = host.conf / "tls"
    folder = host.folder / "redis"
    folder.mkdir(exist_ok=True)
    host.start(
        "redis", "redis-server", "--port", "0", "--tls-port", str(host.ports["redis"]), "--bind", "127.0.0.1",
        "--tls-cert-file", tls / "redis.pem", "--tls-key-file", tls / "redis.key", "--tls-ca-cert-file",
        tls / "ca.pem",
        "--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3", "--requirepass", REDIS_PASSWORD, "--dir",
        folder, "--appendonly", "yes",
        "--maxmemory-policy", "noeviction",
    )  # fmt: skip


def start_nginx(host: Host) -> None:
    """The page's own file, at ports of the test and within a main file of the test."""
    output = (
        (ROOT / "deploy" / "nginx" / "hegui.conf")
        .read_text()
        .replace("/etc/hegui", str(host.conf))
        .replace("/var/log/nginx", str(host.folder))
        .replace("/run/hegui-uploads", str(host.folder / "uploads"))
    )
    output = output.replace("listen 443", f"listen 127.0.0.1:{host.ports['https']}").replace(
        "listen 80", f"listen 127.0.0.1:{host.ports['http']}"
    )
    output = output.replace("127.0.0.1:8000", f"127.0.0.1:{host.ports['web']}")
    (host.folder / "hegui.conf").write_text(output)
    temp = "".join(
        f"{kind}_temp_path {host.folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = host.folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(
        f"{user} daemon off; pid {host.folder}/nginx.pid; error_log {host.folder}/nginx-error.log; events "
        f"{{}}\n"
        f"http {{ {temp} include {host.folder}/hegui.conf; }}\n"
    )
    run("nginx", "-t", "-c", main)
    host.start("nginx", "nginx", "-c", main)


# -- the page


def blocks() -> list[tuple[str, str]]:
    """The page's blocks of commands: what each is about, and its text."""
    return [(about, text) for about, text in BLOCK.findall(PAGE.read_text())]


def edit_settings(host: Host, mail_port: int) -> None:
    """What the operator does in an editor: each value of ours in the place of the example's."""
    path = host.conf / "hegui.env"
    text = path.read_text()
    for name, value in host.settings(mail_port).items():
        line = f'{name}="{value}"'
        text, count = re.subn(rf"^#?{name}=.*$", lambda _match, line=line: line, text, flags=re.M)  # type: ignore[misc]
        assert count == 1, f"{name} stands {count} times in the example"
    path.write_text(text)


def environment_of(host: Host) -> dict[str, str]:
    """What the unit gives its process: the file of settings, read as systemd reads it, and little else."""
    found = dict(re.findall(r'^(\w+)="(.*)"$', (host.conf / "hegui.env").read_text(), re.M))
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **found}


def follow_the_page(host: Host, admin_url: str, mail_port: int) -> str:
    """Run the page's blocks up to the start in one shell; returns what they said, the link of the
    administrator among it."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_NO_INDEX")
        if name in os.environ
    }
    env = {
        **kept, "PREFIX": str(host.folder / "opt"), "CONF": str(host.conf), "DATA": str(host.folder / "data"),
        "SITE": SITE, "AS": "",
        "ADMIN_URL": admin_url, "DATABASE_PASSWORD": DATABASE_PASSWORD, "ADMIN": "wang",
    }  # fmt: skip
    said = ""
    for about, text in blocks():
        if about == "editor":
            edit_settings(host, mail_port)
        if about == "units":
            return said
        if about not in OF_THE_HOST:
            spelled = text.replace("python3.11 -m venv", f"{shlex.quote(sys.executable)} -m venv")
            said += run("bash", "-euo", "pipefail", "-c", spelled, cwd=ROOT, env=env)
    raise AssertionError("the page has no block that starts the units")


def start_units(host: Host) -> None:
    """What each unit runs, by its ExecStart, with its environment."""
    for unit in sorted((ROOT / "deploy" / "systemd").glob("hegui-*.service")):
        start_unit(host, unit.stem)


def start_unit(host: Host, name: str) -> None:
    text = (ROOT / "deploy" / "systemd" / f"{name}.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", text, re.M)
    assert command is not None
    words = shlex.split(command[1].replace("/opt/hegui/bin/hegui", host.hegui))
    env = environment_of(host)
    if "PROMETHEUS_MULTIPROC_DIR" in text:
        metrics = host.folder / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        env["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    host.start(name, *words, env=env)


# -- the site as people and programs reach it


def client(host: Host) -> httpx.Client:
    """Through nginx, by the site's name, trusting the authority of the test alone."""
    context = ssl.create_default_context(cafile=str(host.conf / "tls" / "ca.pem"))
    transport, site = httpx.HTTPTransport(verify=context), f"{SITE}:{host.ports['https']}"
    return httpx.Client(
        transport=transport, base_url=f"https://localhost:{host.ports['https']}",
        headers={"Host": site, "Accept-Language": "en"},
        timeout=30, follow_redirects=False,
    )  # fmt: skip


def is_ready(host: Host) -> bool:
    with client(host) as site, contextlib.suppress(httpx.HTTPError):
        return site.get("/health/ready").status_code == 200
    return False


@contextlib.contextmanager
def traffic(host: Host, path: MainPath) -> Iterator[list[tuple[int, str]]]:
    """Opt-outs and questions to the gate, several a second, until the block ends; what came of each."""
    answers: list[tuple[int, str]] = []
    over = threading.Event()

    def ask() -> None:
        number = 0
        with client(host) as site:
            while not over.is_set():
                number += 1
                payload = {"phone": f"1390000{number % 10_000:04}", "evidence": f"traffic-{number}"}
                headers = {"Authorization": f"Bearer {path.key}"}
                try:
                    answer = site.post("/api/v1/opt-outs", json=payload, headers=headers)
                    answers.append((answer.status_code, answer.headers.get("content-type", "")))
                except httpx.HTTPError as error:
                    answers.append((0, type(error).__name__))
                time.sleep(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


def kill_each_part(host: Host, path: MainPath) -> dict[str, str]:
    """Each part killed under traffic and started again, as its unit would: the site answers again by itself,
    never with 500 or HTML."""
    seen = {}
    for name in ("hegui-web", "hegui-worker", "hegui-heavy", "hegui-beat", "redis", "postgres"):
        with traffic(host, path) as answers:
            time.sleep(1)
            os.killpg(host.processes[name].pid, signal.SIGKILL)
            host.processes[name].wait()
            time.sleep(1)
            restart(host, name)
            until(f"the site after {name} was killed", lambda: is_ready(host), 60)
            time.sleep(1)
            before = sum(status == 201 for status, _kind in answers)
            until(
                "an opt-out after it",
                lambda counted=before, payload=answers: (
                    sum(status == 201 for status, _kind in payload) > counted
                ),
                30,
            )
        statuses = sorted({status for status, _kind in answers})
        html = [kind for status, kind in answers if status not in (0, 502, 504) and "json" not in kind]
        assert not html, f"{name}: an answer of the API was {html[:3]}"
        assert not {500} & set(statuses), f"{name}: {statuses}"
        seen[name] = f"{len(answers)} requests, answers {statuses}"
    return seen


def restart(host: Host, name: str) -> None:
    if name == "postgres":
        host.start("postgres", *as_postgres(POSTGRES / "postgres", "-D", host.folder / "postgres"))
    elif name == "redis":
        start_redis(host)
    else:
        start_unit(host, name)


def refuses_old_tls(host: Host) -> None:
    for port in (host.ports["https"], host.ports["postgres"], host.ports["redis"]):
        more = ["-starttls", "postgres"] if port == host.ports["postgres"] else []
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", *more],
            input=b"",
            capture_output=True,
            check=False,
            timeout=20,
        )
        assert done.returncode != 0 or b"Cipher is (NONE)" in done.stdout, f"port {port} takes TLS 1.2"


def doctor(host: Host) -> dict[str, Any]:
    done = subprocess.run(
        [host.hegui, "doctor", "--json"],
        env=environment_of(host),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    payload: dict[str, Any] = json.loads(done.stdout)
    assert (payload["well"], done.returncode) == (True, 0), done.stdout
    return payload


def play(folder: Path, *, whole: bool) -> dict[str, Any]:
    """Install, begin, play the main path; `whole`: kill each part too. Returns what was seen."""
    host = Host(folder)
    seen: dict[str, Any] = {}
    make_certificates(host)
    tls = host.conf / "tls"
    with mail_server(tls / "mail.pem", tls / "mail.key", free_port()) as mail:
        try:
            admin_url = start_postgres(host)
            start_redis(host)
            begun = time.monotonic()
            said = follow_the_page(host, admin_url, mail.port)
            seen["installed_in_seconds"] = round(time.monotonic() - begun)
            link = re.search(r"https://\S+/invitation/\S+", said)
            assert link is not None, said
            start_units(host)
            start_nginx(host)
            until("the site", lambda: is_ready(host))
            refuses_old_tls(host)
            path = MainPath(lambda: client(host))
            seen["path"] = path.play(link[0].split(str(host.ports["https"]))[1])
            seen["doctor"] = {name: check["state"] for name, check in doctor(host)["checks"].items()}
            seen["mails"] = len(mail.received)
            if whole:
                seen["killed"] = kill_each_part(host, path)
            return seen
        except BaseException:
            for name in host.processes:
                print(f"== {name}\n{host.log(name)}", file=sys.stderr)
            raise
        finally:
            host.stop_all()


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--short"]
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(words[0] if words else f"{passing}/host")
        Path(passing).chmod(0o755)
        folder.mkdir(parents=True)
        print(json.dumps(play(folder, whole="--short" not in sys.argv), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
