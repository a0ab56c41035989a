"""Time stamps put in order, short gaps filled, longer ones marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from insightsim.types import INTERPOLATED, SETTLING, Signal, join

Times = NDArray[np.float64]

GAP = 0.020
"""Seconds: missing time up to this is interpolated, more is a break that filters and windows do not cross."""

SETTLE = 1.0
"""Seconds after the start or a break in which the filter's transient dies out."""

RESET = 1.0
"""Seconds: a stamp so far from the one before is no late one, the clock was set anew or the stream paused."""

MISSED = 0.75
"""Periods by which a stamp must be late, against the last `RECENT` ones, for a sample to be missing."""

RECENT = 8
"""Samples whose stamps together tell when the next one is due, better than the last one alone."""


def breaks(times: Times, sfreq: float) -> NDArray[np.intp]:
    """Indices of the samples that do not follow the one before: more than GAP too late, or not later."""
    steps = times[1:] - times[:-1]
    # The microsecond keeps a gap of exactly GAP on one side, however its stamps were rounded.
    late, early = steps > GAP + 1 / sfreq + 1e-6, ~(steps > 0)
    return (late | early).nonzero()[0] + 1


class Mend:
    """Keeps stamps in order, fills gaps of up to 20 ms by straight lines, marks what follows a longer one.

    A step between stamps of more than 1.5 sampling periods is a gap where a sample is really missing, and the
    stamp not just a little late. A sample at or before the last stamp given out is dropped, unless it is more
    than 20 ms before: then the clock was set anew, which counts as a longer gap, and so does another rate.
    Filled samples are marked INTERPOLATED, the first second of samples after the start or a longer gap
    SETTLING.
    """

    def __init__(self) -> None:
        self.gaps = 0
        """Gaps of more than 20 ms so far."""
        self.dropped = 0
        """Samples dropped so far because of their stamps."""
        self.resets = 0
        """Times the clock was set back by more than `RESET` so far."""
        self._last: Signal | None = None
        """The last sample given out; None at the start and after a clock set anew."""
        self._recent = np.zeros(0)
        """The last times given out since then or a longer gap, at most `RECENT`."""
        self._restart = 0.0
        """When the second of settling last began."""

    def __call__(self, chunk: Signal) -> Signal:
        """The chunk with increasing stamps (but for a clock set anew), short gaps filled and `state` set."""
        if self._last is not None and len(chunk) and chunk.sfreq != self._last.sfreq:
            self._begin_anew()
        parts = [chunk[:0]]
        while len(chunk):
            latest = -np.inf if self._last is None else self._last.times[0]
            times = np.concatenate([[latest], chunk.times])
            latest = np.fmax.accumulate(times)
            back = (chunk.times < latest[:-1] - GAP).nonzero()[0]
            n = int(back[0]) if len(back) else len(chunk)
            later = np.isfinite(chunk.times[:n]) & (chunk.times[:n] > latest[:n])
            parts.append(self._mend(self._kept(chunk[:n], later)))
            if len(back):
                self.resets += int(chunk.times[n] < latest[n] - RESET)
                self._begin_anew()
            chunk = chunk[n:]
        return join(parts)

    def _begin_anew(self) -> None:
        self.gaps += 1
        self._last = None

    def _kept(self, chunk: Signal, which: NDArray[np.bool_]) -> Signal:
        """The samples that may be used; the others are counted."""
        if which.all():
            return chunk
        self.dropped += int(np.count_nonzero(~which))
        return replace(chunk, data=chunk.data[which], times=chunk.times[which], state=chunk.state[which])

    def _mend(self, chunk: Signal) -> Signal:
        """The same for samples in order."""
        if not len(chunk):
            return chunk
        if self._last is None:
            self._restart = float(chunk.times[0])
            self._recent = np.zeros(0)
            mended = self._filled(chunk)
        else:
            chunk = join([self._last, chunk])
            self._recent = self._recent[:-1]
            mended = self._filled(chunk)[1:]
        late = breaks(chunk.times, chunk.sfreq)
        self.gaps += len(late)
        self._last = chunk[-1:]
        return self._settling(mended, chunk.times[late])

    def _settling(self, chunk: Signal, restarts: Times) -> Signal:
        """The chunk with the second after each restart marked."""
        restarts = np.concatenate([[self._restart], restarts])
        self._restart = float(restarts[-1])
        if chunk.times[0] - self._restart >= SETTLE:
            return chunk
        latest = restarts[np.searchsorted(restarts, chunk.times, side="right") - 1]
        return replace(chunk, state=np.where(chunk.times - latest < SETTLE, np.uint8(SETTLING), chunk.state))

    def _filled(self, chunk: Signal) -> Signal:
        """The chunk with a straight line across every short gap, marked INTERPOLATED."""
        times, data, period = chunk.times, chunk.data, 1 / chunk.sfreq
        long = (times[1:] - times[:-1] > 1.5 * period).nonzero()[0]
        late = set((breaks(times, chunk.sfreq) - 1).tolist())
        done, left, share = 0, [], []
        for i in long.tolist():  # few, if any
            self._recent = np.concatenate([self._recent, times[done : i + 1]])[-RECENT:]
            done = i + 1
            if i in late:
                self._recent = np.zeros(0)
                continue
            due = np.mean(self._recent + np.arange(len(self._recent), 0, -1) * period)
            excess = (times[i + 1] - due) / period
            n = round(excess) if excess > MISSED else 0
            left += [i] * n
            steps = np.arange(1, n + 1) / (n + 1)
            share += steps.tolist()
            self._recent = np.concatenate([self._recent, times[i] + steps * (times[i + 1] - times[i])])
        self._recent = np.concatenate([self._recent, times[done:]])[-RECENT:]
        if not left:
            return chunk
        at, part = np.array(left), np.array(share)
        line = data[at] + part[:, None].astype(np.float32) * (data[at + 1] - data[at])
        return replace(
            chunk,
            data=np.insert(data, at + 1, line, axis=0),
            times=np.insert(times, at + 1, times[at] + part * (times[at + 1] - times[at])),
            state=np.insert(chunk.state, at + 1, INTERPOLATED),
        )
