"""A short message to a number: through a gateway by HTTPS; in a demo to the log, under the mask."""

import httpx
import structlog
from django.conf import settings

from apps.core.errors import ServiceAway
from apps.core.privacy.logs import DEMO_TEXT
from apps.core.privacy.protected import Protected, clear_for_machine
from apps.core.web.outgoing import tls

log = structlog.get_logger(__name__)
SECONDS = 5


def can_send() -> bool:
    return bool(settings.HEGUI_SMS_URL) or settings.DEMO


def send(*, number: Protected, text: str) -> None:
    """Hand the message to the gateway of `HEGUI_SMS_URL`: `POST {"to": E.164, "text": …}`. Raises `ServiceAway`."""
    if not settings.HEGUI_SMS_URL:
        if not settings.DEMO:
            raise ServiceAway()
        log.warning("demo_message", to=str(number), **{DEMO_TEXT: text})
        return
    try:
        answer = httpx.post(
            settings.HEGUI_SMS_URL,
            json={"to": clear_for_machine(number), "text": text},
            headers={"Authorization": f"Bearer {settings.HEGUI_SMS_KEY}"},
            timeout=SECONDS,
            verify=tls(),
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        # What the gateway said may hold the number: only the kind of the error is reported.
        log.warning("message_not_sent", why=type(error).__name__)
        raise ServiceAway() from None
