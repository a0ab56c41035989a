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
    from onnx import TensorProto, compose, helper, numpy_helper

    n_features = len(ensemble.mean)
    nodes, constants, stack = [], [numpy_helper.from_array(np.array([1]), "axis")], []
    for number, member in enumerate(ensemble.members):
        graph = compose.add_prefix(_member(member, n_features), f"member{number}/").graph
        nodes.append(helper.make_node("Identity", ["features"], [graph.input[0].name]))
        nodes.extend(graph.node)
        # Those of the labels that were cut off are still there, and onnxruntime would warn of each.
        used = {name for node in graph.node for name in node.input}
        constants.extend(constant for constant in graph.initializer if constant.name in used)
        stack.append(f"member{number}/stacked")
        nodes.append(helper.make_node("Unsqueeze", [graph.output[0].name, "axis"], [stack[-1]]))
    nodes.append(helper.make_node("Concat", stack, ["probabilities"], axis=1))
    constants.append(numpy_helper.from_array(ensemble.mean.astype(np.float32), "mean"))
    constants.append(numpy_helper.from_array(ensemble.sd.astype(np.float32), "sd"))
    nodes.extend(_distance())
    graph = helper.make_graph(
        nodes,
        "insightsim",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", n_features])],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["n", len(ensemble.members), len(DIMENSIONS)]
            ),
            helper.make_tensor_value_info("distance", TensorProto.FLOAT, ["n"]),
        ],
        initializer=constants,
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSET.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="insightsim")
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


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


def _distance() -> list[Any]:
    """RMS z-score against all training windows."""
    from onnx import helper

    return [
        helper.make_node("Sub", ["features", "mean"], ["distance/offset"]),
        helper.make_node("Div", ["distance/offset", "sd"], ["distance/z"]),
        helper.make_node("Mul", ["distance/z", "distance/z"], ["distance/square"]),
        helper.make_node("ReduceMean", ["distance/square", "axis"], ["distance/mean"], keepdims=0),
        helper.make_node("Sqrt", ["distance/mean"], ["distance"]),
    ]
