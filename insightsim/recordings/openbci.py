"""Text files of the OpenBCI GUI: remarks that begin with %, names of columns (since version 5), rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError
from insightsim.recordings.content import Content, single
from insightsim.recordings.rows import lines_of, numbers
from insightsim.types import Marker

MILLISECONDS = 1e11
"""A stamp above this is in ms: in seconds it would be the year 5138."""
UNIX = 1e8
"""A number above this is taken for a Unix time: no electrode gives 100 V."""


class Columns(NamedTuple):
    """Where in a row things stand."""

    n: int
    names: tuple[str, ...]
    eeg: list[int]
    time: int | None
    marker: int | None


def read(path: Path, part: str, raw_stamps: bool) -> Content:
    """The channels in µV, stamped as recorded: several samples that came in one packet share their stamp."""
    if part:
        raise DatasetError(f"there is no part {part!r}; only XDF files have streams to choose from")
    lines, ended = lines_of(path)
    if not lines or not lines[0].startswith("%OpenBCI"):
        raise DatasetError(f"its first line is {(lines or [''])[0]!r:.80}; known is '%OpenBCI Raw EXG Data'")
    start = next((i for i, line in enumerate(lines) if not line.startswith("%")), len(lines))
    sfreq = _stated(lines[:start], "Sample Rate")
    if _named(lines[start : start + 1]):
        columns, start = _by_name(lines[start]), start + 1
    else:
        columns = _by_place(lines[start : start + 1], round(_stated(lines[:start], "Number of channels")))
    picks = [i for i in (*columns.eeg, columns.time, columns.marker) if i is not None]
    table, notes = numbers(lines[start:], start + 1, columns.n, picks, ended)
    n_channels = len(columns.eeg)
    if columns.time is None:
        times = np.arange(len(table)) / sfreq
        notes += ("it states no Unix times; its samples are taken to be evenly spaced",)
    else:
        times = _seconds(table[:, n_channels])
    signs = table[:, -1] if columns.marker is not None else np.zeros(len(table))
    places = np.flatnonzero(signs).tolist()
    markers = tuple(Marker(float(times[i]), f"{signs[i]:g}", "Marker Channel") for i in places)
    data = single(table[:, :n_channels])
    return Content(path.stem, columns.names, "uV", sfreq, times, [data], "", markers, notes, tuple(places))


def _stated(remarks: Sequence[str], what: str) -> float:
    """The number in a remark such as "%Sample Rate = 250 Hz"."""
    for remark in remarks:
        if match := re.match(rf"%{what}\s*=\s*(\d+(?:\.\d+)?)\b", remark):
            return float(match[1])
    raise DatasetError(f"it has no line '%{what} = …'")


def _named(lines: Sequence[str]) -> bool:
    return bool(lines) and lines[0].startswith("Sample Index")


def _by_name(line: str) -> Columns:
    header = [name.strip() for name in line.split(",")]
    eeg = [i for i, name in enumerate(header) if re.fullmatch(r"E[XE]G Channel \d+", name)]
    if not eeg or "Timestamp" not in header:
        raise DatasetError(f"its columns are {line!r:.200}; expected some 'EXG Channel' and 'Timestamp'")
    marker = header.index("Marker Channel") if "Marker Channel" in header else None
    return Columns(len(header), tuple(header[i] for i in eeg), eeg, header.index("Timestamp"), marker)


def _by_place(lines: Sequence[str], n_channels: int) -> Columns:
    """Before version 5: sample index, channels, accelerometer, formatted time and perhaps Unix time in ms."""
    row = lines[0].split(",") if lines else []
    if not 0 < n_channels < len(row):
        raise DatasetError(f"it states {n_channels} channels, and its first row has {len(row)} columns")
    names = tuple(f"EXG Channel {i}" for i in range(n_channels))
    unix = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*", row[-1])
    time = len(row) - 1 if unix and float(unix[1]) > UNIX else None
    return Columns(len(row), names, list(range(1, n_channels + 1)), time, None)


def _seconds(stamps: NDArray[np.float64]) -> NDArray[np.float64]:
    return stamps / 1000 if len(stamps) and np.median(stamps) > MILLISECONDS else stamps
