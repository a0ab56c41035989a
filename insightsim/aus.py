"""Names of facial action units and of the columns that hold them, as OpenFace 2.2 writes them.

`AUxx_r` is an intensity from 0 to 5, `AUxx_c` a presence, 0 or 1. Two programs that fill these columns do not
agree (docs/face.md), so a Signal of them carries in its `unit` whose they are.
"""

from __future__ import annotations

OPENFACE, LANDMARKS = "OpenFace", "landmarks"
"""Whose action units: written by OpenFace, or estimated here from MediaPipe's landmarks and blendshapes."""

_BOTH = "01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26"
AUS = (*_BOTH.split(), "45")
"""The 17 with an intensity."""
PRESENT = (*_BOTH.split(), "28", "45")
"""The 18 with a presence."""
INTENSITIES = tuple(f"AU{au}_r" for au in AUS)
PRESENCES = tuple(f"AU{au}_c" for au in PRESENT)
POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")
"""Head pose: mm and radians."""
GAZE = ("gaze_angle_x", "gaze_angle_y")
"""Radians."""
VALIDITY = ("confidence", "success")
"""0–1, and 0 or 1. Where `success` is 0 every other column is NaN: no face is not a neutral face."""
CONFIDENT = 0.8
"""Confidence from which a row counts; OpenFace's author takes 0.7."""
UNSETTLED = 0.5
"""Confidence, at most, while a face's rest is not known: exactly this from the front, less turned aside."""
COLUMNS = (*VALIDITY, *GAZE, *POSE, *INTENSITIES, *PRESENCES)
"""The channels of a face Signal, whatever its source; that of an OpenFace file may have more."""

NAMES = {
    "01": "inner brow raiser", "02": "outer brow raiser", "04": "brow lowerer", "05": "upper lid raiser",
    "06": "cheek raiser", "07": "lid tightener", "09": "nose wrinkler", "10": "upper lip raiser",
    "12": "lip corner puller", "14": "dimpler", "15": "lip corner depressor", "17": "chin raiser",
    "20": "lip stretcher", "23": "lip tightener", "25": "lips part", "26": "jaw drop", "28": "lip suck",
    "45": "blink",
}  # fmt: skip
"""As the Facial Action Coding System calls them."""

FACES, SKIPPED, FACE_ID = "faces", "skipped", "face_id"
"""Further channels of our own cameras: faces in the frame; frames passed over so far for newer ones; the
number of the person whose face is followed, or was last, from 1; 0 before there was one (`follow.Persons`).
"""

TIERS = {
    **dict.fromkeys(("01", "02", "05", "06", "12", "45"), "good"),
    **dict.fromkeys(("25", "26"), "fair"),
    **dict.fromkeys(("04", "07", "09", "10", "17"), "moderate"),
    **dict.fromkeys(("14", "15", "20", "23", "28"), "low"),
}
"""How far our own estimates were seen to follow OpenFace's on two talking heads (docs/face.md)."""


def tier(column: str) -> str:
    """The reliability tier of an AU column of ours, "good" to "low"; "" for any other column."""
    return TIERS.get(column[2:4], "") if column.startswith("AU") else ""


def unit(column: str, whose: str) -> str:
    """A column's unit, where it stands alone: action units have none, and say instead `whose` they are."""
    if column.startswith("AU"):
        return whose
    if column.startswith("pose_T"):
        return "mm"
    return "radians" if column.startswith(("pose_R", "gaze_angle")) else "none"
