"""The picture of a face alone, upright and of one size, as networks for expressions were trained on.

Networks of this kind are very sensitive to what surrounds the face, so the crop is tight: turned until the
eyes are level, it is the smallest square around the face mesh, which reaches from the hairline to the chin.
Nothing is stretched.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from insightsim.types import Landmarks

RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)
"""Corners of the person's eyes in MediaPipe's mesh; unless mirrored, the right one is on the left."""

Floats = NDArray[np.float32]


def crop(image: NDArray[np.uint8], face: Landmarks, size: int) -> NDArray[np.uint8]:
    """The face as (size, size, 3), from a picture (height, width, 3).

    Beyond the picture's edge its outermost pixels go on. Each pixel of a face that is larger than the crop is
    the mean of those it covers.
    """
    corner, right, down = square(face)
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = (corner[i] + at[:, None] * down[i] + at * right[i] for i in (0, 1))  # (size, size)
    factor = min(int(math.hypot(*right) / size), *image.shape[:2])
    if factor > 1:
        image, left, top = _shrunk(image, x, y, factor)
        x, y = (x - left) / factor, (y - top) / factor
    return np.asarray(_between(image, x - 0.5, y - 0.5) + 0.5, np.uint8)


def square(face: Landmarks) -> tuple[Floats, Floats, Floats]:
    """Its upper left corner and the edges to the right and down, as (x, y) in pixels of the picture."""
    points = face.points[:, :2]
    across = points[list(LEFT_EYE)].mean(axis=0) - points[list(RIGHT_EYE)].mean(axis=0)
    angle = math.atan2(across[1], across[0])
    right = np.array([math.cos(angle), math.sin(angle)], np.float32)
    down = np.array([-right[1], right[0]], np.float32)
    upright = points @ np.stack([right, down], axis=1)  # along these two
    low, high = upright.min(axis=0), upright.max(axis=0)
    side = max(1.0, float((high - low).max()))
    corner = (low + high - side) / 2
    return np.asarray(corner @ [right, down], np.float32), side * right, side * down


def _shrunk(
    image: NDArray[np.uint8], x: Floats, y: Floats, factor: int
) -> tuple[NDArray[np.uint8], int, int]:
    """The part of a picture with all places in it, `factor` times smaller, and where it begins: x, y."""
    height, width = image.shape[:2]
    left, n_x = _blocks(x, factor, width)
    top, n_y = _blocks(y, factor, height)
    part = image[top : top + n_y * factor, left : left + n_x * factor]
    blocks = part.reshape(n_y, factor, n_x, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32) + 0.5, np.uint8), left, top


def _blocks(places: Floats, factor: int, length: int) -> tuple[int, int]:
    """Where the blocks begin that hold all places, and how many there are: one at least, none cut."""
    first = int(np.clip(places.min() - factor, 0, length - factor))
    last = min(length, math.ceil(places.max()) + factor)
    return first, max(1, (last - first) // factor)


def _between(image: NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    """Bilinear: the values at places between pixels, (…, 3)."""
    height, width = image.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.floor(x), np.floor(y)
    dx, dy = (x - left)[..., None], (y - top)[..., None]
    pixels = image.reshape(-1, 3)
    first = top.astype(np.intp) * width + left.astype(np.intp)
    second = first + (left < width - 1)
    below = np.where(top < height - 1, width, 0)
    weights = (1 - dx) * (1 - dy), dx * (1 - dy), (1 - dx) * dy, dx * dy
    corners = first, second, first + below, second + below
    # take: four times as fast as an index.
    return np.asarray(sum(w * pixels.take(at, axis=0) for w, at in zip(weights, corners, strict=True)))
