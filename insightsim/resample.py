"""From the rate of a stream to the rate of a model, causally, by the stamps."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from insightsim.clocks import Smooth
from insightsim.filters import hold
from insightsim.gaps import GAP, breaks
from insightsim.types import Signal, join

Floats = NDArray[np.float64]

SAME = 1e-3
"""Share by which rates may differ and still be the same one, stated with a rounded figure."""
MARGIN = 8.0
"""Hz, at least, between the band that is kept and what would fold into it; less needs too long a kernel."""
STOP = 70.0
"""dB: attenuation of what would fold into the band that is kept."""
AWAY = 0.1
"""Seconds by which stamps may be off the smoothed clock; more is another rate or another clock."""
FINE = 2048
"""Points of the kernel's table on either side."""
BATCH = 64
"""Samples made at once: enough to spread numpy's overhead, few enough to multiply with few zeros."""


def lowest(high: float) -> float:
    """The lowest rate, Hz, at which a stream can be resampled and keep its band up to `high` Hz."""
    return 2 * high + MARGIN


class Resample:
    """Samples at whole multiples of `1 / sfreq` on the stream's clock, from any higher or lower rate.

    Each is the sum of the samples around it, weighted by a Kaiser-windowed sinc (Oppenheim & Schafer,
    Discrete-Time Signal Processing, 7.5–7.6), flat up to `high` Hz, that keeps out by 70 dB what would fold
    into this band. The times of the samples follow their stamps smoothly, so neither jitter nor a rate a
    little off bends the signal. It comes out later by half the kernel: 57 ms at 256 Hz or more to 128 Hz.
    `raw` lies on straight lines between the samples as recorded: a rail must stay a rail. No sample is made
    of samples on both sides of a break (`gaps.breaks`). A stream at `sfreq` comes out as it went in.
    """

    def __init__(self, sfreq: float, high: float) -> None:
        self.sfreq = sfreq
        self.high = high
        self._held: Signal | None = None
        """Samples, with smoothed times, that later ones may still need."""
        self._clock: Smooth | None = None
        self._last_time: float | None = None
        self._last_value: NDArray[np.float32] | None = None
        self._tick = 0
        """The next sample is at `_tick / sfreq`."""
        self._earliest = -math.inf
        """First tick after stamps ran away from the clock: late enough to be a break for all that follows."""

    def __call__(self, chunk: Signal) -> Signal:
        """The samples that the chunk completes: data (n_samples, n_channels), rate `sfreq`."""
        if math.isclose(chunk.sfreq, self.sfreq, rel_tol=SAME):
            self._restart()
            return chunk if chunk.sfreq == self.sfreq else replace(chunk, sfreq=self.sfreq)
        if self._held is not None and self._held.sfreq != chunk.sfreq:
            self._restart()
        times = chunk.times if self._last_time is None else np.concatenate([[self._last_time], chunk.times])
        starts = breaks(times, chunk.sfreq) - (len(times) - len(chunk))
        if len(chunk):
            self._last_time = float(chunk.times[-1])
        parts = [self._nothing(chunk)]
        for first, stop in pairwise([0, *starts[starts > 0].tolist(), len(chunk)]):
            if first in starts:
                self._restart()
            parts += self._stretch(chunk[first:stop])
        return join(parts)

    def delay(self, sfreq: float) -> float:
        """Seconds by which samples of a stream at `sfreq` come out later."""
        if math.isclose(sfreq, self.sfreq, rel_tol=SAME) or sfreq <= 0:
            return 0.0
        return _kernel(sfreq, self.sfreq, self.high)[0]

    def _restart(self) -> None:
        self._held = self._clock = self._last_value = None
        self._earliest = -math.inf

    def _nothing(self, chunk: Signal) -> Signal:
        return replace(chunk[:0], sfreq=self.sfreq, raw=chunk.data[:0])

    def _stretch(self, chunk: Signal) -> list[Signal]:
        """The same for samples without a break between them."""
        parts = []
        while len(chunk):
            clock = self._clock or Smooth(chunk.sfreq)
            times = clock(chunk.times)
            away = np.flatnonzero(np.abs(chunk.times - times) > AWAY)  # never the first of a fresh clock
            n = int(away[0]) if len(away) else len(chunk)
            self._clock = clock
            parts += self._made(replace(chunk, times=times)[:n])
            if n < len(chunk):
                self._restart()
                self._earliest = self._tick + math.ceil(GAP * self.sfreq) + 1
            chunk = chunk[n:]
        return parts

    def _made(self, chunk: Signal) -> list[Signal]:
        """The samples that these complete, in batches; what later ones need is held."""
        half, _ = _kernel(chunk.sfreq, self.sfreq, self.high)
        data, self._last_value = hold(chunk.data, self._last_value)
        chunk = replace(chunk, data=data, raw=chunk.data)
        if self._held is None:
            if len(chunk):
                self._tick = max(math.ceil((chunk.times[0] + half) * self.sfreq), self._earliest)
            held = chunk
        else:
            held = join([self._held, chunk])
        if not len(held):
            return []
        parts = []
        last = math.floor((held.times[-1] - half) * self.sfreq)
        while self._tick <= last:
            ticks = np.arange(self._tick, min(last + 1, self._tick + BATCH))
            parts.append(self._weighted(held, ticks / self.sfreq))
            self._tick = int(ticks[-1]) + 1
        self._held = held[int(np.searchsorted(held.times, self._tick / self.sfreq - half)) :]
        return parts

    def _weighted(self, held: Signal, times: Floats) -> Signal:
        """Samples at these times, each the weighted mean of those around it."""
        half, table = _kernel(held.sfreq, self.sfreq, self.high)
        around = held.between(float(times[0]) - half, float(times[-1]) + half)
        away = np.abs(times[:, None] - around.times) * (FINE / half)
        weights = np.interp(away, np.arange(FINE + 1), table, right=0.0)
        # Weights that add up to one keep an offset of many thousand µV from rippling.
        weights /= weights.sum(axis=1, keepdims=True)
        after = np.searchsorted(around.times, times)
        before = after - 1
        share = (times - around.times[before]) / (around.times[after] - around.times[before])
        nearest = np.where(share < 0.5, before, after)
        assert around.raw is not None
        left, right = around.raw[before], around.raw[after]
        return replace(
            around,
            sfreq=self.sfreq,
            data=(weights @ around.data).astype(np.float32),
            times=times,
            state=around.state[nearest],
            raw=left + share[:, None].astype(np.float32) * (right - left),
        )


@lru_cache
def _kernel(found: float, wanted: float, high: float) -> tuple[float, Floats]:
    """Half its length in seconds, and its values from the middle to the end, at `FINE` + 1 points."""
    slower = min(found, wanted)
    width = max(slower - 2 * high, MARGIN)
    beta = 0.1102 * (STOP - 8.7)
    half = (STOP - 7.95) / (2.285 * 2 * np.pi * width) / 2
    at = np.linspace(0, 1, FINE + 1)
    # The cut-off lies in the middle of the transition, which is at half the slower rate.
    return half, np.sinc(slower * half * at) * np.i0(beta * np.sqrt(1 - at**2)) / np.i0(beta)
