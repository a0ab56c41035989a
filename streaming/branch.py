"""One stream's way from samples to predictions, on one thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from insightsim.cards import Card
from insightsim.types import Prediction, Quality, Signal, StreamState, StreamStatus, join
from streaming.lsl import clock
from streaming.rate import Rate
from streaming.sources import Source, SourceInfo

SAY_EVERY = 1.0
"""Seconds between two words about a window that is still filling."""
STUCK_AFTER = 2.0
"""Seconds without a window, though samples arrive, after which that is said."""
OTHER_CLOCK, LONG_LAG, AHEAD = 60.0, 2.0, 1.0
"""Seconds of lag that no buffer explains: the stamps are from another clock. So they may be with less of it,
once the clock was set back; and with so much of the opposite.
"""
GATHER = 0.25
"""Seconds of samples, at most, that wait until a window can be complete: a way through the stages costs much
the same for one sample as for a hundred.
"""
MOST = 256
"""Chunks that may wait so, whatever their stamps say."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a branch says: how its stream is doing and, where a window was complete, what it predicts."""

    state: StreamState
    prediction: Prediction | None = None


class Chain(Protocol):
    """One sense's stages, built anew each time its source is opened."""

    @property
    def card(self) -> Card:
        """Of the model in use."""

    @property
    def due(self) -> float:
        """Stamp, s, that a sample must reach to complete a window; inf while none can."""

    @property
    def step(self) -> float:
        """Seconds between windows."""

    @property
    def gaps(self) -> int:
        """Gaps in the stamps since the source was opened."""

    @property
    def dropped(self) -> int:
        """Samples left out since then because of their stamps."""

    @property
    def figures(self) -> Mapping[str, int]:
        """What else of `StreamState` is counted."""

    @property
    def resets(self) -> int:
        """How often since then the stream's clock was set back or ahead."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Channels that the model in use does without."""

    @property
    def filled(self) -> float:
        """How much of the first window is there, 0–1."""

    @property
    def note(self) -> str | None:
        """What is worth saying beside an estimate."""

    @property
    def trouble(self) -> str | None:
        """Why nothing comes of the samples, beyond a window that is still filling."""

    def __call__(self, chunk: Signal) -> list[Prediction]:
        """What comes of some samples. Raises SignalError."""


