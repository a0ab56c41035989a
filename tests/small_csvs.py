"""Small CSV files as the versions and options of OpenFace write them: layouts, text styles, tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from insightsim.aus import GAZE, INTENSITIES, POSE, PRESENCES
from insightsim.openface_columns import EYES_2D, EYES_3D, FULL, GAZE_VECTORS

OLD_HEAD = ("frame", "timestamp", "confidence", "success")
AUS = (*INTENSITIES, *PRESENCES)
NOT_IN_431 = {"face_id", *EYES_2D, *EYES_3D, *GAZE}
LAYOUTS: Mapping[int, tuple[str, ...]] = {
    40: ("frame", "face_id", "timestamp", "confidence", "success", *AUS),
    46: ("frame", "face_id", "timestamp", "confidence", "success", *POSE, *AUS),
    333: (*OLD_HEAD, *GAZE_VECTORS, *GAZE, *EYES_2D, *EYES_3D, *POSE, *AUS),
    431: tuple(name for name in FULL if name not in NOT_IN_431),
    713: tuple(name for name in FULL if name != "face_id"),
    714: FULL,
}
"""By the number of columns."""


@dataclass(frozen=True)
class Style:
    """How OpenFace wrote text: blanks before all names but the first, or before values; line ends."""

    names: str = ""
    values: str = ""
    end: str = "\n"
    last: str = "\n"


STYLES = [
    Style(),
    Style(" ", end="\r\n", last="\r\n"),
    Style(" ", " ", "\r\n", ""),
    Style("", "", "\n", "\n\n"),
]


def rows_of(names: Sequence[str], n_rows: int, **given: object) -> np.ndarray:
    """(n_rows, n_columns) of a face that was tracked throughout at 25 Hz, but for columns that are `given`.

    Numbers have two decimals, times three; no two rows or columns are alike.
    """
    row, column = np.mgrid[:n_rows, : len(names)]
    table = ((7 * row + 13 * column) % 499) / 100
    usual = {
        "frame": row[:, 0] + 1,
        "face_id": 0,
        "timestamp": row[:, 0] / 25,
        "confidence": 0.98,
        "success": 1,
    }
    for name, values in (usual | given).items():
        if name in names:
            table[:, list(names).index(name)] = values
    for name in set(names) & {*PRESENCES}:
        table[:, list(names).index(name)] = table[:, list(names).index(name)] > 2
    return table


def text_of(names: Sequence[str], table: np.ndarray, style: Style = Style()) -> str:
    """As OpenFace writes it: three decimals for times and two for the rest."""
    forms = ["%.3f" if n == "timestamp" else "%d" if n in ("frame", "success") else "%.2f" for n in names]
    lines = [f",{style.names}".join(names)]
    lines += [f",{style.values}".join(forms) % tuple(row) for row in table.tolist()]
    return style.end.join(lines) + style.last


def write(path: Path, names: Sequence[str] = LAYOUTS[46], n_rows: int = 100, **given: object) -> Path:
    """A file of one face."""
    path.write_bytes(text_of(names, rows_of(names, n_rows, **given)).encode())
    return path
