"""Score cards: what a form may hold, what points answers give, and how far two reviewers agree. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import BadInput

# In this order on every card: privacy and script first (R29).
SECTIONS: Mapping[str, Promise] = {
    "privacy": gettext_lazy("Privacy"),
    "script": gettext_lazy("Script"),
    "manner": gettext_lazy("Manner"),
    "result": gettext_lazy("Result"),
}
ANSWERS = ("yes", "no", "na")
MOST_ITEMS = 9  # each has a key of its own


@dataclass(frozen=True)
class CardItem:
    """One question, answered yes (as it should be), no, or "does not apply" where that is possible."""

    code: str
    section: str
    text: Mapping[str, str]  # {"en", "zh"}
    weight: int
    is_fatal: bool = False
    may_not_apply: bool = False

    def in_language(self, language: str) -> str:
        return self.text["zh" if language.startswith("zh") else "en"]


@dataclass(frozen=True)
class CardVerdict:
    score: int
    has_passed: bool
    failed_fatal: list[str]


def read_items(raw: Any) -> list[CardItem]:
    """Items as they are stored. Raises `BadInput` with the place of what is wrong."""
    if not isinstance(raw, list) or not 3 <= len(raw) <= MOST_ITEMS:
        raise BadInput(_("A score card has 3 to %(most)s items."), most=MOST_ITEMS)
    items = [_item(each, place) for place, each in enumerate(raw, 1)]
    if len({item.code for item in items}) < len(items):
        raise BadInput(_("Two items have the same code."))
    order = [list(SECTIONS).index(item.section) for item in items]
    if order != sorted(order):
        raise BadInput(_("Privacy items come first, then the script's, then the others (R29)."))
    if {"privacy", "script"} - {item.section for item in items}:
        raise BadInput(_("A score card asks about privacy and about the script (R29)."))
    return items


def _item(raw: Any, place: int) -> CardItem:
    try:
        item = CardItem(**raw)
        right = (
            item.section in SECTIONS
            and set(item.text) == {"en", "zh"}
            and all(item.text.values())
            and 1 <= item.weight <= 100
        )
    except (TypeError, AttributeError):
        right = False
    if not right or not str(item.code).isidentifier():
        raise BadInput(
            _(
                "Item %(place)s needs a code, a section, its text in both languages and a weight from 1 to "
                "100."
            ),
            place=place,
        )
    return item


def stored(items: Iterable[CardItem]) -> list[dict[str, Any]]:
    return [asdict(item) | {"text": dict(item.text)} for item in items]


def judge(items: Sequence[CardItem], answers: Mapping[str, str], *, pass_mark: int) -> CardVerdict:
    """Points of 100 over the items that apply; a fatal item that fails takes them all. Raises `BadInput` for
    a missing answer."""
    for item in items:
        answer = answers.get(item.code)
        if answer not in ANSWERS or (answer == "na" and not item.may_not_apply):
            raise BadInput(_('"%(item)s" is not answered.'), item=item.text["zh"])
    counted = [item for item in items if answers[item.code] != "na"]
    failed_fatal = [item.code for item in counted if item.is_fatal and answers[item.code] == "no"]
    total = sum(item.weight for item in counted)
    given = sum(item.weight for item in counted if answers[item.code] == "yes")
    score = 0 if failed_fatal else round(100 * given / total) if total else 100
    return CardVerdict(score, not failed_fatal and score >= pass_mark, failed_fatal)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two reviewers' answers: agreement beyond chance, 1 at most. None without pairs.

    Source: Cohen (1960), A coefficient of agreement for nominal scales. Two who always give one and the same
    answer agree fully, though chance would explain it.
    """
    if not pairs:
        return None
    count = len(pairs)
    observed = sum(first == second for first, second in pairs) / count
    answers = {answer for pair in pairs for answer in pair}
    expected = (
        sum(
            sum(pair[0] == answer for pair in pairs) * sum(pair[1] == answer for pair in pairs)
            for answer in answers
        )
        / count**2
    )
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)
