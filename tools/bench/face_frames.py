"""Time per picture, ours beside the bare FaceLandmarker's, turn by turn on the same pictures.

Run as python -m tools.bench.face_frames VIDEO BUNDLE; prints seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from insightsim.face import ActionUnits
from insightsim.types import Frame
from streaming.camera import FrameInfo
from streaming.face_source import FaceSource
from streaming.landmarks import Landmarker
from streaming.video import Video
from tools.bench.bare_face import Bare

MOST = 300
"""Pictures that are looked at."""
WARM = 20
"""Pictures that do not count: whatever is done once is done by then."""


class InMemory:
    """Pictures that are there already, so that decoding them is no part of what is timed."""

    query = "memory"
    skipped = 0

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = iter(frames)

    def open(self, within: float = 0.0) -> FrameInfo:
        """Nothing to open."""
        return FrameInfo("memory", 30.0)

    def grab(self) -> Sequence[Frame] | None:
        """The next picture."""
        frame = next(self._frames, None)
        return None if frame is None else [frame]

    def lag(self, time: float) -> float:
        """None that matters."""
        return 0.0

    def close(self) -> None:
        """Nothing to let go of."""


def pictures(video: str) -> list[Frame]:
    """The first pictures of a video."""
    source, found = Video(Path(video), speed=None), list[Frame]()
    source.open()
    while len(found) < MOST and (frames := source.grab()) is not None:
        found += frames
    source.close()
    return found


def main(video: str, bundle: str) -> None:
    """Print the median seconds of a picture: bare, to action units, and the arithmetic of these alone."""
    frames = pictures(video)
    bare, source = Bare(Path(bundle)), FaceSource(InMemory(frames), lambda: Path(bundle))
    source.open()
    floor, ours = [], []
    for frame in frames:
        start = perf_counter()
        bare(frame)
        between = perf_counter()
        source.pull()
        floor.append(between - start)
        ours.append(perf_counter() - between)
    bare.close()
    source.close()
    found = {
        "bare": float(np.median(floor[WARM:])),
        "ours": float(np.median(ours[WARM:])),
        "arithmetic": _arithmetic(frames, Path(bundle)),
        "frames": len(frames),
        "width": frames[0].image.shape[1],
        "height": frames[0].image.shape[0],
    }
    sys.stdout.write(json.dumps(found))


def _arithmetic(frames: Sequence[Frame], bundle: Path) -> float:
    """Median seconds of the action units of a picture whose landmarks are known."""
    landmarker, units, took = Landmarker(bundle), ActionUnits(), []
    faces = [(frame.time, landmarker(frame)[0]) for frame in frames]
    landmarker.close()
    for time, face in faces:
        start = perf_counter()
        units(time, face)
        took.append(perf_counter() - start)
    return float(np.median(took[WARM:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
