"""`check --deploy` on production settings: clean when all is right, and an error for each thing that is not (R4)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core import keyring

ROOT = Path(__file__).resolve().parent.parent
RIGHT = {
    "DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=verify-full&ssl_min_protocol_version=TLSv1.3",
    "REDIS_URL": "rediss://redis.example:6380/0",
    "EMAIL_URL": "smtp+tls://hegui:secret@mail.example:587",
    "HEGUI_SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
    "HEGUI_ALLOWED_HOSTS": "hegui.example",
    "HEGUI_TLS_CERT": "/etc/hegui/cert.pem",
    "HEGUI_TLS_KEY": "/etc/hegui/key.pem",
}


def check(tmp_path: Path, **changed: str | None) -> tuple[int, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**kept, **RIGHT, "HEGUI_KEYRING": keyring.generate(), "HEGUI_HOME": str(tmp_path), **changed}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_production_settings_pass(tmp_path: Path) -> None:
    code, told = check(tmp_path)
    assert code == 0, told
    assert "no issues" in told


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui"}, "hegui.E011"),
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=prefer"}, "hegui.E011"),
        ({"DATABASE_URL": "postgres://hegui:secret@db.example/hegui?sslmode=verify-full"}, "hegui.E012"),
        ({"REDIS_URL": "redis://redis.example:6379/0"}, "hegui.E013"),
        ({"EMAIL_URL": "smtp://mail.example:25"}, "hegui.E014"),
        ({"EMAIL_URL": None}, "hegui.E014"),
        ({"HEGUI_TLS_KEY": None}, "hegui.E015"),
        ({"HEGUI_WEBHOOK_URL": "http://crm.example/hook"}, "hegui.E016"),
        ({"HEGUI_DEMO": "1"}, "hegui.E021"),
        ({"DATABASE_URL": None}, "hegui.E022"),
        ({"HEGUI_ALLOWED_HOSTS": "*"}, "hegui.E023"),
        ({"HEGUI_KEYRING": json.dumps({})}, "hegui.E001"),
        ({"HEGUI_SECRET_KEY": "short"}, "security.W009"),
    ],
)
def test_what_is_not_right_fails_the_check(tmp_path: Path, changed: dict[str, str | None], error: str) -> None:
    code, told = check(tmp_path, **changed)
    assert code != 0
    assert error in told


def test_the_check_shows_no_secret(tmp_path: Path) -> None:
    _code, told = check(tmp_path, DATABASE_URL="postgres://hegui:hunter2-secret@db.example/hegui")
    assert "hunter2" not in told


def test_without_a_secret_key_production_does_not_start(tmp_path: Path) -> None:
    code, told = check(tmp_path, HEGUI_SECRET_KEY=None)
    assert code != 0
    assert "HEGUI_SECRET_KEY" in told
