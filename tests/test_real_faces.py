"""Action units of real faces, against what was seen by eye, picture by picture.

WolfgangLanger_Pexels.mp4 (472 frames of a woman who acts, looked at singly or every few frames, from 0):
0–55 lips closed, pained, eyes closed; 64–228 a hand at mouth or eyes; 163–223 worried, inner brows up, lips
barely apart; 230–246 a slight smile, lips apart; 256–268 a broad smile, teeth showing; 276–288 mouth open,
corners back, a slight smile at most; 300–392 a broad smile again. Eyes open from 141 to 424 but for blinks at
153, 202, 248, 288 and 386.
face_noface.mov: 0–16 a man at rest; 22–68 he smiles broadly, teeth showing; 26–28 a blink; 71 at rest again;
from 72 on a title card.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from insightsim import neutral
from insightsim.aus import COLUMNS
from insightsim.face import ActionUnits
from insightsim.types import Landmarks
from streaming.landmarks import Landmarker
from streaming.video import Video

Seen = list[tuple[float, Landmarks | None]]
BLINKS = (153, 202, 248, 288, 386)
UNSMILING = (164, 195)
"""Worried, eyes open and no blink: no neutral face, there is none of hers, but one for her lids."""


def watched(path: Path, bundle: Path) -> Seen:
    """The face in every frame of a video."""
    video, landmarker, seen = Video(path, speed=None), Landmarker(bundle), []
    video.open()
    try:
        while (frames := video.grab()) is not None:
            seen += [(frame.time, landmarker(frame)[0]) for frame in frames]
    finally:
        video.close()
        landmarker.close()
    return seen


@pytest.fixture(scope="module")
def woman(shared: Path, bundle: Path) -> Seen:
    return watched(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4", bundle)


@pytest.fixture(scope="module")
def man(shared: Path, bundle: Path) -> Seen:
    return watched(shared / "data" / "face" / "face_noface.mov", bundle)


def rows(seen: Seen, units: ActionUnits) -> NDArray[np.float32]:
    return np.stack([units(time, face) for time, face in seen])


def of(
    rows: NDArray[np.float32], column: str, first: int = 0, last: int | None = None
) -> NDArray[np.float32]:
    """A column from the first frame to the last, both included."""
    return rows[first : None if last is None else last + 1, COLUMNS.index(column)]


def onsets(present: NDArray[np.float32]) -> list[int]:
    return (1 + np.flatnonzero(np.diff(present) == 1)).tolist()


def at_rest(seen: Seen, first: int, last: int) -> neutral.Neutral:
    """Of too few frames to be captured by the rules, thrice."""
    return neutral.learn([face for _, face in seen[first : last + 1]] * 3)


def test_smiles_and_lips_rise_and_fall_as_seen_by_eye(woman: Seen) -> None:
    found = rows(woman, ActionUnits())
    for au, smile, no_smile in (("AU12_r", 2.0, 1.3), ("AU06_r", 1.8, 1.3)):
        assert np.median(of(found, au, 163, 223)) < 0.3
        assert np.median(of(found, au, 256, 268)) > smile
        assert np.median(of(found, au, 278, 286)) < no_smile
        assert np.median(of(found, au, 300, 392)) > smile
    assert of(found, "AU12_c", 256, 268).all()
    assert not of(found, "AU12_c", 163, 223).any()
    assert np.percentile(of(found, "AU25_r", 5, 55), 90) < 0.3
    assert not of(found, "AU25_c", 5, 55).any()
    for first, last in ((256, 268), (300, 392)):
        assert of(found, "AU25_r", first, last).min() > 1.5
        assert of(found, "AU25_c", first, last).all()


def test_worried_brows_are_raised_and_smiling_ones_are_not(woman: Seen) -> None:
    found = rows(woman, ActionUnits())
    assert np.median(of(found, "AU01_r", 163, 223)) > 0.7
    assert np.median(of(found, "AU01_r", 300, 392)) < 0.2


def test_blinks_are_counted_within_one(woman: Seen) -> None:
    stretch = slice(144, 421)  # eyes open, but for what is counted
    found = of(rows(woman, ActionUnits()), "AU45_c")[stretch]
    assert abs(len(onsets(found)) - len(BLINKS)) <= 1


def test_with_a_neutral_face_every_blink_is_found_where_it_was_seen(woman: Seen) -> None:
    found = of(rows(woman, ActionUnits(at_rest(woman, *UNSMILING))), "AU45_c")
    blinks = [at for at in onsets(found) if 144 <= at <= 420]
    assert len(blinks) == len(BLINKS)
    assert np.abs(np.array(blinks) - BLINKS).max() <= 1


def test_against_his_neutral_face_a_man_smiles_blinks_and_comes_back_to_rest(man: Seen) -> None:
    found = rows(man, ActionUnits(at_rest(man, 1, 16)))
    for column, strong in (("AU12_r", 3.0), ("AU06_r", 2.0), ("AU25_r", 1.8), ("AU10_r", 1.0)):
        assert of(found, column, 1, 16).max() < 0.4, column
        assert of(found, column, 24, 68).min() > strong, column
    assert onsets(of(found, "AU45_c", 0, 71)) in ([25], [26])
    assert of(found, "AU45_r", 27, 27) > 1.2
    assert of(found, "AU12_r", 71, 71) < 0.5 * of(found, "AU12_r", 68, 68)
    assert (of(found, "confidence", 0, 71) == 1.0).all()


def test_looking_at_the_camera_the_head_and_the_eyes_point_there(man: Seen) -> None:
    found = rows(man, ActionUnits())
    for column in ("pose_Rx", "pose_Ry", "pose_Rz", "gaze_angle_x", "gaze_angle_y"):
        assert abs(np.median(of(found, column, 0, 71))) < np.radians(8), column
    assert 200 < np.median(of(found, "pose_Tz", 0, 71)) < 1000  # mm


def test_a_head_laid_aside_is_told_with_the_sign_of_openface(woman: Seen) -> None:
    """In 400–420 her head is tilted to her left, the picture's right: clockwise as seen."""
    tilt = np.median(of(rows(woman, ActionUnits()), "pose_Rz", 404, 416))
    eyes = np.median([_slope(face) for _, face in woman[404:417] if face is not None])
    assert tilt == pytest.approx(eyes, abs=0.1)


def _slope(face: Landmarks) -> float:
    """Of the line between the eyes in the picture, rad; y points down, as OpenFace has it."""
    across, down = (face.points[263] - face.points[33])[:2]
    return float(np.arctan2(down, across))


def test_no_face_is_never_a_neutral_face(man: Seen) -> None:
    found = rows(man, ActionUnits())
    assert of(found, "success", 0, 71).all()
    gone = found[72:163]
    assert not of(gone, "success").any()
    assert np.isnan(gone[:, 2:]).all()
