"""A made-up brain as a source: endless simulated EEG whose valence, arousal, dominance and liking wander."""

from __future__ import annotations

import math

import numpy as np

from insightsim.brain import Brain
from insightsim.datasets.deap import CH_NAMES
from insightsim.types import VADL, Marker, Signal
from streaming.pace import Pace, Start
from streaming.sources import SourceInfo

SFREQ = 128.0
PERIODS = VADL(61.0, 43.0, 79.0, 97.0)
"""Seconds in which each dimension wanders up and down once; no two in step for long."""


class Synthetic:
    """Simulated EEG as a source, of any montage and rate. Not a person: for demonstrations and tests.

    Opening it raises SignalError for a channel without a standard position.
    """

    title = "synthetic"
    seconds: float | None = None
    """Endless."""

    def __init__(
        self,
        ch_names: tuple[str, ...] = CH_NAMES,
        seed: int = 1,
        effect: float = 1.0,
        speed: float = 1.0,
        sfreq: float = SFREQ,
        start: Start | None = None,
    ) -> None:
        self.query = f"synthetic:{seed}"
        self.ch_names = ch_names
        self.sfreq = sfreq
        self.seed = seed
        self.effect = effect
        self.speed = speed
        self.start = start
        self.notes: tuple[str, ...] = ()
        """There is nothing to say."""
        self.markers: list[Marker] = []

    def open(self, within: float = 0.0) -> SourceInfo:
        """Start a brain at rest."""
        self._brain = Brain(self.seed, self.effect, self.ch_names, self.sfreq)
        self.pace = Pace(self.sfreq, self.speed, self.start)
        return SourceInfo("synthetic", self.ch_names, "uV", self.sfreq)

    def pull(self) -> Signal:
        """The samples that are due; there is no end."""
        n_samples = self.pace.wait()
        first = self.pace.handed
        times = self.pace.origin + (first + np.arange(n_samples, dtype=float)) / self.sfreq
        data = self._brain.samples(n_samples, feeling(first / self.sfreq))
        self.pace.handed += n_samples
        return Signal("eeg", self.ch_names, "uV", self.sfreq, data, times)

    def lag(self, time: float) -> float:
        """Seconds from the moment the sample with this stamp was due until now."""
        return self.pace.lag(time)

    def close(self) -> None:
        """Nothing to let go of."""


def feeling(seconds: float) -> VADL:
    """What the made-up brain feels, −1 (low) to 1 (high) per dimension, so many seconds after its start."""
    return VADL(*(math.sin(2 * math.pi * seconds / period) for period in PERIODS))
