"""From the pictures of real clips to rows of action units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from insightsim.aus import COLUMNS, FACE_ID, FACES, INTENSITIES, LANDMARKS, SKIPPED
from insightsim.errors import DatasetError, ModelError, StreamLost
from insightsim.face import ActionUnits
from insightsim.types import Frame, Landmarks, Signal, join
from streaming import face_source
from streaming.camera import FrameInfo, decode
from streaming.face_source import FaceSource
from streaming.landmarks import Landmarker
from streaming.video import Video
from tests.faces import face, with_points


def rows(source: FaceSource) -> Signal:
    """All there are; the source is closed."""
    source.open()
    chunks = [chunk for chunk in iter(source.pull, None)]
    source.close()
    source.close()
    return join(chunks)


def column(signal: Signal, name: str) -> list[float]:
    return [float(value) for value in signal.data[:, signal.ch_names.index(name)]]


def clip(shared: Path, name: str) -> Video:
    return Video(shared / "data" / "face" / name, speed=None)


def test_every_picture_of_a_clip_with_one_face_gives_a_row_of_numbers(shared: Path, bundle: Path) -> None:
    signal = rows(FaceSource(clip(shared, "WolfgangLanger_Pexels.mp4"), lambda: bundle))
    assert (signal.stream, signal.unit) == ("face", LANDMARKS)
    assert signal.ch_names == (*COLUMNS, FACES, SKIPPED, FACE_ID)
    assert signal.sfreq == pytest.approx(23.976, abs=1e-3)
    assert len(signal) == 472
    np.testing.assert_allclose(signal.times, np.arange(472) / signal.sfreq, atol=1e-3)
    assert column(signal, "success") == [1.0] * 472
    assert column(signal, FACES) == [1.0] * 472
    assert column(signal, SKIPPED) == [0.0] * 472
    assert column(signal, FACE_ID) == [1.0] * 472
    assert np.isfinite(signal.data).all()


class Twice:
    """A clip played twice, one time after the other."""

    skipped = 0

    def __init__(self, make: Callable[[], Video]) -> None:
        self.query = "twice"
        self._make = make

    def open(self, within: float = 0.0) -> FrameInfo:
        self._left, self._video, self._shift, self._last = 1, self._make(), 0.0, 0.0
        return self._video.open()

    def grab(self) -> Sequence[Frame] | None:
        frames = self._video.grab()
        if frames is None and self._left:
            self._left, self._shift = 0, self._last + 1 / 24
            self._video.close()
            self._video.open()
            frames = self._video.grab()
        if frames is None:
            return None
        shifted = [Frame(frame.image, frame.time + self._shift) for frame in frames]
        self._last = shifted[-1].time
        return shifted

    def lag(self, time: float) -> float:
        return 0.0

    def close(self) -> None:
        self._video.close()


def test_a_face_is_lost_with_its_last_picture_no_false_detection_is_one_and_it_is_regained(
    shared: Path, bundle: Path
) -> None:
    """In picture 163 the model sees a face in a cartoon."""
    signal = rows(FaceSource(Twice(lambda: clip(shared, "face_noface.mov")), lambda: bundle))
    once = [1.0] * 72 + [0.0] * 97
    assert column(signal, "success") == once * 2
    for name in INTENSITIES:
        assert [np.isnan(value) for value in column(signal, name)] == [not there for there in once] * 2
    assert column(signal, FACES) == once * 2


def test_a_clip_without_a_face_never_has_one(shared: Path, bundle: Path) -> None:
    signal = rows(FaceSource(clip(shared, "no_face.mp4"), lambda: bundle))
    assert len(signal) == 95
    assert column(signal, "success") == [0.0] * 95
    assert np.isnan(signal.data[:, 2 : len(COLUMNS)]).all()


class Still:
    """One picture, so many times; then the end, or the loss of the camera."""

    skipped = 7

    def __init__(self, image: np.ndarray, n_frames: int, lost: bool = False) -> None:
        self.query = "still"
        self.image, self.n_frames, self.lost = image, n_frames, lost
        self.closed = 0

    def open(self, within: float = 0.0) -> FrameInfo:
        self._frames = iter([Frame(self.image, n / 25) for n in range(self.n_frames)])
        return FrameInfo("still", 25.0, ("made of one picture",))

    def grab(self) -> Sequence[Frame] | None:
        frame = next(self._frames, None)
        if frame is None and self.lost:
            raise StreamLost("unplugged")
        return None if frame is None else [frame]

    def lag(self, time: float) -> float:
        return 0.25

    def close(self) -> None:
        self.closed += 1


def picture(shared: Path, name: str) -> np.ndarray:
    return decode((shared / "data" / "face" / name).read_bytes())


def test_of_a_group_one_is_followed_and_the_number_told(shared: Path, bundle: Path) -> None:
    signal = rows(FaceSource(Still(picture(shared, "multi_face.jpg"), 20), lambda: bundle))
    assert column(signal, FACES) == [2.0] * 20
    assert column(signal, "success") == [1.0] * 20
    assert column(signal, SKIPPED) == [7.0] * 20


def test_a_picture_that_shows_too_shortly_is_no_face(shared: Path, bundle: Path) -> None:
    signal = rows(FaceSource(Still(picture(shared, "single_face.jpg"), 2), lambda: bundle))
    assert column(signal, "success") == [0.0, 0.0]


class Counted(Landmarker):
    """One that tells which of them are open."""

    open: ClassVar[list[Counted]] = []

    def __init__(self, bundle: Path) -> None:
        super().__init__(bundle)
        self.open.append(self)

    def close(self) -> None:
        super().close()
        self.open.remove(self)


def test_a_lost_camera_is_opened_again_with_what_was_learnt_of_its_face(
    shared: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_source, "Landmarker", Counted)
    asked = []
    still = Still(picture(shared, "single_face.jpg"), 5, lost=True)
    source = FaceSource(still, lambda: asked.append(1) or bundle)
    for _ in range(2):
        info = source.open()
        assert info.notes == ("made of one picture",)
        assert len(Counted.open) == 1
        pulled = [len(source.pull() or ()) for _ in range(5)]
        assert sum(pulled) == 5
        with pytest.raises(StreamLost):
            source.pull()
        source.close()
        assert Counted.open == []
    assert source.lag(0.0) == 0.25
    assert still.closed == 2
    assert len(asked) == 1  # the model was looked for once


def test_what_is_wrong_with_model_or_video_is_said_before_anything_else(
    shared: Path, bundle: Path, tmp_path: Path
) -> None:
    def missing() -> Path:
        raise ModelError("no model")

    still = Still(np.zeros((4, 4, 3), np.uint8), 1)
    with pytest.raises(ModelError, match="no model"):
        FaceSource(still, missing).open()
    source = FaceSource(Video(tmp_path / "missing.mp4"), lambda: bundle)
    with pytest.raises(DatasetError, match="no such file"):
        source.open()
    source.close()


class Told:
    """In place of a landmark model: who is seen in each picture, (face, number of faces, ident)."""

    seen: Sequence[tuple[Landmarks | None, int, int]] = ()

    def __init__(self, bundle: Path) -> None:
        self._seen = iter(self.seen)
        self.ident = 0

    def __call__(self, frame: Frame) -> tuple[Landmarks | None, int]:
        there, faces, self.ident = next(self._seen)
        return there, faces

    def close(self) -> None:
        """Nothing to let go of."""


def told(
    monkeypatch: pytest.MonkeyPatch,
    *seen: tuple[Landmarks | None, int, int, int],
    units: ActionUnits | None = None,
) -> Signal:
    """The rows of stretches of pictures: who is seen, how many there are, ident, number of pictures."""
    monkeypatch.setattr(Told, "seen", [each[:3] for each in seen for _ in range(each[3])])
    monkeypatch.setattr(face_source, "Landmarker", Told)
    still = Still(np.zeros((1, 1, 3), np.uint8), sum(each[3] for each in seen))
    return rows(FaceSource(still, lambda: Path(), units))


SMILING, OTHER = with_points(face(), (0, 0.25, 0), 61, 291), face(seed=2)


@pytest.mark.parametrize("faces", [1, 2])
def test_only_of_another_person_a_new_rest_is_learnt_from_their_first_picture_on(
    monkeypatch: pytest.MonkeyPatch, faces: int
) -> None:
    """As the ident says late, when pictures were held back already."""
    signal = told(
        monkeypatch, (face(), faces, 1, 100), (None, 0, 1, 30), (SMILING, 1, 1, 2), (SMILING, 1, 2, 100)
    )
    smile, confidence, person = (column(signal, name) for name in ("AU12_r", "confidence", FACE_ID))
    if faces == 1:
        assert person == [1.0] * 232
        assert min(smile[130:]) > 1.0
        assert confidence[130] == 1.0
    else:
        assert person == [1.0] * 130 + [2.0] * 102
        assert max(smile[130:]) < 0.1
        assert confidence[130] == 0.5


def test_a_neutral_face_that_was_given_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from insightsim import neutral

    units = ActionUnits(neutral.learn([face()] * 40))
    signal = told(monkeypatch, (face(), 2, 1, 10), (None, 1, 1, 30), (OTHER, 1, 2, 10), units=units)
    assert column(signal, FACE_ID)[-1] == 2.0
    assert column(signal, "confidence")[-1] == 1.0


def test_a_face_that_is_no_face_in_the_end_gives_none_of_the_pictures_held_back_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of several pictures that settle at once has its own row."""
    signal = told(monkeypatch, (face(), 1, 0, 2), (None, 0, 0, 1), (face(), 1, 1, 4))
    assert column(signal, "success") == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    moving = [with_points(face(), (0, 0.05 * n, 0), 61, 291) for n in range(4)]
    signal = told(monkeypatch, *[(each, 1, 1, 1) for each in (*moving, None)])
    alone = ActionUnits()
    expected = [alone(n / 25, each) for n, each in enumerate((*moving, None))]
    np.testing.assert_array_equal(signal.data[:, : len(COLUMNS)], np.stack(expected))
