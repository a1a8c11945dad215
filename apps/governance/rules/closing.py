"""What an incident lacks before it may be closed, and what a notice has to say (PIPL, article 57). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What a notice says: kinds of information, cause and possible harm; measures taken and what the persons can
# do; whom to ask.
CONTENTS = ("information", "cause", "harm", "measures", "advice", "contact")


@dataclass(frozen=True)
class IncidentFacts:
    """`texts` by the names of `CONTENTS` and `lessons`; `notified` whom a notice reached that stands for
    everybody who is known now."""

    texts: Mapping[str, str]
    is_drill: bool
    is_scoped: bool
    to_persons: str
    notified: frozenset[str]
    open_tasks: int


def missing_contents(texts: Mapping[str, str]) -> list[str]:
    return [name for name in CONTENTS if not texts.get(name, "").strip()]


def missing_to_close(facts: IncidentFacts) -> list[str]:
    """Codes of what is still to be done, in the order of the work. A drill is played through but for sending
    notices."""
    checks: Sequence[tuple[str, bool]] = (
        ("scope", not facts.is_scoped),
        *((name, True) for name in missing_contents(facts.texts)),
        ("authority", not facts.is_drill and "authority" not in facts.notified),
        ("decision", facts.to_persons == "undecided"),
        (
            "persons",
            not facts.is_drill and facts.to_persons == "required" and "persons" not in facts.notified,
        ),
        ("tasks", facts.open_tasks > 0),
        ("lessons", not facts.texts.get("lessons", "").strip()),
    )
    return [code for code, is_missing in checks if is_missing]
