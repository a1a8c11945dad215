"""Errors of the site reach those who run it, and no personal data with them."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.core import mail

from apps.core.privacy import error_delivery
from apps.core.privacy.logs import logging_config
from tests.world import PHONE


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    monkeypatch.setattr(settings, "ADMINS", [("ops", "ops@hegui.example")])
    config = logging_config("INFO")
    handler = error_delivery.ErrorMail()
    formatter = dict(config["formatters"]["json"])
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.getLogger("hegui.test")
    logger.addHandler(handler)
    logger.propagate = False  # the site's own handler stands at the root
    yield logger
    logger.removeHandler(handler)


def fail(logger: logging.Logger) -> None:
    number = f"+86{PHONE}"
    try:
        raise ValueError(f"no such number: {number}")
    except ValueError:
        logger.exception("it failed for 客户王小明先生 %s", number)


def wait() -> None:
    for thread in threading.enumerate():
        if thread.daemon and "_send" in thread.name:
            thread.join(5)


def test_an_error_goes_to_the_admins_once_and_masked(log: logging.Logger) -> None:
    for _each in range(3):
        fail(log)
    wait()
    (message,) = mail.outbox
    assert message.to == ["ops@hegui.example"]
    assert "ValueError" in message.body
    for secret in (PHONE, "王小明"):
        assert secret not in message.subject + message.body


def test_a_warning_is_no_error(log: logging.Logger) -> None:
    log.warning("storage_away")
    wait()
    assert mail.outbox == []


def test_a_mail_server_that_is_away_harms_nobody(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **more: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.mail_admins", away)
    fail(log)
    wait()


def test_sentry_is_reported_what_and_not_of_whom() -> None:
    result: list[Any] = []

    class Keeps(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            result.append(envelope)

    error_delivery.report_to_sentry("https://key@sentry.example/1", transport=Keeps())
    try:
        with sentry_sdk.new_scope() as scope:
            scope.set_user({"username": "王小明", "ip_address": "192.0.2.7"})
            fail(logging.getLogger("hegui.sentry"))
            sentry_sdk.flush()
        events = [item.get_event() for envelope in result for item in envelope.items if item.get_event()]
        text = json.dumps(events, ensure_ascii=False, default=str)
        assert "ValueError" in text
        for secret in (PHONE, "王小明", "192.0.2.7"):
            assert secret not in text
    finally:
        sentry_sdk.get_global_scope().set_client(None)
