"""What the register needs to know of rooms above; `campaigns` provides it."""

from typing import Protocol

from apps.core.ports import Port


class Naming(Protocol):
    def names_of(self, scope: str) -> list[tuple[str, str]]:
        """Of the scope `purpose` or `brand`: what a refusal may name, each with the words for people; retired
        ones too."""


naming: Port[Naming] = Port("optouts.naming")
