"""What rooms above access need of a room above them: whether a thing may begin without an impact assessment;
`governance` provides it."""

from typing import Protocol

from django.db.models import Model

from apps.core.ports import Port


class Assessing(Protocol):
    def is_missing(self, about: Model) -> bool:
        """Whether the thing needs an impact assessment (R36) and has none that lets it go ahead as it is
        now."""


assessing: Port[Assessing] = Port("access.assessing")
