"""What each action unit is read from: blendshapes, and measures of the mesh turned to the front.

docs/face.md has the table with what was measured of each. Where a blendshape of MediaPipe is dead
(cheekSquint, noseSneer) another stands in. Left and right are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import PRESENT
from insightsim.face_geometry import Measure, Measures, Mesh
from insightsim.types import Landmarks

SHAPES = {
    "browDown": (1, 2), "browInnerUp": (3,), "browOuterUp": (4, 5), "eyeBlink": (9, 10),
    "eyeSquint": (19, 20), "eyeWide": (21, 22), "jawOpen": (25,), "mouthClose": (27,),
    "mouthDimple": (28, 29), "mouthFrown": (30, 31), "mouthLowerDown": (34, 35), "mouthPress": (36, 37),
    "mouthRollLower": (40,), "mouthRollUpper": (41,), "mouthShrugLower": (42,), "mouthSmile": (44, 45),
    "mouthStretch": (46, 47), "mouthUpperUp": (48, 49),
}  # fmt: skip
"""Where MediaPipe's blendshapes stand among its 52, left and right."""

_EYES = (33, 133, 362, 263)
_INNER, _OUTER = (55, 107, 285, 336), (46, 63, 70, 276, 293, 300)
_CORNERS, _LIPS = (61, 291), (0, 17)
_BROWS, _MOUTH = (55, 285), (61, 291)


_NOSTRILS, _BRIDGE = (48, 278, 64, 294), (168, 6)
_NONE = Measure()

Readings = NDArray[np.float64]
"""(2, 18): weighted blendshapes, and measures in canthal units, of every action unit in the order of
`aus.PRESENT`; 0 where it has none.
"""


@dataclass(frozen=True)
class Rule:
    """How one action unit is read: by_shape · shapes + by_measure · measure, less the same at rest."""

    shapes: Mapping[str, float]
    by_shape: float
    """Intensity for one unit of the weighted blendshapes."""
    measure: Measure = _NONE
    by_measure: float = 0.0
    """Intensity for one canthal unit."""


RULES: dict[str, Rule] = {
    "01": Rule({"browInnerUp": 1}, 1.8, Measure({_INNER: 1, _EYES: -1}), 16.8),
    "02": Rule({"browOuterUp": 1}, 2.5, Measure({_OUTER: 1, _EYES: -1}), 11.0),
    "04": Rule({"browDown": 1}, 4.0, Measure({_INNER: -1, _EYES: 1}, {_BROWS: -0.5}), 15.0),
    "05": Rule({"eyeWide": 1}, 15.0),
    "06": Rule({"mouthSmile": 0.5, "eyeSquint": 0.5}, 5.0),
    "07": Rule({"eyeSquint": 1}, 5.0),
    "09": Rule({}, 0.0, Measure({_NOSTRILS: 1, _BRIDGE: -1}, {_BROWS: -0.5}), 15.0),
    "10": Rule({"mouthUpperUp": 1}, 2.0, Measure({(0, 37, 267): 1, (2, 98, 327): -1}), 15.0),
    "12": Rule({"mouthSmile": 1}, 2.2, Measure({_CORNERS: 1, _LIPS: -1}, {_MOUTH: 1}), 5.0),
    "14": Rule({"mouthDimple": 1}, 20.0, Measure({}, {_MOUTH: 1, (13, 14): -2}), 4.0),
    "15": Rule({"mouthFrown": 1}, 20.0),
    "17": Rule({"mouthShrugLower": 1}, 4.0),
    "20": Rule({"mouthStretch": 1}, 5.0),
    "23": Rule({"mouthPress": 1, "mouthRollLower": 0.25, "mouthRollUpper": 0.25}, 5.0),
    "25": Rule({}, 0.0, Measure({}, {(13, 14): 1}), 15.0),
    "26": Rule({}, 0.0, Measure({(152, 199): -1, (4,): 1}), 19.5),
    "28": Rule({"mouthRollLower": 1, "mouthRollUpper": 1}, 5.0),
    "45": Rule({"eyeBlink": 1}, 1.7, Measure({}, {(159, 145): -0.5, (386, 374): -0.5}), 9.0),
}
"""By action unit, in the order of `aus.PRESENT`."""

_measures = Measures([RULES[au].measure for au in PRESENT])
_shapes = np.zeros((len(PRESENT), 52))
for _row, _au in enumerate(PRESENT):
    for _name, _weight in RULES[_au].shapes.items():
        _shapes[_row, list(SHAPES[_name])] += _weight / len(SHAPES[_name])
_gains = np.array([[getattr(RULES[au], name) for au in PRESENT] for name in ("by_shape", "by_measure")])


def readings(face: Landmarks, turned: Mesh) -> Readings:
    """What is read of a face that `turned` turns to the front (`face_geometry.turn`)."""
    return np.array([_shapes @ face.blendshapes, _measures(face, turned)])


def intensities(readings: Readings) -> NDArray[np.float64]:
    """(18,), on the scale from 0 to 5, but still with whatever the face at rest amounts to."""
    return np.asarray((_gains * readings).sum(axis=0))
