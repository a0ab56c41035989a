"""A made-up head in front of a camera: everything but the action units that OpenFace writes about a face.

A simple 3-D face of 68 points and two eyes of 28, drawn up here in mm, is moved by the action units, turned
and placed by the head pose, and seen by a camera of 640 × 480 pixels. Plausible to look at, and simulated:
no face was measured, and the parameters of shape mean nothing but what was put into them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import AUS, COLUMNS, GAZE, INTENSITIES, POSE, PRESENCES
from insightsim.displays import Traits
from insightsim.openface_columns import SHAPE

FOCAL, CENTRE = 500.0, (320.0, 240.0)
"""Pixels: what OpenFace assumes of a camera of 640 × 480."""
VERGENCE = 0.05
"""Radians that each eye is turned towards the nose."""

Floats = NDArray[np.float64]

# Of the face: x to the right of the picture, y down, z away from the camera; the origin between the eyes.
_EYE_Y, _MOUTH_Y = 0.0, 64.0
_EYE_X = (-32.0, 32.0)
_MOVES = {
    "01": ("20 21 22 23", 0, -1.6), "02": ("17 18 25 26", 0, -1.8), "04": ("17:27", -0.5, 1.2),
    "05": ("37 38 43 44", 0, -0.5), "06": ("40 41 46 47", 0, -0.4), "07": ("37 38 43 44", 0, 0.3),
    "09": ("31:36", 0, -1.0), "10": ("49:54 61:64", 0, -0.8), "12": ("48 54 60 64", 1.8, -1.6),
    "14": ("48 54 60 64", 0.8, 0), "15": ("48 54 60 64", 0, 1.4), "17": ("7:10 55:60 65:68", 0, -0.7),
    "20": ("48 54 60 64", 1.4, 0.2), "23": ("49:54 61:64", 0, 0.5), "25": ("55:60 65:68", 0, 1.2),
    "26": ("4:13 55:60 65:68", 0, 1.8), "45": ("37 38 43 44", 0, 1.4),
}  # fmt: skip
"""Action unit → points that it moves, and by how many mm outwards and down for each step of intensity."""


def _points(text: str) -> list[int]:
    """[48, 54, 55] from "48 54:56"."""
    spans = [[int(end) for end in part.split(":")] for part in text.split()]
    return [point for span in spans for point in range(span[0], span[-1] + (len(span) == 1))]


def _average() -> Floats:
    """(68, 3), mm: jaw, brows, nose, eyes and mouth, in the usual order of 68 points."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 17)
    jaw = np.column_stack([74 * np.sin(turn), 4 + 98 * np.cos(turn), 5 + 50 * np.sin(turn) ** 2])
    arch = np.linspace(0, np.pi, 5)
    brow = np.column_stack([33 - 20 * np.cos(arch), -22 - 6 * np.sin(arch), 3 - 9 * np.cos(arch)])
    left = brow[::-1] * [-1, 1, 1]
    bridge = np.column_stack([np.zeros(4), np.linspace(-2, 32, 4), np.linspace(-8, -34, 4)])
    side = np.linspace(-1, 1, 5)
    nostrils = np.column_stack([14 * side, 42 - 3 * side**2, -22 + 8 * side**2])
    eyes = [_ring(x, _EYE_Y, 14, 5, np.pi * np.array([1, 2 / 3, 1 / 3, 0, -1 / 3, -2 / 3])) for x in _EYE_X]
    lips = [
        _ring(0, _MOUTH_Y, width, height, np.pi - 2 * np.pi * np.arange(n) / n)
        for width, height, n in ((25, 9, 12), (19, 2, 8))
    ]
    return np.concatenate([jaw, left, brow, bridge, nostrils, *eyes, *lips])


def _ring(x: float, y: float, width: float, height: float, angles: Floats) -> Floats:
    """Points of an ellipse that bends back at its sides."""
    across = width * np.cos(angles)
    return np.column_stack([x + across, y - height * np.sin(angles), -10 + 0.018 * across**2])


def _movements(average: Floats) -> Floats:
    """(17, 68 · 3), mm per step of intensity."""
    moves = np.zeros((len(AUS), *average.shape))
    for au, (points, outwards, down) in _MOVES.items():
        which = _points(points)
        moves[AUS.index(au), which, 0] = outwards * np.sign(average[which, 0])
        moves[AUS.index(au), which, 1] = down
    return moves.reshape(len(AUS), -1)


