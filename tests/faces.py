"""A made-up face for the arithmetic of action units: a mesh of 478 points that can be turned and moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from insightsim.types import Landmarks

PIXELS = 120.0
"""A canthal unit, on the picture."""
FLIP = np.array([1.0, -1.0, -1.0])
"""Between pixels (y down, z away) and a frame with y up and z towards the camera."""


def face(seed: int = 1) -> Landmarks:
    """From the front: points anywhere within a head, but the eyes and forehead where they belong."""
    rng = np.random.default_rng(seed)
    points = rng.uniform((-0.9, -1.0, -0.6), (0.9, 0.9, 0.4), (478, 3))
    for left, right, at in (
        (33, 263, (0.5, 0.2, 0.0)),
        (133, 362, (0.2, 0.2, 0.05)),
        (468, 473, (0.35, 0.22, 0.1)),
    ):
        points[left], points[right] = np.array(at) * (-1, 1, 1), at
    for upper, lower, x in ((159, 145, -0.35), (386, 374, 0.35)):
        points[upper], points[lower] = (x, 0.26, 0.1), (x, 0.14, 0.1)
    shapes = rng.uniform(0, 0.3, 52)
    return Landmarks(
        (points * PIXELS * FLIP + (320, 240, 0)).astype(np.float32),
        shapes.astype(np.float32),
        np.block([[np.eye(3), np.array([[1.0], [2.0], [-40.0]])], [np.zeros((1, 3)), np.ones((1, 1))]]),
    )


def moved(
    face: Landmarks, turned: Rotation, scale: float = 1.0, shift: tuple[float, float] = (0, 0)
) -> Landmarks:
    """The same face with the head turned (in a frame with y up), nearer or farther, and elsewhere."""
    middle = face.points.mean(axis=0)
    upright = (face.points - middle) * FLIP
    points = turned.apply(upright) * scale * FLIP + middle + (*shift, 0)
    matrix = face.matrix.copy()
    matrix[:3, :3] = turned.as_matrix() @ matrix[:3, :3]
    return Landmarks(points.astype(np.float32), face.blendshapes, matrix)


def with_points(face: Landmarks, by: tuple[float, float, float], *points: int) -> Landmarks:
    """The same face with some points moved, in canthal units, x to the right and y up."""
    there: NDArray[np.float32] = face.points.copy()
    there[list(points)] += (np.array(by) * PIXELS * FLIP).astype(np.float32)
    return replace(face, points=there)


def with_shapes(face: Landmarks, value: float, *shapes: int) -> Landmarks:
    """The same face with some blendshapes at a value."""
    there = face.blendshapes.copy()
    there[list(shapes)] = value
    return replace(face, blendshapes=there)
