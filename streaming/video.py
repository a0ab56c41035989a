"""A video file as a source of pictures: by its own time stamps, at its own pace, another, or flat out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

from insightsim import files
from insightsim.errors import DatasetError, readable
from insightsim.types import Frame
from streaming import lsl
from streaming.camera import FrameInfo, opencv
from streaming.pace import FLAT_OUT, Pace, Start
from streaming.sources import PULL_WITHIN

USUAL = 25.0
"""Pictures a second, where neither time stamps nor a rate can be used."""
MOST = 1000.0
"""Pictures a second that no file states in earnest."""

Raw = tuple[Any, float]
"""A picture as OpenCV gives it, and its time stamp, s."""


class Video:
    """The pictures of a file, upright. Those it is too late for, because the reader is slower, are skipped.

    Stamps keep the recorded spacing, from the moment of the first picture; without a `speed` they are seconds
    since the first picture. Then, and flat out (`speed` 0), none is skipped. The next picture is decoded, on
    a thread of its own, while the reader works on the last.
    """

    def __init__(
        self, path: Path, speed: float | None = 1.0, start: Start | None = None, delay: float = 0.0
    ) -> None:
        """It begins `delay` s after what else has the same `start`; else with the first picture taken."""
        self.path = path
        self._start = start
        self._delay = delay
        if start is not None and speed == FLAT_OUT:
            start.join(self)
        self.query = readable(f"video:{path}")
        self.speed = speed
        self.skipped = 0
        self.n_frames = 0
        """As the file says once it is open, which may be a few wrong; 0 where it does not."""
        self._capture: Any = None
        self._thread: ThreadPoolExecutor | None = None

    def open(self, within: float = 0.0) -> FrameInfo:
        """Open the file and decode its first pictures. Raises DatasetError."""
        self._let_go()
        cv2, self.skipped = opencv(), 0
        self._capture = capture = _capture(self.path)
        rate = capture.get(cv2.CAP_PROP_FPS)
        self._sfreq = rate if 0 < rate <= MOST else USUAL
        self.n_frames = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        raw = _decoded(capture)
        first = [picture for picture in (next(raw, None), next(raw, None)) if picture is not None]
        if not first:
            raise DatasetError(f"{self.path}: no picture in it can be decoded; is the file whole?")
        stamped = len(first) == 1 or first[1][1] > first[0][1]
        self._coming = _stamped(chain(first, raw), 1 / self._sfreq, stamped)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="video")
        self._decode()
        self._pace: Pace | None = None
        note = f"no usable time stamps: {self._sfreq:g} pictures a second are assumed"
        return FrameInfo(readable(self.path.stem), self._sfreq, () if stamped else (note,))

    def _decode(self) -> None:
        assert self._thread is not None, "open() comes first"
        self._next: Future[Frame | None] = self._thread.submit(next, self._coming, None)

    def grab(self) -> Sequence[Frame] | None:
        """The newest picture that is due; the next one when flat out."""
        if (frame := self._next.result()) is None:
            return None
        if self.speed is None:
            self._decode()
            return [frame]
        if self._pace is None:  # begun when there is a reader: what comes after open() may take its time
            self._pace = Pace(1.0, self.speed, self._start, self)
        now = self._pace.reach(self._delay + frame.time) - self._delay
        if now < frame.time:
            return []
        self._decode()
        until = lsl.clock() + PULL_WITHIN  # a file that decodes slower than it plays is never caught up with
        # Late: is a newer one due as well?
        while self.speed and now - frame.time >= 1 / self._sfreq and lsl.clock() < until:
            newer = self._next.result()
            if newer is None or newer.time > now:
                break
            self.skipped += 1
            frame = newer
            self._decode()
        return [Frame(frame.image, self._pace.origin + self._delay + frame.time)]

    def lag(self, time: float) -> float:
        """Seconds from the moment the picture with this stamp was due until now; NaN when flat out."""
        if self.speed == FLAT_OUT:
            return math.nan
        return 0.0 if self._pace is None else self._pace.lag(time)

    def close(self) -> None:
        """Let go of the file, once the picture in progress is decoded."""
        self._let_go()
        if self._start is not None:
            self._start.leave(self)

    def _let_go(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        if self._capture is not None:
            self._capture.release()
        self._thread = self._capture = None


def _capture(path: Path) -> Any:
    """OpenCV's way into a file. Raises DatasetError where it is no video."""
    files.check(path)
    if not path.stat().st_size:
        raise DatasetError(f"{path}: an empty file, expected a video")
    name = str(path.absolute())
    if readable(name) != name:  # OpenCV crashes on it
        raise DatasetError(f"{readable(name)}: its name is not in UTF-8; rename it")
    cv2 = opencv()
    # One backend: others take "%" in a name for a series of pictures. A whole path is no address to it.
    capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise DatasetError(f"{path}: cannot be read as a video; expected MP4, MOV, MKV, WebM or AVI")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _decoded(capture: Any) -> Iterator[Raw]:
    """Every picture that can be decoded, however many the file says there are."""
    stamp = opencv().CAP_PROP_POS_MSEC
    while True:
        there, image = capture.read()
        if not there:
            return
        yield image, capture.get(stamp) / 1000


def _stamped(pictures: Iterator[Raw], period: float, stamped: bool) -> Iterator[Frame]:
    """With the seconds since the first: as stamped, or where that is of no use a `period` after the last."""
    cv2, first, last = opencv(), 0.0, -period
    for n, (image, said) in enumerate(pictures):
        first = first if n else said
        time = said - first
        last = time if stamped and time > last else last + period
        yield Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), last)
