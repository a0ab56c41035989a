"""What each action unit is read from: blendshapes, and measures of the mesh turned to the front.

docs/face.md has the table with what was measured of each. Where a blendshape of MediaPipe is dead
(cheekSquint, noseSneer) another stands in. Left and right are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
_LIDS, _LOWER_LIDS = (159, 386), (145, 374)
_CORNERS, _LIPS = (61, 291), (0, 17)
_BROWS, _MOUTH = (55, 285), (61, 291)


_NONE = Measure()


@dataclass(frozen=True)
class Rule:
    """How one action unit is read: by_shape · blendshapes + by_measure · measure, less its baseline."""

    shapes: Mapping[str, float] = field(default_factory=dict)
    measure: Measure = _NONE
    by_shape: float = 0.0
    """Intensity for one unit of the weighted blendshapes."""
    by_measure: float = 0.0
    """Intensity for one canthal unit."""


RULES: dict[str, Rule] = {
    "01": Rule({"browInnerUp": 1}, Measure({_INNER: 1, _EYES: -1}), 3.0, 16.8),
    "02": Rule({"browOuterUp": 1}, Measure({_OUTER: 1, _EYES: -1}), 3.0, 11.0),
    "04": Rule({"browDown": 1}, Measure({_INNER: -1, _EYES: 1}, {_BROWS: -0.5}), 5.0, 8.0),
    "05": Rule({"eyeWide": 1}, Measure({_LIDS: 1, _EYES: -1}), 20.0),
    "06": Rule({"mouthSmile": 0.5, "eyeSquint": 0.5}, _NONE, 5.0),
    "07": Rule({"eyeSquint": 1}, _NONE, 5.0),
    "09": Rule({}, Measure({(48, 278, 64, 294): 1, (168, 6): -1}, {_BROWS: -0.5}), 0.0, 20.0),
    "10": Rule({"mouthUpperUp": 1}, Measure({(0, 37, 267): 1, (2, 98, 327): -1}), 2.5, 15.0),
    "12": Rule({"mouthSmile": 1}, Measure({_CORNERS: 1, _LIPS: -1}, {_MOUTH: 1}), 2.5, 6.0),
    "14": Rule({"mouthDimple": 1}, Measure({}, {_MOUTH: 1, (13, 14): -2}), 5.0, 2.0),
    "15": Rule({"mouthFrown": 1}, _NONE, 5.0),
    "17": Rule({"mouthShrugLower": 1}, _NONE, 5.0),
    "20": Rule({"mouthStretch": 1}, _NONE, 5.0),
    "23": Rule({"mouthPress": 1, "mouthRollLower": 0.25, "mouthRollUpper": 0.25}, _NONE, 5.0),
    "25": Rule({}, Measure({}, {(13, 14): 1}), 0.0, 15.0),
    "26": Rule({"jawOpen": 1}, Measure({(152, 199): -1, (4,): 1}), 0.0, 19.6),
    "28": Rule({"mouthRollLower": 1, "mouthRollUpper": 1}, _NONE, 5.0),
    "45": Rule({"eyeBlink": 1}, Measure({_LIDS: -1, _LOWER_LIDS: 1}), 2.5, 10.0),
}  # fmt: skip
"""By action unit, in the order of `aus.PRESENT`."""

_measures = Measures([RULES[au].measure for au in PRESENT])
_BY_MEASURE = np.array([RULES[au].by_measure for au in PRESENT])
_BY_SHAPE = np.zeros((len(PRESENT), 52))
for _row, _au in enumerate(PRESENT):
    for _name, _weight in RULES[_au].shapes.items():
        _BY_SHAPE[_row, list(SHAPES[_name])] += RULES[_au].by_shape * _weight / len(SHAPES[_name])


def signals(face: Landmarks, shape: Mesh) -> NDArray[np.float64]:
    """(18,) in units of intensity, in the order of `aus.PRESENT`, before any baseline is taken off.

    `shape` are the person's rigid points from the front (`face_geometry.frontal`).
    """
    return np.asarray(_BY_SHAPE @ face.blendshapes + _BY_MEASURE * _measures(face, shape))
