"""A trained ensemble as one ONNX file, and its card beside it.

The graph: "features" (n, n_features) → "probabilities" (n, members, 4) and "distance" (n,). Scaling is
inside.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from insightsim import cardfile, models
from insightsim.cards import Card
from insightsim.training.fit import Ensemble
from insightsim.vadl import DIMENSIONS

OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8


def write(ensemble: Ensemble, card: Card, path: Path) -> models.Model:
    """Write `path`.onnx and `path`.toml (the card's sha256 filled in), read them back and return the model.

    The same ensemble gives the same bytes each time.
    """
    content = to_onnx(ensemble)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".onnx").write_bytes(content)
    card_path = path.with_name(path.name + ".toml")
    cardfile.write(replace(card, sha256=hashlib.sha256(content).hexdigest()), card_path)
    return models.load(card_path)


def to_onnx(ensemble: Ensemble) -> bytes:
    """The ensemble as the bytes of one ONNX model."""
    import onnx
    from onnx import TensorProto, helper

    n_members, n_features = len(ensemble.members), len(ensemble.mean)
    nodes, constants = _probabilities(ensemble)
    more_nodes, more_constants = _distance(ensemble)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [*nodes, *more_nodes],
        "insightsim",
        [value("features", TensorProto.FLOAT, ["n", n_features])],
        [
            value("probabilities", TensorProto.FLOAT, ["n", n_members, len(DIMENSIONS)]),
            value("distance", TensorProto.FLOAT, ["n"]),
        ],
        initializer=[*constants, *more_constants],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSET.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="insightsim")
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _probabilities(ensemble: Ensemble) -> tuple[list[Any], list[Any]]:
    """Nodes and constants: all members side by side, stacked along a new axis."""
    from onnx import compose, helper, numpy_helper

    nodes, constants, stack = [], [numpy_helper.from_array(np.array([1]), "axis")], []
    for number, member in enumerate(ensemble.members):
        graph = compose.add_prefix(_member(member, len(ensemble.mean)), f"member{number}/").graph
        nodes.append(helper.make_node("Identity", ["features"], [graph.input[0].name]))
        nodes.extend(graph.node)
        # Those of the labels that were cut off are still there, and onnxruntime would warn of each.
        used = {name for node in graph.node for name in node.input}
        constants.extend(constant for constant in graph.initializer if constant.name in used)
        stack.append(f"member{number}/stacked")
        nodes.append(helper.make_node("Unsqueeze", [graph.output[0].name, "axis"], [stack[-1]]))
    nodes.append(helper.make_node("Concat", stack, ["probabilities"], axis=1))
    return nodes, constants


def _member(pipeline: Any, n_features: int) -> Any:
    """One member as an ONNX model with one output: the labels that skl2onnx adds are cut off."""
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    model = skl2onnx.to_onnx(
        pipeline,
        initial_types=[("features", FloatTensorType([None, n_features]))],
        options={id(pipeline[-1]): {"zipmap": False}},
        target_opset=OPSET,
    )
    return select_model_inputs_outputs(model, outputs=["probabilities"])


def _distance(ensemble: Ensemble) -> tuple[list[Any], list[Any]]:
    """Nodes and constants: the RMS z-score against all training windows."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["distance/offset"]),
        helper.make_node("Div", ["distance/offset", "sd"], ["distance/z"]),
        helper.make_node("Mul", ["distance/z", "distance/z"], ["distance/square"]),
        helper.make_node("ReduceMean", ["distance/square", "axis"], ["distance/mean"], keepdims=0),
        helper.make_node("Sqrt", ["distance/mean"], ["distance"]),
    ]
    numbers = {"mean": ensemble.mean, "sd": ensemble.sd}
    return nodes, [numpy_helper.from_array(array.astype(np.float32), name) for name, array in numbers.items()]
