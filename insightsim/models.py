"""Trained models: an ONNX file with its card beside it, checked against each other before anything is
shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insightsim import affect, affectnet, bandpower, cardfile, face_features, folders
from insightsim.cards import Card, FaceNetwork, FaceRecipe, Recipe
from insightsim.conform import missing
from insightsim.errors import ModelError, SignalError
from insightsim.unread import unread
from insightsim.vadl import DIMENSIONS

SHIPPED = Path(__file__).parents[1] / "models"
"""The folder of the models that come with InsightSim."""

_FLOAT = "tensor(float)"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A card and the ONNX graph it describes: features in, probabilities and their spread out."""

    card: Card
    session: Any
    """onnxruntime.InferenceSession."""

    def __call__(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probability that each dimension is high and its spread, both (n, 4), from (n, n_features) float32.

        The probability is the members' mean. The spread is half the width of their middle 90 %. Beyond
        `card.familiar`, a window is less and less like anything the members learnt from, and that they
        still agree means nothing: the spread goes to 0.5 and the probability to 0.5, which is to say that
        anything is possible.
        """
        members, distance = self.session.run(["probabilities", "distance"], {"features": features})
        ordered = np.sort(members.astype(np.float64), axis=1)
        low, high = _quantile(ordered, 0.05), _quantile(ordered, 0.95)
        strange = (
            1 - self.card.familiar / np.maximum(distance.astype(np.float64), self.card.familiar)[:, None]
        )
        return (
            _towards_half(members.mean(axis=1, dtype=np.float64), strange),
            _towards_half((high - low) / 2, strange),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Network(Model):
    """A network that looks at the face itself; of a window it says what it said of the face in it."""

    @property
    def _described(self) -> FaceNetwork:
        features = self.card.face.features
        assert isinstance(features, FaceNetwork)
        return features

    @property
    def size(self) -> int:
        """Width and height of the pictures it takes, pixels."""
        return self._described.size

    def see(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n_columns,): what it says, in the recipe's columns, of a face (size, size, 3), RGB."""
        (outputs,) = self.session.run(None, {"input": affect.prepared(picture, self._described)})
        return np.asarray(outputs[0, list(self._described.outputs.values())], np.float32)

    def __call__(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probability and spread, both (n, 4), of windows by their `affect.statistics`."""
        return affect.judged(features, self._described, measured=bool(self.card.scores))


def _quantile(ordered: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """As numpy's, over axis 1, of values in order; for one window in a tenth of the time."""
    at = share * (ordered.shape[1] - 1)
    below = int(at)
    above = min(below + 1, ordered.shape[1] - 1)
    low, high = ordered[:, below], ordered[:, above]
    return np.asarray(low + (at - below) * (high - low))


def _towards_half(value: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return value + (0.5 - value) * weight


def load(path: Path) -> Model:
    """The model whose card is at `path` (….toml), the ONNX file beside it.

    Raises ModelError when the card is not in order or does not fit the file: sha256, features, inputs,
    outputs.
    """
    card = cardfile.read(path)
    onnx_path = path.with_suffix(".onnx")
    try:
        content = onnx_path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{onnx_path}: the model file of {path.name} is not there ({error.strerror})"
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != card.sha256:
        raise ModelError(
            f"{onnx_path} has the sha256 {sha256}, but its card says {card.sha256}: one of the two was "
            "changed or damaged; train the model again, or fetch both files anew"
        )
    session = _session(content, onnx_path)
    _check_ports(session, card, onnx_path)
    return Model(card, session) if network_of(card.recipe) is None else Network(card, session)


def network_of(recipe: Recipe | FaceRecipe) -> FaceNetwork | None:
    """The network that a recipe is about; None for all others, whose features are computed."""
    features = recipe.features
    return features if isinstance(features, FaceNetwork) else None


def _session(content: bytes, path: Path) -> Any:
    """One thread: more make single windows slower in the tail, and the branch owns one thread anyway."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as refusals

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _not_a_model(refusals) as error:
        raise ModelError(f"{path} is not an ONNX model that onnxruntime can run: {error}") from error


def _not_a_model(refusals: Any) -> tuple[type[Exception], ...]:
    """What onnxruntime raises, depending on what is wrong with the bytes; it gives them no common base."""
    names = ("InvalidProtobuf", "InvalidArgument", "InvalidGraph", "NotImplemented", "Fail")
    return tuple(getattr(refusals, name) for name in names)


def _check_ports(session: Any, card: Card, path: Path) -> None:
    """Names, types and shapes of what goes in and comes out; the number of rows is free."""
    expected_in = {"features": [_n_features(card.recipe)]}
    expected_out = {"probabilities": [card.trained.members, len(DIMENSIONS)], "distance": []}
    if (network := network_of(card.recipe)) is not None:
        expected_in = {"input": [3, network.size, network.size]}
        expected_out = {session.get_outputs()[0].name: [network.n_outputs]}  # whatever it is called
    for what, ports, expected in (
        ("inputs", session.get_inputs(), expected_in),
        ("outputs", session.get_outputs(), expected_out),
    ):
        found = {port.name: port.shape[1:] for port in ports}
        if found != expected or any(port.type != _FLOAT for port in ports):
            shown = ", ".join(f"{port.name} {port.type} {port.shape}" for port in ports) or "none"
            raise ModelError(f"{path} has the {what} {shown}; its card asks for {_shown(expected)}")


def _n_features(recipe: Recipe | FaceRecipe) -> int:
    """Tried out, not just counted: a recipe may name channels or bands that its windows do not have."""
    if isinstance(recipe, FaceRecipe):
        return len(face_features.feature_names(recipe))
    window = np.ones((1, recipe.n_samples, len(recipe.ch_names)), np.float32)
    try:
        return int(bandpower.features(recipe, window).shape[-1])
    except SignalError as error:
        raise ModelError(f"the card's recipe cannot work: {error}") from error


def _shown(ports: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} {_FLOAT} {['n', *shape]}" for name, shape in ports.items())


def verify(path: Path) -> Model:
    """Load a model and let it judge a few made-up windows. Raises ModelError when what comes out is no
    probability.
    """
    model = load(path)
    if isinstance(model, Network):
        said = model.see(np.zeros((model.size, model.size, 3), np.uint8))
        if not np.isfinite(said).all():
            raise ModelError(f"{path}: the network gives {said} for a black picture, expected numbers")
        return model
    made_up = np.random.default_rng(0).normal(size=(8, _n_features(model.card.recipe))).astype(np.float32)
    for values in model(made_up):
        if values.shape != (8, len(DIMENSIONS)) or not np.all((values >= 0) & (values <= 1)):
            raise ModelError(f"{path}: the model gives {values!r}, expected numbers from 0 to 1")
    return model


def find(folder: Path | None = None) -> list[tuple[Path, Card]]:
    """Every card in a folder (the shipped models' unless given) with its path, by name."""
    folder = SHIPPED if folder is None else folder
    return [(path, cardfile.read(path)) for path in sorted(folder.glob("*.toml"))]


def named(name: str, folder: Path | None = None) -> Path:
    """The card that a user means: a model's name, or the path of a card or of its ONNX file.

    A name that none of the folder's models (the shipped ones') has may be that of a fetched one.
    """
    if (path := Path(name)).suffix in (".toml", ".onnx"):
        return path.with_suffix(".toml")
    known = {card.name: path for path, card in find(folder)}
    if name in known:
        return known[name]
    if name == affectnet.NAME:
        return _fetched(name)
    raise ModelError(f'there is no model "{name}"; there are: {", ".join(known) or "none"}')


def _fetched(name: str) -> Path:
    """The card of a model that does not come along."""
    for folder in folders.fetched():
        if (path := folder / f"{name}.toml").exists():
            return path
    raise ModelError(f"{name} does not come along; insightsim models fetch {name} tells about it and gets it")


@cache
def loaded(path: Path) -> Model:
    """`load`, once: several participants share what they have in common."""
    return load(path)


def choose(ch_names: Sequence[str], folder: Path | None = None) -> list[Path]:
    """The cards of the EEG models whose channels are all among `ch_names`, the richest (most channels) first.

    Only those that cut the same windows from the same filter as the first: so that one may take over from
    another at any window. Raises ModelError saying what to do, and what the nearest model lacks.
    """
    cards = [found for found in find(folder) if isinstance(found[1].recipe, Recipe)]
    fit: list[tuple[Path, Recipe]] = []
    for path, card in sorted(cards, key=lambda found: -len(found[1].recipe.ch_names)):
        if missing(card.recipe.ch_names, ch_names):
            continue
        if not fit or _same_windows(card.eeg, fit[0][1]):
            fit.append((path, card.eeg))
    if not fit:
        raise ModelError(unread(ch_names, [card for _, card in cards]))
    return [path for path, _ in fit]


def choose_face(ch_names: Sequence[str], unit: str, folder: Path | None = None) -> Path:
    """The card of the face model, for columns of this origin (`unit`), that was measured to be the best.

    Raises ModelError saying what to do.
    """
    of_faces = [found for found in find(folder) if isinstance(found[1].recipe, FaceRecipe)]
    cards = [found for found in of_faces if network_of(found[1].recipe) is None]  # those are for who asks
    fit = [
        (path, card)
        for path, card in cards
        if card.recipe.unit == unit and set(card.recipe.ch_names) <= set(ch_names)
    ]
    if not fit:
        there = ", ".join(f"{card.name} (of {card.recipe.unit})" for _, card in cards) or "none"
        raise ModelError(f"no face model can read these columns of {unit}; there are: {there}")
    return max(fit, key=lambda found: _mean_skill(found[1]))[0]


def _mean_skill(card: Card) -> float:
    return sum(score.balanced_accuracy for score in card.scores.values())


def _same_windows(recipe: Recipe, other: Recipe) -> bool:
    return recipe == replace(
        other, ch_names=recipe.ch_names, reference=recipe.reference, features=recipe.features
    )
