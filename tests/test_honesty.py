"""Something is found where there is something, and nothing where there is nothing: on new subjects.

Everything goes the way of `insightsim train`: the filter, windows and quality checks of live, members fitted
on other subjects, one score a trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from insightsim import models, simulate, simulate_face
from insightsim.cards import FaceRecipe, Recipe, Score, Threshold
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.training.features import Examples, gather
from insightsim.training.fit import high
from insightsim.training.scores import leave_one_subject_out, pool, score
from insightsim.vadl import DIMENSIONS
from tools.train_demo import SFREQS, electrodes

SEED = 2026
"""Far from those of the shipped models: these people and their videos are new to them."""
ALPHA = 0.01 / len(DIMENSIONS)
"""Four dimensions are looked at, so each may be further out than chance in one of 400 cases."""

SHIPPED = {card.name: card.recipe for _, card in models.find()}
EEG = {name: recipe for name, recipe in SHIPPED.items() if isinstance(recipe, Recipe)}
FACES = {name: recipe for name, recipe in SHIPPED.items() if isinstance(recipe, FaceRecipe)}


def recordings(effect: float, ch_names: tuple[str, ...], n_trials: int = 24) -> Iterator[Recording]:
    """Eight people; everyone watches videos of their own."""
    for number in range(1, 9):
        yield from simulate.recordings(number, effect, SEED + number, ch_names, n_trials)


def faces(effect: float, recipe: FaceRecipe, n_trials: int = 24) -> Iterator[Recording]:
    """The faces of the same people, who watch the same videos."""
    for number in range(1, 9):
        sfreq = SFREQS[recipe.features.name]
        yield from simulate_face.recordings(
            number, effect, SEED + number, recipe.unit, recipe.ch_names, n_trials, sfreq
        )


@cache
def seen(effect: float) -> dict[str, Examples]:
    """The same people as each shipped model of EEG sees them, by its name.

    Made once, with all electrodes on: that is what takes long.
    """
    everyone = list(recordings(effect, electrodes()))
    return {name: gather(everyone, recipe) for name, recipe in EEG.items()}


@cache
def looked_at(name: str, effect: float) -> Examples:
    """The same people as a shipped model of faces sees them."""
    recipe = FACES[name]
    return gather(faces(effect, recipe), recipe)


def labels_of(data: Examples) -> NDArray[np.bool_]:
    return high(data.ratings, Threshold())


def judged(data: Examples, labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], dict[str, Score]]:
    log_odds = leave_one_subject_out(data, labels, n_members=4)
    return log_odds, score(log_odds, labels, data.subject)


def shipped(name: str, effect: float) -> tuple[Examples, NDArray[np.float64], dict[str, Score]]:
    """What a shipped model says of people who are new to it."""
    model = models.load(models.named(name))
    data = looked_at(name, effect) if name in FACES else seen(effect)[name]
    log_odds = pool(model(data.features)[0], data.trial, len(data.ratings))
    return data, log_odds, score(log_odds, labels_of(data), data.subject)


def permutation_p(
    log_odds: NDArray[np.float64], labels: NDArray[np.bool_], subject: NDArray[np.str_]
) -> NDArray[np.float64]:
    """(4,): how often labels shuffled within each subject are at least as far from 0.5 as the true ones."""
    rng = np.random.default_rng(0)

    def off_chance(truth: NDArray[np.bool_]) -> NDArray[np.float64]:
        right = (log_odds > 0) == truth
        found_high = (right & truth).sum(axis=0) / truth.sum(axis=0)
        found_low = (right & ~truth).sum(axis=0) / (~truth).sum(axis=0)
        return np.abs((found_high + found_low) / 2 - 0.5)

    measured, further = off_chance(labels), np.zeros(4)
    for _ in range(2000):
        shuffled = labels.copy()
        for one in np.unique(subject):
            rows = np.flatnonzero(subject == one)
            shuffled[rows] = labels[rng.permutation(rows)]
        further += off_chance(shuffled) >= measured
    return (1 + further) / 2001


def assert_chance(
    log_odds: NDArray[np.float64], labels: NDArray[np.bool_], subject: NDArray[np.str_]
) -> None:
    p = permutation_p(log_odds, labels, subject)
    assert (p > ALPHA).all(), dict(zip(DIMENSIONS, p, strict=True))


def test_at_effect_1_every_dimension_is_told_apart() -> None:
    data = seen(1.0)["eeg-deap32"]
    log_odds, scores = judged(data, labels_of(data))
    assert min(one.balanced_accuracy for one in scores.values()) >= 0.65, scores
    assert (permutation_p(log_odds, labels_of(data), data.subject) < ALPHA).all()


def test_at_effect_0_nothing_is_found() -> None:
    data = seen(0.0)["eeg-deap32"]
    log_odds, _ = judged(data, labels_of(data))
    assert_chance(log_odds, labels_of(data), data.subject)


def test_at_effect_1_faces_tell_too_and_at_effect_0_they_tell_nothing() -> None:
    """Trained anew at each effect: at 0 there is nothing to be learnt from a face."""
    data = looked_at("face-openface-dynamics", 1.0)
    log_odds, scores = judged(data, labels_of(data))
    assert min(one.balanced_accuracy for one in scores.values()) >= 0.6, scores
    assert (permutation_p(log_odds, labels_of(data), data.subject) < ALPHA).all()
    data = looked_at("face-openface-dynamics", 0.0)
    log_odds, _ = judged(data, labels_of(data))
    assert_chance(log_odds, labels_of(data), data.subject)


def test_at_effect_one_half_there_is_no_giveaway() -> None:
    data = gather(recordings(0.5, deap.CH_NAMES, 40), SHIPPED["eeg-deap32"])
    _, scores = judged(data, labels_of(data))
    assert all(0.6 <= one.auc <= 0.8 for one in scores.values()), scores


def test_the_shipped_model_of_all_electrodes_tells_every_dimension_of_new_people_apart() -> None:
    _, _, scores = shipped("eeg-deap32", 1.0)
    assert min(one.balanced_accuracy for one in scores.values()) >= 0.65, scores


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_beats_chance_on_new_people_of_its_montage(name: str) -> None:
    """On every dimension; and over all dimensions as well as the lower ends of its card's intervals say."""
    data, log_odds, scores = shipped(name, 1.0)
    assert (permutation_p(log_odds, labels_of(data), data.subject) < ALPHA).all(), scores
    assert min(one.balanced_accuracy for one in scores.values()) > 0.5, scores
    card = models.load(models.named(name)).card
    found = np.mean([one.balanced_accuracy for one in scores.values()])
    assert found >= np.mean([one.low for one in card.scores.values()]), scores


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_finds_nothing_at_effect_0(name: str) -> None:
    data, log_odds, _ = shipped(name, 0.0)
    assert_chance(log_odds, labels_of(data), data.subject)


