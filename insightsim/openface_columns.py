"""The columns of a full OpenFace 2.2 file, by name and in its order: 714."""

from __future__ import annotations

from insightsim.aus import GAZE, INTENSITIES, POSE, PRESENCES

HEAD = ("frame", "face_id", "timestamp", "confidence", "success")
GAZE_VECTORS = tuple(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz")
"""Unit vectors, of the eye at the picture's left first."""
EYE_POINTS = 56
"""28 an eye: 8 around the iris, 12 along the lids, 8 around the pupil."""
EYES_2D, EYES_3D = (
    tuple(f"eye_lmk_{axis}_{point}" for axis in axes for point in range(EYE_POINTS)) for axes in ("xy", "XYZ")
)
"""Pixels; mm."""
FACE_POINTS = 68
FACE_2D, FACE_3D = (
    tuple(f"{axis}_{point}" for axis in axes for point in range(FACE_POINTS)) for axes in ("xy", "XYZ")
)
"""Pixels; mm."""
RIGID = ("p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty")
SHAPE = tuple(f"p_{mode}" for mode in range(34))
"""Parameters of its point distribution model: where the face is, then how it is formed."""

ORIGINAL = (
    *(*GAZE_VECTORS, *GAZE, *EYES_2D, *EYES_3D, *POSE, *FACE_2D, *FACE_3D, *RIGID, *SHAPE),
    *(*INTENSITIES, *PRESENCES),
)
"""All but the head: the 709 that the original InsightSim's face models took for features."""
FULL = (*HEAD, *ORIGINAL)
