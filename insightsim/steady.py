"""At which rate samples really come, and when each was taken where stamps only say when it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from insightsim.clocks import Smooth
from insightsim.gaps import GAP, RESET
from insightsim.types import UNTIMED, Signal, join

Times = NDArray[np.float64]

BLOCK = 0.5
"""Seconds of samples between two looks at the stamps; the first block is held back until it was looked at."""
MANY = 32
"""Stamps at least that tell a pace."""
SURE = 5.0
"""Seconds of stamps a rate is measured over before it is believed."""
OFF = 0.02
"""Share by which a rate may differ from the one in use before it replaces it; stamps that come in bursts
tell a rate no better over five seconds.
"""
WRONG = 0.05
"""Share by which samples may come faster or slower than the rate in use and still be judged."""
BURSTS, NO_BURSTS = 0.2, 0.05
"""Share of short steps from which stamps come in bursts, and below which no more."""
SHORT = 0.4
"""Share of a period: a step so short is none between two samples."""
LOST = 0.5
"""Seconds: a stamp so far from the smoothed clock, in bursts, is a loss of samples or another clock."""
UNKNOWN_BLOCK = 64
"""Samples in a block while no rate is known."""


class Steady:
    """States the rate at which samples really come, and gives those that come in bursts a time of their own.

    A stream may state a wrong rate, or none (0 Hz): the rate measured from its stamps over `SURE` seconds
    replaces one that is off by more than 2 %, from the next block on; the change is a break for whatever
    comes after. Until then, and for good where the true rate is below `lowest` (Hz), samples more than 5 %
    off are marked UNTIMED. Nothing comes out before a rate is known.

    Where a fifth of the stamps or more follow the one before by less than 0.4 periods, they say when a packet
    arrived and not when its samples were taken: these are then spread evenly by a smoothed clock. All
    other stamps are left as they are. What is decided depends on the samples alone, not on their chunks.
    """

    def __init__(self, lowest: float = 0.0) -> None:
        self.lowest = lowest
        self.stated: float | None = None
        """Hz, as the stream says; None before the first sample, 0 where it says none."""
        self.rate = 0.0
        """Hz, the one in use; 0 before one is known."""
        self.pace: float | None = None
        """Hz, as measured last; None before there was enough to measure."""
        self.bursts = False
        self._held: list[Signal] = []
        self._holding = True
        self._block: list[Times] = []
        """Stamps of the block that is filling."""
        self._n_seen = 0
        """Samples in it."""
        self._recent = np.zeros(0)
        """Finite stamps of the last `SURE` seconds, up to the last look."""
        self.wrong = False
        """Whether samples come at a rate so far from the one in use that none may be judged."""
        self._clock: Smooth | None = None
        self._late = np.zeros(0)
        """How far the stamps of the last block were behind the smoothed clock, s."""
        self._last = 0.0
        """The last stamp that was a number, in bursts."""

    @property
    def replaced(self) -> bool:
        """Whether the rate in use is not the one the stream states."""
        return self.stated is not None and self.rate not in (0.0, self.stated)

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """The samples of a chunk whose rate is known, in parts of one rate each."""
        if len(chunk) and chunk.sfreq != self.stated:
            self.stated = self.rate = chunk.sfreq
        while len(chunk):
            n_left = self._n_block - self._n_seen
            part, chunk = chunk[:n_left], chunk[n_left:]
            self._block.append(part.times)
            self._n_seen += len(part)
            if self._holding:
                self._held.append(part)
            else:
                yield self._timed(part)
            if self._n_seen == self._n_block:
                self._look()
                yield from self._released()

    @property
    def _n_block(self) -> int:
        return max(2, round(BLOCK * self.rate)) if self.rate else UNKNOWN_BLOCK

    def _released(self) -> Iterator[Signal]:
        """What was held back at the start, once a rate is known."""
        if self._holding and self.rate:
            self._holding = False
            held, self._held = join(self._held), []
            yield self._timed(held)

    def _look(self) -> None:
        """Judge the stamps of the last seconds: bursts or not, and the rate."""
        times = np.concatenate([self._recent, *self._block])
        self._block, self._n_seen = [], 0
        times = times[np.isfinite(times)]
        jumps = np.flatnonzero(np.abs(np.diff(times)) > RESET)
        times = times[jumps[-1] + 1 :] if len(jumps) else times
        self._recent = times[times >= times[-1] - SURE] if len(times) else times
        if len(self._recent) < 3 or self._recent[-1] <= self._recent[0]:
            return
        self._look_for_bursts()
        self._look_for_lost_samples()
        self._measure()

    def _look_for_bursts(self) -> None:
        steps = np.diff(self._recent)
        period = 1 / self.rate if self.rate else steps.mean()
        share = np.mean((steps >= 0) & (steps < SHORT * period))
        self.bursts = bool(share >= (NO_BURSTS if self.bursts else BURSTS))
        if not self.bursts:
            self._clock = None

    def _look_for_lost_samples(self) -> None:
        """Every stamp of half a block later than a short gap: samples are missing, not just late."""
        late = self._late[len(self._late) // 2 :]
        if self._clock is not None and not self.wrong and len(late) and late.min() > GAP:
            self._clock = None
            self._recent = self._recent[-1:]

    def _measure(self) -> None:
        """Measure the pace, and use it where it has been another one for long enough."""
        times = self._recent
        middle = int(np.searchsorted(times, (times[0] + times[-1]) / 2))
        if len(times) - middle < MANY or middle < MANY:
            return
        first, latest = self._measured(times[: middle + 1]), self._measured(times[middle:])
        self.wrong = self.rate > 0 and (abs(latest / self.rate - 1) > WRONG or self.rate < self.lowest)
        if times[-1] - times[0] < SURE - 2 * BLOCK:
            return
        self.pace = latest
        whole, same = self._measured(times), abs(first / latest - 1) < OFF
        usable = whole >= self.lowest or not self.rate
        if same and usable and abs(whole - self.rate) > OFF * self.rate:
            self.rate = whole
            self._recent = times[-1:]
            self._clock = None
            self.wrong = self.rate < self.lowest

    def _measured(self, times: Times) -> float:
        """Samples per second, from at least three stamps.

        Losses slow the count of samples, jitter bends the typical step: what is nearer to the rate in use is
        taken, so that neither makes a right rate look wrong.
        """
        steps = np.diff(times)
        # From the first of one packet to the first of another, where there are packets.
        firsts = np.flatnonzero(steps >= steps.mean())
        start, stop = firsts[0], firsts[-1]
        count = (stop - start) / (times[stop + 1] - times[start + 1]) if stop > start else np.inf
        typical = float(np.median(steps))
        near = steps[np.abs(steps - typical) <= typical / 2]
        if self.bursts or not self.rate or not len(near) or near.mean() <= 0:
            return float(count)
        return float(min(count, 1 / near.mean(), key=lambda pace: abs(pace - self.rate)))

    def _timed(self, part: Signal) -> Signal:
        """The samples with the rate in use, spread where they come in bursts, marked where it is wrong."""
        times = self._spread(part.times) if self.bursts else part.times
        state = np.full(len(part), UNTIMED, np.uint8) if self.wrong else part.state
        return replace(part, sfreq=self.rate, times=times, state=state)

    def _spread(self, stamps: Times) -> Times:
        """A time for every sample, evenly, as near to the stamps as may be."""
        stamps = self._known(stamps)
        out = []
        while len(stamps):
            clock = self._clock or Smooth(self.rate)
            times = clock(stamps)
            late = stamps - times
            far = np.flatnonzero(np.abs(late) > LOST)  # never the first of a fresh clock
            n = int(far[0]) if len(far) else len(stamps)
            self._clock = None if len(far) else clock
            self._late = np.concatenate([self._late, late[:n]])[-self._n_block :]
            out.append(times[:n])
            stamps = stamps[n:]
        return np.concatenate(out)

    def _known(self, stamps: Times) -> Times:
        """The stamps, the last one that was a number in place of every one that is none."""
        stamps = np.concatenate([[self._last], stamps])
        last = np.maximum.accumulate(np.where(np.isfinite(stamps), np.arange(len(stamps)), 0))
        self._last = float(stamps[last][-1])
        return stamps[last][1:]
