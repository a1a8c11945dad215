"""Which calls of a day people review: by risk, by chance, by quota (R29). Pure: chance comes in as a number
generator."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

# Points of risk. What weighs most is looked at by people first; together at most 100.
POINTS = {
    "complaint": 60, "finding": 50, "opening": 25, "way_out": 25, "advice": 20, "opt_out": 15, "flaw": 15,
    "new_agent": 10, "short": 10,
}  # fmt: skip
MOST_RISK = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A connected call of the day, and which of `POINTS` hold for it."""

    call: int
    agent: int | None
    campaign: int
    signs: tuple[str, ...] = ()

    @property
    def risk(self) -> int:
        return min(MOST_RISK, sum(POINTS[sign] for sign in self.signs))


@dataclass(frozen=True)
class SampleTerms:
    random_percent: int
    least_risk: int
    most: int
    agent_week: int
    campaign_day: int
    double_percent: int


@dataclass(frozen=True)
class Before:
    """What was reviewed already: reviews of each agent in the week, and who was not reviewed for 30 days."""

    of_agent: Mapping[int, int] = field(default_factory=dict)
    long_ago: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Chosen:
    candidate: Candidate
    why: tuple[str, ...]
    twice: bool


def choose(
    candidates: Sequence[Candidate], terms: SampleTerms, before: Before, chance: Random
) -> list[Chosen]:
    """The calls to be reviewed, the riskiest first; the same seed gives the same ones.

    Risk comes first, then agents who were not reviewed for 30 days (whatever the limit of the day says), then
    quotas of agents and campaigns, then chance.
    """
    why: dict[int, list[str]] = defaultdict(list)
    by_call = {each.call: each for each in candidates}
    at_risk = sorted(
        (each for each in candidates if each.risk >= terms.least_risk),
        key=lambda each: (-each.risk, each.call),
    )
    for each in at_risk[: terms.most]:
        why[each.call] += each.signs
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    _no_agent_forgotten(shuffled, before, why)
    left = terms.most - len(why)
    for each in _for_quotas(shuffled, terms, before, [by_call[call] for call in why]):
        if left <= 0:
            break
        why[each.call].append("quota")
        left -= 1
    wanted = round(len(candidates) * terms.random_percent / 100)
    for each in [each for each in shuffled if each.call not in why][: max(0, min(wanted, left))]:
        why[each.call].append("random")
    order = sorted(why, key=lambda call: (-by_call[call].risk, call))
    twice = set(chance.sample(order, round(len(order) * terms.double_percent / 100)))
    return [Chosen(by_call[call], tuple(dict.fromkeys(why[call])), call in twice) for call in order]


def _no_agent_forgotten(shuffled: Sequence[Candidate], before: Before, why: dict[int, list[str]]) -> None:
    forgotten = set(before.long_ago)
    for each in shuffled:
        if each.call in why:
            forgotten.discard(each.agent or 0)
    for each in shuffled:
        if each.agent in forgotten:
            why[each.call].append("long_ago")
            forgotten.discard(each.agent)


def _for_quotas(
    shuffled: Sequence[Candidate], terms: SampleTerms, before: Before, chosen: Sequence[Candidate]
) -> list[Candidate]:
    """By chance, what agents lack of their week and campaigns of their day."""
    of_agent = Counter(before.of_agent)
    of_agent.update(each.agent for each in chosen if each.agent is not None)
    of_campaign = Counter(each.campaign for each in chosen)
    known = {each.call for each in chosen}
    picked = []
    for each in shuffled:
        lacks_agent = each.agent is not None and of_agent[each.agent] < terms.agent_week
        if each.call in known or not (lacks_agent or of_campaign[each.campaign] < terms.campaign_day):
            continue
        picked.append(each)
        of_campaign[each.campaign] += 1
        if each.agent is not None:
            of_agent[each.agent] += 1
    return picked
