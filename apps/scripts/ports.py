"""What scripts need to know of the rooms that speak them; `campaigns` provides it."""

from typing import Protocol

from apps.core.ports import Port

from .models import ScriptVersion


class Speaking(Protocol):
    def still_speaks(self, version: ScriptVersion) -> bool:
        """Whether somebody still speaks a version though a newer one is published: then it stays
        published."""


speaking: Port[Speaking] = Port("scripts.speaking")
