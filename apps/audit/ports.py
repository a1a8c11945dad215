"""What the trail needs of a room above; `notifications` provides it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from apps.accounts.models import User
from apps.core.ports import Port


class Notifying(Protocol):
    def notify(self, recipients: Iterable[User], code: str, **facts: object) -> None:
        """Put a notice into inboxes, in the caller's transaction."""

    def close_notices(self, *codes: str, **facts: object) -> int:
        """What such notices asked for is done: they leave every open inbox."""

    def was_notified(self, code: str, *, since: datetime) -> bool:
        """Whether somebody got such a notice after `since`."""


notifying: Port[Notifying] = Port("audit.notifying")
