"""Clocks that follow jittering stamps smoothly: what evenly taken samples must have been stamped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from insightsim.gaps import GAP

Times = NDArray[np.float64]

FOLLOW = 2.0
"""Seconds in which the clock comes 63 % nearer to what the stamps say; jitter is faster, drift slower."""
AWAY = 1.0
"""Seconds: a stamp so far from the smoothed clock, in bursts, is a loss of samples or another clock."""
LATE = 0.25
"""Seconds of samples, at least, none of them stamped on time, after which some must be missing."""
KEPT = 2.0
"""Seconds of samples whose lateness is remembered."""


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


class Spread:
    """Times for samples that came in bursts, whose stamps tell when a packet was there.

    They are even, and follow the stamps smoothly. The clock begins anew where a stamp is too far away to be
    just late or early, which leaves a gap or a jump back in the times.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._clock = Smooth(rate)
        self._late = np.zeros(0)
        """How far the stamps of the last samples were behind the clock, s."""
        self._last = 0.0
        """The last stamp that was a number."""

    def lost(self, packet: float) -> bool:
        """Whether stamps have been late for so long that samples must be missing.

        `packet` is the longest time, s, that a packet may have taken to fill: its first samples are late.
        """
        late = self._late[-round(max(LATE, 1.5 * packet) * self.rate) :]
        return len(late) >= LATE * self.rate / 2 and bool(late.min() > GAP)

    def __call__(self, stamps: Times) -> Times:
        """A time for every sample, as near to the stamps as may be: (n_samples,), s."""
        stamps = self._known(stamps)
        out = [np.zeros(0)]
        while len(stamps):
            times = self._clock(stamps)
            late = stamps - times
            away = np.flatnonzero(np.abs(late) > AWAY)  # never the first of a fresh clock
            n = int(away[0]) if len(away) else len(stamps)
            if len(away):
                self._clock = Smooth(self.rate)
            self._late = np.concatenate([self._late, late[:n]])[-round(KEPT * self.rate) :]
            out.append(times[:n])
            stamps = stamps[n:]
        return np.concatenate(out)

    def _known(self, stamps: Times) -> Times:
        """The stamps, the last one that was a number in place of every one that is none."""
        stamps = np.concatenate([[self._last], stamps])
        last = np.maximum.accumulate(np.where(np.isfinite(stamps), np.arange(len(stamps)), 0))
        self._last = float(stamps[last][-1])
        return stamps[last][1:]
