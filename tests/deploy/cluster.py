"""Hegui on several hosts, from the files under deploy/: three PostgreSQL under Patroni with etcd, HAProxy,
two web hosts. Under traffic the primary is killed, frozen and crashed, and the web hosts are restarted one by
one; what was acknowledged is there afterwards.

Each host is an address of the loopback: 127.0.0.11 to .13 the databases, .21 and .22 the web, .10 HAProxy.
Needs root, and Debian's patroni, etcd-server, haproxy, postgresql and redis-server.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg

from .mail import mail_server
from .main_path import LINE, MainPath
from .one_host import (
    POSTGRES,
    ROOT,
    SITE,
    Host,
    as_postgres,
    environment_of,
    follow_the_page,
    free_port,
    make_certificates,
    run,
    start_redis,
    until,
)  # fmt: skip

PROXY, DATABASES, WEBS = (
    "127.0.0.10",
    {"db1": "127.0.0.11", "db2": "127.0.0.12", "db3": "127.0.0.13"},
    {"web1": "127.0.0.21", "web2": "127.0.0.22"},
)
PASSWORDS = {
    f"PATRONI_{of}_PASSWORD": f"{of.lower()}-Word_5"
    for of in ("SUPERUSER", "REPLICATION", "REWIND", "RESTAPI")
}
NUMBERS = [f"1390000{number:04}" for number in range(3000)]
# As docs/cluster.md says: a database's holds the balancer's address too, a web host's the name of the site
# alone. (The loopback's own address is in those of the databases because etcd looks where its peers come
# from.)
CERTIFICATES = {
    **{name: f"DNS:{name},IP:{address},IP:{PROXY},IP:127.0.0.1" for name, address in DATABASES.items()},
    "web": f"DNS:{SITE}", "site": f"DNS:{SITE},IP:{PROXY}", "redis": "DNS:localhost", "mail": "DNS:localhost",
}  # fmt: skip
AUTHORISING, A_SECOND, OPT_OUTS_A_SECOND = 10, 5, 5  # threads, questions of each and refusals a second
GAP = 30  # seconds within which the gate answers again


@dataclass
class Cluster(Host):
    def settings(self, mail_port: int) -> dict[str, str]:
        tls = self.conf / "tls"
        return {
            **super().settings(mail_port),
            "DATABASE_URL": f"postgres://hegui:db-Word_7@{PROXY}:5432/hegui?sslmode=verify-full"
            f"&sslrootcert={tls / 'ca.pem'}&ssl_min_protocol_version=TLSv1.3",
            "HEGUI_URL": f"https://{SITE}:8443",
            "HEGUI_TRUSTED_PROXIES": "127.0.0.0/24",
            "HEGUI_TLS_CERT": str(tls / "web.pem"),
            "HEGUI_TLS_KEY": str(tls / "web.key"),
            "HEGUI_HOST": WEBS["web1"],
            "HEGUI_LEDGER": str(self.folder / "ledger"),
            "PORT": "8443",
        }

    def file(self, path: str, name: str, address: str = "") -> Path:
        """A file of deploy/ with this host's name, address and folders in the place of the example's."""
        text = (ROOT / "deploy" / path).read_text().replace("/etc/hegui/tls", str(self.conf / "tls"))
        text = text.replace("/tls/node.", f"/tls/{name}.")
        kept = []
        for line in text.splitlines():
            same = line.startswith(("initial-cluster:", "  hosts:", "    server ", "    bind "))
            kept.append(
                line if same else line.replace("db1", name).replace("10.0.0.11", address or "10.0.0.11")
            )
        text = "\n".join(kept).replace("10.0.0.", "127.0.0.").replace(":443 ssl", ":8443 ssl")
        place = self.folder / name
        text = text.replace("/var/lib/postgresql/hegui", f"{place}/data").replace(
            "/run/postgresql", f"{place}/run"
        )
        text = text.replace("/usr/lib/postgresql/15/bin", str(POSTGRES)).replace(
            "/var/lib/etcd/hegui", f"{place}/etcd"
        )
        made = place / Path(path).name
        made.write_text(text + "\n")
        return made


# -- the hosts


def start_etcd(host: Cluster) -> None:
    for name, address in DATABASES.items():
        (host.folder / name / "run").mkdir(parents=True)
        host.start(f"etcd-{name}", "etcd", "--config-file", host.file("etcd/etcd.yml", name, address))
    until("etcd", lambda: all(_has_agreed(host, address) for address in DATABASES.values()), 60)


def _has_agreed(host: Cluster, address: str) -> bool:
    """Whether a member knows which version the whole speaks: Patroni keeps what it hears first."""
    tls = host.conf / "tls"
    context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    context.load_cert_chain(tls / "db1.pem", tls / "db1.key")
    with contextlib.suppress(httpx.HTTPError):
        version: str = httpx.get(f"https://{address}:2379/version", verify=context, timeout=2).json()[
            "etcdcluster"
        ]
        return version.startswith("3.") and version != "3.0.0"
    return False


def start_database(host: Cluster, name: str) -> None:
    place, address = host.folder / name, DATABASES[name]
    path = host.file("patroni/patroni.yml", name, address)
    # the machine of the test has one watchdog for all
    path.write_text(path.read_text().replace("mode: required", "mode: 'off'"))
    for each in (place, place / "run"):
        shutil.chown(each, "postgres", "postgres")
    host.start(
        f"patroni-{name}",
        *as_postgres("patroni", path),
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **PASSWORDS},
    )


def start_haproxy(host: Cluster) -> None:
    (host.folder / "proxy").mkdir()
    tls = host.conf / "tls"
    (tls / "site-and-key.pem").write_text((tls / "site.pem").read_text() + (tls / "site.key").read_text())
    path = host.file("haproxy/hegui.cfg", "proxy")
    run("haproxy", "-c", "-f", path)
    host.start("haproxy", "haproxy", "-db", "-f", path)


def start_web(host: Cluster, name: str) -> None:
    home = host.folder / f"home-{name}"
    home.mkdir(exist_ok=True)
    if not (home / "media").exists():  # in the place of a bucket: one folder that both reach
        (host.folder / "data" / "media").mkdir(parents=True, exist_ok=True)
        (home / "media").symlink_to(host.folder / "data" / "media")
    env = environment_of(host) | {"HEGUI_HOME": str(home), "HEGUI_HOST": WEBS[name]}
    host.start(name, host.hegui, "run", "web", env=env)


def members(host: Cluster) -> dict[str, dict[str, Any]]:
    """What Patroni says of each member, from whichever answers."""
    context = ssl.create_default_context(cafile=str(host.conf / "tls" / "ca.pem"))
    for address in DATABASES.values():
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(f"https://{address}:8008/cluster", verify=context, timeout=2)
            return {each["name"]: each for each in answer.json()["members"]}
    return {}


def leader(host: Cluster) -> str:
    return next(
        (
            name
            for name, each in members(host).items()
            if each["role"] == "leader" and each["state"] == "running"
        ),
        "",
    )


def is_whole(host: Cluster) -> bool:
    """A leader, and two replicas that follow it, one of them synchronously."""
    found = members(host)
    roles = Counter(each["role"] for each in found.values() if each["state"] in {"running", "streaming"})
    return (
        roles["leader"] == 1
        and roles["sync_standby"] >= 1
        and roles["sync_standby"] + roles["replica"] == len(DATABASES) - 1
    )


def processes_of(host: Cluster, name: str) -> list[int]:
    """Patroni and PostgreSQL of a host, with every process of the server."""
    found = []
    place = f"{host.folder}/{name}/"
    rows = [line.split(None, 2) for line in run("ps", "-eo", "pid=,ppid=,args=").splitlines()]
    own = {
        int(pid)
        for pid, _parent, words in rows
        if place in words and "etcd" not in words and "ps -eo" not in words
    }
    while True:
        more = {int(pid) for pid, parent, _words in rows if int(parent) in own} - own
        if not more:
            found = sorted(own)
            return found
        own |= more


def signal_all(host: Cluster, name: str, number: int) -> None:
    for pid in processes_of(host, name):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# -- traffic


def client(host: Cluster, timeout: float = 40) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(host.conf / "tls" / "ca.pem"))
    return httpx.Client(
        transport=httpx.HTTPTransport(verify=context), base_url=f"https://{PROXY}:8443",
        headers={"Host": f"{SITE}:8443", "Accept-Language": "en"}, timeout=timeout, follow_redirects=False,
    )  # fmt: skip


@dataclass
class Seen:
    """What came back: of every request its kind, when, status and content type; and what was acknowledged."""

    answers: list[tuple[str, float, int, str]] = field(default_factory=list)
    decisions: set[str] = field(default_factory=set)
    allowed: Counter[str] = field(default_factory=Counter)
    opt_outs: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def longest_gap(self, struck: float, ended: float) -> float:
        """The longest time without an answer of the gate that was no error, from the strike to the end of the
        traffic."""
        good = sorted(
            at
            for kind, at, status, _content in self.answers
            if kind == "authorize" and status == 200 and struck < at < ended
        )
        return max(later - at for at, later in pairwise([struck, *good, ended]))

    def statuses(self) -> dict[str, int]:
        return dict(Counter(f"{kind} {status}" for kind, _at, status, _content in self.answers))


def _authorise(host: Cluster, key: str, seen: Seen, over: threading.Event, chance: random.Random) -> None:
    with client(host) as site:
        while not over.is_set():
            number = chance.choice(NUMBERS)
            payload = {"campaign": "spring", "phone": number, "line": LINE}
            answer = _post(site, seen, "authorize", "/api/v1/calls/authorize", payload, key)
            if answer is not None and answer.status_code == 200:
                said = answer.json()
                seen.decisions.add(said["decision_id"])
                if said["decision"] == "allow":
                    seen.allowed[number] += 1
            time.sleep(1 / A_SECOND)


def _opt_out(host: Cluster, key: str, seen: Seen, over: threading.Event, chance: random.Random) -> None:
    with client(host) as site:
        count = 0
        while not over.is_set():
            count += 1
            evidence = f"cluster-{chance.randrange(10**9)}-{count}"
            payload = {"phone": chance.choice(NUMBERS), "evidence": evidence}
            answer = _post(site, seen, "opt-out", "/api/v1/opt-outs", payload, key)
            if answer is not None and answer.status_code == 201:
                seen.opt_outs.add(evidence)
            time.sleep(1 / OPT_OUTS_A_SECOND)


def _post(
    site: httpx.Client, seen: Seen, kind: str, path: str, payload: Any, key: str
) -> httpx.Response | None:
    try:
        answer = site.post(path, json=payload, headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError as error:
        seen.answers.append((kind, time.monotonic(), 0, type(error).__name__))
        return None
    content = answer.headers.get("content-type", "")
    seen.answers.append((kind, time.monotonic(), answer.status_code, content))
    if answer.status_code >= 500 and ("problem+json" not in content or "retry-after" not in answer.headers):
        seen.wrong.append(f"{kind} {answer.status_code} {content} {answer.text[:120]}")
    return answer


@contextlib.contextmanager
def traffic(host: Cluster, key: str) -> Iterator[Seen]:
    seen, over = Seen(), threading.Event()
    threads = [
        threading.Thread(target=_authorise, args=(host, key, seen, over, random.Random(number)))
        for number in range(AUTHORISING)
    ]
    threads.append(threading.Thread(target=_opt_out, args=(host, key, seen, over, random.Random())))
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _row_of(public_id: str) -> int:
    """The row of a public id: its number in Crockford's base 32."""
    number = 0
    for digit in public_id.partition("_")[2]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    return number


