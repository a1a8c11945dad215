"""Seen from outside: alive, ready, figures; and what keeps a site from answering."""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from apps.core.web import health, metrics, operations, probes
from apps.core.web.health import PROBES, HealthState, Probe
from tests.http import Api, SecureClient
from tests.world import World


@pytest.fixture(autouse=True)
def _ask_anew() -> Iterator[None]:
    operations.asked.__init__()  # type: ignore[misc]
    yield
    operations.asked.__init__()  # type: ignore[misc]


def quiet() -> SecureClient:
    client = SecureClient()
    client.raise_request_exception = False
    return client


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/health/ready")
    return answer.status_code, json.loads(answer.content)


def test_a_probe_asks_by_address_without_a_name_or_a_sign_in(db: None) -> None:
    client = Client(headers={"host": "10.11.12.13:8000"})
    assert client.get("/health/live").content == b"alive\n"
    status, result = ready(client)
    assert (status, result["ready"]) == (200, True)
    assert set(result["checks"]) == {probe.name for probe in PROBES.values() if probe.is_quick}
    assert client.post("/health/ready").status_code == 405


def test_redis_away_is_a_warning_the_database_is_not(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> health.Outcome:
        raise OperationalError("at db.internal")

    monkeypatch.setitem(PROBES, "queue", Probe("queue", away, is_quick=True))
    status, result = ready(Client())
    assert (status, result["checks"]["queue"]) == (200, "wrong")
    operations.asked.__init__()  # type: ignore[misc]
    monkeypatch.setitem(PROBES, "database", Probe("database", away, is_needed=True, is_quick=True))
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert b"db.internal" not in answer.content


def test_figures_are_for_whoever_may_read_them(db: None, settings: Any) -> None:
    assert b"hegui_opt_outs " in Client().get("/metrics").content
    assert Client().get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 401
    settings.HEGUI_METRICS_TOKEN = "word"
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"authorization": "Bearer word"}).status_code == 200


def test_the_gate_and_its_refusals_are_counted(world: World) -> None:
    api = Api(world.key)
    world.opt_out()
    api.post("calls/authorize", {"campaign": "spring", "phone": "13800001234", "line": "01085550101"})
    page = Client().get("/metrics").content.decode()
    assert 'hegui_refusals_last_hour{rule="opted_out"} 1.0' in page
    assert 'hegui_gate_seconds_count{answer="refused"}' in page


def test_a_figure_that_cannot_be_counted_keeps_no_other_from_being_reported(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        metrics.METRICS, "hegui_opt_outs", metrics.Metric("hegui_opt_outs", "x", lambda: 1 / 0)
    )  # type: ignore[arg-type,return-value]
    result = metrics.text().decode()
    assert 'hegui_figures_failed{figure="hegui_opt_outs"} 1.0' in result
    assert "hegui_jobs" in result


