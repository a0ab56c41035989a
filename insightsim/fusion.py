"""What the streams say together, and what of it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from insightsim.evidence import Doubts, Floats, alone, doubts, fuse, log_odds, probability
from insightsim.types import VADL, Estimate, Prediction, Share

FULL = 1.0
"""Seconds up to which a prediction's age takes nothing from its weight."""
APART = 3.0
"""Seconds that streams fused may be apart."""
SILENT = VADL(0.0, 0.0, 0.0, 0.0)
"""The weight of what has no say."""


class LateFusion:
    """What the latest predictions of all streams come to together: see `evidence.fuse`.

    A stream's weight per dimension is its model's measured skill, times its window's quality, times its
    freshness: 1 up to a second behind the newest stream that can have a say, 0 from `max_age` seconds on.
    Ages are told by the moments at which predictions were due here, so streams stamped by clocks of their own
    compare too.
    `weights` (0–1, by the name of a model) stand in place of measured skill. A dimension in which no stream
    has a weight is NaN; without any there is no estimate, and the reason names what each stream lacks.

    Where streams contradict each other the spread widens, and it does not narrow again when one falls silent:
    see `evidence.Doubts`.
    """

    def __init__(self, weights: Mapping[str, float] | None = None, max_age: float = 3.0) -> None:
        self.weights = weights or {}
        self.max_age = max_age
        self._latest: dict[str, Prediction] = {}
        self._doubts = Doubts()
        self._clocks = False
        """Whether the streams that had a say together last had stamps from different clocks."""

    def forget(self) -> None:
        """Doubt nobody any more for what somebody else gave reason to doubt."""
        self._doubts = Doubts()

    def __call__(self, prediction: Prediction) -> Estimate:
        """The estimate after this prediction; `vadl` equals `raw`, nothing is smoothed here."""
        self._latest[prediction.stream] = prediction
        latest = [self._latest[stream] for stream in sorted(self._latest)]
        now = max(map(_moment, list(filter(self._has_a_say, latest)) or latest))
        shares = tuple(self._share(p, max(0.0, now - _moment(p))) for p in latest)
        fresh = [p for p, share in zip(latest, shares, strict=True) if share.age < self.max_age]
        bad = tuple(fault for p in fresh for fault in p.quality.bad)
        heard = [(p, share) for p, share in zip(latest, shares, strict=True) if share.reason is None]
        time = self._time([p for p, _ in heard] or fresh)
        if not heard:
            quality = min(p.quality.score for p in fresh)
            return Estimate(time, None, None, None, quality, _reason(shares), bad=bad, shares=shares)
        vadl, spread = self._fuse([p for p, _ in heard], [share for _, share in heard], now)
        score = [p.quality.score for p, _ in heard]
        said = [sum(share.weight) for _, share in heard]
        quality = score[0] if len(score) == 1 else float(np.average(score, weights=said))
        return Estimate(time, vadl, vadl, spread, quality, None, bad=bad, shares=shares)

    def _share(self, p: Prediction, age: float) -> Share:
        """What a stream says, with its weight or the reason why it has none."""
        if age >= self.max_age or p.vadl is None or p.spread is None:
            why = p.quality.reason or "no judged window"
            old = f"its newest window is {age:.0f} s old"
            return Share(p.stream, p.model, None, None, SILENT, age, old if p.vadl else why)
        weight = _weights(p, self._trust(p), p.quality.score * self._freshness(age))
        reason = None if any(weight) else _unheard(p.model, self.weights.get(p.model))
        return Share(p.stream, p.model, p.vadl, p.spread, weight, age, reason)

    def _trust(self, p: Prediction) -> Sequence[float]:
        """The weight of a stream's model in each dimension, before quality and age."""
        given = self.weights.get(p.model)
        return p.skill if given is None else (given,) * len(p.skill)

    def _has_a_say(self, p: Prediction) -> bool:
        """Whether it would have one if it was fresh, or had judged its window: such ones make others old."""
        trust = self._trust(p)
        return any(trust if p.vadl is None else _weights(p, trust, p.quality.score))

    def _fuse(
        self, predictions: Sequence[Prediction], shares: Sequence[Share], now: float
    ) -> tuple[VADL, VADL]:
        """Value and spread, the doubts told by weights as they are without age."""
        keys = [f"{p.stream} {p.model}" for p in predictions]
        if len(keys) == 1 and keys[0] not in self._doubts:
            (share,) = shares
            assert share.vadl is not None
            assert share.spread is not None
            return alone(share.vadl, share.spread, share.weight)
        vadl, spread = np.array([p.vadl for p in predictions]), np.array([p.spread for p in predictions])
        weight = np.array([share.weight for share in shares])
        told = doubts(vadl, spread, weight / [[self._freshness(share.age)] for share in shares])
        if len(keys) > 1 and all(share.age <= FULL for share in shares):
            for key, doubt in zip(keys, told, strict=True):
                self._doubts.keep(key, doubt, now)
        return fuse(vadl, spread, weight, np.array(list(map(self._doubts, keys, told))))

    def _freshness(self, age: float) -> float:
        return min(1.0, (self.max_age - age) / (self.max_age - FULL))

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
    three time constants, or when time goes back by more than streams may lag behind each other: the estimate
    is stamped by the newest of them, and goes back a little when that one falls silent. An estimate without
    values passes and changes nothing.
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
        said = np.array([log_odds(estimate.vadl), estimate.spread])
        elapsed = estimate.time - self._time
        if -APART <= elapsed < 0:
            elapsed, estimate = 0.0, replace(estimate, time=self._time)
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


def _weights(p: Prediction, trust: Sequence[float], sound: float) -> VADL:
    """Of what a prediction says in each dimension; 0 where that is no number."""
    assert p.vadl is not None
    assert p.spread is not None
    spoken = (not math.isnan(value + spread) for value, spread in zip(p.vadl, p.spread, strict=True))
    return VADL(*(sound * skill if said else 0.0 for skill, said in zip(trust, spoken, strict=True)))


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