class Branch:
    """Pulls one source and pushes what comes through its chain of stages.

    The chain is built each time the source is opened: a stream may come back with other channels. `open`,
    `step` and `close` run on the branch's thread, the rest between them.
    """

    def __init__(self, source: Source, stream: str, chain: Callable[[SourceInfo], Chain]) -> None:
        self.source = source
        self._build = chain
        self.chain: Chain | None = None
        """None before the source was first opened."""
        self.state = StreamState(stream, "connecting", clock(), source.query)
        self.newest: float | None = None
        """Stamp of the newest sample, s; None before there was one."""
        self.info: SourceInfo | None = None
        """Of the source as last opened; None before."""

    @property
    def card(self) -> Card | None:
        """Of the model in use; None before the source was first opened."""
        return None if self.chain is None else self.chain.card

    def open(self, within: float = 1.0) -> Event:
        """Open the source and build the stages its channels allow; raises what source and chain raise."""
        info = self.info = self.source.open(within)
        self.chain = self._build(info)
        self._gathered: list[Signal] = []
        self._rate = Rate()
        self._spoke = -math.inf
        self._trouble = 0
        # Back, but silent so far: a lost stream stays lost until it brings samples. (One that was never there
        # is found.)
        lost = self.state.status == "lost" and self.newest is not None
        return self._event(
            "lost" if lost else "connecting",
            reason=self.state.reason if lost else None,
            name=info.name,
            sfreq=info.sfreq,
            n_channels=len(info.ch_names),
            model=self.chain.card.name,
            left_out=(),
            reference=info.reference,
        )

    def step(self) -> list[Event] | None:
        """Pull once; what it brought about, or None at the end of the stream. Raises StreamLost."""
        chunk = self.source.pull()
        if chunk is None:
            return self._work() if self._gathered else None
        if not len(chunk):
            return []
        self._rate.take(chunk)
        if math.isfinite(newest := float(chunk.times[-1])):
            self.newest = newest
        self._gathered.append(chunk)
        # Stamps that are no number, go back or stand still must not make samples wait for ever.
        waited = newest - self._gathered[0].times[0]
        if 0 <= waited < GATHER and len(self._gathered) < MOST and newest < self._chain.due:
            return []
        return self._work()

    @property
    def _chain(self) -> Chain:
        assert self.chain is not None, "open() comes first"
        return self.chain

    def _work(self) -> list[Event]:
        """What comes of the samples gathered."""
        chunk = join(self._gathered)
        self._gathered = []
        predictions = self._chain(chunk)
        if not predictions:
            return self._filling()
        self._spoke = clock()
        return [self._live(prediction) for prediction in predictions]

    def _live(self, prediction: Prediction) -> Event:
        now, lag = clock(), self.source.lag(prediction.time)
        notes, flat_out = [self._chain.note], math.isnan(lag)
        if other_clock := not flat_out and self._is_of_another_clock(lag):
            off = f"{abs(lag):.0f} s off"
            notes.append(f"its stamps are not on the LSL clock: {off}, so its lag cannot be told")
        return self._event(
            "live",
            replace(prediction, moment=prediction.time if flat_out else now if other_clock else now - lag),
            reason="; ".join(filter(None, notes)) or None,
            model=prediction.model,
            left_out=self._chain.left_out,
            **self._figures(None if other_clock or flat_out else lag),
        )

    def _is_of_another_clock(self, lag: float) -> bool:
        """Whether no lag explains it: too long, ahead of time, or long since the clock was set back."""
        return not -AHEAD < lag < (LONG_LAG if self._chain.resets else OTHER_CLOCK)

    def _filling(self) -> list[Event]:
        """Say once a second how far the first window is, and when nothing comes of the samples."""
        filled, silent = self._chain.filled, clock() - self._spoke
        if silent < (SAY_EVERY if filled < 1.0 else max(STUCK_AFTER, 2 * self._chain.step)):
            return []
        self._spoke = clock()
        gaps, dropped = self._chain.gaps, self._chain.dropped
        trouble, self._trouble = gaps + dropped - self._trouble, gaps + dropped
        reason = self._chain.trouble
        if reason is None and trouble > 1:  # since this was last said: more than a pause
            counts = f"{gaps} gaps, {dropped} dropped"
            reason = f"samples arrive, but with stamps that cannot be used: {counts}"
        reason = reason or f"warming up: {filled:.0%} of the first window"
        return [self._event("warming up", self._silence(reason), **self._figures(None))]

    def waiting(self, reason: str) -> Event:
        """Not there yet, for the reason given."""
        return self._event("connecting", reason=reason)

    def lost(self, reason: str) -> Event:
        """The stream went silent: nothing it said before counts any more."""
        silence = self._silence(f"the stream is lost: {reason}")
        return self._event("lost", silence, reason=reason)

    def ended(self) -> Event:
        """The recording is over."""
        if self.chain is not None and self.chain.filled < 1:
            reason = f"it ended with {self.chain.filled:.0%} of the first window: too short for any estimate"
            return self._event("ended", self._silence(reason), reason=reason)
        return self._event("ended", self._silence("the recording has ended"))

    def failed(self, reason: str) -> Event:
        """Something no retry can mend."""
        return self._event("failed", self._silence(reason), reason=reason)

    def close(self) -> None:
        """Let go of the source."""
        self.source.close()

    def _silence(self, reason: str) -> Prediction:
        """No estimate from here on, stamped as the newest sample: its clock may be another."""
        time = clock() if self.newest is None else self.newest
        quality = Quality(0.0, reason)
        flat_out = self.newest is not None and math.isnan(self.source.lag(time))
        moment = time if flat_out else clock()
        return Prediction(self.state.stream, time, None, None, quality, self.state.model, moment=moment)

    def _figures(self, lag: float | None) -> dict[str, object]:
        counts = {"gaps": self._chain.gaps, "dropped": self._chain.dropped}
        return {"lag": lag, "rate": self._rate.value, **counts, **self._chain.figures}

    def _event(self, status: StreamStatus, prediction: Prediction | None = None, **changes: object) -> Event:
        """The new state: what is not given anew of reason, rate and lag is no longer so."""
        changes = {"reason": None, "rate": None, "lag": None} | changes
        self.state = replace(self.state, status=status, time=clock(), **changes)  # type: ignore[arg-type]
        return Event(self.state, prediction)
