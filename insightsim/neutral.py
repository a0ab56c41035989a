"""A person's neutral face: what their action units are measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Neutral:
    """Of one person, from a few seconds in which they looked neutral."""

    shape: NDArray[np.float64]
    """(18, 3): their rigid points from the front (`face_geometry.frontal`)."""
    rest: NDArray[np.float64]
    """(18,): their signals at rest (`face_signals.signals`)."""
