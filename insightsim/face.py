"""From a face's landmarks and blendshapes to action units, head pose and gaze; numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import AUS, COLUMNS, PRESENT
from insightsim.face_geometry import Mesh, angles, frontal
from insightsim.face_signals import signals
from insightsim.neutral import Neutral
from insightsim.types import Landmarks

_INTENSITY = np.array([PRESENT.index(au) for au in AUS])
ON, OFF = 1.0, 0.6
"""An action unit is present from the one intensity on, until it falls below the other."""


class ActionUnits:
    """One row for every frame, in order. Without a face the row is NaN and `success` 0; the state stays."""

    def __init__(self, neutral: Neutral | None = None) -> None:
        self._shape: Mesh | None = None if neutral is None else neutral.shape
        self._rest: NDArray[np.float64] | None = None if neutral is None else neutral.rest
        self._present = np.zeros(len(PRESENT), bool)

    def __call__(self, time: float, face: Landmarks | None) -> NDArray[np.float32]:
        """(len(COLUMNS),) of the frame taken at `time`, s."""
        row = np.full(len(COLUMNS), np.nan, np.float32)
        row[:2] = 0.0
        if face is None:
            return row
        if self._shape is None:
            self._shape = frontal(face)
        values = signals(face, self._shape)
        if self._rest is None:
            self._rest = values
        values = np.clip(values - self._rest, 0.0, 5.0)
        self._present = np.where(self._present, values >= OFF, values >= ON)
        row[:2] = 1.0
        row[2:4] = 0.0
        row[4:7] = face.matrix[:3, 3] * (10.0, -10.0, -10.0)  # cm to mm, y down, z away
        row[7:10] = angles(face.matrix)
        row[10:27] = values[_INTENSITY]
        row[27:] = self._present
        return row
