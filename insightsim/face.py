"""From a face's landmarks and blendshapes to action units, head pose and gaze; numpy alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import AUS, COLUMNS, PRESENT, UNSETTLED
from insightsim.baseline import RunningPercentile
from insightsim.face_geometry import Mesh, angles, frontal, gaze, turn
from insightsim.face_signals import Readings, intensities, readings
from insightsim.neutral import Neutral
from insightsim.types import Landmarks

WARM_UP = 3.0
"""Seconds of a face from the front after which what was seen of it serves as its baseline."""
ASIDE = (math.radians(30.0), math.radians(40.0))
"""Head turned up or down, and to a side, rad, beyond which the mesh is more guessed than seen."""
MARGIN = (math.radians(15.0), math.radians(20.0))
"""How much further until confidence is 0."""
LOWEST, MIDDLE = 0.10, 0.25
"""Share of frames in which a signal is lower than at rest: one that rest is the lowest of, for a talking or
smiling person too; and one that goes both ways, as brows do.
"""
BOTH_WAYS = ("01", "02", "04", "09", "14")
ON, OFF = 1.0, 0.6
"""An action unit is present from the one intensity on, FACS's faintest, until it falls below the other."""
PRESENT_AT = {"28": (2.0, 1.5), "45": (0.6, 0.5)}
"""Others: smiles roll the lips in a little too, and a blink is over before a frame shows it at its deepest,
while the lids of a laughing eye stay half closed after it.
"""
CLOSED = 1.0
"""Intensity of AU45 from which the lids hide where the eyes look."""
PAUSE = 0.25
"""Seconds between two frames, at most, that count as time in which a face was seen."""

_INTENSITY = np.array([PRESENT.index(au) for au in AUS])
_BLINK = PRESENT.index("45")
_SHARES = np.array([MIDDLE if au in BOTH_WAYS else LOWEST for au in PRESENT])
_ON, _OFF = np.array([PRESENT_AT.get(au, (ON, OFF)) for au in PRESENT]).T


class ActionUnits:
    """One row for every frame, in order. Without a face the row is NaN and `success` 0; the state stays.

    Intensities are what lies above the neutral face given, or else above each signal's low percentile so
    far, and confidence is low for as long as that is only a guess.
    """

    def __init__(self, neutral: Neutral | None = None) -> None:
        self._neutral = neutral
        self.forget()

    def forget(self) -> None:
        """Begin anew, as for another person; with the neutral face given, if there is one."""
        neutral = self._neutral
        self._shape: Mesh | None = None if neutral is None else neutral.shape
        self._rest: NDArray[np.float64] | None = None if neutral is None else intensities(neutral.rest)
        self._usual = RunningPercentile(_SHARES)
        self._seen = 0.0
        self._shapes = 0
        self._time: float | None = None
        self._present = np.zeros(len(PRESENT), bool)
        self._gaze = (0.0, 0.0)

    def __call__(self, time: float, face: Landmarks | None) -> NDArray[np.float32]:
        """(len(COLUMNS),) of the frame taken at `time`, s."""
        row = np.full(len(COLUMNS), np.nan, np.float32)
        row[:2] = 0.0
        if face is None:
            return row
        pose = angles(face.matrix)
        seen = _seen(pose)
        turned = turn(face, self._template(face, seen))
        values = np.clip(self._above_rest(time, readings(face, turned), seen), 0.0, 5.0)
        self._present = values >= np.where(self._present, _OFF, _ON)
        if values[_BLINK] < CLOSED:
            self._gaze = gaze(face, turned)
        row[0] = seen if self._settled else seen * UNSETTLED
        row[1] = 1.0
        row[2:4] = self._gaze
        row[4:7] = face.matrix[:3, 3] * (10.0, -10.0, -10.0)  # cm to mm, y down, z away
        row[7:10] = pose
        row[10:27] = values[_INTENSITY]
        row[27:] = self._present
        return row

    @property
    def _settled(self) -> bool:
        return self._rest is not None or self._seen >= WARM_UP

    def _template(self, face: Landmarks, seen: float) -> Mesh:
        """The person's rigid points from the front: as captured, or the mean of those seen in the warm-up."""
        if self._shape is None:
            self._shape = frontal(face)
        elif not self._settled and seen == 1.0:
            self._shapes += 1
            self._shape = self._shape + (frontal(face) - self._shape) / (self._shapes + 1)
        return self._shape

    def _above_rest(self, time: float, read: Readings, seen: float) -> NDArray[np.float64]:
        values = intensities(read)
        if self._rest is not None:
            return values - self._rest
        if seen == 1.0 and self._time is not None:
            self._seen += min(max(time - self._time, 0.0), PAUSE)
        self._time = time
        return values - self._usual(values, learn=seen == 1.0)


def _seen(pose: tuple[float, float, float]) -> float:
    """How far the face is turned to the camera: 1 within ASIDE, 0 from MARGIN beyond it."""
    beyond = max((abs(pose[i]) - ASIDE[i]) / MARGIN[i] for i in (0, 1))
    return min(1.0, max(0.0, 1.0 - beyond))
