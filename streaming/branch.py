"""One stream's way from samples to predictions, on one thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from insightsim.cards import Card
from insightsim.eeg import Judge, Windows
from insightsim.models import Model
from insightsim.types import Prediction, Quality, Signal, StreamState, StreamStatus, join
from streaming.lsl import clock
from streaming.rate import Rate
from streaming.sources import Source, SourceInfo
from streaming.watch import Watch

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


class Branch:
    """Pulls one source and pushes what comes through windows and model.

    The models that fit are chosen, the best first, and every stage built anew, each time the source is
    opened: a stream may come back with other channels. When a channel has been bad for long, the best model
    that can do without it takes over, and the first one again when the channel has recovered. `open`, `step`
    and `close` run on the branch's thread, the rest between them.
    """

    def __init__(
        self,
        source: Source,
        stream: str,
        choose: Callable[[SourceInfo], Sequence[Model]],
        judge: Callable[[Model], Judge],
    ) -> None:
        self.source = source
        self._choose = choose
        self._judge = judge
        self.state = StreamState(stream, "connecting", clock(), source.query)
        self.newest: float | None = None
        """Stamp of the newest sample, s; None before there was one."""
        self.info: SourceInfo | None = None
        """Of the source as last opened; None before."""
        self.card: Card | None = None
        """Of the model in use; None before the source was first opened."""

    def open(self, within: float = 1.0) -> Event:
        """Open the source and build the stages its channels allow; raises what source and choice raise."""
        info = self.info = self.source.open(within)
        self.watch = Watch(self._choose(info))
        first = self.watch.models[0]
        self._use(first)
        self.windows = Windows(first.card.recipe, self.judge.mains, self.watch.ch_names)
        self.windows.conform(_nothing(self.state.stream, info))  # channels, unit and rate are refused here
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
            model=first.card.name,
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
        if 0 <= waited < GATHER and len(self._gathered) < MOST and newest < self.windows.due:
            return []
        return self._work()

    def _work(self) -> list[Event]:
        """What comes of the samples gathered."""
        chunk = join(self._gathered)
        self._gathered = []
        events = []
        for windows in self.watch.groups(self.windows(chunk)):
            self._hand_over()
            events += [self._live(prediction) for prediction in self.judge(windows)]
        if not events:
            self._hand_over()
            return self._filling()
        self._spoke = clock()
        return events

    def _hand_over(self) -> None:
        if (better := self.watch.better(self.judge)) is not None:
            self._use(better)

    def _use(self, model: Model) -> None:
        self.card = model.card
        self.judge = self._judge(model)

    def _live(self, prediction: Prediction) -> Event:
        lag = self.source.lag(prediction.time)
        notes = [self.windows.steady.note, self.watch.note(self.judge)]
        if other_clock := self._is_of_another_clock(lag):
            off = f"{abs(lag):.0f} s off"
            notes.append(f"its stamps are not on the LSL clock: {off}, so its lag cannot be told")
        return self._event(
            "live",
            prediction,
            reason="; ".join(filter(None, notes)) or None,
            model=prediction.model,
            left_out=self.watch.electrodes.left_out,
            **self._figures(None if other_clock else lag),
        )

    def _is_of_another_clock(self, lag: float) -> bool:
        """Whether no lag explains it: too long, ahead of time, or long since the clock was set back."""
        return not -AHEAD < lag < (LONG_LAG if self.windows.mend.resets else OTHER_CLOCK)

    def _filling(self) -> list[Event]:
        """Say once a second how far the first window is, and when nothing comes of the samples."""
        filled, silent = self.windows.slide.filled, clock() - self._spoke
        if silent < (SAY_EVERY if filled < 1.0 else max(STUCK_AFTER, 2 * self.windows.slide.step)):
            return []
        self._spoke = clock()
        mend = self.windows.mend
        trouble, self._trouble = mend.gaps + mend.dropped - self._trouble, mend.gaps + mend.dropped
        reason = f"warming up: {filled:.0%} of the first window"
        if not self.windows.steady.rate:
            reason = "its rate is being measured: the stream states none that could be"
        elif self.windows.steady.wrong:
            reason = self.windows.steady.note or "its samples come at another rate than the stream says"
        elif trouble > 1:  # since this was last said: more than a pause
            counts = f"{mend.gaps} gaps, {mend.dropped} dropped"
            reason = f"samples arrive, but with stamps that cannot be used: {counts}"
        return [self._event("warming up", self._silence(reason), **self._figures(None))]

    def lost(self, reason: str) -> Event:
        """The stream went silent: nothing it said before counts any more."""
        silence = self._silence(f"the stream is lost: {reason}")
        return self._event("lost", silence, reason=reason)

    def ended(self) -> Event:
        """The recording is over."""
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
        return Prediction(self.state.stream, time, None, None, Quality(0.0, reason), self.state.model)

    def _figures(self, lag: float | None) -> dict[str, object]:
        mend = self.windows.mend
        return {"lag": lag, "rate": self._rate.value, "gaps": mend.gaps, "dropped": mend.dropped}

    def _event(self, status: StreamStatus, prediction: Prediction | None = None, **changes: object) -> Event:
        """The new state: what is not given anew of reason, rate and lag is no longer so."""
        changes = {"reason": None, "rate": None, "lag": None} | changes
        self.state = replace(self.state, status=status, time=clock(), **changes)  # type: ignore[arg-type]
        return Event(self.state, prediction)


def _nothing(stream: str, info: SourceInfo) -> Signal:
    """A chunk without samples, to try what fits."""
    data = np.zeros((0, len(info.ch_names)), np.float32)
    return Signal(stream, info.ch_names, info.unit, info.sfreq, data, np.zeros(0))
