"""The arithmetic of evidence from several streams: log-odds, weights, and how sure it leaves one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from insightsim.types import VADL

CERTAIN = 1e-6
"""Probabilities nearer to 0 or 1 than this count as this near: log-odds must stay finite."""
WIDEST = 0.5
"""The spread that leaves every probability possible."""
SHARPEST = 1e-3
"""Spreads smaller than this count as this large: nobody knows any better."""
REMEMBERED = 60.0
"""Seconds over which it is averaged how far streams are apart."""

Floats = NDArray[np.float64]


def log_odds(probability: VADL | Floats) -> Floats:
    """The natural logarithm of p / (1 − p), (…, 4); NaN stays NaN."""
    p = np.clip(np.asarray(probability, np.float64), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(p) - np.log1p(-p))


def probability(log_odds: Floats) -> VADL:
    """The inverse of `log_odds`."""
    return VADL(*(1 / (1 + np.exp(-log_odds))).tolist())


def fuse(vadl: Floats, spread: Floats, weight: Floats, doubt: Floats) -> tuple[VADL, VADL]:
    """One value and its spread per dimension from those of several streams, all (n_streams, 4).

    The value is the weighted mean on log-odds. Its spread has two parts, added as squares: what the streams'
    own spreads leave open, their precisions (1 / spread²) being added up by weight, and what their
    disagreement tells: `doubts`. So every stream that agrees narrows it, and one that loses weight widens it,
    a single one too: the spread shown is its own at a weight of 1 alone. Where no stream has a weight above
    0, both are NaN. Values of weight 0 may be NaN.
    """
    says, part = _parts(weight)
    value, own = np.where(says, vadl, 0.5), np.where(says, spread, 1.0)
    precision = (weight / np.maximum(own, SHARPEST) ** 2).sum(axis=0)
    within = np.where(says.any(axis=0), 1 / np.maximum(precision, 1 / WIDEST**2), np.nan)
    apart = (part**2 * np.where(says, doubt, 0.0)).sum(axis=0)
    width = np.minimum(np.sqrt(within + apart), WIDEST)
    together = np.array(probability((part * log_odds(value)).sum(axis=0)))
    n, only = says.sum(axis=0), (says.argmax(axis=0), range(says.shape[1]))
    together = np.where(n > 1, together, np.where(n == 1, value[only], np.nan))  # no digit lost on the way
    return VADL(*together.tolist()), VADL(*width.tolist())


def alone(vadl: VADL, spread: VADL, weight: VADL) -> tuple[VADL, VADL]:
    """The same of a single stream without any doubt, as it most often is: in a tenth of the time."""
    said = [
        (p, s, w) if w > 0 else (math.nan, math.nan, 1.0)
        for p, s, w in zip(vadl, spread, weight, strict=True)
    ]
    value, own, heavy = zip(*said, strict=True)
    wide = (
        s if math.isnan(s) else min(WIDEST, max(SHARPEST, s) / math.sqrt(w))
        for s, w in zip(own, heavy, strict=True)
    )
    return VADL(*value), VADL(*wide)


def doubts(vadl: Floats, spread: Floats, weight: Floats) -> Floats:
    """How far off each stream may be beyond its own spread, as a variance, all (n_streams, 4).

    It is told by how far the streams are apart beyond what their own spreads explain (as between studies in
    random-effects meta-analysis: DerSimonian and Laird, Controlled Clinical Trials 7, 1986), and shared out
    so that the less weight a stream has, the more of it is its own. NaN where fewer than two streams speak.
    """
    says, part = _parts(weight)
    value, own = np.where(says, vadl, 0.0), np.where(says, spread, 0.0)
    between = (part * (value - (part * value).sum(axis=0)) ** 2).sum(axis=0)
    explained = (part * (1 - part) * own**2).sum(axis=0)
    excess = np.maximum(0.0, between - explained)
    several = says & (says.sum(axis=0) > 1)
    return np.where(several, excess / np.maximum(part, CERTAIN), np.nan)


def _parts(weight: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Where a stream has a say, and its part of all weights there."""
    total = weight.sum(axis=0)
    return weight > 0, np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)


class Doubts:
    """Each stream's doubt, kept for when it is left alone: it was off by so much when another could tell.

    Without that, a stream would seem to be the surer for not being contradicted any more.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Floats]] = {}

    def keep(self, key: str, doubt: Floats, time: float) -> None:
        """Average in a stream's doubt (4,) at a time in s; NaN where there is none."""
        since, kept = self._kept.get(key, (time, doubt))
        blend = kept + (1 - math.exp(-max(0.0, time - since) / REMEMBERED)) * (doubt - kept)
        blend = np.where(np.isnan(kept), doubt, blend)
        self._kept[key] = time, np.where(np.isnan(doubt), kept, blend)

    def __call__(self, key: str, doubt: Floats) -> Floats:
        """The doubt of a stream; what was kept of it where there is none, or 0."""
        kept = self._kept[key][1] if key in self._kept else 0.0
        return np.where(np.isnan(doubt), np.nan_to_num(kept), doubt)

    def __contains__(self, key: str) -> bool:
        return key in self._kept
