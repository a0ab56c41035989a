"""The classifier: several logistic regressions, each fitted on another half of the subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insightsim.cards import Threshold
from insightsim.errors import DatasetError
from insightsim.training.features import Examples
from insightsim.training.splits import halves
from insightsim.vadl import DIMENSIONS

C = 0.01
"""Inverse strength of the L2 penalty. Strong, because the windows of one trial share one rating: there
are far fewer independent examples than windows. On simulated subjects anything from 0.003 to 0.3 scores
about the same; below 0.01 the probabilities of new subjects are too cautious, above too bold. Fixed, so
that no search over test scores flatters them."""


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """What `fit` learnt."""

    members: tuple[Any, ...]
    """sklearn Pipelines, features → probabilities (n, 4)."""
    mean: NDArray[np.float64]
    """(n_features,), over all training windows."""
    sd: NDArray[np.float64]
    """(n_features,)."""
    familiar: float
    """99th percentile of the training windows' distances."""

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, 4) probability that each dimension is high: the members' mean."""
        members = [member.predict_proba(features) for member in self.members]
        mean: NDArray[np.float64] = np.mean(members, axis=0)
        return mean

    def distance(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,): how far a window lies from the training data, as an RMS z-score."""
        return _distance(features, self.mean, self.sd)


def high(ratings: NDArray[np.float64], threshold: Threshold) -> NDArray[np.bool_]:
    """Which ratings count as high."""
    return ratings >= threshold.value if threshold.rule == ">=" else ratings > threshold.value


def fit(
    examples: Examples,
    labels: NDArray[np.bool_],
    n_members: int = 10,
    seed: int = 0,
    kept: float | None = None,
) -> Ensemble:
    """Fit the members on examples whose trials have `labels` (n_trials, 4).

    `kept` is the share of the variance that principal components keep between scaling and classifier; None
    leaves them out. Raises DatasetError when some half of the subjects knows only high or only low ratings of
    a dimension.
    """
    from threadpoolctl import threadpool_limits

    members = []
    # One thread: the same bytes whatever the number of cores, and tables as small as these are fitted faster.
    with threadpool_limits(1):
        for subjects in halves(examples.subjects, n_members, seed):
            chosen = np.isin(examples.subject, subjects)
            rows = chosen[examples.trial]
            _check(labels[chosen], subjects)
            targets = labels[examples.trial[rows]].astype(np.int64)
            members.append(_member(kept).fit(examples.features[rows], targets))
    mean = examples.features.mean(axis=0, dtype=np.float64)
    sd = examples.features.std(axis=0, dtype=np.float64)
    sd[sd == 0] = 1.0  # a constant feature says nothing, as in StandardScaler
    distances = _distance(examples.features, mean, sd)
    return Ensemble(tuple(members), mean, sd, round(float(np.percentile(distances, 99)), 4))


def _member(kept: float | None) -> Any:
    """Classes are weighted as if high and low were equally common.

    Then 0.5 means "nothing in this window speaks either way", whatever the share of high ratings in the
    data was: music videos are liked in two cases of three, and a model that knows nothing must not show
    0.69 for it. It also makes the log-odds those of the evidence alone, which is what smoothing and
    fusion may add up.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    logistic = LogisticRegression(C=C, solver="newton-cholesky", class_weight="balanced")
    components = [] if kept is None else [PCA(kept, svd_solver="covariance_eigh")]
    return make_pipeline(StandardScaler(), *components, OneVsRestClassifier(logistic))


def _check(labels: NDArray[np.bool_], subjects: list[str]) -> None:
    for dimension, column in zip(DIMENSIONS, labels.T, strict=True):
        if column.all() or not column.any():
            kind = "high" if column.all() else "low"
            raise DatasetError(
                f"all {len(column)} ratings of {dimension} by {', '.join(subjects)} are {kind}: there is "
                "nothing to tell apart. Take more subjects, or another threshold"
            )


def _distance(
    features: NDArray[np.float32], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> NDArray[np.float64]:
    distance: NDArray[np.float64] = np.sqrt(np.mean(((features - mean) / sd) ** 2, axis=1))
    return distance
