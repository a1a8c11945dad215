"""`check --deploy` on production settings: clean when all is right, and an error for each thing that is not
(R4)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from apps.core.crypto import keyring
from apps.core.database.redis_server import redis_server
from config.variables import Variables

ROOT = Path(__file__).resolve().parent.parent
RIGHT = {
    "DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=verify-full&ssl_min_protocol_version=TLSv1.3",
    "REDIS_URL": "rediss://:secret@redis.example:6380/0",
    "EMAIL_URL": "smtp+tls://hegui:secret@mail.example:587",
    "HEGUI_SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
    "HEGUI_ALLOWED_HOSTS": "hegui.example",
}
VERIFIED = "{}?sslmode=verify-full&ssl_min_protocol_version=TLSv1.3"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "90",
         "-subj", "/CN=hegui.example", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"HEGUI_TLS_CERT": str(cert), "HEGUI_TLS_KEY": str(key)}


def check(
    tmp_path: Path,
    pair: dict[str, str],
    *,
    command: tuple[str, ...] = ("check", "--deploy", "--fail-level", "WARNING"),
    **changed: str | None,
) -> tuple[int, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {
        **kept,
        **RIGHT,
        **pair,
        "HEGUI_KEYRING": keyring.generate(),
        "HEGUI_HOME": str(tmp_path),
        **changed,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_production_settings_pass(tmp_path: Path, pair: dict[str, str]) -> None:
    code, result = check(tmp_path, pair)
    assert code == 0, result
    assert "no issues" in result


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui"}, "hegui.E011"),
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=prefer"}, "hegui.E011"),
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=verify-full"}, "hegui.E012"),
        ({"REDIS_URL": "redis://redis.example:6379/0"}, "hegui.E013"),
        ({"EMAIL_URL": "smtp://mail.example:25"}, "hegui.E014"),
        ({"EMAIL_URL": None}, "hegui.E014"),
        (
            {
                "DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=require&ssl_min_protocol_version=TLSv1.3"
            },
            "hegui.E011",
        ),
        ({"REDIS_URL": "rediss://redis.example:6380/0"}, "hegui.E017"),
        ({"HEGUI_TLS_KEY": None}, "hegui.E015"),
        ({"HEGUI_TLS_KEY": None, "HEGUI_TLS_CERT": None}, "hegui.E015"),
        (
            {"HEGUI_TLS_KEY": None, "HEGUI_TLS_CERT": None, "HEGUI_TRUSTED_PROXIES": "127.0.0.1,10.0.0.7"},
            "hegui.E015",
        ),
        ({"HEGUI_TLS_CERT": "/etc/hegui/no-such.pem"}, "hegui.E018"),
        ({"HEGUI_TLS_CERT": __file__}, "hegui.E018"),
        ({"HEGUI_SMS_URL": "file:///etc/passwd"}, "hegui.E016"),
        ({"HEGUI_SMS_URL": "http://sms.example/"}, "hegui.E016"),
        ({"HEGUI_THIRD_READER_URL": "ftp://models.example/"}, "hegui.E016"),
        ({"HEGUI_ALLOWED_HOST": "hegui.example"}, "HEGUI_ALLOWED_HOSTS?"),
        ({"HEGUI_SECRET_KEY": None}, "hegui.E020"),
        ({"DATABASE_URL": "postgres://hegui:S3cr/et@db.example/hegui"}, "hegui.E025"),
        ({"HEGUI_KEYRING": None}, "keyring make"),
        ({"HEGUI_WEBHOOK_URL": "http://crm.example/hook"}, "hegui.E016"),
        ({"HEGUI_DEMO": "1"}, "hegui.E021"),
        ({"DATABASE_URL": None}, "hegui.E022"),
        ({"HEGUI_ALLOWED_HOSTS": "*"}, "hegui.E023"),
        ({"HEGUI_KEYRING": json.dumps({})}, "hegui.E001"),
        ({"HEGUI_SECRET_KEY": "short"}, "hegui.E035"),
        ({"HEGUI_OIDC_SERVER": "https://login.example"}, "hegui.E036"),
        ({"HEGUI_TRUSTED_PROXIES": "10.0.0.0/8"}, "hegui.E037"),
        ({"DATABASE_URL": VERIFIED.format("mysql://hegui:S3cr@db.example/hegui")}, "DATABASE_URL"),
        ({"DATABASE_URL": VERIFIED.format("postgres://hegui:S3cr@db.example:5432")}, "names no database"),
        ({"DATABASE_URL": VERIFIED.format("postgres://hegui:p@S3cr/w@db.example/hegui")}, "percent-encoded"),
        (
            {"DATABASE_URL": VERIFIED.format("postgres://h:s@db/hegui") + "&sslrootcert=/etc/no-such.pem"},
            "hegui.E041",
        ),
        ({"REDIS_URL": "rediss://:secret@redis.example:6380/0?client_name=x"}, "REDIS_URL"),
        ({"HEGUI_LEDGER": "postgres+tls://hegui:S3cr@db/ledger"}, "HEGUI_LEDGER"),
        ({"HEGUI_LEDGER": "postgres://hegui:S3 cr@d b/ledger"}, "hegui.E029"),
        ({"HEGUI_ALLOWED_HOSTS": "https://hegui.example/"}, "HEGUI_ALLOWED_HOSTS"),
        ({"HEGUI_ALLOWED_HOSTS": "hegui.example:8000"}, "HEGUI_ALLOWED_HOSTS"),
        ({"HEGUI_HOST": "hegui.example"}, "HEGUI_HOST"),
        ({"HEGUI_EMAIL_FROM": "not an address"}, "HEGUI_EMAIL_FROM"),
        ({"HEGUI_ADMINS": "foo bar"}, "HEGUI_ADMINS"),
    ],
)
def test_what_is_not_right_fails_the_check(
    tmp_path, pair: Path, changed: dict[str, str | None], error: str
) -> None:
    code, result = check(tmp_path, pair, **changed)
    assert code != 0
    assert error in result
    assert "S3cr" not in result, "values are named, never shown"
    assert "Traceback" not in result


@pytest.mark.parametrize(
    "changed",
    [
        {"REDIS_URL": "redis+socket:///run/redis.sock?virtual_host=1"},
        {"REDIS_URL": "unix:///run/redis.sock?db=1"},
        {"DATABASE_URL": "postgres:////run/postgresql/hegui"},
        {"HEGUI_EMAIL_FROM": "Hegui <hegui@hegui.example>"},
        {"HEGUI_ALLOWED_HOSTS": "hegui.example,[::1],10.0.0.7"},
        {"HEGUI_HOST": "::"},
    ],
)
def test_what_is_right_in_another_form_passes(
    tmp_path: Path, pair: dict[str, str], changed: dict[str, str]
) -> None:
    code, result = check(tmp_path, pair, **changed)
    assert code == 0, result


@pytest.mark.parametrize(
    "given", ["redis+socket:///run/redis.sock?virtual_host=1", "unix:///run/redis.sock?db=1"]
)
def test_a_socket_is_one_for_queues_and_counters(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", given)
    found = Variables().redis("REDIS_URL")
    assert found == "redis+socket:///run/redis.sock?virtual_host=1"
    with override_settings(REDIS_URL=found):
        options = redis_server().connection_pool.connection_kwargs
    assert (options["path"], options["db"]) == ("/run/redis.sock", 1)


def test_tls_may_end_at_a_proxy_on_the_same_machine(tmp_path: Path, pair: dict[str, str]) -> None:
    changed = {"HEGUI_TLS_KEY": None, "HEGUI_TLS_CERT": None, "HEGUI_TRUSTED_PROXIES": "127.0.0.1,::1"}
    code, result = check(tmp_path, pair, **changed)
    assert code == 0, result


def test_all_that_is_wrong_is_reported_in_one_list(tmp_path: Path, pair: dict[str, str]) -> None:
    changed = {
        "DATABASE_URL": "postgres://db.example/hegui",
        "REDIS_URL": "redis://redis.example",
        "HEGUI_KEYRING": None,
    }
    _code, result = check(
        tmp_path, pair, **changed, HEGUI_SECRET_KEY=None, HEGUI_ALLOWED_HOSTS=None, HEGUI_WORKERS="x"
    )
    for number in ("E001", "E011", "E013", "E020", "E023", "E025"):
        assert f"hegui.{number}" in result, result
    assert not list(tmp_path.iterdir()), "reading the settings writes nothing"


def test_a_value_that_begins_with_a_dollar_is_what_it_says(tmp_path: Path, pair: dict[str, str]) -> None:
    code, result = check(tmp_path, pair, HEGUI_SECRET_KEY="$" + RIGHT["HEGUI_SECRET_KEY"])
    assert code == 0, result


def test_the_check_shows_no_secret(tmp_path: Path, pair: dict[str, str]) -> None:
    _code, result = check(tmp_path, pair, DATABASE_URL="postgres://hegui:hunter2-secret@db.example/hegui")
    assert "hunter2" not in result
    _code, result = check(tmp_path, pair, DATABASE_URL="postgres://hegui:S3cr/et@db.example/hegui")
    assert "S3cr" not in result


UNREADABLE = {
    "HEGUI_LOG_LEVEL": "LOUD", "HEGUI_SENTRY_DSN": "https://sentry.example/", "HEGUI_STORAGE_URL": "ftp2://x/y",
    "EMAIL_URL": "garbage", "HEGUI_WEB_PROCESSES": "0", "PORT": "99999", "HEGUI_RECORDING_MB": "-1",
    "HEGUI_LEDGER": "ledger", "REDIS_URL": "rediss://:secret@redis.example:6380/0?ssl_cert_reqs=none",
    "HEGUI_WEBHOOK_NETWORKS": "notanet", "HEGUI_TRUSTED_PROXIES": "10.0.0.300", "HEGUI_WORKERS": "two",
    "HEGUI_DEMO": "ture",
}  # fmt: skip


def test_every_value_that_cannot_be_read_is_named(tmp_path: Path, pair: dict[str, str]) -> None:
    code, result = check(tmp_path, pair, **UNREADABLE)
    assert code != 0
    assert "Traceback" not in result
    unread = [line for line in result.splitlines() if "hegui.E025" in line]
    assert {name for name in UNREADABLE if not any(name in line for line in unread)} == set()


@pytest.mark.parametrize("command", [("begin", "--admin", "wang"), ("upgrade",)], ids=" ".join)
def test_a_command_without_its_database_says_so_in_a_sentence(
    tmp_path: Path, pair: dict[str, str], command: tuple[str, ...]
) -> None:
    nowhere = RIGHT["DATABASE_URL"].replace("db.example", "127.0.0.1:1")
    code, result = check(tmp_path, pair, command=command, DATABASE_URL=nowhere)
    assert code == 1
    assert "The database does not answer" in result
    assert "Traceback" not in result
    assert "secret" not in result