def test_labels_shuffled_among_each_subjects_trials_teach_nothing() -> None:
    data = seen(1.0)["eeg-deap32"]
    labels, rng = labels_of(data), np.random.default_rng(1)
    for one in data.subjects:
        rows = np.flatnonzero(data.subject == one)
        labels[rows] = labels[rng.permutation(rows)]
    log_odds, _ = judged(data, labels)
    assert_chance(log_odds, labels, data.subject)


def test_noise_that_windows_of_a_trial_share_teaches_nothing() -> None:
    """Trial-mates look alike, so windows of one trial on both sides of a split would show."""
    rng = np.random.default_rng(2)
    subject = np.repeat([f"s{i:02}" for i in range(12)], 40)
    trial = np.repeat(np.arange(480), 10)
    features = rng.normal(size=(480, 40))[trial] + rng.normal(0, 0.1, (4800, 40))
    ratings = np.where(rng.random((480, 4)) < [0.55, 0.59, 0.57, 0.69], 7.0, 3.0)
    data = Examples(features.astype(np.float32), trial, ratings, subject)
    log_odds, scores = judged(data, labels_of(data))
    assert_chance(log_odds, labels_of(data), data.subject)
    assert scores["liking"].majority > 0.65
    assert scores["liking"].balanced_accuracy < 0.6


def test_the_chance_test_itself_can_tell() -> None:
    """A weak but real hint is found; its absence is not."""
    rng = np.random.default_rng(3)
    labels = rng.random((400, 4)) < 0.6
    subject = np.repeat([f"s{i}" for i in range(10)], 40)
    hint, noise = labels - 0.6, rng.normal(size=(400, 4))
    assert (permutation_p(noise + hint, labels, subject) < ALPHA).all()
    assert (permutation_p(noise, labels, subject) > ALPHA).all()
