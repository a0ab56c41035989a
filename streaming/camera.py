"""Pictures as they are taken: what gives them, and the slot where the newest waits.

A picture lives only between here and the landmarks: none is kept, written or sent on.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import SignalError, StreamError
from insightsim.types import Frame

T = TypeVar("T")

LIBRARIES = (
    "where libGL or libglib is missing: apt install libgl1 libglib2.0-0, or put "
    "opencv-contrib-python-headless in place of opencv-contrib-python"
)
"""What to do where OpenCV is there and cannot be loaded."""


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What was found when a source of pictures was opened."""

    name: str
    sfreq: float
    """Nominal rate, frames a second; 0 where none is stated."""
    notes: tuple[str, ...] = ()
    """What was assumed of it."""


class Frames(Protocol):
    """Where pictures come from. All calls are made from one thread."""

    query: str
    """What the user asked for, e.g. "camera:0"."""
    skipped: int
    """Pictures passed over for newer ones since it was opened."""

    def open(self, within: float = ...) -> FrameInfo:
        """Find and open it within so many seconds; raises StreamNotFound, StreamLost, DatasetError."""

    def grab(self) -> Sequence[Frame] | None:
        """The newest picture; none where nothing came within PULL_WITHIN s, None at the end.

        Raises StreamLost.
        """

    def lag(self, time: float) -> float:
        """Seconds between the moment a picture with this stamp was due and now."""

    def close(self) -> None:
        """Let go of it; may be called twice, and before open."""


class Slot(Generic[T]):
    """Room for one item between two threads: a newer one takes the place of one that nobody took."""

    def __init__(self) -> None:
        self.skipped = 0
        """Items that were put aside for newer ones."""
        self._item: T | None = None
        self._filled = threading.Condition()

    def put(self, item: T) -> None:
        """Leave an item; never waits."""
        with self._filled:
            self.skipped += self._item is not None
            self._item = item
            self._filled.notify()

    def take(self, within: float) -> T | None:
        """The newest item; None when none came within so many seconds."""
        with self._filled:
            self._filled.wait_for(lambda: self._item is not None, within)
            item, self._item = self._item, None
            return item


def decode(jpeg: bytes) -> NDArray[np.uint8]:
    """A JPEG as (height, width, 3), RGB. Raises SignalError where it is none."""
    cv2 = opencv()
    data = np.frombuffer(jpeg, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    if image is None:
        raise SignalError(f"a picture of {len(jpeg)} bytes cannot be decoded; expected a JPEG")
    return np.asarray(image, np.uint8)


def opencv() -> Any:
    """OpenCV, loaded when a picture is first needed. Raises StreamError where a library lacks."""
    # What concerns the user is said by us, in words.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with loading("OpenCV"):
        import cv2
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Say what to install where a library with pictures cannot be loaded."""
    try:
        yield
    except ImportError as error:
        raise StreamError(f"{name} cannot be loaded ({error}); {LIBRARIES}") from error
