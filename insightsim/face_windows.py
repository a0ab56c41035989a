"""Sliding windows over action units: rows come as a camera gives them, at no steady rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from insightsim.gaps import RESET
from insightsim.types import Signal, join

GAP = 0.25
"""Seconds between two rows that count as a gap: no expression lasts unseen for longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Windows of one stretch of rows: what they share is computed once for all of them."""

    rows: Signal
    spans: NDArray[np.intp]
    """(n_windows, 2): the first row of each window, and the one after its last."""

    def __iter__(self) -> Iterator[Signal]:
        return (self.rows[first:last] for first, last in self.spans.tolist())


class FaceWindows:
    """Cuts rows into windows of the last `seconds`, each ending with the first row at a multiple of `step`.

    So no window waits for a later row, windows of different streams line up to within a frame, and chunking
    makes no difference. Rows whose stamps repeat or go back are dropped and counted. Where the clock was set
    back, or nothing came for as long as a window, they start anew, once a second row confirms it: a single
    stamp far off is a damaged one.
    """

    def __init__(self, seconds: float, step: float) -> None:
        self.seconds = seconds
        self.step = step
        self.gaps = self.dropped = self.resets = 0
        self.begin()

    def begin(self) -> None:
        """Begin anew: no window holds rows from before and after. What was counted stays."""
        self._astray: Signal | None = None
        """A row whose stamp is far from all before: the next one tells whether the clock jumped."""
        self._pending: Signal | None = None
        """The rows that later windows may need."""
        self._first = math.inf
        """Stamp of the first row since the start or the last reset, s."""
        self._tick = 0
        """The next window ends at `_tick * step`, or with the first row after it."""

    @property
    def filled(self) -> float:
        """How much of the first window is there, 0–1."""
        if self._pending is None:
            return 0.0
        return min(1.0, (float(self._pending.times[-1]) - self._first) / self.seconds)

    @property
    def due(self) -> float:
        """Stamp, s, from which a row completes a window; inf at the start."""
        return math.inf if self._pending is None else self._tick * self.step

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """Take in rows; yield every window they complete."""
        for cut in self.cut(chunk):
            yield from cut

    def cut(self, chunk: Signal) -> Iterator[Cut]:
        """The same, windows that share rows together."""
        for stretch in self._in_order(chunk):
            if self._pending is None:
                self._first = float(stretch.times[0])
                self._tick = math.ceil(self._first / self.step)
            whole = stretch if self._pending is None else join([self._pending, stretch])
            ends = len(whole) - len(stretch) + self._ends(stretch.times)
            times = whole.times[ends]
            if (full := times - self._first >= self.seconds).any():
                starts = np.searchsorted(whole.times, times - self.seconds, "right")
                yield Cut(whole, np.array([starts[full], ends[full] + 1]).T)
            self._pending = whole[int(np.searchsorted(whole.times, whole.times[-1] - self.seconds)) :]

    def _ends(self, times: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which of some rows are the first at or after a multiple of `step`."""
        ticks = np.floor(times / self.step)
        first = ticks >= self._tick
        first[1:] &= ticks[1:] > ticks[:-1]
        ends = first.nonzero()[0]
        if len(ends):
            self._tick = int(ticks[-1]) + 1
        return ends

    def _in_order(self, chunk: Signal) -> Iterator[Signal]:
        """Stretches of increasing stamps; `_pending` is let go of between two of them."""
        if self._astray is not None:
            chunk = join([self._astray, chunk])
        start, keep = 0, np.zeros(len(chunk), bool)
        newest = -math.inf if self._pending is None else float(self._pending.times[-1])
        astray: int | None = None
        times = chunk.times.tolist()
        for i, time in enumerate(times):
            if not math.isfinite(time):
                self.dropped += 1
                continue
            if newest > -math.inf and not -RESET <= time - newest <= self.seconds:
                if astray is None or not 0 < time - times[astray] <= self.seconds:
                    self.dropped += astray is not None
                    astray = i
                    continue
                yield from _kept(chunk, keep, start, astray)
                self._pending, start = None, astray
                self.resets += times[astray] < newest
                self.gaps += times[astray] > newest
                keep[astray], newest = True, times[astray]
            elif astray is not None:  # it was that row alone
                self.dropped += 1
            astray = None
            if (step := time - newest) <= 0:
                self.dropped += 1
                continue
            self.gaps += GAP < step < math.inf
            keep[i], newest = True, time
        yield from _kept(chunk, keep, start, len(chunk))
        self._astray = None if astray is None else chunk[astray : astray + 1]


def _kept(chunk: Signal, keep: NDArray[np.bool_], start: int, stop: int) -> Iterator[Signal]:
    which = start + np.flatnonzero(keep[start:stop])
    if not len(which):
        return
    if len(which) == len(chunk):
        yield chunk
    else:
        yield replace(chunk, data=chunk.data[which], times=chunk.times[which], state=chunk.state[which])


def coverage(times: NDArray[np.float64], valid: NDArray[np.bool_], seconds: float) -> float:
    """The share of `seconds` that valid rows stand for: each for the time since the last, at most GAP."""
    steps = np.diff(times, prepend=times[0] - GAP)
    return float(min(1.0, np.minimum(steps, GAP)[valid].sum() / seconds))
