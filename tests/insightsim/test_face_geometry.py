"""A turn of the head leaves what is measured of a face as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from insightsim.face_geometry import (
    EYEBALL,
    RIGID,
    Measure,
    Measures,
    angles,
    frontal,
    gaze,
    similarity,
    turn,
    upright,
)
from tests.faces import face, moved, with_points

turns = st.tuples(*[st.floats(-60, 60)] * 3).map(
    lambda angles: Rotation.from_euler("XYZ", angles, degrees=True)
)

patiently = settings(deadline=None)  # a busy machine takes its time


@patiently
@given(turns, st.floats(0.2, 5), st.integers(0, 99))
def test_a_similarity_is_that_of_scipy(turned: Rotation, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fixed = rng.standard_normal((18, 3))
    moving = turned.apply(fixed) * scale + rng.standard_normal(3) + rng.normal(0, 0.05, (18, 3))
    found, rotation = similarity(moving, fixed)
    centred = moving - moving.mean(axis=0)
    witness = Rotation.align_vectors(fixed - fixed.mean(axis=0), centred)[0]
    assert rotation == pytest.approx(witness.as_matrix(), abs=1e-9)
    # With the rotation known, the scale is a least squares of one unknown.
    scales = np.linalg.lstsq(witness.apply(centred).reshape(-1, 1), (fixed - fixed.mean(axis=0)).ravel())[0]
    assert found == pytest.approx(scales[0], rel=1e-9)


def test_a_similarity_is_never_a_reflection() -> None:
    fixed = np.random.default_rng(3).standard_normal((18, 3))
    _, rotation = similarity(fixed * (-1, 1, 1), fixed)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_points_that_are_all_one_have_no_scale() -> None:
    scale, rotation = similarity(np.ones((18, 3)), np.random.default_rng(1).standard_normal((18, 3)))
    assert scale == 0.0
    assert np.isfinite(rotation).all()


@patiently
@given(turns)
def test_angles_are_those_of_scipy_with_the_signs_of_openface(turned: Rotation) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = turned.as_matrix()
    flip = np.diag([1.0, -1.0, -1.0])  # OpenFace looks along z, with y down
    witness = Rotation.from_matrix(flip @ turned.as_matrix() @ flip).as_euler("XYZ")
    assert angles(matrix) == pytest.approx(tuple(witness), abs=1e-9)


@patiently
@given(turns, st.floats(0.3, 3))
def test_the_front_is_the_same_however_the_head_is_turned(turned: Rotation, scale: float) -> None:
    straight = face()
    assert frontal(moved(straight, turned, scale)) == pytest.approx(frontal(straight), abs=1e-4)


def test_the_front_is_in_canthal_units() -> None:
    shape = frontal(face())
    ends = [np.flatnonzero(point == RIGID)[0] for point in (33, 263)]
    assert np.linalg.norm(shape[ends[0]] - shape[ends[1]]) == pytest.approx(1.0)
    assert shape.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)


@patiently
@given(turns, st.floats(0.3, 3))
def test_heights_and_distances_are_those_of_the_face_from_the_front(turned: Rotation, scale: float) -> None:
    measures = Measures(
        [
            Measure({(10, 338): 2.0, (152,): -1.0}),
            Measure({}, {(61, 291): 1.0, (13, 14): -0.5}),
            Measure(),
        ]
    )
    straight = face()
    there = straight.points.astype(float) * (1, -1, -1) / 120  # canthal units
    expected = [
        2 * there[[10, 338], 1].mean() - there[152, 1],
        np.linalg.norm(there[61] - there[291]) - 0.5 * np.linalg.norm(there[13] - there[14]),
        0.0,
    ]
    found = moved(straight, turned, scale)
    # A height is told up to where the face stands in the picture: weights of one measure add to 0 in use.
    middle = there.mean(axis=0)[1]
    seen = measures(found, turn(found, frontal(straight)))
    offset = upright(found.points, np.arange(478)).mean(axis=0) @ turn(found, frontal(straight)).T
    assert seen[0] - offset[1] == pytest.approx(expected[0] - middle, abs=1e-3)
    assert seen[1:] == pytest.approx(expected[1:], abs=1e-3)


@pytest.mark.parametrize(("aside", "up"), [(0.3, 0.0), (-0.2, 0.1), (0.0, -0.3)])
def test_eyes_that_turn_are_seen_to_look_there(aside: float, up: float) -> None:
    at = (EYEBALL * np.sin(aside), EYEBALL * np.sin(up), 0.0)
    looking = with_points(face(), at, 468, 473)
    x, y = gaze(looking, turn(looking, frontal(face())))
    assert (x, y) == pytest.approx((aside, -up), abs=0.03)  # OpenFace's y points down


@patiently
@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_eyes_turn_with_the_head(aside: float, up: float) -> None:
    straight = face()
    ahead = Rotation.from_euler("YX", [aside, -up])
    head = moved(straight, ahead)
    to = ahead.apply([0, 0, 1])
    expected = (np.arctan2(to[0], to[2]), np.arctan2(-to[1], to[2]))
    assert gaze(head, turn(head, frontal(straight))) == pytest.approx(expected, abs=0.02)
