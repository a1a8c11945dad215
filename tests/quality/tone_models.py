"""Small models that sherpa-onnx takes for SenseVoice and Paraformer: they hear a low tone as 好 and a high
one as 打.

No package ships a model of speech; these have the inputs, outputs and metadata of the real ones, and weights
that tell two tones apart.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FRAMES, BINS = 7, 80  # as the real ones: seven frames of 80 mel bins are one step
TOKENS = ["<blank>", "<s>", "</s>", "<unk>", "好", "打", "<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"]
LOW_BINS, HIGH_BINS = slice(5, 20), slice(45, 70)
ABOUT = {
    "vocab_size": len(TOKENS), "lfr_window_size": FRAMES, "lfr_window_shift": 6,
    "neg_mean": ",".join(["-8"] * FRAMES * BINS),
    "inv_stddev": ",".join(["1"] * FRAMES * BINS),
}  # fmt: skip
SENSE_VOICE = {
    "normalize_samples": 0, "with_itn": 14, "without_itn": 15, "lang_auto": 0, "lang_zh": 3, "lang_en": 4,
    "lang_yue": 7, "lang_ja": 11,
    "lang_ko": 12, "lang_nospeech": 13,
}  # fmt: skip
LOW, HIGH = 300, 2_500  # Hz


def _weights() -> np.ndarray:
    """How much louder the low bins are than the high ones, and the other way round."""
    weights = np.zeros((FRAMES, BINS, len(TOKENS)), np.float32)
    for token, loud, soft in ((4, LOW_BINS, HIGH_BINS), (5, HIGH_BINS, LOW_BINS)):
        weights[:, loud, token] = 1 / FRAMES / (loud.stop - loud.start)
        weights[:, soft, token] = -1 / FRAMES / (soft.stop - soft.start)
    return weights.reshape(FRAMES * BINS, len(TOKENS))


def _save(folder: Path, nodes: list, inputs: list, outputs: list, constants: dict, about: dict) -> None:
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "tones", inputs, outputs, tensors),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    helper.set_model_props(model, {key: str(value) for key, value in (ABOUT | about).items()})
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    (folder / "tokens.txt").write_text("".join(f"{token} {place}\n" for place, token in enumerate(TOKENS)))


def _info(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def sense_voice(folder: Path) -> Path:
    floats, ints, node = TensorProto.FLOAT, TensorProto.INT32, helper.make_node
    # language, mood, kind of sound, numbers in digits or not
    head = np.full((1, 4, len(TOKENS)), -9, np.float32)
    head[0, range(4), range(6, 10)] = 9
    blank = np.zeros(len(TOKENS), np.float32)
    blank[0] = 1
    nodes = [
        node("MatMul", ["x", "weights"], ["louder"]),
        node("Add", ["louder", "blank"], ["heard"]),
        node("Concat", ["head", "heard"], ["logits"], axis=1),
    ]
    inputs = [
        _info("x", floats, 1, "steps", FRAMES * BINS),
        *(_info(name, ints, 1) for name in ("x_length", "language", "text_norm")),
    ]
    constants = {"weights": _weights(), "head": head, "blank": blank}
    _save(folder, nodes, inputs, [_info("logits", floats, 1, "all", len(TOKENS))], constants, SENSE_VOICE)
    return folder


def paraformer(folder: Path) -> Path:
    """One token for an utterance."""
    floats, ints, node = TensorProto.FLOAT, TensorProto.INT32, helper.make_node
    nodes = [
        node("ReduceMean", ["speech"], ["mean"], axes=[1], keepdims=1),
        node("MatMul", ["mean", "weights"], ["logits"]),
        node("Identity", ["one"], ["token_num"]),
    ]
    inputs = [_info("speech", floats, 1, "steps", FRAMES * BINS), _info("speech_lengths", ints, 1)]
    outputs = [_info("logits", floats, 1, 1, len(TOKENS)), _info("token_num", ints, 1)]
    constants = {"weights": _weights(), "one": np.ones(1, np.int32)}
    _save(folder, nodes, inputs, outputs, constants, {"encoder_output_size": 512})
    return folder
