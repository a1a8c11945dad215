"""Training of the second reader (`advising`), in the open and repeatable: one linear solve over likeness, no
library but numpy.

Two passages are alike by their characters (cosine of weighted runs) and by their meaning (a Gaussian of the
cosine of embeddings). Kernel ridge regression over the sum of both gives "breaks some rule" and each code at
once. What it is worth is counted on hands that it never saw: every author in turn is left out, and once more
groups of passages that are alike; of the newer hands a half is only counted and never learned from.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from apps.core.embeddings import Floats

from . import advising
from .advising import grams, plain

RIDGE = 0.3
MEANING_SHARE = 0.5  # of the likeness by meaning beside that by characters
LEAST_PASSAGES = 2  # that a feature stands in
COUNTED = frozenset("v")  # hands that are never learned from
READ_WHOLE = frozenset("abcz")  # hands that are learned from as a whole; of the others every second passage
FALSE_AT_MOST = 0.03  # of lawful passages of unseen hands that are advised against
MISSED_BY_CHARACTERS = 0.03  # of violating passages that are passed over by characters alone
ALIKE_FROM = 0.5  # cosine of characters from which two passages belong to one group


@dataclass(frozen=True)
class Passage:
    """What somebody said, by whom it was written, and which rules it breaks."""

    name: str
    text: str
    trade: str
    kind: str
    codes: tuple[str, ...]

    @property
    def hand(self) -> str:
        return self.name[0]

    @property
    def author(self) -> str:
        """Who is left out with it, where hands are counted that the head has not seen."""
        return f"{self.hand}{int(self.name[1:]) // 2 % 10}" if self.hand == ORDINARY else self.hand

    @property
    def is_learned_from(self) -> bool:
        if self.hand in COUNTED:
            return False
        return self.hand in READ_WHOLE or int(self.name[1:]) % 2 == 1


HOUSE = "z"  # the hand of a site's own reviewers
ORDINARY = "s"  # openings and ways out as every script has them: of one make, so they are left out in tenths


def read_collections(folder: Path = advising.COLLECTIONS) -> list[Passage]:
    rows = [row for path in sorted(folder.glob("*.yaml")) for row in yaml.safe_load(path.read_text())]
    return [Passage(row["id"], row["text"], row["trade"], row["type"], tuple(row["codes"])) for row in rows]


@dataclass
class Material:
    """Passages as numbers: characters (passages × features, length one each) and embeddings (centred, length
    one each)."""

    passages: Sequence[Passage]
    vocabulary: list[str]
    rarity: Floats
    characters: Floats
    centre: Floats
    scale: Floats
    meanings: Floats
    targets: Floats  # passages × outputs, 1 or -1
    codes: list[str]


def prepare(passages: Sequence[Passage], embeddings: Floats) -> Material:
    counted = [grams(plain(passage.text)) for passage in passages]
    learned = np.array([passage.is_learned_from for passage in passages])
    frequency: dict[str, int] = {}
    for features, is_learned in zip(counted, learned, strict=True):
        if is_learned:
            for gram in features:
                frequency[gram] = frequency.get(gram, 0) + 1
    vocabulary = sorted(gram for gram, count in frequency.items() if count >= LEAST_PASSAGES)
    places = {gram: place for place, gram in enumerate(vocabulary)}
    rarity = np.array(
        [math.log((1 + learned.sum()) / (1 + frequency[gram])) + 1 for gram in vocabulary], np.float32
    )
    characters = np.zeros((len(passages), len(vocabulary)), np.float32)
    for row, features in enumerate(counted):
        for gram, count in features.items():
            if gram in places:
                characters[row, places[gram]] = (1 + math.log(count)) * rarity[places[gram]]
    characters /= np.linalg.norm(characters, axis=1, keepdims=True) + 1e-9
    centre, scale = embeddings[learned].mean(axis=0), embeddings[learned].std(axis=0)
    meanings = (embeddings - centre) / scale
    meanings /= np.linalg.norm(meanings, axis=1, keepdims=True)
    codes = sorted({code for passage in passages for code in passage.codes})
    targets = (
        np.array(
            [[bool(passage.codes), *(code in passage.codes for code in codes)] for passage in passages],
            np.float32,
        )
        * 2
        - 1
    )
    return Material(passages, vocabulary, rarity, characters, centre, scale, meanings, targets, codes)


def _solve(material: Material, rows: Any, *, with_meaning: bool) -> Floats:
    kernel = material.characters[rows] @ material.characters[rows].T
    if with_meaning:
        kernel = kernel + MEANING_SHARE * np.exp(
            -advising.SPREAD * (1 - material.meanings[rows] @ material.meanings[rows].T)
        )
    alphas: Floats = np.linalg.solve(
        kernel + RIDGE * np.eye(len(kernel), dtype=np.float32), material.targets[rows]
    )
    return alphas


def _outputs(material: Material, asked: Any, rows: Any, alphas: Floats, *, with_meaning: bool) -> Floats:
    outputs: Floats = material.characters[asked] @ (material.characters[rows].T @ alphas)
    if with_meaning:
        cosines = material.meanings[asked] @ material.meanings[rows].T
        outputs = outputs + MEANING_SHARE * np.exp(-advising.SPREAD * (1 - cosines)) @ alphas
    return outputs


def left_out(material: Material, groups: Sequence[object], *, with_meaning: bool) -> Floats:
    """The outputs for each passage by a head that learned from no passage of its group."""
    outputs = np.zeros_like(material.targets)
    learned = np.array([passage.is_learned_from for passage in material.passages])
    names = np.array([str(group) for group in groups])
    for group in sorted(set(names)):
        asked, rows = np.flatnonzero(names == group), np.flatnonzero(learned & (names != group))
        alphas = _solve(material, rows, with_meaning=with_meaning)
        outputs[asked] = _outputs(material, asked, rows, alphas, with_meaning=with_meaning)
    return outputs


def groups_alike(material: Material, folds: int = 10) -> list[int]:
    """Passages that are alike are in one fold."""
    parents = list(range(len(material.passages)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for first, second in np.argwhere(
        np.triu(material.characters @ material.characters.T, 1) >= ALIKE_FROM
    ).tolist():
        parents[root(first)] = root(second)
    order = {
        group: number for number, group in enumerate(sorted({root(place) for place in range(len(parents))}))
    }
    return [order[root(place)] % folds for place in range(len(parents))]


def _totals(outputs: Floats) -> Floats:
    return outputs[:, 0] + advising.CODE_SHARE * outputs[:, 1:].max(axis=1)


def _calibrated(totals: Floats, breaks: Any) -> tuple[float, float]:
    """Slope and offset of a logistic curve, by Newton's method."""
    slope, offset = 1.0, 0.0
    for _round in range(50):
        chance = 1 / (1 + np.exp(-np.clip(slope * totals + offset, -30, 30)))
        weight = chance * (1 - chance) + 1e-9
        gradient = np.array([((chance - breaks) * totals).sum(), (chance - breaks).sum()])
        hessian = np.array(
            [[(weight * totals**2).sum(), (weight * totals).sum()], [(weight * totals).sum(), weight.sum()]]
        )
        step = np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
        slope, offset = slope - step[0], offset - step[1]
    return float(slope), float(offset)


