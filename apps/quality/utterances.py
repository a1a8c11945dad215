"""What is spoken in a recording, cut at its pauses: what a recogniser is given. Streams: of each channel one
utterance is in memory."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from . import sound

RATE = 16_000  # what recognisers take
WINDOW = RATE * sound.WINDOW_MS // 1000
BEGINS, GOES_ON = sound.LOUD, sound.LOUD // 2  # of 32,768
PAUSE = 25  # windows: half a second below `GOES_ON` ends an utterance
LEAD = 10  # windows before the first loud one and after the last: consonants are quiet
LEAST = 4  # loud windows: what is shorter is a click
MOST = 1_000  # windows: 20 s, after which it is cut at its quietest place
LOOK_BACK = 250  # windows in which that place is looked for
Samples = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Utterance:
    """`start` and `end` in ms from the beginning of the recording; `samples`: mono, `RATE` a second, from -1
    to 1."""

    start: int
    end: int
    channel: int
    samples: Samples


def utterances(file: BinaryIO, media: str) -> Iterator[Utterance]:
    """In order of their ends: a long one of one channel comes after a short one of the other that began
    later.

    What a damaged recording still holds is given. Raises `NoSound` and `SoundDamaged` as `sound.measure`
    does.
    """
    with sound.opened(file, media) as container:
        track = sound.track_of(container, media)
        channels = sound.channels_of(track)
        ears = [_Ear(channel) for channel in range(channels)]
        waiting = np.empty((0, channels), np.int16)
        for piece in sound.resampled(sound.Packets(container, track), RATE, channels):
            waiting = np.concatenate([waiting, piece])
            whole = len(waiting) // WINDOW * WINDOW
            for window in waiting[:whole].reshape(-1, WINDOW, channels):
                for ear in ears:
                    yield from ear.hear(window[:, ear.channel])
            waiting = waiting[whole:]
        for ear in ears:
            yield from ear.end()


@dataclass
class _Ear:
    """One channel, window by window."""

    channel: int
    heard: int = 0  # windows so far
    lead: deque[Samples] = field(default_factory=lambda: deque(maxlen=LEAD))
    windows: list[Samples] = field(default_factory=list)  # of the utterance under way, its lead first
    loudness: list[int] = field(default_factory=list)
    quiet: int = 0

    def hear(self, window: Samples) -> Iterator[Utterance]:
        loud = int(np.abs(window.astype(np.int32)).max())
        self.heard += 1
        if not self.windows and loud < BEGINS:
            self.lead.append(window)
            return
        if not self.windows:
            self.windows, self.loudness = list(self.lead), [0] * len(self.lead)
            self.lead.clear()
        self.windows.append(window)
        self.loudness.append(loud)
        self.quiet = 0 if loud >= GOES_ON else self.quiet + 1
        if self.quiet >= PAUSE:
            yield from self.end()
        elif len(self.windows) >= MOST:
            yield from self._cut(MOST - LOOK_BACK + int(np.argmin(self.loudness[-LOOK_BACK:])))

    def end(self) -> Iterator[Utterance]:
        """The utterance under way, with a little of the pause behind it."""
        yield from self._cut(len(self.windows) - max(0, self.quiet - LEAD))
        self.lead.extend(self.windows)
        self.windows, self.loudness, self.quiet = [], [], 0

    def _cut(self, place: int) -> Iterator[Utterance]:
        first = self.heard - len(self.windows)
        said, loudness = self.windows[:place], self.loudness[:place]
        self.windows, self.loudness = self.windows[place:], self.loudness[place:]
        if sum(loud >= BEGINS for loud in loudness) >= LEAST:
            samples = np.concatenate(said).astype(np.float32) / 32_768
            yield Utterance(first * sound.WINDOW_MS, (first + place) * sound.WINDOW_MS, self.channel, samples)
