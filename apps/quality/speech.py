"""The interface of a speech-to-text adapter: `sherpa.SherpaOnnx`, or your own, named in
`HEGUI_SPEECH_TO_TEXT` as `package.module.Class`.

The class is made without arguments. Its `transcribe` is called by a worker of the queue `speech`, once for
each recording that has no transcript yet, and may take minutes. Nothing it is given may be kept or sent to a
third party (R17): the sound is read from a stream that decrypts as it is read and has no file. An adapter
that raises is asked again after three hours, three times in all; the worker's log names the kind of the
error. `docs/operations.md` has an example.
"""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from .rules.examining import Segment


class SpeechToText(Protocol):
    def transcribe(self, audio: BinaryIO, media: str) -> Sequence[Segment]:
        """What was said, in order of time (ms). `media` is one of `Recording.Media`; a speaker is "agent",
        "client" or "unknown"."""
        ...