def _strengths(totals: Floats, curve: tuple[float, float]) -> Floats:
    strengths: Floats = 1 / (1 + np.exp(-np.clip(curve[0] * totals + curve[1], -30, 30)))
    return strengths


def _threshold(strengths: Floats, breaks: Any) -> float:
    lawful = np.sort(strengths[~breaks])[::-1]
    return float(lawful[int(FALSE_AT_MOST * len(lawful))]) + 1e-4


def _rates(flagged: Any, breaks: Any) -> dict[str, str]:
    return {
        "found": f"{int((flagged & breaks).sum())}/{int(breaks.sum())}",
        "false": f"{int((flagged & ~breaks).sum())}/{int((~breaks).sum())}",
    }


@dataclass(frozen=True)
class Judged:
    """What the bans say of each passage: the codes that they find, and those that are only denied or reported
    there."""

    found: Sequence[frozenset[str]]
    denied: Sequence[frozenset[str]]


def train(passages: Sequence[Passage], embeddings: Floats, judged: Judged) -> dict[str, Any]:
    """What `advice.npz` holds. `judged` is for the figures of both readers together."""
    material = prepare(passages, embeddings)
    learned = np.array([passage.is_learned_from for passage in passages])
    rows, breaks = np.flatnonzero(learned), np.array([bool(passage.codes) for passage in passages])
    by_author: dict[str, Floats] = {}
    curves, thresholds = {}, {}
    for how in ("meaning", "characters"):
        by_author[how] = left_out(
            material, [passage.author for passage in passages], with_meaning=how == "meaning"
        )
        totals = _totals(by_author[how])[rows]  # of what is only counted nothing is fitted
        curves[how] = _calibrated(totals, breaks[rows])
        thresholds[how] = _threshold(_strengths(totals, curves[how]), breaks[rows])
    sure = np.sort(_strengths(_totals(by_author["characters"])[rows], curves["characters"])[breaks[rows]])
    alphas = _solve(material, rows, with_meaning=True)
    alone = _solve(material, rows, with_meaning=False)
    alike = left_out(material, groups_alike(material), with_meaning=True)
    own = _outputs(material, np.arange(len(passages)), rows, alphas, with_meaning=True)
    meta = {
        "codes": material.codes,
        "names": [passages[row].name for row in rows.tolist()],
        "calibration": curves,
        "thresholds": thresholds,
        "house": {each.name: [each.text, each.codes] for each in passages if each.hand == HOUSE},
        "certain_below": float(sure[int(MISSED_BY_CHARACTERS * len(sure))]),
        "figures": _figures(material, by_author, alike, own, curves, thresholds, judged),
    }
    stored = {
        "meta": json.dumps(meta, ensure_ascii=False), "vocabulary": "\n".join(material.vocabulary),
        "rarity": material.rarity.astype(np.float16),
        "centre": material.centre.astype(np.float16), "scale": material.scale.astype(np.float16),
        "known": _in_bytes(material.meanings[rows], axis=1)[0],
        "alphas": (MEANING_SHARE * alphas).astype(np.float16),
    }  # fmt: skip
    for how, solved in (("meaning", alphas), ("characters", alone)):
        stored[f"weights_{how}"], stored[f"scale_{how}"] = _in_bytes(
            material.characters[rows].T @ solved, axis=0
        )
    return stored


