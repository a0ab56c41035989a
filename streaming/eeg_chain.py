"""The EEG branch's stages: chunks in, predictions out, and the model that fits the electrodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from insightsim.cards import Card
from insightsim.eeg import Judge, Windows
from insightsim.models import Model
from insightsim.types import Prediction, Signal
from streaming.sources import SourceInfo
from streaming.watch import Watch


class EegChain:
    """conform → steady → mend → resample → filter → window → reference → quality → features → model.

    When a channel has been bad for long, the best model that can do without it takes over, and the first one
    again when the channel has recovered.
    """

    figures: Mapping[str, int] = MappingProxyType({})
    """Nothing else is counted."""

    def __init__(
        self,
        choose: Callable[[SourceInfo], Sequence[Model]],
        judge: Callable[[Model], Judge],
        info: SourceInfo,
    ) -> None:
        """Raises what `choose` raises, and SignalError for channels, unit or rate that cannot be used."""
        self._judge = judge
        self.watch = Watch(choose(info))
        self.judge = judge(self.watch.models[0])
        self.windows = Windows(self.card.eeg, self.judge.mains, self.watch.ch_names)
        self.windows.conform(_nothing(info))  # channels, unit and rate are refused here

    @property
    def card(self) -> Card:
        """Of the model in use."""
        return self.judge.model.card

    @property
    def due(self) -> float:
        """Stamp, s, that a sample must reach to complete a window; inf while none can."""
        return self.windows.due

    @property
    def step(self) -> float:
        """Seconds between windows."""
        return self.windows.slide.step

    @property
    def gaps(self) -> int:
        """Gaps longer than 20 ms."""
        return self.windows.mend.gaps

    @property
    def dropped(self) -> int:
        """Samples left out because of their stamps."""
        return self.windows.mend.dropped

    @property
    def resets(self) -> int:
        """How often the stream's clock was set back or ahead."""
        return self.windows.mend.resets

    @property
    def left_out(self) -> tuple[str, ...]:
        """Channels that were bad for long."""
        return self.watch.electrodes.left_out

    @property
    def filled(self) -> float:
        """How much of the first window is there, 0–1."""
        return self.windows.slide.filled

    @property
    def note(self) -> str | None:
        """What is worth saying beside an estimate."""
        notes = [self.windows.steady.note, self.watch.note(self.judge)]
        return "; ".join(filter(None, notes)) or None

    @property
    def trouble(self) -> str | None:
        """Why nothing comes of the samples, beyond a window that is still filling."""
        if not self.windows.steady.rate:
            return "its rate is being measured: the stream states none that could be"
        if self.windows.steady.wrong:
            return self.windows.steady.note or "its samples come at another rate than the stream says"
        return None

    def __call__(self, chunk: Signal) -> list[Prediction]:
        """What comes of some samples. Raises SignalError."""
        predictions = []
        for windows in self.watch.groups(self.windows(chunk)):
            self._hand_over()
            predictions += self.judge(windows)
        if not predictions:
            self._hand_over()
        return predictions

    def _hand_over(self) -> None:
        if (better := self.watch.better(self.judge)) is not None:
            self.judge = self._judge(better)


def _nothing(info: SourceInfo) -> Signal:
    """A chunk without samples, to try what fits."""
    data = np.zeros((0, len(info.ch_names)), np.float32)
    return Signal("eeg", info.ch_names, info.unit, info.sfreq, data, np.zeros(0))