_AVERAGE = _average()
_MOVEMENTS = _movements(_AVERAGE)
_MIX = np.random.default_rng(len(SHAPE)).normal(size=(len(SHAPE), 6 + len(AUS)))
_MIX *= np.linspace(1.5, 0.1, len(SHAPE))[:, None]
"""What each parameter of shape makes of the head's six traits (in twentieths) and the action units."""


def columns(someone: Traits, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n_rows, 709), openface_columns.ORIGINAL, from (n_rows, len(COLUMNS)); NaN where there is no face."""
    gaze, pose, intensities, presences = (_of(rows, names) for names in (GAZE, POSE, INTENSITIES, PRESENCES))
    turn = _turn(pose[:, 3:])
    face = _AVERAGE * _stretch(someone) + (intensities @ _MOVEMENTS).reshape(-1, *_AVERAGE.shape)
    face = face @ turn.swapaxes(1, 2) + pose[:, None, :3]
    eyes = _eyes(someone, gaze, intensities) @ turn.swapaxes(1, 2) + pose[:, None, :3]
    face_2d, eyes_2d = _seen(face), _seen(eyes)
    traits = np.broadcast_to(20 * someone.shape, (len(rows), 6))
    shape = np.hstack([traits, intensities]) @ _MIX.T
    scale = FOCAL / pose[:, 2:3]
    parts = [_vectors(gaze), gaze, _flat(eyes_2d), _flat(eyes), pose, _flat(face_2d), _flat(face)]
    parts += [scale, pose[:, 3:], face_2d.mean(axis=1), shape, intensities, presences]
    return np.hstack(parts).astype(np.float32)


def _of(rows: NDArray[np.float32], names: tuple[str, ...]) -> Floats:
    first = COLUMNS.index(names[0])
    return rows[:, first : first + len(names)].astype(np.float64)


def _stretch(someone: Traits) -> Floats:
    """(68, 3): how much wider, higher and deeper than average, the brows, nose and mouth once more."""
    stretch = np.tile(1 + someone.shape[:3], (len(_AVERAGE), 1))
    for which, more in zip((slice(17, 27), slice(27, 36), slice(48, 68)), someone.shape[3:], strict=True):
        stretch[which] *= 1 + more
    return stretch


def _turn(angles: Floats) -> NDArray[np.float64]:
    """(n, 3, 3): rotations about x, then y, then z of the head, from (n, 3) radians."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles).T, np.cos(angles).T
    rows = [
        [cy * cz, -cy * sz, sy],
        [cx * sz + cz * sx * sy, cx * cz - sx * sy * sz, -cy * sx],
        [sx * sz - cx * cz * sy, cz * sx + cx * sy * sz, cx * cy],
    ]
    return np.array(rows).transpose(2, 0, 1)


def _eyes(someone: Traits, gaze: Floats, intensities: Floats) -> Floats:
    """(n, 56, 3): of each eye 8 points around the iris, 12 along the lids and 8 around the pupil."""
    upper, lower, wide = (intensities[:, AUS.index(au)] for au in ("45", "07", "05"))
    open_ = np.clip(1 + 0.1 * wide - 0.08 * lower - 0.22 * upper, 0.1, 1.4)[:, None]
    circle, lids = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in (8, 12))
    # An eyeball has a radius of about 12 mm.
    look = 12 * np.column_stack([np.tan(gaze), np.zeros(len(gaze))])[:, None]
    parts = []
    for x in _EYE_X:
        ball = [
            np.stack(np.broadcast_arrays(x + r * np.cos(circle), r * np.sin(circle), -6.0), axis=-1) + look
            for r in (5.5, 2.2)
        ]
        across, along = x - 14 * np.cos(lids), -5 * np.sin(lids) * open_
        rim = np.stack(np.broadcast_arrays(across, along, -10 + 0.018 * (across - x) ** 2), axis=-1)
        parts += [ball[0], rim, ball[1]]
    return np.concatenate(parts, axis=1) * (1 + someone.shape[:3])


def _seen(points: Floats) -> Floats:
    """(n, n_points, 2), pixels."""
    return FOCAL * points[..., :2] / points[..., 2:] + CENTRE


def _flat(points: Floats) -> Floats:
    """(n, n_points · n_axes): all of the first axis, then all of the next, as OpenFace has them."""
    return points.swapaxes(1, 2).reshape(len(points), -1)


def _vectors(gaze: Floats) -> Floats:
    """(n, 6): a unit vector for each eye."""
    x, y = np.tan(gaze).T
    both = []
    for inwards in (VERGENCE, -VERGENCE):
        vector = np.column_stack([x + inwards, y, np.full(len(gaze), -1.0)])
        both.append(vector / np.linalg.norm(vector, axis=1, keepdims=True))
    return np.hstack(both)
