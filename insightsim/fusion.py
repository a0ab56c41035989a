"""What the streams say together, and what of it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from insightsim.types import VADL, Estimate, Prediction

CERTAIN = 1e-6
"""Probabilities nearer to 0 or 1 than this count as this near: log-odds must stay finite."""

Floats = NDArray[np.float64]


def log_odds(probability: VADL | Floats) -> Floats:
    """The natural logarithm of p / (1 − p), (…, 4); NaN stays NaN."""
    p = np.clip(np.asarray(probability, np.float64), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(p) - np.log1p(-p))


def probability(log_odds: Floats) -> VADL:
    """The inverse of `log_odds`."""
    return VADL(*(1 / (1 + np.exp(-log_odds))).tolist())


class LateFusion:
    """The weighted mean, on log-odds, of the latest prediction of every stream that is still fresh.

    Fresh is what is at most `max_age` seconds older than the newest. A stream that is not fresh, or whose
    latest window may not be judged, has no say. `weights` are by stream, 1 where not given, 0 for no say.
    Where a stream does not speak of a dimension (NaN) the others decide it. The spread is the weighted mean
    of the streams' spreads: the streams watch the same person at the same moment, so their errors are not
    taken to cancel out. With one stream, its values come through unchanged.
    """

    def __init__(self, weights: Mapping[str, float] | None = None, max_age: float = 3.0) -> None:
        self.weights = weights or {}
        self.max_age = max_age
        self._latest: dict[str, Prediction] = {}

    def __call__(self, prediction: Prediction) -> Estimate:
        """The estimate after this prediction; `vadl` equals `raw`, nothing is smoothed here."""
        self._latest[prediction.stream] = prediction
        now = max(p.time for p in self._latest.values())
        fresh = [p for p in self._latest.values() if now - p.time <= self.max_age]
        bad = tuple(fault for p in fresh for fault in p.quality.bad)
        weight = {p.stream: self.weights.get(p.stream, 1.0) for p in fresh}
        judged = [p for p in fresh if p.vadl and p.spread and weight[p.stream] > 0]
        if not judged:
            quality = min(p.quality.score for p in fresh)
            return Estimate(now, None, None, None, quality, _reason(fresh), bad=bad)
        if len(judged) == 1:
            (only,) = judged
            return Estimate(now, only.vadl, only.vadl, only.spread, only.quality.score, None, bad=bad)
        weights = np.array([weight[p.stream] for p in judged])
        vadl = probability(_mean([log_odds(p.vadl) for p in judged if p.vadl], weights))
        spread = VADL(*_mean([np.array(p.spread) for p in judged], weights).tolist())
        quality = float(np.average([p.quality.score for p in judged], weights=weights))
        return Estimate(now, vadl, vadl, spread, quality, None, bad=bad)


class Smooth:
    """Exponential smoothing on log-odds with the time constant `seconds`; 0 leaves everything as it is.

    What is shown moves by 1 − exp(−dt / seconds) of the way to what is said, dt being the time since the last
    value: neither the step between windows nor a lost one makes a difference. The spread moves along, for one
    window's spread says nothing about a value that many windows went into. It starts anew after a pause of
    three time constants, or when time goes backwards. An estimate without values passes and changes nothing.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self._shown: Floats | None = None
        """(2, 4): the last log-odds shown, and their spread."""
        self._time = 0.0

    def forget(self) -> None:
        """Start anew with the next value: who comes back after a loss may be somebody else."""
        self._shown = None

    def __call__(self, estimate: Estimate) -> Estimate:
        """The estimate with `vadl` and `spread` smoothed; `raw` stays."""
        if estimate.vadl is None or estimate.spread is None or self.seconds == 0:
            return estimate
        elapsed = estimate.time - self._time
        said = np.array([log_odds(estimate.vadl), estimate.spread])
        self._time = estimate.time
        if self._shown is None or not 0 <= elapsed <= 3 * self.seconds:
            self._shown = said
            return estimate
        blend = self._shown + (1 - math.exp(-elapsed / self.seconds)) * (said - self._shown)
        # A dimension that was not spoken of has nothing to move away from.
        self._shown = np.where(np.isnan(self._shown), said, blend)
        shown, spread = self._shown
        return replace(estimate, vadl=probability(shown), spread=VADL(*spread.tolist()))


def _mean(values: list[Floats], weights: Floats) -> Floats:
    """The weighted mean per dimension of those that are numbers; NaN where none is."""
    table = np.array(values)
    counts = np.where(np.isnan(table), 0.0, weights[:, None])
    total = counts.sum(axis=0)
    mean = np.full(table.shape[1], np.nan)
    np.divide((counts * np.nan_to_num(table)).sum(axis=0), total, out=mean, where=total > 0)
    return mean


def _reason(unjudged: list[Prediction]) -> str:
    """Why nothing can be said; the streams are named only when there are several."""
    if len(unjudged) == 1:
        return unjudged[0].quality.reason or "no judged window"
    return "; ".join(f"{p.stream}: {p.quality.reason}" for p in unjudged)
