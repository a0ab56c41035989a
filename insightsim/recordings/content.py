"""What the reader of one format finds in a file, before it becomes a track."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError
from insightsim.types import Marker

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """One stream of a file. Its samples come block by block, so that a long file is never whole in memory.

    Raises DatasetError when there is nothing to play: no channels, no samples, no rate, a stamp that is none.
    """

    name: str
    ch_names: tuple[str, ...]
    unit: str
    """As stated; "" where the file states none."""
    sfreq: float
    """Nominal rate, Hz."""
    times: Times
    """(n_samples,), s, as recorded."""
    blocks: Iterable[NDArray[np.float32]]
    """(n, n_channels) each, n_samples together."""
    reference: str = ""
    markers: tuple[Marker, ...] = ()
    notes: tuple[str, ...] = ()
    places: tuple[int, ...] | None = None
    """The sample that each marker stands beside; None where only the stamps tell."""

    def __post_init__(self) -> None:
        if not self.ch_names or not len(self.times):
            raise DatasetError(f"it holds {len(self.ch_names)} channels and {len(self.times)} samples")
        if not 0 < self.sfreq < np.inf:
            raise DatasetError(f"it states a rate of {self.sfreq:g} Hz, expected a positive one")
        wrong = np.flatnonzero(~np.isfinite(self.times))
        if len(wrong):
            raise DatasetError(f"the stamp of sample {wrong[0] + 1:,} is {self.times[wrong[0]]}, no time")


def single(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """The values as float32; what is too large becomes infinite, which later stages take for not measured."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)


def rate_of(times: Times) -> float:
    """The usual rate of samples with these stamps, Hz, whatever gaps and jumps there are between them.

    The mean of the steps near the median one, because stamps are often rounded. NaN without any step forward.
    """
    steps = np.diff(times)
    steps = steps[steps > 0]
    if not len(steps):
        return float("nan")
    median = np.median(steps)
    return float(1 / steps[(steps >= median / 2) & (steps <= median * 2)].mean())
