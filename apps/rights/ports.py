"""What a request needs of the rooms that know every store; `retention` provides it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.core.ports import Port
from apps.core.privacy.protected import Protected


@dataclass(frozen=True)
class Store:
    """A place where data of the person lies. `kept` says how many rows stay for which reason (a code of
    `wording.WHY`); `until` is when the last of those that stay for a fixed time go."""

    code: str
    goes: int = 0
    kept: tuple[tuple[int, str], ...] = ()
    until: datetime | None = None


class Erasing(Protocol):
    """Both look through every store and name each, also where nothing is."""

    def preview(self, *, number_index: bytes) -> list[Store]:
        """What would go, and what is kept and why. Changes nothing."""

    def erase(
        self, *, number_index: bytes, phone: Protected | None, reason: str, until: datetime | None = None
    ) -> list[Store]:
        """Delete what may go of what came `until` then (now), in the caller's transaction, and see that it is
        gone; what went, and what is kept and why.

        `reason` names the request; called again under it, it goes on where it ended. Raises when a store
        still holds what should have gone.
        """


erasing: Port[Erasing] = Port("rights.erasing")
