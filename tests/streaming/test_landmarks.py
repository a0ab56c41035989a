"""Landmarks of real faces, by the real model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from insightsim.errors import ModelError
from insightsim.face_judge import GONE
from insightsim.follow import box_of
from insightsim.types import Frame, Landmarks
from streaming.camera import decode, opencv
from streaming.landmarks import LONGEST, Landmarker

ROOT = Path(__file__).parents[2]
Image = NDArray[np.uint8]
RATE = 30.0


@pytest.fixture
def landmarker(bundle: Path) -> Iterator[Landmarker]:
    landmarker = Landmarker(bundle)
    yield landmarker
    landmarker.close()


@pytest.fixture(scope="module")
def portrait(shared: Path) -> Image:
    return decode((shared / "data" / "face" / "single_face.jpg").read_bytes())


@pytest.fixture(scope="module")
def group(shared: Path) -> Image:
    return decode((shared / "data" / "face" / "multi_face.jpg").read_bytes())


def watch(
    landmarker: Landmarker, images: list[Image], start: float = 0.0, step: float = 1 / RATE
) -> list[tuple[Landmarks | None, int]]:
    return [landmarker(Frame(image, start + n * step)) for n, image in enumerate(images)]


def resized(image: Image, width: int, height: int) -> Image:
    return np.asarray(opencv().resize(image, (width, height)), np.uint8)


def test_a_face_has_its_landmarks_in_pixels_its_blendshapes_and_its_matrix(
    landmarker: Landmarker, portrait: Image
) -> None:
    face, faces = landmarker(Frame(portrait, 0.0))
    assert faces == 1
    assert face is not None
    assert face.points.shape == (478, 3)
    assert face.blendshapes.shape == (52,)
    assert face.matrix.shape == (4, 4)
    left, top, right, bottom = box_of(face)
    assert 0 < left < right < portrait.shape[1]
    assert 0 < top < bottom < portrait.shape[0]
    assert face.points[152, 1] > face.points[1, 1] > face.points[10, 1]  # chin, nose and brow, from below
    assert face.points[263, 0] > face.points[33, 0]  # her left eye is on the right
    assert face.points[1, 2] < face.points[234, 2]  # the nose is nearer than the ears
    assert face.blendshapes.max() <= 1
    assert face.matrix[2, 3] < 0  # before the camera


def test_a_large_picture_gives_landmarks_in_its_own_pixels(bundle: Path, portrait: Image) -> None:
    small = resized(portrait, 640, 360)
    large = resized(small, 3840, 2160)
    assert max(large.shape) > 2 * LONGEST
    points = []
    for image in (small, large):
        landmarker = Landmarker(bundle)
        face, faces = landmarker(Frame(image, 0.0))
        landmarker.close()
        assert face is not None
        assert faces == 1
        points.append(face.points)
    assert np.abs(points[1] / 6 - points[0]).max() < 8
    assert np.median(np.abs(points[1] / 6 - points[0])) < 1


def test_of_several_one_is_followed_and_all_are_counted(landmarker: Landmarker, group: Image) -> None:
    """Five people, of whom the model sees two."""
    seen = watch(landmarker, [group] * 40)
    assert [faces for _, faces in seen] == [2] * 40
    assert np.ptp([nose(face) for face, _ in seen], axis=0).max() < 5
    assert landmarker.ident == 1


def pasted(*at: tuple[Image, int, int]) -> Image:
    """On a grey picture, each with its upper left corner there."""
    canvas = np.full((480, 640, 3), 90, np.uint8)
    for image, x, y in at:
        shown = image[max(0, -y) :]
        canvas[max(0, y) : max(0, y) + len(shown), x : x + image.shape[1]] = shown[: 480 - max(0, y)]
    return canvas


def nose(face: Landmarks | None) -> tuple[float, float]:
    assert face is not None
    return float(face.points[1, 0]), float(face.points[1, 1])


@pytest.fixture(scope="module")
def larger(portrait: Image) -> Image:
    return resized(portrait, 320, 314)


@pytest.fixture(scope="module")
def smaller(portrait: Image) -> Image:
    return resized(portrait[:, ::-1], 270, 265)


def test_two_faces_that_swap_places_do_not_swap_who_is_followed(
    landmarker: Landmarker, larger: Image, smaller: Image
) -> None:
    """The larger moves to the right, in front; the smaller to the left, lower."""
    places = [(10 + 4 * n, 360 - 4 * n) for n in range(75)]
    seen = watch(landmarker, [pasted((smaller, there, 215), (larger, here, -90)) for here, there in places])
    assert landmarker.ident == 1
    expected = np.array([[here + 163, 90] for here, _ in places])
    noses = np.array([nose(face) for face, _ in seen])
    assert np.abs(noses - expected).max() < 25
    assert {faces for _, faces in seen} == {2}


def test_when_who_is_followed_leaves_for_good_the_other_is_followed_and_not_before(
    landmarker: Landmarker, larger: Image, smaller: Image
) -> None:
    watch(landmarker, [pasted((larger, 10, 0), (smaller, 360, 200))] * 10)
    alone = watch(landmarker, [pasted((smaller, 360, 200))] * 60, start=10 / RATE)
    there = [face is not None for face, _ in alone]
    first = there.index(True)
    assert first == pytest.approx(GONE * RATE, abs=2)
    assert all(there[first:])
    assert nose(alone[-1][0])[0] > 400
    assert alone[-1][1] == 1
    assert landmarker.ident == 2


def test_one_who_looks_away_for_a_moment_is_the_same_though_another_is_there(
    landmarker: Landmarker, larger: Image, smaller: Image
) -> None:
    both, one = pasted((larger, 10, 0), (smaller, 360, 200)), pasted((smaller, 360, 200))
    seen = watch(landmarker, [both] * 10 + [one] * 15 + [both] * 10)
    assert [face for face, _ in seen[10:25]] == [None] * 15
    assert all(nose(face)[0] < 250 for face, _ in seen[:10] + seen[25:])
    assert [faces for _, faces in seen] == [2] * 10 + [1] * 15 + [2] * 10
    assert landmarker.ident == 1


class Counting:
    """The model that counts, how often it was asked, and about how large a picture."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._counter, self.asked = landmarker._counter, 0
        landmarker._counter = self

    def detect(self, image: Any) -> Any:
        self.asked += 1
        self.size = image.width, image.height
        return self._counter.detect(image)

    def close(self) -> None:
        self._counter.close()


