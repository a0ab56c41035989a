"""A face's mesh turned to the front: heights and distances that a turn of the head leaves as they are.

Everything here is in a frame with x to the right, y up and z towards the camera, and in units of the distance
between the outer corners of the eyes ("canthal units").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from insightsim.types import Landmarks

Mesh = NDArray[np.float64]
"""(n_points, 3)."""

RIGID = np.array([33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 10, 9, 151, 127, 356, 234, 454])
"""Points that no expression moves much: corners of the eyes, bridge of the nose, forehead, temples."""
_RIGHT, _LEFT = 0, 3
"""The outer corners of the eyes among them."""
_EYES = np.array([468, 33, 133, 473, 362, 263])
"""The middle of an iris and the corners of its eye, right and left."""
EYEBALL = 0.135
"""Radius, canthal units: 12 mm of 89 mm."""
ABOVE = 0.02
"""How far the iris of an eye that looks ahead lies above its corners, canthal units: 1.8 mm."""
_UPRIGHT = np.array([1.0, -1.0, -1.0])
"""From pixels (y down, z away) to this frame."""


def upright(points: NDArray[np.float32], which: NDArray[np.intp]) -> Mesh:
    """Some of a mesh's points, still in pixels, with y up and z towards the camera."""
    return np.asarray(points[which] * _UPRIGHT)


def similarity(moving: Mesh, fixed: Mesh) -> tuple[float, Mesh]:
    """Scale and (3, 3) rotation that bring `moving` nearest to `fixed`, both being centred first.

    The least squares of S. Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", IEEE PAMI 13 (4), 1991; never a reflection.
    """
    moving = moving - moving.mean(axis=0)
    fixed = fixed - fixed.mean(axis=0)
    left, stretch, right = np.linalg.svd(fixed.T @ moving)
    if np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, 2] *= -1
        stretch[2] *= -1
    spread = float(np.sum(moving * moving))
    return (float(stretch.sum()) / spread if spread > 0 else 0.0), left @ right


def frontal(face: Landmarks) -> Mesh:
    """(18, 3): a face's rigid points as seen from the front, by its own head matrix, about their mean."""
    points = upright(face.points, RIGID) @ face.matrix[:3, :3]  # the inverse of a rotation is its transpose
    points -= points.mean(axis=0)
    return np.asarray(points / np.linalg.norm(points[_RIGHT] - points[_LEFT]))


def angles(matrix: NDArray[np.float64]) -> tuple[float, float, float]:
    """The head's rotation as OpenFace's `pose_Rx`, `pose_Ry`, `pose_Rz`, radians.

    OpenFace looks along z with y down and writes R = Rx·Ry·Rz: against MediaPipe's matrix Ry and Rz change
    their sign.
    """
    r = matrix[:3, :3]
    rx = np.arctan2(-r[1, 2], r[2, 2])
    ry = -np.arcsin(np.clip(r[0, 2], -1.0, 1.0))
    rz = np.arctan2(r[0, 1], r[0, 0])
    return float(rx), float(ry), float(rz)


def turn(face: Landmarks, shape: Mesh) -> Mesh:
    """Rotation times scale, (3, 3), that lays a face's rigid points on `shape`: `points @ turned.T`."""
    scale, rotation = similarity(upright(face.points, RIGID), shape)
    return scale * rotation


def gaze(face: Landmarks, turned: Mesh) -> tuple[float, float]:
    """OpenFace's `gaze_angle_x` and `gaze_angle_y`, radians: of both eyes, in the camera's space.

    How far the middle of an iris lies from the middle of its eye's corners is the sine of the eyeball's turn.
    """
    eyes = upright(face.points, _EYES) @ turned.T
    aside = (eyes[0] + eyes[3]) / 2 - (eyes[1] + eyes[2] + eyes[4] + eyes[5]) / 4
    x, y = np.clip((aside[:2] - (0, ABOVE)) / EYEBALL, -0.7, 0.7)
    x, y, z = np.array([x, y, np.sqrt(max(0.0, 1 - x * x - y * y))]) @ turned  # back to the camera's space
    return float(np.arctan2(x, z)), float(np.arctan2(-y, z))


@dataclass(frozen=True)
class Measure:
    """One number of a frontal mesh: weighted mean heights of groups of points, and distances of pairs."""

    heights: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    distances: Mapping[tuple[int, int], float] = field(default_factory=dict)


class Measures:
    """Several measures at once, without a loop over points."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        pairs = sorted({pair for measure in measures for pair in measure.distances})
        groups = {group for measure in measures for group in measure.heights}
        used = sorted({point for points in (*pairs, *groups) for point in points})
        at = {point: i for i, point in enumerate(used)}
        self._points = np.array(used)
        self._first = np.array([at[a] for a, _ in pairs])
        self._second = np.array([at[b] for _, b in pairs])
        self._heights = np.zeros((len(measures), len(used)))
        self._distances = np.zeros((len(measures), len(pairs)))
        for row, measure in enumerate(measures):
            for group, weight in measure.heights.items():
                for point in group:
                    self._heights[row, at[point]] += weight / len(group)
            for pair, weight in measure.distances.items():
                self._distances[row, pairs.index(pair)] += weight

    def __call__(self, face: Landmarks, turned: Mesh) -> NDArray[np.float64]:
        """(n_measures,) of a face, in canthal units; `turned` is what turns it to the front."""
        mesh = upright(face.points, self._points) @ turned.T
        apart = mesh[self._first] - mesh[self._second]
        lengths = np.sqrt(np.einsum("ij,ij->i", apart, apart))
        return np.asarray(self._heights @ mesh[:, 1] + self._distances @ lengths)
