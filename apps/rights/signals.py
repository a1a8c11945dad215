"""What rooms above do for a request, inside its transaction; each receiver answers with what it found.

`person_asked_about`: with `number_index`; answers with a list of `Store`: what would go, and what is kept and why.
`erasure_ordered`: with `subject_request` (its phone and number_index); answers with the same, after the fact.
"""

from dataclasses import dataclass

from django.dispatch import Signal

person_asked_about = Signal()
erasure_ordered = Signal()


@dataclass(frozen=True)
class Store:
    """A place where data of the person lies. `kept` says how many rows stay for which reason (a code of `wording.WHY`)."""

    code: str
    goes: int = 0
    kept: tuple[tuple[int, str], ...] = ()
