from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from insightsim import made_face
from insightsim.aus import COLUMNS, POSE
from insightsim.displays import Traits, draw_traits
from insightsim.openface_columns import EYES_3D, FACE_2D, FACE_3D, ORIGINAL, RIGID
from insightsim.simulate_face import trials

SOMEONE = draw_traits(np.random.default_rng(1))


def face(someone: Traits = SOMEONE, **values: float) -> dict[str, np.ndarray]:
    """A head half a metre before the camera, straight and at rest but for what is given; by column."""
    row = dict.fromkeys(COLUMNS, 0.0) | {"confidence": 1.0, "success": 1.0, "pose_Tz": 500.0} | values
    made = made_face.columns(someone, np.array([[row[name] for name in COLUMNS]], np.float32))[0]
    return dict(zip(ORIGINAL, made, strict=True))


def points(made: dict[str, np.ndarray], names: tuple[str, ...], n_axes: int) -> np.ndarray:
    return np.array([made[name] for name in names]).reshape(n_axes, -1).T


def test_the_head_turns_and_moves_as_a_rigid_body() -> None:
    """Against scipy: about the head's own x, then y, then z."""
    pose = dict(zip(POSE, (20.0, -10.0, 700.0, 0.2, -0.3, 0.1), strict=True))
    still, moved = (points(face(**values), FACE_3D, 3) for values in ({}, pose))
    turned = Rotation.from_euler("XYZ", [0.2, -0.3, 0.1]).apply(still - (0, 0, 500))
    np.testing.assert_allclose(moved, turned + np.array([20, -10, 700]), atol=1e-3)


def test_the_picture_is_what_a_camera_would_see() -> None:
    made = face(pose_Tx=30.0, pose_Ry=0.2)
    there, seen = points(made, FACE_3D, 3), points(made, FACE_2D, 2)
    np.testing.assert_allclose(seen, 500 * there[:, :2] / there[:, 2:] + (320, 240), atol=1e-2)
    assert np.ptp(seen[:, 0]) == pytest.approx(500 * np.ptp(there[:, 0]) / 500, rel=0.1)
    assert made["p_scale"] == 1
    assert [made[name] for name in RIGID[1:4]] == pytest.approx([0, 0.2, 0])


def test_the_points_stand_where_a_face_has_them() -> None:
    average = np.mean([points(face(draw_traits(np.random.default_rng(i))), FACE_3D, 3) for i in range(20)], 0)
    x, y = average[:, 0], average[:, 1]
    assert (np.diff(x[:17]) > 0).all()  # the jaw, from the picture's left to its right
    assert y[8] == y.max()  # the chin
    assert y[17:27].max() < y[36:48].min() < y[27:36].max() < y[48:68].min() < y[8]
    assert average[30, 2] == average[:, 2].min()  # the tip of the nose is nearest
    np.testing.assert_allclose(x[36:42], -x[[45, 44, 43, 42, 47, 46]], atol=1e-4)
    for lips in (slice(48, 60), slice(60, 68)):
        assert x[lips].argmin() == 0
        assert y[lips].argmin() == (lips.stop - lips.start) // 4


@pytest.mark.parametrize(
    ("unit", "measure"),
    [
        ("AU12_r", lambda p: p[54, 0] - p[48, 0]),
        ("AU12_r", lambda p: -p[54, 1]),
        ("AU15_r", lambda p: p[54, 1]),
        ("AU01_r", lambda p: -p[21, 1]),
        ("AU02_r", lambda p: -p[17, 1]),
        ("AU04_r", lambda p: p[21, 1]),
        ("AU25_r", lambda p: p[66, 1] - p[62, 1]),
        ("AU26_r", lambda p: p[8, 1]),
        ("AU45_r", lambda p: -(p[41, 1] - p[37, 1])),
        ("AU09_r", lambda p: -p[33, 1]),
    ],
)
def test_an_action_unit_moves_the_points_that_it_moves_in_a_face(unit: str, measure) -> None:
    steps = [measure(points(face(**{unit: step}), FACE_3D, 3)) for step in (0.0, 1.0, 3.0)]
    assert steps[1] - steps[0] > 0.3
    assert steps[2] - steps[0] == pytest.approx(3 * (steps[1] - steps[0]), rel=1e-3)


def test_the_eyes_look_where_the_gaze_says() -> None:
    made = face(gaze_angle_x=0.3, gaze_angle_y=-0.1)
    for eye in (0, 1):
        vector = np.array([made[f"gaze_{eye}_{axis}"] for axis in "xyz"])
        assert np.linalg.norm(vector) == pytest.approx(1)
    both = [sum(made[f"gaze_{eye}_{axis}"] for eye in (0, 1)) for axis in "xyz"]
    assert np.arctan2(both[0], -both[2]) == pytest.approx(0.3, abs=0.01)
    assert np.arctan2(both[1], -both[2]) == pytest.approx(-0.1, abs=0.01)
    assert face()["gaze_0_x"] > 0 > face()["gaze_1_x"]  # each a little towards the nose
    irises = points(made, EYES_3D, 3)[:8].mean(axis=0) - points(face(), EYES_3D, 3)[:8].mean(axis=0)
    assert irises[0] > 1
    assert irises[1] < 0


def test_where_there_is_no_face_there_is_nothing() -> None:
    someone, rows, _ = next(trials(2, 1.0, 1, 1, 30.0))
    rows = rows.copy()
    rows[10:20, 2:] = np.nan
    made = made_face.columns(someone, rows)
    np.testing.assert_array_equal(np.isnan(made).all(axis=1), np.isnan(rows).any(axis=1))
    assert np.isfinite(made[~np.isnan(rows).any(axis=1)]).all()
    assert (made[~np.isnan(rows).any(axis=1)].std(axis=0) > 0).sum() > 690  # but for displays that never came
