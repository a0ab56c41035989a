"""A small network with the inputs and outputs of the public one for valence and arousal."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from insightsim import affectnet, cardfile, models

GAIN = 0.25


def network(size: int = 224, n_outputs: int = 10, name: str = "input", channels: int = 3) -> bytes:
    """Its eighth output is GAIN × the mean of red, the ninth of blue, both normalised; the others are 7."""
    weights, bias = np.zeros((channels, n_outputs), np.float32), np.full(n_outputs, 7, np.float32)
    weights[0, -2], weights[-1, -1], bias[-2:] = GAIN, GAIN, 0
    nodes = [
        helper.make_node("GlobalAveragePool", [name], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["output"]),
    ]
    value, array = helper.make_tensor_value_info, onnx.numpy_helper.from_array
    graph = helper.make_graph(
        nodes,
        "affect",
        [value(name, TensorProto.FLOAT, ["n", channels, size, size])],
        [value("output", TensorProto.FLOAT, ["n", n_outputs])],
        initializer=[array(weights, "weights"), array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    content: bytes = model.SerializeToString()
    return content


def saved(folder: Path, content: bytes | None = None) -> Path:
    """The card of a network, with the file beside it."""
    content = network() if content is None else content
    path = folder / f"{affectnet.NAME}.toml"
    path.with_suffix(".onnx").write_bytes(content)
    cardfile.write(affectnet.card(hashlib.sha256(content).hexdigest()), path)
    return path


def loaded(folder: Path) -> models.Network:
    """The same, loaded."""
    model = models.load(saved(folder))
    assert isinstance(model, models.Network)
    return model


def expected(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """What it says of a picture, (size, size, 3), RGB."""
    red, _, blue = picture.reshape(-1, 3).mean(axis=0) / 255
    return GAIN * (red - 0.485) / 0.229, GAIN * (blue - 0.406) / 0.225
