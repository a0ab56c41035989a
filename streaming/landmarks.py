"""From a picture to the landmarks of the face that is followed, by MediaPipe's FaceLandmarker.

A FaceLandmarker for one face costs least and smooths its landmarks; one for several does not (docs/face.md).
So one of the first kind reads the face. One of the second counts now and then who is there, and stands in
while the first looks for a face that it lost or does not have yet.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import ModelError
from insightsim.follow import Box, Follow, box_of
from insightsim.types import Frame, Landmarks
from streaming.camera import loading, opencv

FACES_AT_MOST = 4
"""That are counted."""
COUNT_EVERY = 2.0
"""Seconds between two counts."""
LONGEST = 1280
"""Pixels of the longer side of what is looked at: larger pictures cost time and show no more of a face."""
MARGIN = 0.4
"""How much further around a face's place it is looked for, as a share of its size."""

CHATTER = re.compile(rb"[IW]\d{4} |INFO: |WARNING: All log messages")
"""How a line begins that MediaPipe's C++ writes though nothing is wrong."""

Image = NDArray[np.uint8]
_ONE_AT_A_TIME = threading.Lock()
"""There is one stderr."""


class Landmarker:
    """One face of each picture, the same person's from picture to picture. Raises ModelError."""

    def __init__(self, bundle: Path) -> None:
        with _quiet():
            self._reader = _make(bundle, 1, moving=True)
            self._counter = _make(bundle, FACES_AT_MOST, moving=False)
        self._follow = Follow()
        self._reads = False
        """Whether the reader is at the face that is followed."""
        self._counted = -math.inf
        """When faces were counted last, s."""
        self._others = 0
        self._time = math.nan
        self._stamp = 0

    @property
    def ident(self) -> int:
        """Of the face that is followed, from 1; 0 before there was one."""
        return self._follow.ident

    def __call__(self, frame: Frame) -> tuple[Landmarks | None, int]:
        """The face that is followed, None where it is not there; and how many faces there are.

        `frame.image` is RGB of any size.
        """
        time, image = frame.time, _shrunk(frame.image)
        scale = frame.image.shape[1] / image.shape[1]
        place = self._follow.place(time)
        astray = place is not None and not self._reads
        read = self._read(_only(image, place, scale) if place and astray else image, time, scale)
        found = None if read is None else box_of(read)
        counted: list[Landmarks] = []
        if astray or not 0 <= time - self._counted < COUNT_EVERY or (found and place is None):
            self._counted = time
            counted = self._count(image, scale)
            self._others = max(0, len(counted) - 1)
        boxes = [box_of(face) for face in counted]
        followed = self._follow(time, found, boxes)
        self._reads = followed is not None and followed is found
        face = read if self._reads else counted[boxes.index(followed)] if followed else None
        return face, max(len(counted), self._others + bool(followed))

    def _read(self, image: Image, time: float, scale: float) -> Landmarks | None:
        """The one face that there is, or that was there last."""
        # The reader's clock goes by whole milliseconds, and forwards only.
        step = time - self._time
        self._stamp += max(1, round(1000 * step)) if math.isfinite(step) else 1
        self._time = time
        result = self._reader.detect_for_video(_wrapped(image), self._stamp)
        return next(_faces(result, image, scale), None)

    def _count(self, image: Image, scale: float) -> list[Landmarks]:
        """Every face, FACES_AT_MOST."""
        return list(_faces(self._counter.detect(_wrapped(image)), image, scale))

    def close(self) -> None:
        """Let go of the models; may be called twice."""
        self._reader.close()
        self._counter.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what the models say of themselves when they start; pass on what else is said."""
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said:
                if not CHATTER.match(line):
                    os.write(2, line)


def _make(bundle: Path, faces: int, moving: bool) -> Any:
    with loading("MediaPipe"):
        from mediapipe.tasks.python.core.base_options import BaseOptions
        from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(bundle)),
        running_mode=RunningMode.VIDEO if moving else RunningMode.IMAGE,
        num_faces=faces,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        return FaceLandmarker.create_from_options(options)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{bundle}: MediaPipe cannot load it ({error})") from error


def _wrapped(image: Image) -> Any:
    import mediapipe

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)


def _faces(result: Any, image: Image, scale: float) -> Iterator[Landmarks]:
    """What MediaPipe found in a picture, in pixels of the frame, which is `scale` times as large."""
    height, width = image.shape[:2]
    size = np.array([width, height, width], np.float32) * scale  # z has the scale of x
    found = (result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes)
    for points, shapes, matrix in zip(*found, strict=True):
        yield Landmarks(
            np.array([(point.x, point.y, point.z) for point in points], np.float32) * size,
            np.array([shape.score for shape in shapes], np.float32),
            np.asarray(matrix, float),
        )


def _shrunk(image: Image) -> Image:
    """The picture, or a smaller one."""
    height, width = image.shape[:2]
    if max(height, width) <= LONGEST:
        return image
    cv2, share = opencv(), LONGEST / max(height, width)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _only(image: Image, place: Box, scale: float) -> Image:
    """The picture, grey but for a place and what is close around it."""
    more = MARGIN * place.side
    edges = (place.left - more, place.top - more, place.right + more, place.bottom + more)
    left, top, right, bottom = (max(0, round(edge / scale)) for edge in edges)
    masked = np.full_like(image, 127)
    masked[top:bottom, left:right] = image[top:bottom, left:right]
    return masked
