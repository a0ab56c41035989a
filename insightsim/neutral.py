"""A person's neutral face, against which their action units are measured. It is biometric data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim import files
from insightsim.aus import PRESENT
from insightsim.errors import DatasetError, SignalError
from insightsim.face_geometry import RIGID, angles, frontal, turn
from insightsim.face_signals import Readings, intensities, readings
from insightsim.types import Landmarks

FORMAT = "insightsim.neutral/1"
LARGEST = 100.0
"""Nothing in one is: blendshapes are up to 1, and canthal units are about 9 cm."""
FEWEST, ENOUGH = 30, 0.8
"""Faces that are needed, and their share among all frames."""
ASIDE, RESTLESS = np.radians(20.0), np.radians(4.0)
"""How far a head may be turned, and how much it may waver (half the width of the middle 80 %)."""
UNSTEADY = 0.7
"""How much an intensity may waver, likewise. Blinks are fewer than what that leaves out."""


_AUS = [f"AU{au}" for au in PRESENT]
_REMEDY = "make one with `insightsim neutral`"


@dataclass(frozen=True, eq=False)
class Neutral:
    """Of one person, from a few seconds in which they looked neutral."""

    shape: NDArray[np.float64]
    """(18, 3): their rigid points from the front (`face_geometry.frontal`), in canthal units."""
    rest: Readings
    """What is read of their face at rest (`face_signals.readings`)."""
    captured: str = ""
    """When, ISO 8601."""
    source: str = ""
    """From what, e.g. "camera:0"."""
    frames: int = 0
    """How many frames went in."""


def learn(faces: Sequence[Landmarks | None], captured: str = "", source: str = "") -> Neutral:
    """The neutral face of what was seen in some frames: medians, so that a blink does no harm.

    Raises SignalError, with what to do, where there was hardly a face, or it was turned aside, or moved.
    """
    there = [face for face in faces if face is not None]
    if len(there) < max(FEWEST, ENOUGH * len(faces)):
        raise SignalError(
            f"a face in only {len(there)} of {len(faces)} frames, expected {ENOUGH:.0%} of them and at least "
            f"{FEWEST}; sit in front of the camera, in light from ahead, and try again"
        )
    _check_head(np.array([angles(face.matrix) for face in there]))
    shape = np.median([frontal(face) for face in there], axis=0)
    read = np.array([readings(face, turn(face, shape)) for face in there])
    wavering = _wavering(np.array([intensities(each) for each in read]))
    if wavering[most := int(np.argmax(wavering))] > UNSTEADY:
        raise SignalError(
            f"the face moved: AU{PRESENT[most]} wavered by ±{wavering[most]:.1f}, expected at most "
            f"±{UNSTEADY:g}; look neutral, lips closed, without talking, and try again"
        )
    return Neutral(shape, np.median(read, axis=0), captured, source, len(there))


def _check_head(turns: NDArray[np.float64]) -> None:
    middle, wavering = np.median(turns, axis=0), _wavering(turns)
    for name, at in (("up or down", 0), ("to the side", 1)):
        if abs(middle[at]) > ASIDE:
            raise SignalError(
                f"the head was turned {name} by {math.degrees(abs(middle[at])):.0f}°, expected at most "
                f"{math.degrees(ASIDE):.0f}°; look into the camera and try again"
            )
    if wavering.max() > RESTLESS:
        raise SignalError(
            f"the head moved by ±{math.degrees(wavering.max()):.0f}°, expected at most "
            f"±{math.degrees(RESTLESS):.0f}°; hold still and try again"
        )


def _wavering(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(values, [10, 90], axis=0)
    return np.asarray((high - low) / 2)


def write(neutral: Neutral, path: Path) -> None:
    """Write it as JSON that only its owner may read. Raises DatasetError where that cannot be done."""
    text = json.dumps(
        {
            "format": FORMAT,
            "note": "A person's neutral face, measured: biometric data. Delete this file to forget it.",
            "captured": neutral.captured,
            "source": neutral.source,
            "frames": neutral.frames,
            "shape": dict(zip(map(str, RIGID), neutral.shape.round(5).tolist(), strict=True)),
            "rest": dict(zip(_AUS, neutral.rest.T.round(5).tolist(), strict=True)),
        },
        indent=1,
    )
    text = re.sub(r"\n +(?=[-\d\]])", " ", text)  # numbers beside each other
    with files.whole(path, private=True) as file:
        file.write(text + "\n")


def read(path: Path) -> Neutral:
    """The neutral face in a file that `write` wrote. Raises DatasetError, saying what is wrong with it."""
    content = files.of_format(path, FORMAT, f"a neutral face; {_REMEDY}")
    try:
        shape = _table(content.get("shape"), list(map(str, RIGID)), 3)
        rest = _table(content.get("rest"), _AUS, 2).T
    except ValueError as error:
        raise DatasetError(f"{path}: a damaged neutral face: {error}; {_REMEDY}") from None
    captured, source, frames = (content.get(name) for name in ("captured", "source", "frames"))
    return Neutral(shape, rest, str(captured), str(source), frames if isinstance(frames, int) else 0)


def _table(table: object, keys: list[str], width: int) -> NDArray[np.float64]:
    """(n_keys, width) of a JSON object with so many numbers for each key. Raises ValueError."""
    if not isinstance(table, dict) or set(table) != set(keys):
        raise ValueError(f"expected numbers for {keys[0]} to {keys[-1]}")
    for key in keys:
        row = table[key]
        if not isinstance(row, list) or len(row) != width or not all(map(_sane, row)):
            raise ValueError(f"{key} is {row!r:.60}, expected {width} numbers")
    return np.array([table[key] for key in keys], float)


def _sane(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
