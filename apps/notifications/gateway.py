"""A short message to a number: through a gateway by HTTPS; in a demo to the log, under the mask."""

import json

import httpcore
import structlog
from django.conf import settings

from apps.core.errors import ServiceAway
from apps.core.privacy.logs import DEMO_TEXT
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.core.web.outgoing import NO_ANSWER, post

log = structlog.get_logger(__name__)
SECONDS = 5
# a key or address that somebody puts right, a gateway that has too much to do
NOT_NOW = {401, 403, 404, 408, 425, 429}


def can_send() -> bool:
    return bool(settings.HEGUI_SMS_URL) or settings.DEMO


class NotTaken(ServiceAway):
    """The gateway refuses this message, now and later."""


class PerhapsSent(ServiceAway):
    """The message was on its way when the answer failed to come: it may have arrived."""


def send(*, number: Protected, text: str, key: str) -> None:
    """Hand the message to the gateway of `HEGUI_SMS_URL`: `POST {"to": E.164, "text": …}`, with `key` as its
    Idempotency-Key, the same each time it is tried. Raises `ServiceAway`, `NotTaken` or `PerhapsSent`."""
    if not settings.HEGUI_SMS_URL:
        if not settings.DEMO:
            raise ServiceAway()
        log.warning("demo_message", to=str(number), **{DEMO_TEXT: text})
        return
    try:
        status, _body = post(
            settings.HEGUI_SMS_URL,
            headers={
                "Authorization": f"Bearer {settings.HEGUI_SMS_KEY}", "Idempotency-Key": key,
                "Content-Type": "application/json",
            },
            body=json.dumps({"to": clear_for_machine(number), "text": text}).encode(), seconds=SECONDS,
            most=0,
        )  # fmt: skip
    except NO_ANSWER as error:
        # What the gateway said may hold the number: only the kind of the error is reported.
        log.warning("message_not_sent", why=type(error).__name__)
        before = isinstance(
            error,
            httpcore.ConnectError
            | httpcore.ConnectTimeout
            | httpcore.PoolTimeout
            | httpcore.UnsupportedProtocol,
        )
        raise (ServiceAway if before else PerhapsSent)() from None
    if 200 <= status < 300:
        return
    log.warning("message_not_sent", status=status)
    raise (NotTaken if 400 <= status < 500 and status not in NOT_NOW else ServiceAway)()
