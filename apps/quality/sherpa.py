"""Speech to text by sherpa-onnx, inside the house: `pip install "hegui[speech]"` and a folder with a model
(`HEGUI_SPEECH_MODEL`).

Taken are SenseVoice and Paraformer as sherpa-onnx publishes them: `model.onnx` or `model.int8.onnx`, and
`tokens.txt`. The library ends the process over a model that it does not know; so the kind is read first, and
the worker of the queue `speech` does nothing else.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import sound
from .rules.examining import AGENT, CLIENT, UNKNOWN, Segment
from .utterances import RATE, utterances

MODELS = ("model.int8.onnx", "model.onnx")
TOKENS = "tokens.txt"
TAIL = 1024 * 1024  # bytes: a model's metadata stand at its end
# What the metadata of each kind name and no other's do.
MARKS = {"sense_voice": b"lang_auto", "paraformer": b"encoder_output_size"}


class SherpaOnnx:
    """Hears Mandarin, and what else the model knows. Where each side has a channel, each is a speaker; else
    nobody is named."""

    def __init__(self) -> None:
        read_model(Path(settings.HEGUI_SPEECH_MODEL))
        if find_spec("sherpa_onnx") is None:
            raise ImproperlyConfigured("sherpa-onnx is not installed: pip install 'hegui[speech]'.")

    def transcribe(self, audio: BinaryIO, media: str) -> Sequence[Segment]:
        recogniser = _recogniser(settings.HEGUI_SPEECH_MODEL, settings.HEGUI_SPEECH_THREADS)
        has_sides = bool(sound.measure(audio, media).channels)
        audio.seek(0)
        said = []
        for each in utterances(audio, media):
            if each.channel == 0 or has_sides:
                text = _text(recogniser, each.samples)
                if text:
                    said.append(
                        Segment(each.start, each.end, _speaker(each.channel) if has_sides else UNKNOWN, text)
                    )
        return sorted(said, key=lambda segment: (segment.start, segment.end))


def _speaker(channel: int) -> str:
    agent = 0 if settings.HEGUI_SPEECH_AGENT_CHANNEL == "left" else 1
    return AGENT if channel == agent else CLIENT


def _text(recogniser: Any, samples: Any) -> str:
    stream = recogniser.create_stream()
    stream.accept_waveform(RATE, samples)
    recogniser.decode_stream(stream)
    return str(stream.result.text).strip()


def read_model(folder: Path) -> tuple[str, Path]:
    """The kind of model in the folder, and its file. Raises `ImproperlyConfigured` with what is missing."""
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    if model is None or not (folder / TOKENS).is_file():
        raise ImproperlyConfigured(f"{folder} holds no model: model.onnx or model.int8.onnx, and tokens.txt.")
    with model.open("rb") as file:
        file.seek(max(0, model.stat().st_size - TAIL))
        tail = file.read()
    kind = next((kind for kind, mark in MARKS.items() if mark in tail), None)
    if kind is None:
        raise ImproperlyConfigured(f"{model} is neither a SenseVoice nor a Paraformer model of sherpa-onnx.")
    return kind, model


@lru_cache(maxsize=1)
def _recogniser(folder: str, threads: int) -> Any:
    import sherpa_onnx

    kind, model = read_model(Path(folder))
    tokens = str(Path(folder) / TOKENS)
    if kind == "sense_voice":
        return sherpa_onnx.OfflineRecognizer.from_sense_voice(
            model=str(model), tokens=tokens, num_threads=threads, language="auto", use_itn=True
        )
    return sherpa_onnx.OfflineRecognizer.from_paraformer(
        paraformer=str(model), tokens=tokens, num_threads=threads
    )