def nothing_is_lost(host: Cluster, seen: Seen) -> None:
    """Each acknowledged refusal and decision is there, and nobody was called twice."""
    url = f"postgres://postgres:{PASSWORDS['PATRONI_SUPERUSER_PASSWORD']}@{PROXY}:5432/hegui?sslmode=verify-full&sslrootcert={host.conf}/tls/ca.pem"
    with psycopg.connect(url) as link:
        known = {
            row[0].rpartition(":")[2]
            for row in link.execute("select evidence from optouts_optout").fetchall()
        }
        assert not seen.opt_outs - known, (
            f"lost: {len(seen.opt_outs - known)} of {len(seen.opt_outs)} refusals"
        )
        stored = {row[0] for row in link.execute("select id from calls_decision").fetchall()}
        gone = {_row_of(public) for public in seen.decisions} - stored
        assert not gone, f"lost: {len(gone)} of {len(seen.decisions)} decisions"
    twice = {number: times for number, times in seen.allowed.items() if times > 1}
    assert not twice, f"{len(twice)} numbers were allowed twice"


# -- what is done to it


def fail_over(host: Cluster, key: str, how: str) -> dict[str, Any]:
    """Under traffic the primary's host is killed, or frozen for half a minute and woken, or PostgreSQL alone
    crashes; it comes back as a replica."""
    until("a whole cluster", lambda: is_whole(host), 120)
    old = leader(host)
    with traffic(host, key) as seen:
        time.sleep(3)
        struck = time.monotonic()
        if how == "crashed":
            os.kill(
                int((host.folder / old / "data" / "postmaster.pid").read_text().splitlines()[0]),
                signal.SIGKILL,
            )
        else:
            signal_all(host, old, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        until("another primary", lambda: leader(host) not in ("", old), 60)
        elected = time.monotonic() - struck
        time.sleep(12)
        if how == "frozen":
            time.sleep(max(0, 30 - (time.monotonic() - struck)))
            signal_all(host, old, signal.SIGCONT)
        elif how == "killed":
            host.processes[f"patroni-{old}"].wait()
            start_database(host, old)
        time.sleep(5)
        ended = time.monotonic()
    assert not seen.wrong, seen.wrong[:3]
    away = seen.longest_gap(struck, ended)
    assert away <= GAP, f"the gate was away for {away:.1f} s"
    nothing_is_lost(host, seen)
    until("the old primary as a replica", lambda: is_whole(host), 180)
    return {
        "primary": old, "how": how, "elected_in_s": round(elected, 1), "gate_away_s": round(away, 1),
        "answers": seen.statuses(), "opt_outs_acknowledged": len(seen.opt_outs),
        "decisions_acknowledged": len(seen.decisions),
    }  # fmt: skip


def restart_webs(host: Cluster, key: str) -> dict[str, Any]:
    """One web host after the other is stopped and started again, under traffic: no answer is an error."""
    with traffic(host, key) as seen:
        for name in WEBS:
            time.sleep(3)
            os.killpg(host.processes[name].pid, signal.SIGTERM)
            host.processes[name].wait()
            start_web(host, name)
            until(f"{name} again", partial(is_ready, host, name), 60)
        time.sleep(3)
    errors = {name: count for name, count in seen.statuses().items() if name.split()[1] not in {"200", "201"}}
    assert not errors, f"{errors} {[each for each in seen.answers if each[2] == 0][:3]}"
    nothing_is_lost(host, seen)
    return {"answers": seen.statuses()}


def is_ready(host: Cluster, name: str) -> bool:
    context = ssl.create_default_context(cafile=str(host.conf / "tls" / "ca.pem"))
    with contextlib.suppress(httpx.HTTPError):
        # its certificate names the site alone
        url, by_name = f"https://{WEBS[name]}:8443/health/ready", {"sni_hostname": SITE}
        with httpx.Client(verify=context, timeout=3) as asking:
            answer = asking.get(url, headers={"Host": SITE}, extensions=by_name)
        return answer.status_code == 200
    return False


def _is_reached(host: Cluster) -> bool:
    """Whether HAProxy has found a web host."""
    with client(host, timeout=5) as site, contextlib.suppress(httpx.HTTPError):
        return site.get("/health/ready").status_code == 200
    return False


def play(folder: Path, *, times: int) -> dict[str, Any]:
    host = Cluster(folder)
    make_certificates(host, CERTIFICATES)
    tls = host.conf / "tls"
    for name in DATABASES:
        shutil.chown(tls / f"{name}.key", "postgres", "postgres")
    seen: dict[str, Any] = {"failovers": []}
    with mail_server(tls / "mail.pem", tls / "mail.key", free_port()) as mail:
        try:
            start_etcd(host)
            for name in DATABASES:
                start_database(host, name)
            start_haproxy(host)
            start_redis(host)
            until("a whole cluster", lambda: is_whole(host), 120)
            admin = f"postgres://postgres:{PASSWORDS['PATRONI_SUPERUSER_PASSWORD']}@{PROXY}:5432/postgres?sslmode=verify-full&sslrootcert={tls}/ca.pem"
            said = follow_the_page(host, admin, mail.port)
            # the databases read their certificates there too, since they live on the same machine
            host.conf.chmod(0o755)
            for name in WEBS:
                start_web(host, name)
            for unit, queues in (("worker", "urgent,default"), ("heavy", "heavy")):
                host.start(unit, host.hegui, "run", "worker", queues, env=environment_of(host))
            for name in WEBS:  # one of them leads
                env = environment_of(host) | {"HEGUI_HOME": str(host.folder / f"home-{name}")}
                host.start(f"beat-{name}", host.hegui, "run", "beat", env=env)
            until(
                "the web hosts", lambda: all(is_ready(host, name) for name in WEBS) and _is_reached(host), 90
            )
            path = MainPath(lambda: client(host), others=NUMBERS)
            link = said[said.index("https://") :].split()[0]
            seen["path"] = path.play(link.split(":8443")[1])
            if not 8 <= datetime.now(ZoneInfo("Asia/Shanghai")).hour < 21:
                seen["note"] = (
                    "outside calling hours: the gate refuses every call, and no second one could be allowed"
                )
            seen["rolling_restart"] = restart_webs(host, path.key)
            for number in range(times):
                seen["failovers"].append(
                    fail_over(host, path.key, ("killed", "frozen", "crashed")[number % 3])
                )
            run(host.hegui, "verify_trail", env=environment_of(host), cwd="/")
            seen["trail"] = "as it was signed"
            return seen
        except BaseException:
            for name in host.processes:
                print(f"== {name}\n{host.log(name)}", file=sys.stderr)
            raise
        finally:
            for name in DATABASES:
                signal_all(host, name, signal.SIGCONT)
            host.stop_all()
            for name in DATABASES:
                signal_all(host, name, signal.SIGKILL)


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    if os.geteuid() != 0 or subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
        raise SystemExit(
            "This needs root, and the user postgres of Debian's postgresql-common: PostgreSQL runs as that "
            "user."
        )
    with tempfile.TemporaryDirectory() as passing:
        Path(passing).chmod(0o755)
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else f"{passing}/cluster")
        folder.mkdir(parents=True)
        print(json.dumps(play(folder, times=times), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
