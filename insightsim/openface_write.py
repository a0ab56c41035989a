"""Made-up faces as CSV files in the layouts of OpenFace 2.2: names, order and decimals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import COLUMNS, INTENSITIES, POSE, PRESENCES, VALIDITY
from insightsim.displays import Traits
from insightsim.openface_columns import FULL, HEAD
from insightsim.simulate_face import picked

LAYOUTS = {"full": FULL, "aus": (*HEAD, *POSE, *INTENSITIES, *PRESENCES)}
"""All 714 columns; the 46 of OpenFace's options -aus -pose."""
ROW_BYTES = {"full": 4100, "aus": 240}
"""About, per row."""
_FORMATS = (
    *(("frame", "%d"), ("face_id", "%d"), ("success", "%d"), ("timestamp", "%.3f"), ("confidence", "%.2f")),
    *(("gaze_angle", "%.3f"), ("gaze", "%.6f"), ("pose_T", "%.1f"), ("pose_R", "%.3f"), ("p_", "%.3f")),
    *(("AU", "%.2f"), ("", "%.1f")),
)
"""How a number is written in columns whose names begin so; the first that fits."""


def write(path: Path, someone: Traits, rows: NDArray[np.float32], sfreq: float, layout: str = "full") -> None:
    """Write rows (n_rows, len(COLUMNS)) of someone's face; the file is there only when it is complete.

    In rows without a face the action units are 0 and the rest is what it was before, as OpenFace leaves it.
    """
    names = LAYOUTS[layout]
    held = _held(rows)
    n_rows = len(rows)
    head = np.column_stack([np.arange(1, n_rows + 1), np.zeros(n_rows), np.arange(n_rows) / sfreq])
    values = np.hstack([head, picked(someone, held, (*VALIDITY, *names[len(HEAD) :]))])
    line = ",".join(next(form for start, form in _FORMATS if name.startswith(start)) for name in names) + "\n"
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="ascii", newline="\n") as file:
            file.write(",".join(names) + "\n")
            file.writelines(line % tuple(row) for row in values.tolist())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _held(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, with what was last seen where there is no face, and its action units at 0."""
    seen = rows[:, COLUMNS.index("success")] == 1
    latest = np.maximum.accumulate(np.where(seen, np.arange(len(rows)), np.argmax(seen)))
    held = np.nan_to_num(rows[latest])
    held[:, : len(VALIDITY)] = rows[:, : len(VALIDITY)]
    units = [COLUMNS.index(name) for name in (*INTENSITIES, *PRESENCES)]
    held[np.ix_(~seen, units)] = 0
    return held
