"""Logs hold no number and no name, wherever they hide."""

import io
import json
import logging

import pytest
import structlog

from apps.core.privacy import logs
from apps.core.privacy.protected import Protected

NUMBER = "13800001234"


@pytest.fixture
def written() -> io.StringIO:
    """What the handlers of the site would write."""
    stream = io.StringIO()
    config = logs.logging_config("INFO")
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=config["formatters"]["json"]["foreign_pre_chain"],
        processors=config["formatters"]["json"]["processors"],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    level, root.level = root.level, logging.INFO
    yield stream
    root.removeHandler(handler)
    root.level = level


def test_structlog_events_are_masked_however_deep(written: io.StringIO) -> None:
    structlog.get_logger("t").info(
        f"calling {NUMBER}",
        phone=Protected("+8613800001234", "phone"),
        more={"list": [NUMBER, {"n": int(NUMBER)}]},
        name="王小明",
    )
    event = json.loads(written.getvalue())
    assert NUMBER not in written.getvalue()
    assert event["phone"] == "138****1234"
    assert event["name"] == "王*"
    assert event["event"] == "calling 138****1234"


def test_standard_library_logs_and_exceptions_are_masked(written: io.StringIO) -> None:
    try:
        raise RuntimeError(f"duplicate key (phone)=(+86{NUMBER})")
    except RuntimeError:
        logging.getLogger("django.db").exception("for %s, 客户: 王小明", NUMBER)
    assert NUMBER not in written.getvalue()
    assert "王小明" not in written.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"号码{NUMBER}",
        "138 0000 1234",
        "138-0000-1234",
        "+86 138 0000 1234",
        "008613800001234",
        "crm_13800001234",
        "tel13800001234 and id110101199003070000",
        "Not Found: /api/v1/contacts/\\u624b\\u673a13800001234",
        "/contacts/\\u673113800001234/x",
        "a13800001234b",
        "请联系王小明先生",
    ],
)
def test_ways_to_hide(text: str) -> None:
    masked = logs.mask_text(text)
    assert "0000" not in masked.replace("****", "")
    assert "小明" not in masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T10:00:00.123456+08:00",
        "took 1234567 ms",
        "pid 31337",
        "version 15.18",
        "sha 9f86d081884c7d659a2f",
    ],
)
def test_times_and_counts_stay_readable(text: str) -> None:
    assert logs.mask_text(text) == text


@pytest.mark.parametrize(
    "path", ["/invitation/0KK5jRkyv6_3wNDPGb9X3wmx-lkEh4Zyv/", "/o/AbC-d_e9fg", "/copy/abcdefgh1234/"]
)
def test_words_of_one_time_links_are_masked(path: str) -> None:
    """With the database away Django logs the address as an error, and the word works again afterwards."""
    word = path.split("/")[2]
    assert word not in logs.mask_text(f"Service Unavailable: {path}")
    assert logs.mask_text("/opt-outs/lists/7/ and /copy/ab/") == "/opt-outs/lists/7/ and /copy/ab/"


def test_a_demo_s_messages_keep_their_links_and_no_number() -> None:
    event = {
        "event": "demo_message",
        logs.DEMO_TEXT: "https://x/copy/abcdefgh1234/ 13800001234",
        "text": "https://x/copy/abcdefgh1234/",
    }
    shown = logs.mask_personal_data(None, "", event)
    assert "abcdefgh1234" in shown[logs.DEMO_TEXT]
    assert "13800001234" not in shown[logs.DEMO_TEXT]
    assert "abcdefgh1234" not in shown["text"]
