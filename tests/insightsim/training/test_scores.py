from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from insightsim.training.features import Examples
from insightsim.training.scores import leave_one_subject_out, pool, score
from insightsim.vadl import DIMENSIONS


def test_a_trial_is_the_mean_log_odds_of_its_windows() -> None:
    probability = np.array([[0.8] * 4, [0.2] * 4, [0.9] * 4])
    log_odds = pool(probability, np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(log_odds[:, 0], [0, np.log(9)], atol=1e-12)


def test_certain_windows_keep_a_trial_finite() -> None:
    assert np.isfinite(pool(np.array([[0.0] * 4, [1.0] * 4]), np.array([0, 0]), 1)).all()


@pytest.fixture(scope="module")
def guesses() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    high = rng.random((200, 4)) < [0.5, 0.6, 0.7, 0.8]
    return rng.normal(size=(200, 4)) + high, high, np.repeat([f"s{i}" for i in range(10)], 20)


def test_scores_are_those_of_scikit_learn(guesses: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    log_odds, high, subject = guesses
    scores = score(log_odds, high, subject)
    assert tuple(scores) == DIMENSIONS
    for i, one in enumerate(scores.values()):
        right = balanced_accuracy_score(high[:, i], log_odds[:, i] > 0)
        assert one.balanced_accuracy == pytest.approx(right, abs=1e-4)
        assert one.auc == pytest.approx(roc_auc_score(high[:, i], log_odds[:, i]), abs=1e-4)
        assert one.accuracy == pytest.approx(np.mean((log_odds[:, i] > 0) == high[:, i]), abs=1e-4)
        assert one.majority == pytest.approx(max(high[:, i].mean(), 1 - high[:, i].mean()), abs=1e-4)
        assert one.chance == 0.5
        assert one.low < one.balanced_accuracy < one.high


def test_the_interval_is_about_people_not_trials() -> None:
    """Half the people are always read right, half always wrong: 400 trials, and yet next to nothing is
    known."""
    subject = np.repeat([f"s{i}" for i in range(10)], 40)
    high = np.tile(np.arange(400) % 2 == 0, (4, 1)).T
    right = np.repeat(np.arange(10) % 2 == 0, 40)[:, None]
    one = score(np.where(right == high, 1.0, -1.0), high, subject)["valence"]
    assert one.balanced_accuracy == pytest.approx(0.5)
    assert one.high - one.low > 0.5


def test_a_subject_is_judged_by_an_ensemble_that_never_saw_it() -> None:
    """Every person has a signature that gives all answers away, once one has seen that person."""
    rng = np.random.default_rng(2)
    subject = np.repeat([f"s{i}" for i in range(6)], 20)
    labels = rng.random((120, 4)) < 0.5
    signature = np.zeros((120, 6 * 4), np.float32)
    for i in range(120):
        person = i // 20
        signature[i, person * 4 : person * 4 + 4] = np.where(labels[i], 1, -1)
    examples = Examples(signature, np.arange(120), np.where(labels, 7.0, 3.0), subject)
    seen: list[str] = []
    log_odds = leave_one_subject_out(examples, labels, n_members=2, progress=seen.append)
    assert seen == [f"s{i}" for i in range(6)]
    for person in range(
        6
    ):  # the signature's columns were constant in training, so nothing tells the trials apart
        assert np.ptp(log_odds[person * 20 : person * 20 + 20], axis=0).max() < 1e-6
