"""A clock that follows jittering stamps smoothly: what evenly taken samples must have been stamped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Times = NDArray[np.float64]

FOLLOW = 2.0
"""Seconds in which the clock comes 63 % nearer to what the stamps say; jitter is faster, drift slower."""


class Smooth:
    """Times `1 / rate` apart that follow the stamps, as a first-order low-pass of their deviation.

    It starts on the first stamp. A rate that is off by a share δ makes it lag by δ × `FOLLOW`, no more.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._share = min(1.0, 1 / (FOLLOW * rate))
        self._start: float | None = None
        self._n = 0
        self._zi = np.zeros(1)

    def __call__(self, stamps: Times) -> Times:
        """The times (n_samples,), s, of the next samples, from their stamps, all finite."""
        if not len(stamps):
            return stamps
        if self._start is None:
            self._start = float(stamps[0])
        even = self._start + (self._n + np.arange(len(stamps))) / self.rate
        self._n += len(stamps)
        keep = 1 - self._share
        behind, self._zi = signal.lfilter([self._share], [1, -keep], stamps - even, zi=self._zi)
        return np.asarray(even + behind)