def test_what_is_looked_at_is_never_large(landmarker: Landmarker, portrait: Image) -> None:
    counting = Counting(landmarker)
    landmarker(Frame(resized(portrait, 3840, 2160), 0.0))
    assert counting.size == (1280, 720)
    landmarker(Frame(resized(portrait, 1080, 1920), 10.0))
    assert counting.size == (720, 1280)


def test_all_are_counted_now_and_then_and_while_one_is_looked_for(
    landmarker: Landmarker, larger: Image, smaller: Image
) -> None:
    """Once back, the larger is followed by the model that smooths, not by the one that counts."""
    both, one = pasted((larger, 10, 0), (smaller, 360, 200)), pasted((smaller, 360, 200))
    counting = Counting(landmarker)
    watch(landmarker, [both] * 90)
    assert counting.asked == 2
    watch(landmarker, [one] * 15, start=90 / RATE)
    assert counting.asked in (2 + 14, 2 + 15)
    watch(landmarker, [both] * 30, start=105 / RATE)
    assert counting.asked <= 2 + 15 + 3


def test_clocks_that_step_back_or_stand_still_are_no_trouble(landmarker: Landmarker, portrait: Image) -> None:
    for time in (1e6, 1e6, 1e6 - 3600, 1e6 + 3600, 5.0, 5.0001, 5.0002):
        face, _ = landmarker(Frame(portrait, time))
        assert face is not None
    assert landmarker.ident == 1


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"no model")
    with pytest.raises(ModelError, match="MediaPipe cannot load it"):
        Landmarker(path)


def test_a_program_that_uses_it_ends_without_a_word(bundle: Path, shared: Path) -> None:
    """MediaPipe's own says several at the start, and a TypeError at the end where it was not closed."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from streaming.landmarks import Landmarker\n"
        "from streaming.video import Video\n"
        "video, landmarker = Video(Path(sys.argv[1]), None), Landmarker(Path(sys.argv[2]))\n"
        "video.open()\n"
        "print(landmarker(video.grab()[0])[1])\n"
        "print('ours', file=sys.stderr)\n"
        "landmarker.close()\n"
        "landmarker.close()\n"
        "video.close()\n"
    )
    clip = str(shared / "data" / "face" / "face_noface.mov")
    done = subprocess.run(
        [sys.executable, "-c", script, clip, str(bundle)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("1\n", "ours\n")
