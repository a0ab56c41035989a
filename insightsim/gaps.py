"""Time stamps put in order, short gaps filled, longer ones marked."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from insightsim.types import INTERPOLATED, SETTLING, Signal, join

Times = NDArray[np.float64]

GAP = 0.020
"""Seconds: missing time up to this is interpolated, more is a break that filters and windows do not cross."""

SETTLE = 1.0
"""Seconds after the start or a break in which the filter's transient dies out."""

RESET = 1.0
"""Seconds: a stamp further back than this is no straggler, the clock was set anew."""


def breaks(times: Times, sfreq: float) -> NDArray[np.intp]:
    """Indices of the samples that do not follow the one before: more than GAP too late, or not later."""
    steps = times[1:] - times[:-1]
    # The microsecond keeps a gap of exactly GAP on one side, however its stamps were rounded.
    late, early = steps > GAP + 1 / sfreq + 1e-6, ~(steps > 0)
    return (late | early).nonzero()[0] + 1


class Mend:
    """Puts stamps in order, fills gaps of up to 20 ms by straight lines, marks what follows a longer one.

    A step between stamps of more than 1.5 sampling periods is a gap. Stamps are put in order within a chunk;
    a sample at or before the last stamp given out is dropped, unless it is more than `RESET` earlier: then
    the clock was set anew, which counts as a gap, and so does another rate. Filled samples are marked
    INTERPOLATED. The first second of samples after the start, a longer gap, or a sample with a value that is
    not a number, is marked SETTLING.
    """

    def __init__(self) -> None:
        self.gaps = 0
        """Gaps of more than 20 ms so far."""
        self.dropped = 0
        """Samples dropped so far because of their stamps."""
        self._last: Signal | None = None
        """The last sample given out; None at the start and after a clock set anew."""
        self._restart = 0.0
        """When the second of settling last began."""

    def __call__(self, chunk: Signal) -> Signal:
        """The chunk with increasing stamps (but for a clock set anew), short gaps filled and `state` set."""
        seams = np.flatnonzero(np.diff(chunk.times) < -RESET) + 1
        bounds = [0, *seams.tolist(), len(chunk)]
        return join([self._mend(chunk[a:b]) for a, b in pairwise(bounds)])

    def _mend(self, chunk: Signal) -> Signal:
        if self._last is not None and len(chunk) and chunk.sfreq != self._last.sfreq:
            self.gaps += 1
            self._last = None
        chunk = self._in_order(chunk)
        if not len(chunk):
            return chunk
        if self._last is None:
            self._restart = float(chunk.times[0])
            mended = _filled(chunk)
        else:
            chunk = join([self._last, chunk])
            mended = _filled(chunk)[1:]
        late = breaks(chunk.times, chunk.sfreq)
        self.gaps += len(late)
        self._last = chunk[-1:]
        # A value that is no number unsettles the filters as a gap does.
        unsettled = np.asarray(~np.isfinite(mended.data).all(axis=1))
        return self._settling(mended, np.concatenate([chunk.times[late], mended.times[unsettled]]), unsettled)

    def _in_order(self, chunk: Signal) -> Signal:
        """The samples with usable stamps, in order; what is left out is counted."""
        if not len(chunk):
            return chunk
        if self._last is not None and chunk.times[0] < self._last.times[0] - RESET:
            self.gaps += 1
            self._last = None
        after = -np.inf if self._last is None else self._last.times[0]
        order = np.argsort(chunk.times, kind="stable")
        times = chunk.times[order]
        usable = np.isfinite(times) & (times > after)
        usable[1:] &= times[1:] != times[:-1]
        if usable.all() and (order[1:] > order[:-1]).all():
            return chunk
        self.dropped += int(np.count_nonzero(~usable))
        kept = order[usable]
        return replace(chunk, data=chunk.data[kept], times=chunk.times[kept], state=chunk.state[kept])

    def _settling(self, chunk: Signal, restarts: Times, unsettled: NDArray[np.bool_]) -> Signal:
        """The chunk with the second after each restart marked, but for the samples at fault themselves."""
        restarts = np.sort(np.concatenate([[self._restart], restarts]))
        latest = restarts[np.searchsorted(restarts, chunk.times, side="right") - 1]
        self._restart = float(restarts[-1])
        settling = (chunk.times - latest < SETTLE) & ~unsettled
        return replace(chunk, state=np.where(settling, np.uint8(SETTLING), chunk.state))


def _filled(chunk: Signal) -> Signal:
    """The chunk with a straight line across every short gap, marked INTERPOLATED."""
    times, data = chunk.times, chunk.data
    short = np.diff(times) > 1.5 / chunk.sfreq
    short[breaks(times, chunk.sfreq) - 1] = False
    before = np.flatnonzero(short)
    if not len(before):
        return chunk
    counts = np.rint((times[before + 1] - times[before]) * chunk.sfreq).astype(np.intp) - 1
    share = np.concatenate([np.arange(1, n + 1) / (n + 1) for n in counts])
    left = np.repeat(before, counts)
    right = left + 1
    line = data[left] + share[:, None].astype(np.float32) * (data[right] - data[left])
    return replace(
        chunk,
        data=np.insert(data, right, line, axis=0),
        times=np.insert(times, right, times[left] + share * (times[right] - times[left])),
        state=np.insert(chunk.state, right, INTERPOLATED),
    )
