"""What is watched to learn a neutral face: after the countdown, for so long, whatever the camera does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from insightsim.errors import StreamLost
from insightsim.types import Frame, Landmarks
from streaming.camera import FrameInfo, Frames
from tests.faces import face
from tools import neutral
from tools.neutral import COUNTDOWN, watch


class Pictures:
    """Stands in for a camera: a picture every tenth of a second, now and then none, and an end or a loss."""

    query = "made-up"
    skipped = 0

    def __init__(self, n: int, lost: bool = False) -> None:
        self.coming = [[Frame(np.zeros((1, 1, 3), np.uint8), 50 + i / 10)] if i % 3 else [] for i in range(n)]
        self.lost = lost

    def open(self, within: float = 0.0) -> FrameInfo:
        return FrameInfo("made-up", 10.0)

    def grab(self) -> Sequence[Frame] | None:
        if self.coming:
            return self.coming.pop(0)
        if self.lost:
            raise StreamLost("made-up is gone")
        return None

    def lag(self, time: float) -> float:
        return 0.0

    def close(self) -> None:
        pass


def seen(frame: Frame) -> tuple[Landmarks | None, int]:
    """A face in every picture but those of the second second."""
    return (None, 0) if 51 <= frame.time < 52 else (face(), 1)


@pytest.mark.parametrize(
    ("source", "name", "lead"),
    [
        ("camera:0", "camera:0", COUNTDOWN),
        ("rtsp://anna:secret@host/live", "rtsp://…@host/live", COUNTDOWN),
        ("video:/mnt/anna/rest.mp4", "video:rest.mp4", 0.0),
    ],
)
def test_whoever_sits_before_a_camera_is_counted_down_to(
    source: str, name: str, lead: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def watched(frames: Frames, lead: float, seconds: float, bundle: str) -> list[Landmarks | None]:
        given.append(lead)
        raise KeyboardInterrupt

    monkeypatch.setattr(neutral, "_watched", watched)
    with pytest.raises(KeyboardInterrupt):
        neutral.neutral(source, tmp_path / "me.json")
    assert given == [lead]
    assert neutral._frames(source)[1] == name


def test_the_countdown_comes_first_and_then_so_many_seconds() -> None:
    times, faces = zip(*watch(Pictures(1000), seen, lead=1.0, seconds=2.0), strict=True)
    assert times[0] == pytest.approx(-1.0)
    assert times[-1] == pytest.approx(1.8)
    assert [each is None for each in faces] == [51 <= 51.1 + at < 52 for at in times]


def test_a_video_may_end_earlier() -> None:
    times = [at for at, _ in watch(Pictures(13), seen, lead=0.0, seconds=60.0)]
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(1.0)


def test_a_camera_that_is_lost_ends_it_with_its_own_words() -> None:
    with pytest.raises(StreamLost, match="made-up is gone"):
        list(watch(Pictures(5, lost=True), seen, lead=0.0, seconds=60.0))
