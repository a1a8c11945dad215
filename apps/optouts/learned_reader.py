"""The second reader of messages: what nobody wrote down as a frame, learned from the collections (`collections/*.yaml`).

A linear model over the characters of a text and over how it sounds (pinyin), one to three at a time. It only ever adds: what the
frames read as harmless and this reader thinks is a refusal blocks and waits for a person. `manage.py train_reader` makes the file of
weights, with its figures on hands that it was not trained on. Pure: text in, strength out.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .frames import in_pinyin, plain

COLLECTIONS = Path(__file__).parent / "collections"
WEIGHTS = Path(__file__).parent / "learned.json"
LONGEST = 3  # characters, or syllables, of a feature
MOST_CHARACTERS = 300  # a longer text is read from its beginning and its end


def features(text: str) -> frozenset[str]:
    """The features of a text: its runs of characters, and of syllables (`~`), with its beginning and end marked."""
    said = plain(text)
    if len(said) > MOST_CHARACTERS:
        said = said[: MOST_CHARACTERS // 2] + said[-MOST_CHARACTERS // 2 :]
    syllables = [part for syllable in in_pinyin(said) for part in re.findall(r"[a-z]+|[0-9]+", _bare(syllable))]
    return frozenset({*_runs(["^", *said, "$"], ""), *(f"~{run}" for run in _runs(["^", *syllables, "$"], " "))})


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


def strength_of(text: str) -> float:
    """How sure the reader is that the text refuses, from 0 to 1."""
    model = _model()
    return strength(features(text), model["weights"], model["bias"])


def strength(found: frozenset[str], weights: dict[str, float], bias: float) -> float:
    total = bias + sum(weights.get(feature, 0.0) for feature in found) / math.sqrt(len(found) or 1)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def refuses(text: str) -> bool:
    """Whether the reader thinks that the text may refuse."""
    return strength_of(text) >= _model()["threshold"]
