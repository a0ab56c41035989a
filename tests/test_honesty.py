"""Something is found where there is something, and nothing where there is nothing: on new subjects.

Everything goes the way of `insightsim train`: the filter, windows and quality checks of live, members fitted
on other subjects, one score a trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from insightsim import models, simulate
from insightsim.cards import Card, Score, Threshold
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.training.features import Examples, gather
from insightsim.training.fit import high
from insightsim.training.recipes import CHANNELS, recipe
from insightsim.training.scores import leave_one_subject_out, pool, score
from insightsim.types import VADL, Signal
from insightsim.vadl import DIMENSIONS

SEED = 2026
"""Not that of the shipped models: these people are new to them."""
ALPHA = 0.01 / len(DIMENSIONS)
"""Four dimensions are looked at, so each may be further out than chance in one of 400 cases."""

DEAP32 = recipe("log_bandpower", CHANNELS["deap32"])
FOUR = recipe("psd16", CHANNELS["original4"])
"""Those of the two shipped models."""


def recordings(effect: float, n_subjects: int, n_trials: int) -> Iterator[Recording]:
    for number in range(1, n_subjects + 1):
        data, labels = simulate.subject(number, effect, SEED, n_trials)
        for trial, (samples, ratings) in enumerate(zip(data, labels, strict=True), start=1):
            eeg = np.ascontiguousarray(samples[:32].T, np.float32)
            signal = Signal("eeg", deap.CH_NAMES, "uV", deap.SFREQ, eeg, np.arange(len(eeg)) / deap.SFREQ)
            yield Recording(signal, VADL(*ratings), f"s{number:02}", trial, trial, deap.BASELINE)


@cache
def seen(effect: float, n_subjects: int, n_trials: int) -> dict[str, Examples]:
    """The same people as each shipped model sees them, by its name. Made once: that is what takes long."""
    everyone = list(recordings(effect, n_subjects, n_trials))
    return {"eeg-deap32": gather(everyone, DEAP32), "eeg-original4": gather(everyone, FOUR)}


def examples(effect: float, n_subjects: int, n_trials: int) -> Examples:
    return seen(effect, n_subjects, n_trials)["eeg-deap32"]


def labels_of(data: Examples) -> NDArray[np.bool_]:
    return high(data.ratings, Threshold())


def judged(data: Examples, labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], dict[str, Score]]:
    log_odds = leave_one_subject_out(data, labels, n_members=5)
    return log_odds, score(log_odds, labels, data.subject)


def shipped(name: str, effect: float) -> tuple[Examples, NDArray[np.float64], dict[str, Score]]:
    """What a shipped model says of 256 trials of eight people who are new to it."""
    model = models.load(models.named(name))
    data = seen(effect, 8, 32)[name]
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
    data = examples(1.0, 8, 32)
    log_odds, scores = judged(data, labels_of(data))
    assert min(one.balanced_accuracy for one in scores.values()) >= 0.65, scores
    assert (permutation_p(log_odds, labels_of(data), data.subject) < ALPHA).all()


def test_at_effect_0_nothing_is_found() -> None:
    data = examples(0.0, 8, 32)
    log_odds, _ = judged(data, labels_of(data))
    assert_chance(log_odds, labels_of(data), data.subject)


def test_at_effect_one_half_there_is_no_giveaway() -> None:
    data = examples(0.5, 10, 32)
    _, scores = judged(data, labels_of(data))
    assert all(0.6 <= one.auc <= 0.8 for one in scores.values()), scores


def test_the_shipped_model_tells_every_dimension_of_new_people_apart_at_effect_1() -> None:
    data, log_odds, scores = shipped("eeg-deap32", 1.0)
    assert min(one.balanced_accuracy for one in scores.values()) >= 0.65, scores
    assert (permutation_p(log_odds, labels_of(data), data.subject) < ALPHA).all()


@pytest.mark.parametrize("name", ["eeg-deap32", "eeg-original4"])
def test_the_shipped_models_find_nothing_at_effect_0(name: str) -> None:
    data, log_odds, _ = shipped(name, 0.0)
    assert_chance(log_odds, labels_of(data), data.subject)


@pytest.mark.parametrize(("path", "card"), models.find(), ids=lambda value: getattr(value, "stem", ""))
def test_what_a_shipped_card_says_holds_for_new_people(path: Path, card: Card) -> None:
    """Over the dimensions, they are told apart at least as well as the lower ends of its intervals say."""
    assert card.recipe == {"eeg-deap32": DEAP32, "eeg-original4": FOUR}[card.name]
    _, _, scores = shipped(card.name, 1.0)
    found = np.mean([one.balanced_accuracy for one in scores.values()])
    assert found >= np.mean([one.low for one in card.scores.values()]), scores


def test_labels_shuffled_among_each_subjects_trials_teach_nothing() -> None:
    data = examples(2.0, 8, 16)
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
