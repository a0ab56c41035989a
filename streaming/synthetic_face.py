"""A made-up face as a source: endless action units of the same feelings as the brain of synthetic.py."""

from __future__ import annotations

import numpy as np

from insightsim.aus import COLUMNS, OPENFACE
from insightsim.expression import SFREQ, Expression
from insightsim.types import Marker, Signal
from streaming.pace import Pace, Start
from streaming.sources import SourceInfo
from streaming.synthetic import feeling


class SyntheticFace:
    """Simulated action units, as OpenFace would write them. Not a person: for demonstrations and tests.

    With the same `start` as a made-up brain, the two are of one person.
    """

    title = "synthetic-face"
    seconds: float | None = None
    """Endless."""

    def __init__(
        self, seed: int = 1, effect: float = 1.0, speed: float = 1.0, start: Start | None = None
    ) -> None:
        self.query = f"synthetic:{seed}"
        self.seed = seed
        self.effect = effect
        self.speed = speed
        self.markers: list[Marker] = []
        self.notes: tuple[str, ...] = ()
        self._start = start

    def open(self, within: float = 0.0) -> SourceInfo:
        """Start a face at rest."""
        self._expression = Expression(self.seed, self.effect)
        self.pace = Pace(SFREQ, self.speed, self._start)
        return SourceInfo(self.title, COLUMNS, OPENFACE, SFREQ)

    def pull(self) -> Signal:
        """The rows that are due; there is no end."""
        n_rows, first = self.pace.wait(), self.pace.handed
        times = self.pace.stamp(first) + np.arange(n_rows) / SFREQ
        rows = self._expression.rows(n_rows, feeling(first / SFREQ))
        self.pace.handed += n_rows
        return Signal("face", COLUMNS, OPENFACE, SFREQ, rows, times)

    def lag(self, time: float) -> float:
        """Seconds from the moment the row with this stamp was due until now."""
        return self.pace.lag(time)

    def close(self) -> None:
        """Nothing to let go of."""
