"""Which things need an impact assessment, and how risks are graded. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Trigger:
    """`when`: of each fact the values that meet it; `unless`: the values that do not. `law` is a key of
    `core.laws.LAWS`."""

    code: str
    law: str
    when: Mapping[str, Sequence[Any]]
    unless: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def applies(self, facts: Mapping[str, Any]) -> bool:
        """A fact that a thing does not have meets nothing."""
        meets = all(name in facts and facts[name] in values for name, values in self.when.items())
        return meets and not any(facts.get(name) in values for name, values in self.unless.items())


def needed_because(triggers: Iterable[Trigger], facts: Mapping[str, Any]) -> list[str]:
    """Codes of the triggers that apply, in their order."""
    return [trigger.code for trigger in triggers if trigger.applies(facts)]


def changed_facts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of facts that read otherwise than when the thing was assessed, sorted."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


LOW, MEDIUM, HIGH = 1, 2, 3


def grade_of(likelihood: int, harm: int) -> int:
    """The grade of a risk from two grades of 1 to 3: high from a product of 6 on, medium from 3 on."""
    product = likelihood * harm
    return HIGH if product >= 6 else MEDIUM if product >= 3 else LOW


def verdicts_for(risks: Iterable[tuple[int, int, int]]) -> frozenset[str]:
    """Verdicts that the matrix allows; each risk is (likelihood, harm, harm that remains).

    What stays high may not go ahead; what a measure had to bring down may only with it.
    """
    allowed = {"acceptable", "with_measures", "not_acceptable"}
    for likelihood, harm, remaining in risks:
        before, after = grade_of(likelihood, harm), grade_of(likelihood, remaining)
        if after == HIGH:
            return frozenset({"not_acceptable"})
        if before > after:
            allowed.discard("acceptable")
    return frozenset(allowed)