def _in_bytes(values: Floats, axis: int) -> tuple[Any, Any]:
    """The values as whole numbers from -127 to 127, and what each row or column has to be multiplied with."""
    scale = np.abs(values).max(axis=axis, keepdims=True) / 127 + 1e-12
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)


def _figures(
    material: Material, by_author: dict[str, Floats], alike: Floats, own: Floats,
    curves: dict[str, tuple[float, float]],
    thresholds: dict[str, float], judged: Judged,
) -> dict[str, Any]:  # fmt: skip
    passages = material.passages
    breaks = np.array([bool(passage.codes) for passage in passages])
    counted = np.array([not passage.is_learned_from for passage in passages])
    bans = np.array([bool(codes) for codes in judged.found])

    def flagged(outputs: Floats, how: str) -> Any:
        surest = [material.codes[place] for place in outputs[:, 1:].argmax(axis=1)]
        denied = np.array([code in codes for code, codes in zip(surest, judged.denied, strict=True)])
        strengths = _strengths(_totals(outputs), curves[how])
        return (strengths >= thresholds[how]) & ~(denied & (strengths < advising.OVERRIDES_DENIAL / 100))

    advised = flagged(by_author["meaning"], "meaning")
    figures: dict[str, Any] = {
        "passages": len(passages), "learned_from": int((~counted).sum()),
        "hands": len({passage.hand for passage in passages}),
        "unseen_hands": {
            "bans": _rates(bans, breaks), "advice": _rates(advised, breaks),
            "together": _rates(bans | advised, breaks),
            "together_without_embeddings": _rates(bans | flagged(by_author["characters"], "characters"),
            breaks),
        },
        "unseen_groups_of_alike": _rates(flagged(alike, "meaning"), breaks),
        "counted_halves": {
            "advice": _rates(flagged(own, "meaning")[counted], breaks[counted]),
            "together": _rates((bans | flagged(own, "meaning"))[counted], breaks[counted]),
        },
        "by_hand": {}, "by_code": {},
    }  # fmt: skip
    hands = np.array([passage.hand for passage in passages])
    for hand in sorted(set(hands)):
        of_hand = hands == hand
        figures["by_hand"][hand] = {
            name: _rates(which[of_hand], breaks[of_hand])
            for name, which in (("bans", bans), ("together", bans | advised))
        }
    for code in material.codes:
        rows = np.array([code in passage.codes for passage in passages])
        in_bans = np.array([code in codes for codes in judged.found])
        figures["by_code"][code] = {
            "passages": int(rows.sum()), "bans": int((in_bans & rows).sum()),
            "advice": int((advised & rows).sum()),
            "together": int(((bans | advised) & rows).sum()),
        }  # fmt: skip
    return figures


def judged_by_bans(passages: Iterable[Passage]) -> Judged:
    from .checking import check, denied_codes

    found, denied = [], []
    for passage in passages:
        bans = check(passage.text, kind=passage.kind, trade=passage.trade, needs_parts=False)
        found.append(frozenset(each.code for each in bans))
        denied.append(denied_codes(passage.text, kind=passage.kind, trade=passage.trade))
    return Judged(found, denied)
