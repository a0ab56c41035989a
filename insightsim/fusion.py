"""What the streams say together, and what of it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from insightsim.types import VADL, Estimate, Prediction, Share

CERTAIN = 1e-6
"""Probabilities nearer to 0 or 1 than this count as this near: log-odds must stay finite."""
FULL = 1.0
"""Seconds up to which a prediction's age takes nothing from its weight."""
WIDEST = 0.5
"""The spread that leaves every probability possible."""
SILENT = VADL(0.0, 0.0, 0.0, 0.0)
"""The weight of what has no say."""

Floats = NDArray[np.float64]


def log_odds(probability: VADL | Floats) -> Floats:
    """The natural logarithm of p / (1 − p), (…, 4); NaN stays NaN."""
    p = np.clip(np.asarray(probability, np.float64), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(p) - np.log1p(-p))


def probability(log_odds: Floats) -> VADL:
    """The inverse of `log_odds`."""
    return VADL(*(1 / (1 + np.exp(-log_odds))).tolist())


def fuse(vadl: Floats, spread: Floats, weight: Floats) -> tuple[VADL, VADL]:
    """One value and its spread per dimension from those of several streams, all (n_streams, 4).

    The value is the weighted mean on log-odds. Its spread has two parts, added as squares. The first is the
    streams' own spreads, the narrower the more the other streams' weights are worth: streams watch the same
    person, so n of them count as n only where all weights are 1. The second is their disagreement: the
    variance between what they say, as far as it exceeds what their own spreads explain (as in random-effects
    meta-analysis: DerSimonian and Laird, Controlled Clinical Trials 7, 1986). Where only one stream has a
    weight above 0 its values come through unchanged, whatever the weight; where none has, they are NaN.
    Values of weight 0 may be NaN.
    """
    says = weight > 0
    total = weight.sum(axis=0)
    part = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    value, own = np.where(says, vadl, 0.5), np.where(says, spread, 0.0)
    mean = (part * value).sum(axis=0)
    within = (part * own**2).sum(axis=0) / (1 + (weight * (1 - part)).sum(axis=0))
    between = (part * (value - mean) ** 2).sum(axis=0)
    explained = (part * (1 - part) * own**2).sum(axis=0)
    width = np.minimum(np.sqrt(within + np.maximum(0.0, between - explained)), WIDEST)
    together = np.array(probability((part * log_odds(value)).sum(axis=0)))
    n, first = says.sum(axis=0), says.argmax(axis=0)  # of a single one, no digit is lost on the way
    together = np.where(n > 1, together, np.where(n == 1, value[first, range(4)], np.nan))
    width = np.where(n > 1, width, np.where(n == 1, own[first, range(4)], np.nan))
    return VADL(*together.tolist()), VADL(*width.tolist())


class LateFusion:
    """What the latest predictions of all streams come to together: see `fuse`.

    A stream's weight per dimension is its model's measured skill, times its window's quality, times its
    freshness: 1 up to a second behind the newest stream, 0 from `max_age` seconds on. Ages are told by the
    moments at which predictions were due here, so streams stamped by clocks of their own compare too.
    `weights` (0–1, by the name of a model) stand in place of measured skill. A dimension in which no stream
    has a weight is NaN; without any there is no estimate, and the reason names what each stream lacks.
    """

    def __init__(self, weights: Mapping[str, float] | None = None, max_age: float = 3.0) -> None:
        self.weights = weights or {}
        self.max_age = max_age
        self._latest: dict[str, Prediction] = {}
        self._clocks = False
        """Whether the streams that had a say together last had stamps from different clocks."""

    def __call__(self, prediction: Prediction) -> Estimate:
        """The estimate after this prediction; `vadl` equals `raw`, nothing is smoothed here."""
        self._latest[prediction.stream] = prediction
        latest = [self._latest[stream] for stream in sorted(self._latest)]
        now = max(map(_moment, latest))
        shares = tuple(self._share(p, now - _moment(p)) for p in latest)
        fresh = [p for p, share in zip(latest, shares, strict=True) if share.age < self.max_age]
        bad = tuple(fault for p in fresh for fault in p.quality.bad)
        heard = [(p, share) for p, share in zip(latest, shares, strict=True) if share.reason is None]
        time = self._time([p for p, _ in heard] or fresh)
        if not heard:
            quality = min(p.quality.score for p in fresh)
            return Estimate(time, None, None, None, quality, _reason(shares), bad=bad, shares=shares)
        weight = np.array([share.weight for _, share in heard])
        said, spreads = np.array([p.vadl for p, _ in heard]), np.array([p.spread for p, _ in heard])
        vadl, spread = fuse(said, spreads, weight)
        score = [p.quality.score for p, _ in heard]
        quality = score[0] if len(score) == 1 else float(np.average(score, weights=weight.sum(axis=1)))
        return Estimate(time, vadl, vadl, spread, quality, None, bad=bad, shares=shares)

    def _share(self, p: Prediction, age: float) -> Share:
        """What a stream says, with its weight or the reason why it has none."""
        if age >= self.max_age or p.vadl is None or p.spread is None:
            why = p.quality.reason or "no judged window"
            old = f"its newest window is {age:.0f} s old"
            return Share(p.stream, p.model, None, None, SILENT, age, old if p.vadl else why)
        given = self.weights.get(p.model)
        trust = np.nan_to_num(np.array(p.skill if given is None else [given] * len(p.vadl)))
        freshness = min(1.0, (self.max_age - age) / (self.max_age - FULL))
        weight = trust * p.quality.score * freshness
        weight[np.isnan(p.vadl) | np.isnan(p.spread)] = 0.0
        reason = None if weight.any() else _unheard(p.model, given)
        return Share(p.stream, p.model, p.vadl, p.spread, VADL(*weight.tolist()), age, reason)

    def _time(self, predictions: Sequence[Prediction]) -> float:
        """When the newest of them was: by its stamp, or by its moment where their stamps do not compare."""
        if len(predictions) > 1:
            ahead = [p.time - _moment(p) for p in predictions]
            self._clocks = max(ahead) - min(ahead) > self.max_age
        return max(_moment(p) if self._clocks else p.time for p in predictions)


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


def _moment(prediction: Prediction) -> float:
    """When it was due, on the clock that all streams share, s."""
    return prediction.time if prediction.moment is None else prediction.moment


def _unheard(model: str, given: float | None) -> str:
    """Why a model that says something has no say."""
    if given is not None:
        return f"{model} is shown beside, not fused: its weight is {given:g}"
    return (
        f"{model} was not measured to be better than chance, so it is shown beside, not fused; "
        f"--weight {model}=1 gives it a say"
    )


def _reason(shares: Sequence[Share]) -> str:
    """Why nothing can be said; the streams are named only when there are several."""
    if len(shares) == 1:
        return shares[0].reason or ""
    return "; ".join(f"{share.stream}: {share.reason}" for share in shares)