def test_a_new_version_beside_an_old_database_answers_503_and_goes_on_by_itself(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.core.web import middleware

    missing = ["accounts.0099_new"]
    monkeypatch.setitem(probes._schema, "fits", False)
    monkeypatch.setattr(probes, "missing_steps", lambda: missing)
    monkeypatch.setattr(middleware, "PAUSE", 0.0)
    client = SecureClient()
    page, result = client.get("/accounts/login/"), client.get("/api/v1/campaigns")
    assert (page.status_code, result.status_code) == (503, 503)
    assert (page["Retry-After"], result["Retry-After"]) == ("5", "5")
    assert result["Content-Type"] == "application/problem+json"
    assert ready(Client())[1]["checks"]["schema"] == "wrong"
    missing.clear()
    assert client.get("/accounts/login/").status_code == 200
    assert client.get("/api/v1/campaigns").status_code == 401


def test_the_database_away_is_503_on_pages_and_api(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection was refused")

    api = Api(world.key)
    client = quiet()
    client.force_login(
        world.people["supervisor"], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    monkeypatch.setattr(SessionStore, "load", away)
    page = client.get("/contacts/")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "connection was refused" not in page.content.decode()
    monkeypatch.setattr("apps.accounts.api_auth.client_of_key", away)
    answer = api.get("campaigns")
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (
        503,
        "application/problem+json",
        "5",
    )


def test_an_error_of_ours_has_the_number_of_its_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("13800001234")

    monkeypatch.setattr("apps.console.views.searching.is_number", breaks)
    client = quiet()
    client.force_login(
        world.people["supervisor"], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    session = client.session
    session["second_factor"] = True
    session.save()
    page = client.post("/search/", {"words": "x"})
    assert page.status_code == 500
    assert page["X-Request-ID"] in page.content.decode()
    assert "13800001234" not in page.content.decode()


def test_numbers_of_requests_come_from_trusted_proxies_alone(db: None, settings: Any) -> None:
    given = {"x-request-id": "from-the-proxy-1"}
    assert Client().get("/accounts/login/", secure=True, headers=given)["X-Request-ID"] != "from-the-proxy-1"
    settings.HEGUI_TRUSTED_PROXIES = ["127.0.0.1/32"]
    assert Client().get("/accounts/login/", secure=True, headers=given)["X-Request-ID"] == "from-the-proxy-1"
    assert (
        Client().get("/accounts/login/", secure=True, headers={"x-request-id": "a b\tc"})["X-Request-ID"]
        != "a b\tc"
    )


def test_doctor_says_what_to_do_and_ends_with_3_when_something_is_wrong(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROBES, "mail", Probe("mail", lambda: health.wrong("No answer.", "See to it.")))
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 3
    assert "WRONG  mail" in out.getvalue()
    assert "See to it." in out.getvalue()
    monkeypatch.setitem(PROBES, "mail", Probe("mail", health.well))
    monkeypatch.setitem(PROBES, "settings", Probe("settings", health.well))
    monkeypatch.setitem(PROBES, "static_files", Probe("static_files", health.well))
    monkeypatch.setitem(PROBES, "certificate", Probe("certificate", health.well))
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    assert json.loads(out.getvalue())["well"] is True


def test_a_server_does_not_start_on_settings_that_cannot_be_right(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROBES, "static_files", Probe("static_files", health.well))
    operations.refuse_to_start(serves_pages=True)
    settings.MISSPELT_VARIABLES = {"HEGUI_KEYRNG": "HEGUI_KEYRING"}
    settings.UNREADABLE_VARIABLES = {"HEGUI_WORKERS": "it cannot be read (ValueError)"}
    monkeypatch.setitem(PROBES, "static_files", Probe("static_files", lambda: health.wrong("Not collected.")))
    with pytest.raises(ImproperlyConfigured) as refused:
        operations.refuse_to_start(serves_pages=True)
    for part in ("HEGUI_KEYRNG", "HEGUI_KEYRING?", "HEGUI_WORKERS", "Not collected."):
        assert part in str(refused.value)


def test_storage_is_written_read_and_left_as_it_was(db: None, storage: Any) -> None:
    assert probes.files_are_kept().state == HealthState.WELL
    assert not [path for path in storage.rglob("*") if path.is_file()]


def test_a_worker_with_wrong_settings_ends(settings: Any) -> None:
    """Celery goes on after whatever a receiver raises; it must not."""
    from celery.signals import celeryd_init

    from config import celery  # noqa: F401  (connects the receiver)

    settings.MISSPELT_VARIABLES = {"HEGUI_KEYRNG": "HEGUI_KEYRING"}
    with pytest.raises(SystemExit):
        celeryd_init.send(sender="worker", instance=None, conf=None, options={})


def test_a_probe_that_hangs_holds_one_request(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(Client())
    begun, over, asked = threading.Event(), threading.Event(), []

    def hangs() -> health.Outcome:
        asked.append(1)
        begun.set()
        over.wait(20)
        return health.well()

    monkeypatch.setattr(operations, "PROBES", {"slow": Probe("slow", hangs, is_quick=True)})
    operations.asked.at = -operations.FRESH
    first = threading.Thread(target=operations.asked.now)
    first.start()
    assert begun.wait(20)
    assert "database" in operations.asked.now(), "what was seen before"
    operations.asked.at = time.monotonic() - operations.STALE - 1
    assert not operations.asked.is_ready(), "an answer that grew old is no yes"
    over.set()
    first.join()
    assert asked == [1]


def test_a_web_server_starts_with_its_files_on_a_port_of_its_own(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would begin again and again, or share the port with whatever serves there."""
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it was started"))
    monkeypatch.setitem(PROBES, "static_files", Probe("static_files", lambda: health.wrong("Not collected.")))
    with pytest.raises(CommandError, match="Not collected"):
        call_command("run", "web")
    monkeypatch.setitem(PROBES, "static_files", Probe("static_files", health.well))
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as served:
        settings.PORT = served.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {settings.PORT} cannot be used"):
            call_command("run", "web", "--host", "127.0.0.1")


def test_what_cannot_be_asked_says_what_to_look_at() -> None:
    for name, variable in (
        ("database", "DATABASE_URL"),
        ("queue", "REDIS_URL"),
        ("files", "HEGUI_STORAGE_URL"),
    ):
        failing = replace(PROBES[name], ask=lambda: 1 // 0)
        assert variable in str(health.ask([failing])[name].hint)


def test_a_file_that_cannot_be_used_is_named_in_a_sentence(db: None, tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        call_command("restore", str(tmp_path), stderr=sys.stderr)
    said = capsys.readouterr().err
    assert f"{tmp_path} cannot be used: Is a directory." in said
    assert "Errno" not in said
