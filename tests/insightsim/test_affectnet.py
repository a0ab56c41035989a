"""The card of the public network, and how a file is checked against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from insightsim import affectnet, cardfile, folders, models
from insightsim.cards import Score
from insightsim.errors import ModelError
from insightsim.types import VADL
from tests import networks


def test_its_card_is_written_and_read_back_as_it_was(tmp_path: Path) -> None:
    cardfile.write(affectnet.card(), tmp_path / "card.toml")
    assert cardfile.read(tmp_path / "card.toml") == affectnet.card()


def test_its_card_says_what_is_published_that_we_did_not_measure_it_and_the_map() -> None:
    card = affectnet.card()
    assert card.sha256 == "c43e056ad388d4a8dc911832b8291435b2af537f967e5870ebd731574ec7e812"
    assert "Not measured by us" in card.protocol
    assert "61.93 %" in card.protocol
    assert "-1 stands for the probability 0, 1 for 1" in card.protocol
    assert "Apache-2.0" in card.licence
    assert "commercial" in card.licence
    assert "AffectNet" in card.trained.data
    assert (card.scores, card.skill) == ({}, VADL(0, 0, 0, 0))
    assert card.trained.simulated is False


def changed(folder: Path, **changes: Any) -> Path:
    """A card with something else in what it says of the network."""
    path = networks.saved(folder)
    card = cardfile.read(path)
    features = replace(card.face.features, **changes)  # type: ignore[type-var]
    cardfile.write(replace(card, recipe=replace(card.face, features=features)), path)
    return path


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"size": 0}, '"recipe.features.size" is 0, expected 1 to 1024'),
        ({"size": 4096}, '"recipe.features.size" is 4096'),
        ({"std": (0.2, 0.0, 0.2)}, '"recipe.features.std" is [0.2, 0.0, 0.2], expected more than 0'),
        ({"low": 1.0}, '"recipe.features.low" is 1.0, expected less than "high"'),
        ({"high": float("inf")}, '"recipe.features.low"'),
        ({"outputs": {"valence": 8}}, "expected 2 of valence, arousal, dominance, liking"),
        ({"outputs": {"valence": 8, "arousal": 10}}, "each from 0 to 9"),
        ({"outputs": {"valence": 8, "hunger": 9}}, '"recipe.features.outputs"'),
    ],
)
def test_a_wrong_value_in_what_a_card_says_of_a_network_is_named(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ModelError) as error:
        cardfile.read(changed(tmp_path, **change))
    assert complaint in str(error.value)


def test_scores_are_all_there_or_none(tmp_path: Path) -> None:
    path = networks.saved(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write("[scores.valence]\n")
        file.writelines(f"{field} = 0.6\n" for field in Score.__dataclass_fields__)
    with pytest.raises(ModelError, match='"scores" has valence, expected valence, arousal'):
        cardfile.read(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (networks.network(name="picture"), "inputs picture"),
        (networks.network(size=112), r"\[.*3, 112, 112\]; its card asks for input .* 3, 224, 224"),
        (networks.network(channels=1), "1, 224, 224"),
        (networks.network(n_outputs=8), r"8\]; its card asks for output .*10"),
        (b"not an ONNX file", "not an ONNX model"),
    ],
)
def test_a_file_with_other_inputs_or_outputs_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        models.load(networks.saved(tmp_path, content))


def test_a_file_with_another_sha256_is_refused(tmp_path: Path) -> None:
    path = networks.saved(tmp_path)
    path.with_suffix(".onnx").write_bytes(networks.network() + b"\0")
    with pytest.raises(ModelError, match="sha256"):
        models.load(path)


def test_its_output_may_have_any_name(tmp_path: Path) -> None:
    content = onnx.load_from_string(networks.network())
    content.graph.output[0].name = content.graph.node[-1].output[0] = "1234"
    model = models.load(networks.saved(tmp_path, content.SerializeToString()))
    assert isinstance(model, models.Network)
    assert model.see(np.zeros((224, 224, 3), np.uint8)).shape == (2,)


def test_verify_lets_it_look_at_a_picture(tmp_path: Path) -> None:
    assert models.verify(networks.saved(tmp_path)).card.name == "face-affectnet"
    content = onnx.load_from_string(networks.network())
    bias = next(one for one in content.graph.initializer if one.name == "bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.full(10, np.nan, np.float32), "bias"))
    with pytest.raises(ModelError, match="for a black picture, expected numbers"):
        models.verify(networks.saved(tmp_path, content.SerializeToString()))


def test_it_is_found_where_fetched_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(folders.FOLDER, str(tmp_path / "set"))
    monkeypatch.setattr(folders, "cache", lambda: tmp_path / "cache")
    with pytest.raises(ModelError, match="insightsim models fetch face-affectnet tells about it and gets it"):
        models.named("face-affectnet")
    for folder in ("cache", "set"):
        (tmp_path / folder).mkdir()
        path = networks.saved(tmp_path / folder)
        assert models.named("face-affectnet") == path


def test_it_is_never_chosen_unasked(tmp_path: Path) -> None:
    """Even where its columns are there, and no other model is: only a name asks for it."""
    networks.saved(tmp_path)
    with pytest.raises(ModelError, match="no face model can read"):
        models.choose_face(("AU12_r", "affect_valence", "affect_arousal"), "landmarks", tmp_path)
