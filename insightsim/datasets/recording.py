"""One trial of a data set, whatever the file it came from."""

from __future__ import annotations

from dataclasses import dataclass

from insightsim.types import VADL, Signal


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was measured while one person watched one video, and how they rated it afterwards."""

    signal: Signal
    """All EEG channels and none else, µV; `times` run from 0 at the start of the baseline."""
    ratings: VADL
    """The person's own, each 1–9."""
    subject: str
    """e.g. "s01"."""
    trial: int
    """1-based."""
    video: int
    """1-based; the same number is the same video for every subject."""
    baseline: float
    """Seconds at the start of `signal` that were recorded before the video began."""
