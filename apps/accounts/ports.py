"""What accounts need to know of a room above; `quality` provides it."""

from typing import Protocol

from apps.core.ports import Port

from .models import User


class Suspending(Protocol):
    def keeps_suspended(self, agent: User) -> bool:
        """Whether something keeps an agent off the telephone, whoever wants them back (R30)."""


suspending: Port[Suspending] = Port("accounts.suspending")
