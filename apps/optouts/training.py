"""Training of the second reader (`learned_reader`), in the open and repeatable: logistic regression by
AdaGrad over characters, ridge regression over embeddings."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from apps.core.embeddings import Embed, Floats

from .frames import read_by_frames
from .learned_reader import COLLECTIONS, by_characters, by_meaning, features, scaled, shortened

ROUNDS = 40
RATE = 0.8
DECAY = 3e-5
LEAST_TEXTS = 2  # that a feature stands in
SEED = 20_261_128
MOST_BLOCKED = {"meaning": 0.1, "characters": 0.09}  # of harmless messages by hands that were left out
RIDGE = 5.0
# how much an embedding says beside the characters: the least missed on hands that were left out
MEANING_SHARE = 3.0
LEAST_WEIGHT = 0.02
COUNTED = ("f", "g", "l")  # hands whose texts neither the frames nor the weights were made with


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
        path.stem: [
            Reply(row["text"], row["right"], features(row["text"]))
            for row in yaml.safe_load(path.read_text())
        ]
        for path in sorted(folder.glob("*.yaml"))
    }


def train(replies: Sequence[Reply]) -> tuple[dict[str, float], float]:
    """The weights of the features, and the bias. The same replies give the same weights."""
    counts = Counter(feature for reply in replies for feature in reply.found)
    known = {feature for feature, count in counts.items() if count >= LEAST_TEXTS}
    rows = [
        (
            [feature for feature in sorted(reply.found) if feature in known],
            math.sqrt(len(reply.found) or 1),
            reply.blocks,
        )
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


def train_meaning(replies: Sequence[Reply], embeddings: Floats) -> dict[str, Any]:
    """Ridge regression over embeddings: what `learned_reader.by_meaning` takes."""
    centre, scale = embeddings.mean(0), embeddings.std(0)
    rows = scaled(embeddings, centre, scale).astype(np.float64)
    right = np.asarray([1.0 if reply.blocks else -1.0 for reply in replies])
    weights = MEANING_SHARE * np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ right)
    return {
        name: [round(float(each), 4) for each in values]
        for name, values in (("centre", centre), ("scale", scale), ("weights", weights))
    }


def totals(
    replies: Sequence[Reply],
    embeddings: Floats,
    weights: dict[str, float],
    bias: float,
    meaning: dict[str, Any],
) -> dict[str, Floats]:
    """By mode, how much each reply speaks for a refusal."""
    characters = np.asarray([by_characters(reply.found, weights, bias) for reply in replies])
    return {"characters": characters, "meaning": characters + by_meaning(embeddings, meaning)}


def taught(collections: dict[str, list[Reply]]) -> list[Reply]:
    """The replies that may be learned from."""
    return [reply for name, replies in collections.items() if name not in COUNTED for reply in replies]


def learned(replies: Sequence[Reply]) -> tuple[dict[str, float], float]:
    """What of `train` is kept: small weights say nothing."""
    weights, bias = train(replies)
    return {
        feature: round(weight, 3) for feature, weight in weights.items() if abs(weight) >= LEAST_WEIGHT
    }, round(bias, 4)


def figures(replies: Sequence[Reply], blocks: Sequence[bool]) -> dict[str, Any]:
    """Of both readers together: refusals and doubtful ones missed, harmless ones blocked. `blocks`: what the
    second reader says."""
    shares: dict[str, Any] = {"texts": len(replies)}
    for right, name in (
        ("refusal", "refusals_missed"),
        ("near", "doubtful_missed"),
        ("other", "harmless_blocked"),
    ):
        rows = [(reply, says) for reply, says in zip(replies, blocks, strict=True) if reply.right == right]
        blocked = sum(says or read_by_frames(reply.text) != "other" for reply, says in rows)
        shares[name] = f"{blocked if right == 'other' else len(rows) - blocked}/{len(rows)}"
    return shares


def make_model(embed: Embed) -> dict[str, Any]:
    """Train on every hand but those that are only counted; what `learned.json` holds.

    A threshold is the lowest at which, each hand read by what the others taught, at most `MOST_BLOCKED` of
    the harmless ones are blocked.
    """
    collections = read_collections()
    names = [name for name, replies in collections.items() for _reply in replies]
    replies = [reply for group in collections.values() for reply in group]
    embeddings = embed([shortened(reply.text) or " " for reply in replies])

    def both(places: list[int]) -> tuple[dict[str, float], float, dict[str, Any]]:
        rows = [replies[place] for place in places]
        return (*learned(rows), train_meaning(rows, embeddings[places]))

    known = [place for place, name in enumerate(names) if name not in COUNTED]
    unseen: dict[str, dict[int, float]] = {"characters": {}, "meaning": {}}
    for hand in sorted(set(names) - set(COUNTED)):
        own = [place for place in known if names[place] == hand]
        found = totals(
            [replies[place] for place in own],
            embeddings[own],
            *both([place for place in known if names[place] != hand]),
        )
        for how, values in found.items():
            unseen[how] |= dict(zip(own, values.tolist(), strict=True))
    thresholds = {
        how: _threshold([replies[place] for place in scores], list(scores.values()), MOST_BLOCKED[how])
        for how, scores in unseen.items()
    }

    weights, bias, meaning = both(known)
    counted = [place for place, name in enumerate(names) if name in COUNTED]
    rows = [replies[place] for place in counted]
    scores = totals(rows, embeddings[counted], weights, bias, meaning)
    return {
        "thresholds": thresholds,
        "bias": bias,
        "trained_on": sorted(set(names) - set(COUNTED)),
        "counted_on": list(COUNTED),
        "figures": {
            how: figures(rows, (values >= thresholds[how]).tolist()) for how, values in scores.items()
        },
        "figures_hands_left_out": {
            how: figures(
                [replies[place] for place in by_place],
                [value >= thresholds[how] for value in by_place.values()],
            )
            for how, by_place in unseen.items()
        },
        "weights": weights,
        "meaning": meaning,
    }


def _threshold(replies: Sequence[Reply], scores: Sequence[float], most_blocked: float) -> float:
    frames_block = [read_by_frames(reply.text) != "other" for reply in replies]
    for threshold in np.arange(0.0, 5.0, 0.05):
        harmless = [
            blocked or score >= threshold
            for reply, score, blocked in zip(replies, scores, frames_block, strict=True)
            if not reply.blocks
        ]
        if sum(harmless) <= most_blocked * len(harmless):
            return round(float(threshold), 2)
    raise ValueError("The readers block too much of what is harmless.")
