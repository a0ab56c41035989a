"""Action units of one face, frame by frame, on made-up meshes; test_real_faces.py has the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from insightsim import neutral
from insightsim.aus import AUS, COLUMNS, INTENSITIES, PRESENCES, UNSETTLED
from insightsim.face import WARM_UP, ActionUnits
from insightsim.face_geometry import RIGID
from insightsim.face_signals import RULES, SHAPES
from insightsim.types import Landmarks
from tests.faces import face, moved, with_points, with_shapes

STILL = neutral.learn([face()] * 40)


def shut() -> Landmarks:
    """Lips closed: one point on the other."""
    apart = (face().points[13] - face().points[14]) / 120 * (1, -1, -1)
    return with_points(face(), tuple(apart.tolist()), 14)  # type: ignore[arg-type]


SHUT = neutral.learn([shut()] * 40)
AT = {name: i for i, name in enumerate(COLUMNS)}
PAIRS = [
    (33, 263), (133, 362), (127, 356), (234, 454), (468, 473), (55, 285), (107, 336), (46, 276), (63, 293),
    (70, 300), (159, 386), (145, 374), (61, 291), (48, 278), (64, 294), (37, 267), (98, 327),
]  # fmt: skip
"""Points of the right and the left half of a face, of those that anything is read from."""

turns = st.tuples(st.floats(-25, 25), st.floats(-35, 35), st.floats(-60, 60)).map(
    lambda angles: Rotation.from_euler("XYZ", angles, degrees=True)
)

patiently = settings(deadline=None)  # a busy machine takes its time
nudges = st.tuples(*[st.floats(-0.05, 0.05)] * 3)


def rows(units: ActionUnits, faces: Sequence[Landmarks | None], fps: float = 25.0) -> NDArray[np.float32]:
    return np.stack([units(i / fps, each) for i, each in enumerate(faces)])


def aus(row: NDArray[np.float32]) -> NDArray[np.float32]:
    return row[AT["AU01_r"] :]


@patiently
@given(turns, st.floats(0.4, 2.5), st.floats(-200, 200), nudges)
def test_turned_nearer_or_elsewhere_a_face_has_the_same_action_units(
    turned: Rotation, scale: float, shift: float, nudge: tuple[float, float, float]
) -> None:
    expression = with_shapes(with_points(face(), nudge, 55, 14, 61, 152), 0.9, *SHAPES["mouthSmile"])
    straight = ActionUnits(STILL)(0.0, expression)
    found = ActionUnits(STILL)(0.0, moved(expression, turned, scale, (shift, -shift)))
    intensities = slice(AT["AU01_r"], AT["AU45_r"] + 1)
    assert found[intensities] == pytest.approx(straight[intensities], abs=0.01)


@patiently
@given(nudges, st.integers(0, 20))
def test_a_mirrored_face_has_the_same_action_units(nudge: tuple[float, float, float], seed: int) -> None:
    lopsided = with_points(face(seed), nudge, 55, 61, 133, 159)
    points = lopsided.points * (-1, 1, 1) + (640, 0, 0)
    for right, left in PAIRS:
        points[[right, left]] = points[[left, right]]
    shapes = lopsided.blendshapes.copy()
    for pair in SHAPES.values():
        shapes[list(pair)] = shapes[list(pair[::-1])]
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirrored = Landmarks(points.astype(np.float32), shapes, mirror @ lopsided.matrix @ mirror)
    still = neutral.learn([face(seed)] * 40)
    straight = ActionUnits(still)(0.0, lopsided)
    found = ActionUnits(replace(still, shape=_mirrored(still.shape)))(0.0, mirrored)
    assert aus(found) == pytest.approx(aus(straight), abs=0.01)
    assert found[AT["gaze_angle_x"]] == pytest.approx(-straight[AT["gaze_angle_x"]], abs=0.01)


def _mirrored(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    at = {point: i for i, point in enumerate(RIGID.tolist())}
    mirrored = shape * (-1, 1, 1)
    for right, left in PAIRS:
        if right in at:
            mirrored[[at[right], at[left]]] = mirrored[[at[left], at[right]]]
    return mirrored


@pytest.mark.parametrize(
    ("au", "by", "points"),
    [
        ("01", (0, 0.08, 0), (55, 107, 285, 336)),
        ("02", (0, 0.15, 0), (46, 63, 70, 276, 293, 300)),
        ("04", (0, -0.08, 0), (55, 107, 285, 336)),
        ("09", (0, 0.08, 0), (48, 278, 64, 294)),
        ("10", (0, 0.08, 0), (0, 37, 267)),
        ("12", (0, 0.25, 0), (61, 291)),
        ("26", (0, -0.1, 0), (152, 199)),
    ],
)
def test_points_that_move_as_facs_says_raise_their_action_unit(
    au: str, by: tuple[float, float, float], points: tuple[int, ...]
) -> None:
    units = ActionUnits(STILL)
    assert units(0.0, face())[AT[f"AU{au}_r"]] == pytest.approx(0.0, abs=1e-3)
    there = units(0.1, with_points(face(), by, *points))
    assert there[AT[f"AU{au}_r"]] >= 1.0
    assert there[AT[f"AU{au}_c"]] == 1.0
    back = units(0.2, with_points(face(), tuple(-each for each in by), *points))  # type: ignore[arg-type]
    assert back[AT[f"AU{au}_r"]] == 0.0
    assert back[AT[f"AU{au}_c"]] == 0.0


@pytest.mark.parametrize(
    ("au", "by", "points", "intensity"),
    [
        ("01", (0, 0.05, 0), (55, 107, 285, 336), 0.05 * 16.8),
        ("26", (0, -0.1, 0), (152, 199), 0.1 * 19.5),
        ("25", (0, -0.1, 0), (14,), 0.1 * 15),
        ("12", (0, 0.2, 0), (61, 291), 0.2 * 5),
    ],
)
def test_how_strong_an_action_unit_is_for_a_distance_is_as_measured(
    au: str, by: tuple[float, float, float], points: tuple[int, ...], intensity: float
) -> None:
    """The table in docs/face.md: intensities per distance between the outer corners of the eyes."""
    found = ActionUnits(SHUT)(0.0, with_points(shut(), by, *points))
    assert found[AT[f"AU{au}_r"]] == pytest.approx(intensity, abs=0.01)


def test_how_strong_a_smile_is_for_its_blendshape_is_as_set() -> None:
    still = neutral.learn([with_shapes(face(), 0.0, *SHAPES["mouthSmile"])] * 40)
    found = ActionUnits(still)(0.0, with_shapes(face(), 0.9, *SHAPES["mouthSmile"]))
    assert found[AT["AU12_r"]] == pytest.approx(0.9 * 2.2, abs=0.01)


@pytest.mark.parametrize("au", [au for au, rule in RULES.items() if rule.shapes])
def test_blendshapes_raise_the_action_units_they_stand_for(au: str) -> None:
    shapes = [i for name in RULES[au].shapes for i in SHAPES[name]]
    still = neutral.learn([with_shapes(face(), 0.0, *shapes)] * 40)
    there = ActionUnits(still)(0.0, with_shapes(face(), 1.0, *shapes))
    assert there[AT[f"AU{au}_c"]] == 1.0
    if au in AUS:
        assert there[AT[f"AU{au}_r"]] >= 1.0


def test_closing_lids_are_a_blink_and_parting_lips_are_lips_apart() -> None:
    lids = with_points(with_points(face(), (0, -0.06, 0), 159, 386), (0, 0.05, 0), 145, 374)
    closed = with_shapes(lids, 0.9, *SHAPES["eyeBlink"])
    assert ActionUnits(STILL)(0.0, closed)[AT["AU45_r"]] > 1.0
    shut = with_points(face(), tuple((face().points[13] - face().points[14]) / 120 * (1, -1, -1)), 14)
    assert ActionUnits(neutral.learn([shut] * 40))(0.0, with_points(shut, (0, -0.2, 0), 14))[
        AT["AU25_r"]
    ] == pytest.approx(3.0, abs=0.05)


def test_where_closed_eyes_look_is_where_they_last_looked() -> None:
    units = ActionUnits(STILL)
    aside = with_points(face(), (0.05, 0, 0), 468, 473)
    before = units(0.0, aside)
    closed = with_shapes(
        with_points(with_points(face(), (0, -0.06, 0), 159, 386), (0, 0.05, 0), 145, 374),
        0.9,
        *SHAPES["eyeBlink"],
    )
    during = units(0.04, closed)
    assert during[AT["AU45_r"]] > 1.0
    assert during[2:4] == pytest.approx(before[2:4])
    assert units(0.08, face())[AT["gaze_angle_x"]] != pytest.approx(before[AT["gaze_angle_x"]], abs=0.1)


def test_head_pose_is_in_millimetres_and_radians_of_openface() -> None:
    turned = moved(face(), Rotation.from_euler("XYZ", [0.1, 0.2, 0.3]))
    row = ActionUnits(STILL)(0.0, turned)
    assert row[AT["pose_Tx"] : AT["pose_Tx"] + 3] == pytest.approx([10.0, -20.0, 400.0])
    assert row[AT["pose_Rx"] : AT["pose_Rx"] + 3] == pytest.approx([0.1, -0.2, -0.3])


def test_without_a_face_nothing_is_claimed() -> None:
    row = ActionUnits(STILL)(0.0, None)
    assert (row[AT["confidence"]], row[AT["success"]]) == (0.0, 0.0)
    assert np.isnan(row[2:]).all()


def test_a_face_that_leaves_and_returns_is_measured_against_the_same_rest() -> None:
    smile = with_points(face(), (0, 0.25, 0), 61, 291)
    without, through = ActionUnits(), ActionUnits()
    steady = rows(without, [face()] * 100 + [smile] * 5)
    broken = rows(through, [face()] * 100 + [None] * 50 + [smile] * 5)
    assert steady[-1, AT["AU12_r"]] > 1.0
    assert aus(broken[-1]) == pytest.approx(aus(steady[-1]), abs=0.05)


def test_of_another_person_nothing_is_kept() -> None:
    units = ActionUnits()
    rows(units, [face()] * 100)
    units.forget()
    other = rows(units, [face(seed=2)] * 100)
    assert other == pytest.approx(rows(ActionUnits(), [face(seed=2)] * 100))


def test_the_shape_of_a_face_is_learnt_in_the_warm_up_alone() -> None:
    """Later expressions must not creep into what the mesh is laid on."""
    pushed = with_points(face(), (0, 0.3, 0), *RIGID[:9].tolist())
    units, unmoved = ActionUnits(), ActionUnits()
    rows(units, [face()] * 100 + [pushed] * 2000)
    rows(unmoved, [face()] * 100)
    np.testing.assert_array_equal(units._shape, unmoved._shape)
    rows(early := ActionUnits(), [face()] * 40 + [pushed] * 10)
    assert not np.allclose(early._shape, unmoved._shape)


def test_rest_is_the_low_end_of_what_was_seen_not_the_commonest() -> None:
    """As on the clip of a woman who smiles in three frames of four."""
    smile = with_points(face(), (0, 0.25, 0), 61, 291)
    found = rows(ActionUnits(), ([smile] * 60 + [face()] * 20) * 4)
    smiling, at_rest = found[299, AT["AU12_r"]], found[319, AT["AU12_r"]]
    assert smiling == pytest.approx(0.25 * 5.0, abs=0.1)  # canthal units times the gain
    assert at_rest == pytest.approx(0.0, abs=0.05)


def test_confidence_is_low_until_rest_is_known() -> None:
    found = rows(ActionUnits(), [face()] * 100)
    confidence = found[:, AT["confidence"]]
    settled = int(WARM_UP * 25)
    assert (confidence[:settled] == UNSETTLED).all()
    assert (confidence[settled + 1 :] == 1.0).all()
    assert (found[:, AT["success"]] == 1.0).all()
    assert ActionUnits(STILL)(0.0, face())[AT["confidence"]] == 1.0


@pytest.mark.parametrize(
    ("pitch", "yaw", "expected"),
    [(0, 39, 1), (0, -50, 0.5), (0, 65, 0), (29, 0, 1), (-37.5, 0, 0.5), (50, 50, 0)],
)
def test_confidence_falls_as_the_head_turns_away(pitch: float, yaw: float, expected: float) -> None:
    turned = moved(face(), Rotation.from_euler("XYZ", [pitch, yaw, 0], degrees=True))
    assert ActionUnits(STILL)(0.0, turned)[AT["confidence"]] == pytest.approx(expected, abs=0.01)


def test_before_rest_is_known_confidence_tells_a_head_that_is_always_turned_from_one_still_being_learnt() -> (
    None
):
    pitched = moved(face(), Rotation.from_euler("X", 35, degrees=True))
    found = rows(ActionUnits(), [pitched] * 500)[:, AT["confidence"]]
    assert (found < UNSETTLED).all()
    assert found[-1] == pytest.approx(UNSETTLED * 2 / 3, abs=0.01)


def test_a_head_turned_away_teaches_nothing_about_rest() -> None:
    away = moved(with_points(face(), (0, -0.3, 0), 61, 291), Rotation.from_euler("Y", 55, degrees=True))
    found = rows(ActionUnits(), [face()] * 100 + [away] * 300 + [face()])
    assert found[-1, AT["AU12_r"]] == pytest.approx(0.0, abs=0.05)


def test_presence_does_not_flicker_where_intensity_hovers() -> None:
    brows = (55, 107, 285, 336)
    hovering = [with_points(face(), (0, 0.062 + 0.012 * (-1) ** i, 0), *brows) for i in range(40)]
    found = rows(ActionUnits(STILL), hovering)
    assert np.ptp(found[:, AT["AU01_r"]]) > 0.2
    assert found[:, AT["AU01_r"]].min() < 1.0 < found[:, AT["AU01_r"]].max()
    assert np.abs(np.diff(found[:, AT["AU01_c"]])).sum() <= 1


frames = st.lists(
    st.one_of(
        st.none(),
        st.builds(
            lambda nudge, shape, value: with_shapes(
                with_points(face(), nudge, 55, 13, 61, 159), value, shape
            ),
            st.tuples(*[st.floats(-3, 3)] * 3),
            st.integers(0, 51),
            st.floats(0, 1),
        ),
    ),
    min_size=1,
    max_size=20,
)


@patiently
@given(frames, st.booleans())
def test_values_stay_on_their_scales(seen: list[Landmarks | None], known: bool) -> None:
    found = rows(ActionUnits(STILL if known else None), seen)
    for row, each in zip(found, seen, strict=True):
        assert np.isnan(row[2:]).all() == (each is None)
    there = found[[each is not None for each in seen]]
    assert np.isfinite(there).all()
    intensities = there[:, [AT[name] for name in INTENSITIES]]
    assert intensities.min(initial=0) >= 0.0
    assert intensities.max(initial=0) <= 5.0
    assert set(there[:, [AT[name] for name in PRESENCES]].ravel()) <= {0.0, 1.0}


def test_stamps_that_go_back_or_repeat_do_no_harm() -> None:
    units = ActionUnits()
    for time in (5.0, 5.0, 1.0, 9.0, 9.1):
        assert np.isfinite(units(time, face())).all()


def test_inputs_are_left_as_they_were() -> None:
    smile = face()
    before = smile.points.copy(), smile.blendshapes.copy(), smile.matrix.copy()
    rows(ActionUnits(), [smile] * 10)
    after = smile.points, smile.blendshapes, smile.matrix
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
