"""At which rate samples really come, and when each was taken where stamps only say when it arrived."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from insightsim.clocks import Spread
from insightsim.gaps import RESET
from insightsim.pace import come_in_bursts, longest_packet, samples_per_second
from insightsim.types import UNTIMED, Signal, join

Times = NDArray[np.float64]

BLOCK = 0.5
"""Seconds of samples between two looks at the stamps; the first block is held back until it was looked at."""
EVEN = 1e-3
"""Share of a period by which no step may differ where stamps keep to the rate."""
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
MOST = 20_000
"""Samples, or stamps, that are kept at most: five seconds of a fast stream."""
UNKNOWN_BLOCK = 64
"""Samples in a block while no rate is known."""


class Steady:
    """States the rate at which samples really come, and gives those that come in bursts a time of their own.

    A stream may state a wrong rate, or none (0 Hz): the rate measured from its stamps over `SURE` seconds
    replaces one that is off by more than 2 %, from the next block on; the change is a break for whatever
    comes after. Until then, and for good where the true rate is below `lowest` (Hz), samples more than 5 %
    off are marked UNTIMED. Nothing comes out before a rate is known; one stated below `lowest` is not
    believed.

    Where 3 % of the stamps or more follow the one before by less than 0.4 periods, or three a second go
    back, they say when a packet arrived and not when its samples were taken: these are then spread evenly by
    a smoothed clock. All
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
        self.wrong = False
        """Whether samples come at a rate so far from the one in use that none may be judged."""
        self._held: list[Signal] = []
        self._n_held = 0
        self._holding = True
        self._block: list[Times] = []
        """Stamps of the block that is filling."""
        self._n_seen = 0
        """Samples in it."""
        self._recent: deque[Times] = deque()
        """Finite stamps of the last `SURE` seconds, up to the last look, in pieces."""
        self._spread: Spread | None = None
        """What gives samples in bursts their times."""

    @property
    def replaced(self) -> bool:
        """Whether the rate in use is not the one the stream states."""
        return self.stated is not None and self.rate not in (0.0, self.stated)

    @property
    def note(self) -> str:
        """What is wrong with the rate that the stream states; empty where nothing is."""
        if self.pace is None or not (self.wrong or self.replaced):
            return ""
        if self.wrong and self.pace < self.lowest:
            return f"{self.pace:.1f} samples a second arrive, the models need {self.lowest:g} at least"
        says = f"the stream says {self.stated:g} Hz" if self.stated else "the stream states no rate"
        if self.wrong:
            return f"{says}, but {self.pace:.1f} samples a second arrive"
        return f"{says}; measured and used are {self.rate:.1f} Hz"

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """The samples of a chunk whose rate is known, in parts of one rate each."""
        if len(chunk) and chunk.sfreq != self.stated:
            self.stated = chunk.sfreq
            self.rate = chunk.sfreq if chunk.sfreq >= self.lowest else 0.0  # too low to be true: measure it
        for _, parts in groupby(self._parts(chunk), key=attrgetter("sfreq")):
            yield join(list(parts))

    def _parts(self, chunk: Signal) -> Iterator[Signal]:
        """The same, in as many parts as it takes."""
        start = at = 0
        while at < len(chunk):
            stop = min(len(chunk), at + self._n_block - self._n_seen)
            self._block.append(chunk.times[at:stop])
            self._n_seen += stop - at
            at = stop
            full = self._n_seen == self._n_block
            quiet = full and not self.bursts and not self._holding and self._is_even()
            if at < len(chunk) and quiet:
                continue  # nothing to decide: one large part is as good as many small ones
            part, start = chunk[start:at], at
            if self._holding:
                self._hold(part)
            else:
                yield self._timed(part)
            if full and not quiet:
                self._look()
                yield from self._released()

    def _hold(self, part: Signal) -> None:
        """Keep what may be needed; of a stream that never tells its rate, no more than that."""
        self._held.append(part)
        self._n_held += len(part)
        while self._n_held > MOST:
            self._n_held -= len(self._held.pop(0))

    @property
    def _n_block(self) -> int:
        return max(2, round(BLOCK * self.rate)) if self.rate else UNKNOWN_BLOCK

    def _released(self) -> Iterator[Signal]:
        """What was held back at the start, once a rate is known."""
        if self._holding and self.rate:
            self._holding = False
            held, self._held = join(self._held), []
            yield self._timed(held)

    def _is_even(self) -> bool:
        """Whether all stamps of a full block keep to the rate in use; if so, that is all there is to see."""
        if self.wrong or not self._recent:
            return False
        times = np.concatenate([self._recent[-1][-1:], *self._block])
        period = 1 / self.rate
        if not (np.abs(times[1:] - times[:-1] - period) <= EVEN * period).all():
            return False
        self.pace = self.rate
        self._remember(times[1:])
        return True

    def _remember(self, times: Times) -> None:
        """Keep these stamps, the last of all, and let go of those that are too old."""
        self._block, self._n_seen = [], 0
        self._recent.append(times)
        while len(self._recent) > 1 and self._recent[1][0] < times[-1] - SURE:
            self._recent.popleft()
        self._recent[0] = self._recent[0][-MOST:]  # stamps may stand still

    def _look(self) -> None:
        """Judge the stamps of the last seconds: bursts or not, and the rate."""
        times = np.concatenate([*self._recent, *self._block])
        times = times[np.isfinite(times)]
        jumps = np.flatnonzero(np.abs(np.diff(times)) > RESET)
        times = times[jumps[-1] + 1 :] if len(jumps) else times
        self._recent.clear()
        if not len(times):
            self._block, self._n_seen = [], 0
            return
        times = times[times >= times[-1] - SURE]
        self._remember(times)
        if len(times) < 3 or times[-1] <= times[0]:
            return
        self._look_for_bursts(times)
        if self._spread is not None and not self.wrong and self._spread.lost(longest_packet(times)):
            times = self._forget(times)
        self._measure(times)

    def _forget(self, times: Times) -> Times:
        """Begin anew with the last stamp."""
        self._recent.clear()
        self._recent.append(times[-1:])
        self._spread = None
        return times[-1:]

    def _look_for_bursts(self, times: Times) -> None:
        self.bursts = come_in_bursts(times, self.rate, self.bursts)
        if not self.bursts:
            self._spread = None

    def _measure(self, times: Times) -> None:
        """Measure the pace, and use it where it has been another one for long enough."""
        middle = int(np.searchsorted(times, (times[0] + times[-1]) / 2))
        if len(times) - middle < MANY or middle < MANY:
            return
        parts = times[: middle + 1], times[middle:], times
        first, latest, whole = (samples_per_second(part, self.rate) for part in parts)
        self.wrong = self.rate > 0 and (abs(latest / self.rate - 1) > WRONG or self.rate < self.lowest)
        if times[-1] - times[0] < SURE - 2 * BLOCK:
            return
        self.pace = latest
        same = abs(first - latest) < OFF * latest
        usable = whole >= self.lowest or not self.rate
        if same and usable and abs(whole - self.rate) > OFF * self.rate:
            self.rate = whole
            self._forget(times)
            self.wrong = self.rate < self.lowest

    def _timed(self, part: Signal) -> Signal:
        """The samples with the rate in use, spread where they come in bursts, marked where it is wrong."""
        if self.bursts and self._spread is None:
            self._spread = Spread(self.rate)
        times = part.times if self._spread is None else self._spread(part.times)
        state = np.full(len(part), UNTIMED, np.uint8) if self.wrong else part.state
        return replace(part, sfreq=self.rate, times=times, state=state)
