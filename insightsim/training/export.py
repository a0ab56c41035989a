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
from insightsim.errors import SettingsError
from insightsim.training.fit import Ensemble
from insightsim.vadl import DIMENSIONS

OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8


def claim(path: Path, force: bool = False) -> None:
    """Make sure, before the work, that `path`.onnx and `path`.toml can be written. Makes the folder.

    Raises SettingsError when they cannot, or when they are there already and not to be overwritten
    (`force`).
    """
    if not path.name.strip("."):
        raise SettingsError(f"{path}: expected FOLDER/NAME for the model, without a name there is no file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, partial in _files(path):
            if target.is_dir() or (target.exists() and not force):
                advice = "name another place" if target.is_dir() else "name another or overwrite with --force"
                raise SettingsError(f"{target}: already there; {advice}")
            partial.touch()
            partial.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def write(ensemble: Ensemble, card: Card, path: Path) -> models.Model:
    """Write `path`.onnx and `path`.toml (the card's sha256 filled in), read them back and return the model.

    Both appear under their names only when both are complete, the card last. The same ensemble gives the
    same bytes each time. Raises SettingsError when they cannot be written.
    """
    content = to_onnx(ensemble)
    (onnx_path, onnx_partial), (card_path, card_partial) = _files(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            onnx_partial.write_bytes(content)
            cardfile.write(replace(card, sha256=hashlib.sha256(content).hexdigest()), card_partial)
            onnx_partial.replace(onnx_path)
            card_partial.replace(card_path)
        finally:
            onnx_partial.unlink(missing_ok=True)
            card_partial.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return models.load(card_path)


def _files(path: Path) -> list[tuple[Path, Path]]:
    """The model file and the card, each with the name it has until it is complete."""
    names = [f"{path.name}.onnx", f"{path.name}.toml"]
    return [(path.with_name(name), path.with_name(f".{name}.partial")) for name in names]


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{path}: no model can be written there ({error.strerror}); name another place")


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
