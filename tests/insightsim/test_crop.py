from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from insightsim.crop import LEFT_EYE, RIGHT_EYE, crop, square
from insightsim.types import Frame, Landmarks
from tests.faces import face, moved

SIZE = 64
Picture = NDArray[np.uint8]


def painted(places: NDArray[np.float64]) -> Picture:
    """Colours that change slowly, by the place in the face that they are at: (…, 2) → (…, 3)."""
    x, y = places[..., 0], places[..., 1]
    waves = np.stack([np.sin(x / 40), np.cos(y / 55), np.sin((x + y) / 70)], axis=-1)
    return np.asarray(np.rint(127.5 + 120 * waves), np.uint8)


def scene(there: Landmarks, height: int = 480, width: int = 640) -> Picture:
    """A picture of `there`, whose colours turn, move and grow with the face."""
    corner, right, down = square(there)
    axes = np.linalg.inv(np.stack([right, down], axis=1))
    y, x = np.mgrid[:height, :width] + 0.5
    return painted((np.stack([x, y], axis=-1) - corner) @ axes.T * 224)


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(float) - other).max())


WANTED = painted((np.mgrid[:SIZE, :SIZE][::-1].transpose(1, 2, 0) + 0.5) / SIZE * 224)


@pytest.mark.parametrize("angle", [0, 20, -35, 90, 180])
@pytest.mark.parametrize("scale", [0.3, 0.6, 1.0])
def test_however_the_head_is_tilted_and_however_near_it_is_the_crop_is_the_same(
    angle: float, scale: float
) -> None:
    there = moved(face(), Rotation.from_euler("z", angle, degrees=True), scale)
    assert difference(crop(scene(there), there, SIZE), WANTED) <= 6


def test_the_crop_is_the_smallest_square_around_the_mesh_with_level_eyes() -> None:
    there = moved(face(), Rotation.from_euler("z", 17, degrees=True))
    corner, right, down = square(there)
    places = (there.points[:, :2] - corner) @ np.linalg.inv(np.stack([right, down])).astype(np.float32)
    assert (places.min(), places.max()) == pytest.approx((0, 1), abs=1e-4)
    np.testing.assert_allclose(places.min(axis=0) + places.max(axis=0), 1, atol=1e-4)
    eyes = [places[list(eye)].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE)]
    assert eyes[0][1] == pytest.approx(eyes[1][1], abs=1e-5)
    assert eyes[0][0] < eyes[1][0]
    assert right @ down == pytest.approx(0, abs=0.01)


def test_a_pixel_of_a_face_larger_than_the_crop_is_the_mean_of_those_it_covers() -> None:
    there = face()
    checks = np.indices((480, 640)).sum(axis=0) % 2 * 255
    picture = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert np.ptp(crop(picture, there, 32)[4:-4, 4:-4]) <= 4  # grey, not a pattern that was never there


def test_beyond_the_pictures_edge_its_outermost_pixels_go_on() -> None:
    there = moved(face(), Rotation.identity(), shift=(-320, 0))
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, 0] = 200
    cropped = crop(picture, there, 224)
    assert (cropped[:, : 224 // 4] == 200).all()
    assert (cropped[:, -1] == 0).all()


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-2000, 2000),
    st.floats(-2000, 2000),
    st.floats(0.0, 12.0),
    st.floats(-180, 180),
    st.sampled_from([(1, 1), (3, 700), (480, 640), (2, 2)]),
    st.sampled_from([1, 7, 64, 224]),
)
def test_wherever_a_face_is_said_to_be_a_crop_has_its_size_and_colours_that_are_there(
    x: float, y: float, scale: float, angle: float, shape: tuple[int, int], size: int
) -> None:
    there = moved(face(), Rotation.from_euler("z", angle, degrees=True), scale, (x, y))
    picture = np.full((*shape, 3), (10, 120, 250), np.uint8)
    cropped = crop(picture, there, size)
    assert (cropped.shape, cropped.dtype) == ((size, size, 3), np.uint8)
    assert difference(cropped, np.broadcast_to(picture[0, 0], cropped.shape)) <= 1


def test_what_goes_in_is_left_alone() -> None:
    there, picture = face(), np.zeros((480, 640, 3), np.uint8)
    picture.flags.writeable = there.points.flags.writeable = False
    crop(picture, there, SIZE)


@pytest.mark.parametrize("turned", [0, 25])
def test_a_real_face_is_found_again_in_its_crop_upright_and_filling_it(
    shared: Path, bundle: Path, turned: float
) -> None:
    import cv2

    from streaming.landmarks import Landmarker

    def seen(image: Picture) -> Landmarks:
        landmarker = Landmarker(bundle)
        try:
            found, _ = landmarker(Frame(image, 0.0))
        finally:
            landmarker.close()
        assert found is not None
        return found

    path = str(shared / "data" / "face" / "single_face.jpg")
    image = np.asarray(cv2.imread(path, cv2.IMREAD_COLOR_RGB), np.uint8)
    tilt = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), turned, 1.0)
    image = np.asarray(cv2.warpAffine(image, tilt, image.shape[1::-1]), np.uint8)
    cropped = crop(image, seen(image), 224)
    margin = cv2.copyMakeBorder(cropped, 112, 112, 112, 112, cv2.BORDER_REPLICATE)  # or none would be found
    again = seen(np.asarray(margin, np.uint8))
    again = replace(again, points=again.points - (112, 112, 0))
    box = again.points[:, :2]
    assert np.ptp(box, axis=0).max() == pytest.approx(224, rel=0.05)
    np.testing.assert_allclose((box.min(axis=0) + box.max(axis=0)) / 2, 112, atol=8)
    left, right = (again.points[list(eye), :2].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE))
    assert np.degrees(np.arctan2(*(right - left)[::-1])) == pytest.approx(0, abs=2)
    assert left[1] < 112, "upside down"
