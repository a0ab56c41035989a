"""The rate at which samples arrive, for everyone to see beside the one that is stated."""

from __future__ import annotations

import math
from collections import deque

from insightsim.types import Signal

OVER = 10.0
"""Seconds over which it is measured."""


class Rate:
    """The effective rate of a stream, from its stamps over the last seconds."""

    def __init__(self) -> None:
        self._count = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=4096)

    def take(self, chunk: Signal) -> None:
        """Count a chunk."""
        now = float(chunk.times[-1])
        if not math.isfinite(now):
            return
        if self._marks and now < self._marks[-1][0]:  # the clock was set back
            self._marks.clear()
        self._count += len(chunk)
        self._marks.append((now, self._count))
        while now - self._marks[0][0] > OVER:
            self._marks.popleft()

    @property
    def value(self) -> float | None:
        """Hz; None before a second has been seen."""
        if not self._marks:
            return None
        (start, before), (stop, after) = self._marks[0], self._marks[-1]
        return (after - before) / (stop - start) if stop - start >= 1.0 else None
