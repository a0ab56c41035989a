"""Sliding windows over live or replayed signals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from insightsim.gaps import breaks
from insightsim.types import Signal, join


class Slide:
    """Cuts one stream into overlapping windows of exactly `n_samples` that end on a shared time grid.

    A window ends with the sample nearest to a whole multiple of `step` (s), so windows of different streams
    line up, none waits for a later sample, and neither the chunking nor a clock slightly off its nominal rate
    matters. No window spans a break in the stamps (`gaps.breaks`): after one, the first is yielded at the
    first multiple of `step` that has `n_samples` behind it.
    """

    def __init__(self, n_samples: int, step: float) -> None:
        self.n_samples = n_samples
        self.step = step
        self._pending: Signal | None = None
        """What later windows may still need: at most the last n_samples − 1 samples since the last break."""
        self._tick = 0
        """The next window ends at `_tick * step`."""
        self._seen = 0
        """Samples since the start or the last break."""

    @property
    def filled(self) -> float:
        """How much of the first window since the start or the last break is there, 0–1."""
        return min(1.0, self._seen / self.n_samples)

    @property
    def due(self) -> float:
        """Stamp, s, from which a sample may complete a window, but for half a period; inf at the start."""
        return math.inf if self._pending is None else self._tick * self.step

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """Take in a chunk; yield every window it completes."""
        if not len(chunk):
            return
        whole = chunk if self._pending is None else join([self._pending, chunk])
        for first, stop in pairwise([0, *breaks(whole.times, whole.sfreq).tolist(), len(whole)]):
            stretch = whole[first:stop]
            if first or self._pending is None:
                self._tick = math.ceil((stretch.times[0] - 0.5 / stretch.sfreq) / self.step)
                self._seen = len(stretch)
            else:
                self._seen += stop - len(self._pending)
            yield from self._cut(stretch)
            self._pending = stretch[-max(1, self.n_samples - 1) :]

    def _cut(self, stretch: Signal) -> Iterator[Signal]:
        half = 0.5 / stretch.sfreq
        while stretch.times[-1] >= (earliest := self._tick * self.step - half):
            self._tick += 1
            stop = int(np.searchsorted(stretch.times, earliest)) + 1
            if stop >= self.n_samples:
                yield stretch[stop - self.n_samples : stop]
