"""One stream's way from samples to predictions, on one thread."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from insightsim.cards import Card
from insightsim.eeg import Judge, Windows
from insightsim.electrodes import Electrodes, fitting
from insightsim.models import Model
from insightsim.quality import assess
from insightsim.types import Prediction, Quality, Signal, StreamState, StreamStatus, join
from streaming.lsl import clock
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
WATCH_EVERY = 1.0
"""Seconds between two looks at every channel of the stream."""
RATE_OVER = 10.0
"""Seconds over which the effective rate is measured."""


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
        self._models = self._choose(info)
        self._use(self._models[0])
        ch_names = list(dict.fromkeys(ch for model in self._models for ch in model.card.recipe.ch_names))
        self.windows = Windows(self._models[0].card.recipe, self.judge.mains, ch_names)
        self.windows.conform(_nothing(self.state.stream, info))  # channels, unit and rate are refused here
        self.electrodes = Electrodes(ch_names)
        self._watched = -math.inf
        self._turns = 0
        self._unwatched: Signal | None = None
        self._gathered: list[Signal] = []
        self._rate = Rate()
        self._spoke = -math.inf
        self._trouble = 0
        # Back, but silent so far: a lost stream stays lost until it brings samples.
        lost = self.state.status == "lost"
        return self._event(
            "lost" if lost else "connecting",
            reason=self.state.reason if lost else None,
            name=info.name,
            sfreq=info.sfreq,
            n_channels=len(info.ch_names),
            model=self._models[0].card.name,
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
        for turn, windows in groupby(self.windows(chunk), key=self._turn):
            self._watch()
            group = list(windows)
            if turn % 2 == 0:
                (self._unwatched,) = group
            events += [self._live(prediction) for prediction in self.judge(group)]
        if not events:
            self._watch()
            return self._filling()
        self._spoke = clock()
        return events

    def _turn(self, window: Signal) -> int:
        """Even, and another each time, for a window `WATCH_EVERY` or more after the last one watched."""
        time = float(window.times[-1])
        if 0 <= time - self._watched < WATCH_EVERY:
            return 2 * self._turns + 1
        self._watched = time
        self._turns += 1
        return 2 * self._turns

    def _watch(self) -> None:
        """Look at all channels of a window judged before; hand over when another model has become better.

        Not before it was judged, so that no estimate has to wait for it.
        """
        if (window := self._unwatched) is None:
            return
        self._unwatched = None
        (quality,) = assess([window], self.judge.limits, self.judge.mains)
        if self.electrodes(float(window.times[-1]), quality):
            best = fitting(self._models, self.electrodes.left_out)
            if best is not None and best is not self.judge.model:
                self._use(best)

    def _use(self, model: Model) -> None:
        self.card = model.card
        self.judge = self._judge(model)

    def _live(self, prediction: Prediction) -> Event:
        lag = self.source.lag(prediction.time)
        notes = [self._stated(), self._doing_without()]
        if other_clock := self._is_of_another_clock(lag):
            off = f"{abs(lag):.0f} s off"
            notes.append(f"its stamps are not on the LSL clock: {off}, so its lag cannot be told")
        return self._event(
            "live",
            prediction,
            reason="; ".join(filter(None, notes)) or None,
            model=prediction.model,
            left_out=self.electrodes.left_out,
            **self._figures(None if other_clock else lag),
        )

    def _is_of_another_clock(self, lag: float) -> bool:
        """Whether no lag explains it: too long, ahead of time, or long since the clock was set back."""
        return not -AHEAD < lag < (LONG_LAG if self.windows.mend.resets else OTHER_CLOCK)

    def _stated(self) -> str:
        """What is wrong with the rate that the stream states."""
        steady = self.windows.steady
        if steady.pace is None or not (steady.wrong or steady.replaced):
            return ""
        says = f"the stream says {steady.stated:g} Hz" if steady.stated else "the stream states no rate"
        if steady.wrong and steady.pace < steady.lowest:
            return f"{steady.pace:.1f} samples a second arrive, the models need {steady.lowest:g} at least"
        if steady.wrong:
            return f"{says}, but {steady.pace:.1f} samples a second arrive"
        return f"{says}; measured and used are {steady.rate:.1f} Hz"

    def _doing_without(self) -> str:
        """What became of channels that were bad for long."""
        if not self.electrodes.left_out:
            return ""
        gone = ", ".join(self.electrodes.left_out)
        if fitting([self.judge.model], self.electrodes.left_out) is None:
            return f"{gone} bad for long, and no model in question can do without"
        return f"{gone} bad for long and left out"

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
            reason = self._stated() or "its samples come at another rate than the stream says"
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
        while now - self._marks[0][0] > RATE_OVER:
            self._marks.popleft()

    @property
    def value(self) -> float | None:
        """Hz; None before a second has been seen."""
        if not self._marks:
            return None
        (start, before), (stop, after) = self._marks[0], self._marks[-1]
        return (after - before) / (stop - start) if stop - start >= 1.0 else None
