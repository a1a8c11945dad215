"""The second reader of messages: what nobody wrote down as a frame, learned from the collections
(`collections/*.yaml`).

A linear model over the characters of a text and over how it sounds (pinyin), one to three at a time; and over
its meaning, as a sentence embedding, where the library for it is installed (the extra "reader"). It only ever
adds: what the frames read as harmless and this reader thinks is a refusal blocks and waits for a person.
`manage.py train_reply_reader` makes the file of weights, with its figures on hands that it was not trained
on. Pure: text in, answer out.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from apps.core.embeddings import Floats, embedder

from .frames import in_pinyin, plain

COLLECTIONS = Path(__file__).parent / "collections"
WEIGHTS = Path(__file__).parent / "learned.json"
LONGEST = 3  # characters, or syllables, of a feature
MOST_CHARACTERS = 300  # a longer text is read from its beginning and its end


def features(text: str) -> frozenset[str]:
    """The features of a text: its runs of characters, and of syllables (`~`), with its beginning and end
    marked."""
    said = shortened(text)
    syllables = [
        part for syllable in in_pinyin(said) for part in re.findall(r"[a-z]+|[0-9]+", _bare(syllable))
    ]
    return frozenset(
        {*_runs(["^", *said, "$"], ""), *(f"~{run}" for run in _runs(["^", *syllables, "$"], " "))}
    )


def shortened(text: str) -> str:
    """What is read of a text, in its plain form."""
    said = plain(text)
    return (
        said if len(said) <= MOST_CHARACTERS else said[: MOST_CHARACTERS // 2] + said[-MOST_CHARACTERS // 2 :]
    )


def _bare(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")


def _runs(parts: list[str], between: str) -> Iterator[str]:
    for length in range(1, LONGEST + 1):
        for start in range(len(parts) - length + 1):
            yield between.join(parts[start : start + length])


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(WEIGHTS.read_text())
    return model


def mode() -> str:
    """How messages are read here: by "meaning" too, or by "characters" alone."""
    return "meaning" if embedder() else "characters"


def by_characters(found: frozenset[str], weights: dict[str, float], bias: float) -> float:
    """How much the features speak for a refusal; below 0: against."""
    return bias + sum(weights.get(feature, 0.0) for feature in found) / math.sqrt(len(found) or 1)


def scaled(embeddings: Floats, centre: Floats, scale: Floats) -> Floats:
    """Embeddings (texts × 384) about their centre, of length 1, and a 1 behind each for the bias."""
    around = (embeddings - centre) / scale
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    return np.hstack([around, np.ones((len(around), 1), around.dtype)])


def by_meaning(embeddings: Floats, meaning: dict[str, Any]) -> Floats:
    """For each text, how much its embedding speaks for a refusal, in the measure of `by_characters`."""
    centre, scale, weights = (
        np.asarray(meaning[name], np.float32) for name in ("centre", "scale", "weights")
    )
    found: Floats = scaled(embeddings, centre, scale) @ weights
    return found


def refuses(text: str) -> bool:
    """Whether the reader thinks that the text may refuse."""
    model = _model()
    total = by_characters(features(text), model["weights"], model["bias"])
    if embed := embedder():
        total += float(by_meaning(embed([shortened(text)]), model["meaning"])[0])
    return total >= float(model["thresholds"][mode()])
