"""Our own action units as a CSV that readers of OpenFace's take; a file beside it says whose they are.

Names, order and decimals are OpenFace 2.2's. Where there is no face every value is 0, as OpenFace has it, and
`success` 0 tells. `trial.csv.json` beside `trial.csv` says whose the action units are and how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim import files
from insightsim.aus import COLUMNS, LANDMARKS, OPENFACE, TIERS
from insightsim.errors import DatasetError
from insightsim.neutral import Neutral

HEADER = ("frame", "face_id", "timestamp", *COLUMNS)
FORMAT = "insightsim.aus/1"
NOTE = (
    "Estimated by InsightSim from MediaPipe's landmarks and blendshapes; not OpenFace's, and no equivalence "
    "is claimed. Models trained on OpenFace's must not be run on these."
)
_LINE = ",".join(
    ["%d", "%d", "%.3f", "%.2f", "%d"] + ["%.3f"] * 2 + ["%.1f"] * 3 + ["%.3f"] * 3 + ["%.2f"] * 35
)


def line(number: int, time: float, row: NDArray[np.float32], person: int = 0) -> str:
    """One frame's line, without its end: `number` from 1, `time` in s, `row` (len(COLUMNS),).

    `person` is the FACE_ID of our cameras, from 1; in the file they are numbered from 0, as OpenFace has it.
    """
    return _LINE % (number, max(0, person - 1), time, *np.nan_to_num(row).tolist())


def beside(path: Path) -> Path:
    """Where the file lies that says whose the action units of a CSV are."""
    return path.with_name(path.name + ".json")


def describe(neutral: Neutral | None, made: Mapping[str, str]) -> str:
    """What is written beside: whose, how reliable, against what rest, and how `made` (program: version)."""
    rest = "low percentiles of the video so far"
    if neutral is not None:
        rest = f"neutral face captured {neutral.captured} from {neutral.source}"
    content = {"format": FORMAT, "family": LANDMARKS, "note": NOTE, "made": made, "rest": rest}
    tiers = {f"AU{au}": TIERS[au] for au in sorted(TIERS)}
    return json.dumps(content | {"tiers": tiers}, indent=1) + "\n"


def whose(path: Path, columns: Sequence[str]) -> str:
    """Whose the action units of a CSV are: `aus.OPENFACE` or `aus.LANDMARKS`.

    The file beside it tells; where that was lost, exactly our columns do: OpenFace never writes gaze angles
    without the gaze vectors. Raises DatasetError where the file beside it is none that we know.
    """
    told = beside(path)
    if not told.exists():
        return LANDMARKS if tuple(columns) == HEADER else OPENFACE
    expected = "what `insightsim aus` writes beside a CSV; move it away if it is about something else"
    if (family := files.of_format(told, FORMAT, expected).get("family")) != LANDMARKS:
        raise DatasetError(f'{told}: its "family" is {family!r}, expected "{LANDMARKS}"')
    return LANDMARKS
