from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from insightsim import cardfile, models
from insightsim.bandpower import feature_names
from insightsim.cards import Card, Features, Filter, Recipe, Score, Threshold, Trained
from insightsim.errors import ModelError
from insightsim.vadl import DIMENSIONS

N_MEMBERS = 10
RECIPE = Recipe(
    "eeg", ("Fp1", "F3", "Fp2", "F4"), "average", "uV", 128.0, 512, 0.25, Filter(), Features("psd16")
)
CARD = Card(
    name="eeg-test",
    version="1",
    licence="Apache-2.0",
    sha256="",
    recipe=RECIPE,
    threshold=Threshold(),
    trained=Trained("nothing", True, 2, 2, 2, N_MEMBERS, 0, "a test"),
    protocol="none",
    scores=dict.fromkeys(DIMENSIONS, Score(0.5, 0.4, 0.6, 0.5, 0.5, 0.5)),
    familiar=1.5,
)


def graph(
    n_features: int = 16, n_members: int = N_MEMBERS, inputs: int = 1, outputs: tuple[str, str] | None = None
) -> bytes:
    """Members that say 0.05, 0.15, … 0.95 whatever they see; the distance is the first feature."""
    says = np.linspace(0.05, 0.95, n_members, dtype=np.float32)[None, :, None].repeat(4, axis=2)
    probabilities, distance = outputs or ("probabilities", "distance")
    nodes = [
        helper.make_node("Slice", ["features", "zero", "one", "one"], ["first"]),
        helper.make_node("Squeeze", ["first", "one"], [distance]),
        helper.make_node("Mul", ["first", "nil"], ["none"]),
        helper.make_node("Unsqueeze", ["none", "one"], ["flat"]),
        helper.make_node("Add", ["flat", "says"], [probabilities]),
    ]
    constants = [
        onnx.numpy_helper.from_array(np.array([0]), "zero"),
        onnx.numpy_helper.from_array(np.array([1]), "one"),
        onnx.numpy_helper.from_array(np.zeros(1, np.float32), "nil"),
        onnx.numpy_helper.from_array(says, "says"),
    ]
    value = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "test",
            [
                value(name, TensorProto.FLOAT, ["n", n_features])
                for name in ("features", "more", "yet more")[:inputs]
            ],
            [
                value(probabilities, TensorProto.FLOAT, ["n", n_members, 4]),
                value(distance, TensorProto.FLOAT, ["n"]),
            ],
            initializer=constants,
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    content: bytes = model.SerializeToString()
    return content


def saved(folder: Path, content: bytes | None = None, card: Card = CARD) -> Path:
    content = graph() if content is None else content
    path = folder / f"{card.name}.toml"
    path.with_suffix(".onnx").write_bytes(content)
    cardfile.write(replace(card, sha256=hashlib.sha256(content).hexdigest()), path)
    return path


def looking(distance: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    features = np.zeros((1, 16), np.float32)
    features[0, 0] = distance
    return features


def test_probability_is_the_members_mean_and_spread_half_their_middle_90_per_cent(tmp_path: Path) -> None:
    probability, spread = models.load(saved(tmp_path))(looking(1.5))
    np.testing.assert_allclose(probability, 0.5)
    members = np.linspace(0.05, 0.95, N_MEMBERS)
    np.testing.assert_allclose(
        spread, (np.quantile(members, 0.95) - np.quantile(members, 0.05)) / 2, rtol=1e-6
    )


def test_beyond_what_is_familiar_everything_goes_to_one_half(tmp_path: Path) -> None:
    content = onnx.load_from_string(graph())
    says = next(c for c in content.graph.initializer if c.name == "says")
    says.CopyFrom(onnx.numpy_helper.from_array(np.full((1, N_MEMBERS, 4), 0.9, np.float32), "says"))
    model = models.load(saved(tmp_path, content.SerializeToString()))
    seen = [
        (*model(looking(distance))[0][0, :1], *model(looking(distance))[1][0, :1])
        for distance in (0, 1.5, 3, 1e9)
    ]
    np.testing.assert_allclose(seen, [(0.9, 0), (0.9, 0), (0.7, 0.25), (0.5, 0.5)], atol=1e-6)


def test_rows_are_judged_independently(tmp_path: Path) -> None:
    model = models.load(saved(tmp_path))
    both, alone = np.concatenate([looking(1), looking(9)]), looking(9)
    np.testing.assert_array_equal(model(both)[1][1:], model(alone)[1])
    assert model(np.empty((0, 16), np.float32))[0].shape == (0, 4)


def wrong_sha256(folder: Path) -> Path:
    path = saved(folder)
    with path.with_suffix(".onnx").open("ab") as file:
        file.write(b"\0")
    return path


def no_file(folder: Path) -> Path:
    path = saved(folder)
    path.with_suffix(".onnx").unlink()
    return path


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (wrong_sha256, r"has the sha256 [0-9a-f]{64}, but its card says"),
        (no_file, "the model file of eeg-test.toml is not there"),
        (lambda folder: saved(folder, b"not a model"), "is not an ONNX model"),
        (lambda folder: saved(folder, b""), "is not an ONNX model"),
        (lambda folder: saved(folder, graph(inputs=2)), "has the inputs features .*, more"),
        (lambda folder: saved(folder, graph(n_features=17)), r"'n', 17\]; its card asks for .*'n', 16\]"),
        (lambda folder: saved(folder, graph(n_members=5)), r"'n', 5, 4\].* asks for .*'n', 10, 4\]"),
        (lambda folder: saved(folder, graph(outputs=("label", "distance"))), "has the outputs label"),
        (
            lambda folder: saved(
                folder, card=replace(CARD, recipe=replace(RECIPE, features=Features("colour")))
            ),
            "colour",
        ),
        (
            lambda folder: saved(folder, card=replace(CARD, recipe=replace(RECIPE, ch_names=("Fp1", "F3")))),
            "psd16 needs the channels Fp2, F4",
        ),
        (
            lambda folder: saved(folder, card=replace(CARD, recipe=replace(RECIPE, n_samples=100))),
            "recipe cannot work: a spectrum needs 256 samples",
        ),
    ],
)
def test_a_model_that_does_not_fit_its_card_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        models.load(make(tmp_path))


