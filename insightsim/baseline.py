"""What several signals are at rest, learnt while they run: each one's low percentile so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIN, REACH = 0.02, 10.0
"""Width of a bin, and how far from the first values bins reach, in units of intensity."""


class RunningPercentile:
    """Causal: of all values up to and with the newest one, counted in fixed bins, so its cost never grows."""

    def __init__(self, shares: NDArray[np.float64]) -> None:
        """`shares` (n_signals,): the percentile of each, 0–1."""
        self._shares = shares
        self._counts = np.zeros((len(shares), round(2 * REACH / BIN)), np.int32)
        self._rows = np.arange(len(shares))
        self._lowest = np.zeros(len(shares))
        self._seen = 0

    def __call__(self, values: NDArray[np.float64], learn: bool = True) -> NDArray[np.float64]:
        """(n_signals,): the percentiles, these `values` counted among the others where they may be."""
        if not (learn or self._seen):
            return values
        if not self._seen:
            self._lowest = values - REACH - BIN / 2  # the first values lie in the middle of a bin
        if learn:
            bins = np.floor((values - self._lowest) / BIN).astype(int)
            self._counts[self._rows, np.clip(bins, 0, self._counts.shape[1] - 1)] += 1
            self._seen += 1
        reached = np.cumsum(self._counts, axis=1) > (self._shares * self._seen)[:, None]
        return np.asarray(self._lowest + (reached.argmax(axis=1) + 0.5) * BIN)
