"""What stamps tell about the rate of a stream, and whether they come in bursts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

SHORT = 0.4
"""Share of a period: a step so short is none between two samples."""
BURSTS = {False: 0.03, True: 0.01}
"""Share of short steps from which stamps come in bursts, and below which no more."""
BACK = {False: 3.0, True: 1.0}
"""Steps back per second, the same: each packet was stamped as it happened to arrive."""


def come_in_bursts(times: Times, rate: float, so_far: bool) -> bool:
    """Whether stamps (n_samples,), s, say when packets arrived and not when their samples were taken.

    `rate` in Hz, 0 where none is known; `so_far` is what they did before, which takes more to end than to go
    on. The times have to go on as a whole.
    """
    steps = np.diff(times)
    short = float(np.mean((steps >= 0) & (steps < SHORT * _period(steps, rate))))
    back = np.count_nonzero(steps < 0) / max(times[-1] - times[0], 0.5)
    return bool(short >= BURSTS[so_far] or back >= BACK[so_far])


def samples_per_second(times: Times, rate: float) -> float:
    """How many samples a second come, from their stamps (n_samples,), s; 0 where there are too few.

    Losses slow the count of samples, jitter bends the typical packet: what is nearer to the `rate` in use
    (Hz; 0 where none is known) is taken, so that neither makes a right rate look wrong.
    """
    steps = np.diff(times)
    # Where a packet begins, or each sample where there are none.
    firsts = (steps >= max(0.0, SHORT * _period(steps, rate))).nonzero()[0]
    if len(firsts) < 2:
        return 0.0
    sizes, intervals = np.diff(firsts), np.diff(times[firsts + 1])
    count = float(sizes.sum() / max(intervals.sum(), 1e-9))
    typical = np.median(intervals)
    near = np.abs(intervals - typical) <= typical / 2
    if not rate or typical <= 0 or not near.any():
        return count
    local = float(sizes[near].sum() / intervals[near].sum())
    return min(count, local, key=lambda pace: abs(pace - rate))


def longest_packet(times: Times) -> float:
    """How long the longest packets take to fill, s; a single pause or loss is none."""
    steps = np.sort(np.diff(times))
    return max(0.0, float(steps[-3])) if len(steps) >= 3 else 0.0


def _period(steps: Times, rate: float) -> float:
    return 1 / rate if rate else float(steps.mean())
