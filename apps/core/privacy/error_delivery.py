"""Errors of the site, to those who run it: by e-mail to HEGUI_ADMINS, and to Sentry where HEGUI_SENTRY_DSN
names one.

What is sent is what the log says: masked as finished text, without variables, request bodies or headers.
"""

import logging
import threading
import time
import traceback
from typing import Any

from .logs import mask_personal_data

QUIET = 600.0  # seconds: the same error is sent once within them, with how often it came since
MOST_TEXT = 10_000


class ErrorMail(logging.Handler):
    """One e-mail for each kind of error within ten minutes, sent beside whatever failed: nobody waits for a
    mail server."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self._lock = threading.Lock()
        self._sent: dict[str, tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        from django.conf import settings

        if not settings.ADMINS or record.name.startswith("django.core.mail"):
            return
        kind, now = f"{record.name}:{record.module}:{record.lineno}:{_raised(record)}", time.monotonic()
        with self._lock:
            at, since = self._sent.get(kind, (-QUIET, 0))
            if now - at < QUIET:
                self._sent[kind] = (at, since + 1)
                return
            self._sent[kind] = (now, 0)
        again = f"It came {since} times more since the last e-mail.\n\n" if since else ""
        text = again + self.format(record)[:MOST_TEXT]
        threading.Thread(target=_send, args=(f"error in {record.name}", text), daemon=True).start()


def _raised(record: logging.LogRecord) -> str:
    """The kind of the error and where it came from: one line of a framework logs all of them."""
    if not record.exc_info or record.exc_info[2] is None:
        return ""
    frame = traceback.extract_tb(record.exc_info[2])[-1]
    return f"{getattr(record.exc_info[0], '__name__', '')}:{frame.filename}:{frame.lineno}"


def _send(subject: str, text: str) -> None:
    from django.core.mail import mail_admins

    try:
        mail_admins(subject, text)
    except OSError as error:  # the log has it all the same
        logging.getLogger("django.core.mail").warning("error_mail_not_sent: %s", type(error).__name__)


def report_to_sentry(dsn: str, **options: Any) -> None:
    """Send errors to a Sentry; each event passes the mask of the logs. `options` are those of
    `sentry_sdk.init`."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn, include_local_variables=False, include_source_context=False, max_request_body_size="never",
        max_breadcrumbs=0, before_send=_for_sentry, traces_sample_rate=0.0, server_name="", **options,
    )  # fmt: skip


def _for_sentry(event: Any, hint: Any) -> Any:
    """What may leave: no request but its method, no person, nothing that is not masked."""
    request = event.pop("request", {})
    for name in ("user", "breadcrumbs", "extra", "server_name"):
        event.pop(name, None)
    event["request"] = {"method": request.get("method", "")}
    kept = {name: event.pop(name) for name in ("event_id", "timestamp") if name in event}
    return {**mask_personal_data(None, "", dict(event)), **kept}