def test_a_graph_whose_numbers_are_no_probabilities_is_found_out(tmp_path: Path) -> None:
    content = onnx.load_from_string(graph())
    says = next(c for c in content.graph.initializer if c.name == "says")
    says.CopyFrom(onnx.numpy_helper.from_array(np.full((1, N_MEMBERS, 4), 7, np.float32), "says"))
    with pytest.raises(ModelError, match="expected numbers from 0 to 1"):
        models.verify(saved(tmp_path, content.SerializeToString()))


def rich_and_poor(folder: Path) -> None:
    six = replace(
        RECIPE,
        ch_names=("Fp1", "F3", "Fp2", "F4", "T7", "T8"),
        features=Features("log_bandpower", {"theta": (4, 8)}),
    )
    saved(folder, card=replace(CARD, name="a-poor"))
    saved(folder, graph(n_features=len(feature_names(six))), replace(CARD, name="b-rich", recipe=six))


def test_the_models_whose_channels_are_all_there_are_taken_the_richest_first(tmp_path: Path) -> None:
    rich_and_poor(tmp_path)
    four = ["fp1", "F3", "FP2", "F4", "Cz"]
    assert [path.stem for path in models.choose(four, tmp_path)] == ["a-poor"]
    assert [path.stem for path in models.choose([*four, "T3", "T4"], tmp_path)] == ["b-rich", "a-poor"]


@pytest.mark.parametrize(
    "changes", [{"step": 0.5}, {"n_samples": 256}, {"filter": replace(RECIPE.filter, high=40.0)}]
)
def test_a_model_of_other_windows_cannot_take_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    rich_and_poor(tmp_path)
    saved(tmp_path, card=replace(CARD, name="a-poor", recipe=replace(RECIPE, **changes)))
    six = ["Fp1", "F3", "Fp2", "F4", "T7", "T8"]
    assert [path.stem for path in models.choose(six, tmp_path)] == ["b-rich"]


def test_when_no_model_fits_that_is_an_error_about_the_models_of_the_folder(tmp_path: Path) -> None:
    rich_and_poor(tmp_path)
    with pytest.raises(ModelError, match=r"nearest: a-poor lacks Fp2\..* b-rich lacks 2 of 6"):
        models.choose(["Fp1", "F3", "F4", "T7"], tmp_path)


def test_eeg_models_are_no_choice_for_a_face(tmp_path: Path) -> None:
    rich_and_poor(tmp_path)
    with pytest.raises(
        ModelError, match=r"no face model can read these columns of OpenFace; there are: none"
    ):
        models.choose_face(["Fp1", "F3", "Fp2", "F4"], "OpenFace", tmp_path)


def test_a_model_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert models.named("eeg-test", tmp_path) == path
    assert models.named(str(path)) == models.named(str(path.with_suffix(".onnx"))) == path
    with pytest.raises(ModelError, match='no model "eeg-tset"; there are: eeg-test'):
        models.named("eeg-tset", tmp_path)
