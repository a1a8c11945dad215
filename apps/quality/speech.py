"""The interface of a speech-to-text adapter. None is built in: name yours in `HEGUI_SPEECH_TO_TEXT` as `package.module.Class`.

The class is made without arguments. Its `transcribe` is called by a worker, once for each recording that has no transcript
yet, and may take minutes. Nothing it is given may be kept or sent to a third party (R17): the sound is read from a stream
that decrypts as it is read and has no file. An adapter that raises leaves the recording without a transcript, and the
worker's log names the kind of the error. `docs/operations.md` has an example.
"""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from .rules.examining import Segment


class SpeechToText(Protocol):
    def transcribe(self, audio: BinaryIO, media: str) -> Sequence[Segment]:
        """What was said, in order of time (ms); `media` is "wav", "mp3", "ogg" or "m4a"; speakers are "agent" and "client"."""
        ...
