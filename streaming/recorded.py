"""A recorded DEAP subject as a source: at its own pace, at another speed, trial after trial."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.types import Marker, Signal
from insightsim.vadl import DIMENSIONS
from streaming.pace import Pace
from streaming.sources import SourceInfo

SECONDS = 63.0
"""Of one DEAP trial, baseline included."""
PAUSE = 1.0
"""Seconds between two trials: they were cut from different minutes, so the filter has to start anew."""


class Recorded:
    """A DEAP file as a source, with markers where a trial and its video start and where the trial ends."""

    def __init__(
        self, path: Path, trials: tuple[int, ...] | None, speed: float = 1.0, loop: bool = False
    ) -> None:
        self.query = f"file:{path}"
        self.path = path
        self.trials = trials
        self.speed = speed
        self.loop = loop
        self.seconds = None if loop else SECONDS * len(trials or range(deap.N_TRIALS))
        """Length of all of it; None for an endless loop."""
        self.markers: list[Marker] = []
        """Markers of the samples pulled so far; whoever takes them empties the list."""

    def open(self, within: float = 0.0) -> SourceInfo:
        """Read the first trial. Raises DatasetError."""
        self._recordings = self._read()
        self._current: Recording | None = next(self._recordings)
        self._at = 0
        signal = self._current.signal
        self.pace = Pace(signal.sfreq, self.speed)
        return SourceInfo(self.path.stem, signal.ch_names, signal.unit, signal.sfreq, "average")

    def _read(self) -> Iterator[Recording]:
        yield from deap.read(self.path, self.trials)
        while self.loop:
            yield from deap.read(self.path, self.trials)

    def pull(self) -> Signal | None:
        """The samples that are due; None after the last trial."""
        if self._current is None:
            return None
        due = self.pace.wait()
        signal, start = self._current.signal, self._at
        stop = min(len(signal), start + max(0, due))
        first = self.pace.handed
        times = np.array([self.pace.stamp(first + i) for i in range(stop - start)], float)
        self._mark(self._current, start, stop, first)
        self.pace.handed += stop - start
        self._at = stop
        if stop == len(signal):
            self._turn_over()
        return replace(signal[start:stop], times=times)

    def _mark(self, trial: Recording, start: int, stop: int, first: float) -> None:
        n_samples = len(trial.signal)
        for label, sample in (
            ("trial start", 0),
            ("video start", round(trial.baseline * trial.signal.sfreq)),
            ("trial end", n_samples - 1),
        ):
            if start <= sample < stop:
                told = {"event": label, "subject": trial.subject, "trial": trial.trial, "video": trial.video}
                ratings = dict(zip(DIMENSIONS, trial.ratings, strict=True))
                time = self.pace.stamp(first + sample - start)
                self.markers.append(Marker(time, json.dumps(told | ratings), self.query))

    def _turn_over(self) -> None:
        self._current = next(self._recordings, None)
        self._at = 0
        self.pace.handed += PAUSE * self.pace.sfreq

    def lag(self, time: float) -> float:
        """Seconds from the moment the sample with this stamp was due until now."""
        return self.pace.lag(time)

    def close(self) -> None:
        """Let go of the recording."""
        self._current = None
