"""A video file as a source of pictures: by its own time stamps, at its own pace, another, or flat out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from insightsim.errors import DatasetError, readable
from insightsim.types import Frame
from streaming.camera import FrameInfo, opencv
from streaming.pace import Pace


class Video:
    """The pictures of a file, upright. Those it is too late for, because the reader is slower, are skipped.

    Stamps keep the recorded spacing, from the moment of the first picture; flat out (`speed` None) they are
    seconds since the start of the video, and no picture is skipped.
    """

    def __init__(self, path: Path, speed: float | None = 1.0) -> None:
        self.path = path
        self.query = readable(f"video:{path}")
        self.speed = speed
        self.skipped = 0
        self._capture: Any = None

    def open(self, within: float = 0.0) -> FrameInfo:
        """Open the file and decode its first picture. Raises DatasetError."""
        cv2 = opencv()
        self.skipped = 0
        self._capture = cv2.VideoCapture(str(self.path))
        self._sfreq = self._capture.get(cv2.CAP_PROP_FPS)
        self._position = cv2.CAP_PROP_POS_MSEC
        self._at = -1 / self._sfreq if self._sfreq else 0.0
        self._next = self._decode()
        if self._next is None:
            raise DatasetError(f"{self.path}: no picture can be decoded; expected a video")
        self._pace = Pace(1.0, self.speed or 1.0)
        return FrameInfo(readable(self.path.stem), self._sfreq)

    def _decode(self) -> Frame | None:
        """The next picture, stamped with its place in the video, s; None after the last."""
        there, image = self._capture.read()
        if not there:
            return None
        self._at = max(self._capture.get(self._position) / 1000, math.nextafter(self._at, math.inf))
        return Frame(np.ascontiguousarray(image[..., ::-1]), self._at)

    def grab(self) -> Sequence[Frame] | None:
        """The newest picture that is due; the next one when flat out."""
        if (frame := self._next) is None:
            return None
        if self.speed is None:
            self._next = self._decode()
            return [frame]
        now = self._pace.reach(frame.time)
        if now < frame.time:
            return []
        while (following := self._decode()) is not None and following.time <= now:
            self.skipped += 1
            frame = following
        self._next = following
        return [Frame(frame.image, self._pace.origin + frame.time)]

    def lag(self, time: float) -> float:
        """Seconds from the moment the picture with this stamp was due until now; 0 when flat out."""
        return 0.0 if self.speed is None else self._pace.lag(time)

    def close(self) -> None:
        """Let go of the file."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._next = None
