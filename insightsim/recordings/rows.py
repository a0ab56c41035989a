"""Numbers in rows of text, with an eye for what is damaged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError

CUT = "the last row was cut off and is left out"


def lines_of(path: Path) -> tuple[list[str], bool]:
    """The lines of a text file but for blank ones at its end, and whether the last one is ended."""
    *lines, rest = path.read_bytes().decode("utf-8-sig", errors="replace").split("\n")
    if rest.strip():
        return [line.removesuffix("\r") for line in (*lines, rest)], False
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.removesuffix("\r") for line in lines], True


def numbers(
    lines: Sequence[str], first: int, n_columns: int, picks: Sequence[int], ended: bool = True
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The picked columns of rows of `n_columns`, (n_rows, n_picks), and a note if the last row was cut off.

    `first` is the number of the first line in the file, `ended` as `lines_of` has it. Raises DatasetError,
    which names the line at fault.
    """
    notes: tuple[str, ...] = ()
    if lines and (lines[-1].count(",") < n_columns - 1 or not (ended or _whole(lines[-2:], picks))):
        lines, notes = lines[:-1], (CUT,)
    for number, line in enumerate(lines, first):
        if (found := line.count(",") + 1) != n_columns:
            raise DatasetError(
                f"line {number:,} has {found} columns, expected {n_columns}; repair or remove it"
            )
        if "\r" in line:
            raise DatasetError(f"line {number:,} is damaged (it ends in the middle); repair or remove it")
    if not lines:
        return np.zeros((0, len(picks))), notes
    try:
        return np.loadtxt(lines, delimiter=",", usecols=picks, comments=None, ndmin=2), notes
    except ValueError as error:  # e.g. "could not convert string '1x' to float64 at row 7, column 3."
        row = re.search(r"at row (\d+)", str(error))
        where = f"line {first + int(row[1]):,}" if row else "a line"
        raise DatasetError(f"{where} is damaged ({error!s:.100}); repair or remove it") from error


def _whole(lines: Sequence[str], picks: Sequence[int]) -> bool:
    """Whether a last row without an end may be taken: its last cell is as long as the one above, at least.

    A number that lost its last digits is a number still.
    """
    *above, last = (line.rpartition(",")[2] for line in lines)
    try:
        np.loadtxt(lines[-1:], delimiter=",", usecols=picks, comments=None)
    except ValueError:
        return False
    return all(len(last) >= len(cell) for cell in above)
