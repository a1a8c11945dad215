"""Training of the second reader (`learned`): logistic regression by AdaGrad, in the open and repeatable. No library is needed."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .frames import read_by_frames
from .learned_reader import COLLECTIONS, features, strength

ROUNDS = 40
RATE = 0.8
DECAY = 3e-5
LEAST_TEXTS = 2  # that a feature stands in
SEED = 20_261_128
THRESHOLD = 0.75  # on unseen hands: about two of a hundred refusals missed, five of a hundred harmless ones blocked
LEAST_WEIGHT = 0.02
COUNTED = ("f", "g")  # hands whose texts neither the frames nor the weights were made with


@dataclass(frozen=True)
class Reply:
    """A text of a collection, and whether it has to block."""

    text: str
    right: str
    found: frozenset[str]

    @property
    def blocks(self) -> bool:
        return self.right != "other"


def read_collections(folder: Path = COLLECTIONS) -> dict[str, list[Reply]]:
    """Every collection by its name: each was written by another hand."""
    return {
        path.stem: [Reply(row["text"], row["right"], features(row["text"])) for row in yaml.safe_load(path.read_text())]
        for path in sorted(folder.glob("*.yaml"))
    }


def train(replies: Sequence[Reply]) -> tuple[dict[str, float], float]:
    """The weights of the features, and the bias. The same replies give the same weights."""
    counts = Counter(feature for reply in replies for feature in reply.found)
    known = {feature for feature, count in counts.items() if count >= LEAST_TEXTS}
    rows = [
        ([feature for feature in sorted(reply.found) if feature in known], math.sqrt(len(reply.found) or 1), reply.blocks)
        for reply in replies
    ]
    share = sum(blocks for _row, _length, blocks in rows) / len(rows)
    weights, squares = dict.fromkeys(sorted(known), 0.0), dict.fromkeys(known, 1e-6)
    bias, order = 0.0, random.Random(SEED)  # noqa: S311  (the order of training: it has to be the same each time)
    for _round in range(ROUNDS):
        order.shuffle(rows)
        for row, length, blocks in rows:
            total = bias + sum(weights[feature] for feature in row) / length
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) - blocks
            error *= 1 - share if blocks else share
            bias -= 0.02 * error
            for feature in row:
                step = error / length + DECAY * weights[feature]
                squares[feature] += step * step
                weights[feature] -= RATE * step / math.sqrt(squares[feature])
    return weights, bias


def figures(collections: dict[str, list[Reply]], weights: dict[str, float], bias: float) -> dict[str, Any]:
    """Of both readers together, on the hands that were only counted: refusals and doubtful ones missed, harmless ones blocked."""
    counted = [reply for name in COUNTED for reply in collections[name]]
    shares: dict[str, Any] = {"texts": len(counted)}
    for right, name in (("refusal", "refusals_missed"), ("near", "doubtful_missed"), ("other", "harmless_blocked")):
        rows = [reply for reply in counted if reply.right == right]
        blocked = sum(read_by_frames(reply.text) != "other" or strength(reply.found, weights, bias) >= THRESHOLD for reply in rows)
        shares[name] = f"{blocked if right == 'other' else len(rows) - blocked}/{len(rows)}"
    return shares


def make_model() -> dict[str, Any]:
    """Train on every hand but those that are only counted; what `learned.json` holds."""
    collections = read_collections()
    weights, bias = train([reply for name, replies in collections.items() if name not in COUNTED for reply in replies])
    shown = {feature: round(weight, 3) for feature, weight in weights.items() if abs(weight) >= LEAST_WEIGHT}
    return {
        "threshold": THRESHOLD,
        "bias": round(bias, 4),
        "trained_on": sorted(set(collections) - set(COUNTED)),
        "counted_on": list(COUNTED),
        "figures": figures(collections, shown, bias),
        "weights": shown,
    }
