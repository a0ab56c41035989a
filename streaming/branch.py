"""One stream's way from samples to predictions, on one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from insightsim.cards import Card
from insightsim.eeg import Judge, Windows
from insightsim.errors import SignalError
from insightsim.models import Model
from insightsim.types import Prediction, Quality, Signal, StreamState, StreamStatus
from streaming.lsl import clock
from streaming.sources import Source, SourceInfo

SAY_EVERY = 1.0
"""Seconds of signal between two words about a window that is still filling."""
RATE_OVER = 10.0
"""Seconds over which the effective rate is measured."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a branch says: how its stream is doing and, where a window was complete, what it predicts."""

    state: StreamState
    prediction: Prediction | None = None


class Branch:
    """Pulls one source and pushes what comes through windows and model.

    The model is chosen, and every stage built anew, each time the source is opened: a stream may come back
    with other channels. All calls are made from one thread.
    """

    def __init__(
        self,
        source: Source,
        stream: str,
        choose: Callable[[SourceInfo], Model],
        judge: Callable[[Model], Judge],
    ) -> None:
        self.source = source
        self._choose = choose
        self._judge = judge
        self.state = StreamState(stream, "connecting", clock(), source.query)
        self.card: Card | None = None
        """Of the model in use; None before the source was first opened."""

    def open(self, within: float = 5.0) -> Event:
        """Open the source and build the stages its channels allow; raises what source and choice raise."""
        info = self.source.open(within)
        model = self._choose(info)
        self.card, recipe = model.card, model.card.recipe
        if info.sfreq != recipe.sfreq:
            raise SignalError(
                f"{info.name} runs at {info.sfreq:g} Hz; {model.card.name} needs {recipe.sfreq:g} Hz"
            )
        self.judge = self._judge(model)
        self.windows = Windows(recipe, self.judge.mains)
        self._rate = Rate()
        self._said = -SAY_EVERY
        # Back, but silent so far: a lost stream stays lost until it brings samples.
        lost = self.state.status == "lost"
        return self._event(
            "lost" if lost else "connecting",
            reason=self.state.reason if lost else None,
            name=info.name,
            sfreq=info.sfreq,
            n_channels=len(info.ch_names),
            model=model.card.name,
            rate=None,
            lag=None,
            gaps=0,
        )

    def step(self) -> list[Event] | None:
        """Pull once; what it brought about, or None at the end of the stream. Raises StreamLost."""
        chunk = self.source.pull()
        if chunk is None:
            return None
        if not len(chunk):
            return []
        self._rate.take(chunk)
        predictions = self.judge(list(self.windows(chunk)))
        if predictions:
            return [self._judged(prediction) for prediction in predictions]
        return self._filling(chunk)

    def _judged(self, prediction: Prediction) -> Event:
        lag = self.source.lag(prediction.time)
        gaps = self.windows.mend.gaps
        return self._event("live", prediction, lag=lag, rate=self._rate.value, gaps=gaps)

    def _filling(self, chunk: Signal) -> list[Event]:
        """Say once a second how far the first window is, at the start and after a gap."""
        filled, now = self.windows.slide.filled, float(chunk.times[-1])
        if filled >= 1.0 or now - self._said < SAY_EVERY:
            return []
        self._said = now
        quality = Quality(0.0, f"warming up: {filled:.0%} of the first window")
        prediction = Prediction(chunk.stream, now, None, None, quality, self.judge.model.card.name)
        return [self._event("warming up", prediction, rate=self._rate.value, gaps=self.windows.mend.gaps)]

    def lost(self, reason: str) -> Event:
        """The stream went silent: nothing it said before counts any more."""
        prediction = Prediction(
            self.state.stream,
            clock(),
            None,
            None,
            Quality(0.0, f"the stream is lost: {reason}"),
            self.state.model,
        )
        return self._event("lost", prediction, reason=reason, rate=None, lag=None)

    def ended(self) -> Event:
        """The recording is over."""
        prediction = Prediction(
            self.state.stream, clock(), None, None, Quality(0.0, "the recording has ended"), self.state.model
        )
        return self._event("ended", prediction, lag=None)

    def failed(self, reason: str) -> Event:
        """Something no retry can mend."""
        return self._event("failed", reason=reason)

    def close(self) -> None:
        """Let go of the source."""
        self.source.close()

    def _event(self, status: StreamStatus, prediction: Prediction | None = None, **changes: object) -> Event:
        changes.setdefault("reason", None)
        self.state = replace(self.state, status=status, time=clock(), **changes)  # type: ignore[arg-type]
        return Event(self.state, prediction)


class Rate:
    """The effective rate of a stream, from its stamps over the last seconds."""

    def __init__(self) -> None:
        self._count = 0
        self._marks: deque[tuple[float, int]] = deque()

    def take(self, chunk: Signal) -> None:
        """Count a chunk."""
        self._count += len(chunk)
        now = float(chunk.times[-1])
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
