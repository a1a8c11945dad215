"""The files for several hosts: what they must say so that nothing acknowledged is lost and no second primary
writes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
PATRONI: dict[str, Any] = yaml.safe_load((DEPLOY / "patroni/patroni.yml").read_text())
ETCD: dict[str, Any] = yaml.safe_load((DEPLOY / "etcd/etcd.yml").read_text())
GATE_IS_BACK = 30  # seconds


def test_a_lost_primary_is_replaced_in_time() -> None:
    timing = PATRONI["bootstrap"]["dcs"]
    assert timing["loop_wait"] + 2 * timing["retry_timeout"] <= timing["ttl"]  # Patroni refuses less
    assert timing["ttl"] + timing["loop_wait"] < GATE_IS_BACK
    assert timing["primary_start_timeout"] == 0  # one that crashed while its Patroni lives


def test_what_is_acknowledged_is_on_two_hosts() -> None:
    terms = PATRONI["bootstrap"]["dcs"]
    assert terms["synchronous_mode"]
    assert terms["synchronous_mode_strict"]
    assert PATRONI["watchdog"]["mode"] == "required"
    assert "synchronous_commit" not in terms["postgresql"]["parameters"]  # "on", as PostgreSQL has it


def test_a_primary_that_wakes_compares_before_it_leads() -> None:
    """Over `etcd3` Patroni 3.0 takes the leader's key without asking whose it is."""
    assert "etcd" in PATRONI
    assert "etcd3" not in PATRONI
    assert ETCD["enable-v2"]


def test_no_way_into_the_database_is_without_tls() -> None:
    ways = PATRONI["postgresql"]["pg_hba"]
    assert all(
        way.startswith(("local ", "hostssl ")) and not way.endswith((" trust", " md5")) for way in ways
    )
    assert PATRONI["postgresql"]["parameters"]["ssl_min_protocol_version"] == "TLSv1.3"
    assert {each["sslmode"] for each in PATRONI["postgresql"]["authentication"].values()} == {"verify-full"}


@pytest.mark.parametrize("side", ["client-transport-security", "peer-transport-security"])
def test_etcd_speaks_to_those_of_the_authority_alone(side: str) -> None:
    assert ETCD[side]["client-cert-auth"]
    assert all(url.startswith("https://") for name, url in ETCD.items() if name.endswith("-urls"))


def test_the_balancer_never_asks_a_second_host_what_the_first_began_to_answer() -> None:
    text = (DEPLOY / "haproxy/hegui.cfg").read_text()
    assert {line.strip() for line in text.splitlines() if "retry-on" in line} == {"retry-on conn-failure"}
    assert "verify none" not in text
    assert text.count("ssl-min-ver TLSv1.3") == 2
    # checks fail when requests would
    assert text.count("verifyhost hegui.example.cn") == text.count("check-sni hegui.example.cn") == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_the_balancer_s_own_errors_are_problems_too(status: int) -> None:
    text = (DEPLOY / "haproxy/hegui.cfg").read_text()
    assert text.count(f'http-error status {status} content-type "application/problem+json"') == 2


def test_a_host_that_died_without_a_word_keeps_its_locks_for_less_than_a_minute() -> None:
    text = (DEPLOY / "haproxy/hegui.cfg").read_text()
    assert all(f"{side}tcpka-idle 10s" in text and f"{side}tcpka-cnt 3" in text for side in ("cli", "srv"))
    assert PATRONI["postgresql"]["parameters"]["tcp_keepalives_idle"] == 10


def test_the_pooler_pools_by_transaction_and_verifies() -> None:
    text = (DEPLOY / "pgbouncer/pgbouncer.ini").read_text()
    assert {
        "pool_mode = transaction",
        "server_tls_sslmode = verify-full",
        "client_tls_sslmode = require",
    } <= set(text.splitlines())
