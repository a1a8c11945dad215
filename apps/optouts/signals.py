"""`opt_outs_recorded`: sent inside the transaction that records refusals, with `refused` (`Refused`).

`number_disowned`: sent inside the transaction that takes in a message whose sender says that the number is
another person's, with `number_index`, `reference` (the message) and `client`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal


@dataclass(frozen=True)
class Refused:
    """Entries of the register that came together: one scope and one time for all. `number_indexes` are the
    blind indexes by which rooms above find their rows of the numbers."""

    entry_ids: Sequence[int]
    number_indexes: Sequence[bytes]
    said_at: datetime
    scope: str
    scope_value: str = ""


opt_outs_recorded = Signal()
number_disowned = Signal()
