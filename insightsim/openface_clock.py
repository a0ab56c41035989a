"""When the rows of an OpenFace CSV were: by its stamps, which are not always times, or by a frame rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError

STEPS = (1 / 120, 1 / 5)
"""Seconds between two rows of a video."""
ROUNDING = 5e-4
"""Seconds that stamps of three decimals are off."""
UNKNOWN = 30.0
"""Rows per second of a file with one row."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How times come about."""

    sfreq: float
    """Rows per second, Hz."""
    column: str | None
    """Which column tells: "timestamp" or "frame"; None: each row is one frame."""

    def __call__(self, column: NDArray[np.float64] | None, done: int, n_rows: int) -> NDArray[np.float64]:
        """Times, s, of rows (n_rows,) with so many `done` before them, from what `column` holds there."""
        if column is None:
            return np.arange(done, done + n_rows) / self.sfreq
        return column if self.column == "timestamp" else column / self.sfreq


def by_stamps(path: Path, stamps: NDArray[np.float64]) -> Clock:
    """The clock of a file that begins with these stamps (n_rows,), s. Raises DatasetError for no times."""
    steps = np.diff(stamps[np.isfinite(stamps)])
    if not len(steps):
        return Clock(UNKNOWN, "timestamp")
    typical = float(np.median(steps))
    if not STEPS[0] - ROUNDING <= typical <= STEPS[1] + ROUNDING:
        raise DatasetError(
            f"{path}: its stamps go on by {typical:g} s from row to row, which no video does (expected 1/120 "
            "to 1/5 s); say how many frames a second it had: --fps 30"
        )
    usual = steps[(steps > 0) & (steps < 1.5 * typical)]
    return Clock(round(1 / float(usual.mean()), 3), "timestamp")


def by_rate(fps: float, frames: NDArray[np.float64] | None) -> Clock:
    """The clock at so many frames a second: by column `frame`, if the first ones (n_rows,) are numbered."""
    numbered = frames is not None and bool(np.all(np.diff(frames) >= 1)) and len(frames) > 1
    return Clock(fps, "frame" if numbered else None)
