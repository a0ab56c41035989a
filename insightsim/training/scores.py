"""How well high and low are told apart on subjects never trained on. Trials are scored, not windows.

Windows of one trial share one rating and are near-copies of each other: counted as if independent they
would make any result look certain. So the log-odds of a trial's windows are averaged, and the trial
counts once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from insightsim import evidence
from insightsim.cards import Score
from insightsim.training.features import Examples
from insightsim.training.fit import fit
from insightsim.training.splits import leave_one_out
from insightsim.vadl import DIMENSIONS

PROTOCOL = (
    "Leave one subject out: for each subject, all members are fitted on the others alone. The log-odds of a "
    "trial's windows are averaged and each trial is scored once. 95 % interval: bootstrap over subjects. "
    "Chance is the balanced accuracy of any guess that ignores the signal."
)
BOOTSTRAPS = 2000


def pool(probability: NDArray[np.float64], trial: NDArray[np.intp], n_trials: int) -> NDArray[np.float64]:
    """(n_trials, 4) mean log-odds of each trial's windows, from (n_windows, 4) probabilities."""
    sums = np.zeros((n_trials, probability.shape[1]))
    np.add.at(sums, trial, evidence.log_odds(probability))
    return sums / np.bincount(trial, minlength=n_trials)[:, None]


def leave_one_subject_out(
    examples: Examples,
    labels: NDArray[np.bool_],
    n_members: int = 10,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    kept: float | None = None,
) -> NDArray[np.float64]:
    """(n_trials, 4) log-odds of each trial from an ensemble that never saw its subject.

    `progress` is called after each subject; for `kept` see `fit`. Raises DatasetError for too few subjects
    or only one kind of rating.
    """
    log_odds = np.empty(labels.shape)
    for others, held_out in leave_one_out(examples.subjects):
        theirs = labels[np.isin(examples.subject, others)]
        ensemble = fit(examples.of(others), theirs, n_members, seed, kept)
        test = examples.of([held_out])
        log_odds[examples.subject == held_out] = pool(ensemble(test.features), test.trial, len(test.ratings))
        if progress:
            progress(held_out)
    return log_odds


def score(
    log_odds: NDArray[np.float64], labels: NDArray[np.bool_], subject: NDArray[np.str_], seed: int = 0
) -> dict[str, Score]:
    """The scores of each dimension from trials' log-odds and labels, both (n_trials, 4)."""
    return {
        dimension: _score(log_odds[:, i], labels[:, i], subject, seed)
        for i, dimension in enumerate(DIMENSIONS)
    }


def _score(
    log_odds: NDArray[np.float64], high: NDArray[np.bool_], subject: NDArray[np.str_], seed: int
) -> Score:
    from sklearn.metrics import roc_auc_score

    guess = log_odds > 0
    counts = _counts(guess, high, subject)
    low_end, high_end = _interval(counts, seed)
    measured = {
        "balanced_accuracy": balanced_accuracy(counts.sum(axis=0)),
        "low": low_end,
        "high": high_end,
        "auc": roc_auc_score(high, log_odds),
        "majority": max(high.mean(), 1 - high.mean()),
        "accuracy": (guess == high).mean(),
    }
    # Further digits would mean nothing: even this one is far below the interval's width.
    return Score(**{name: round(float(value), 4) for name, value in measured.items()})


def _counts(
    guess: NDArray[np.bool_], high: NDArray[np.bool_], subject: NDArray[np.str_]
) -> NDArray[np.int64]:
    """(n_subjects, 4): highs found, highs, lows found, lows."""
    outcomes = np.column_stack([guess & high, high, ~guess & ~high, ~high]).astype(np.int64)
    return np.array([outcomes[subject == one].sum(axis=0) for one in np.unique(subject)])


def balanced_accuracy(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of the share of highs and the share of lows found, from (…, 4) counts."""
    shares: NDArray[np.float64] = (counts[..., 0] / counts[..., 1] + counts[..., 2] / counts[..., 3]) / 2
    return shares


def _interval(counts: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """The middle 95 % of the balanced accuracy over redrawn subjects: people, not trials, are the sample."""
    rng = np.random.default_rng(seed)
    drawn = counts[rng.integers(len(counts), size=(BOOTSTRAPS, len(counts)))].sum(axis=1)
    usable = drawn[(drawn[:, 1] > 0) & (drawn[:, 3] > 0)]
    low, high = np.percentile(balanced_accuracy(usable), [2.5, 97.5])
    return float(low), float(high)
