"""CSV files of OpenFace 2 (and 0.x, 1.0) as face Signals, block by block: any of its layouts, by name.

Its rows without a face have numbers too. They are no neutral faces, and OpenFace smooths over them into their
neighbours, so both become NaN here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import COLUMNS, CONFIDENT, OPENFACE
from insightsim.aus_csv import whose
from insightsim.errors import DatasetError
from insightsim.openface_clock import Clock, by_rate, by_stamps
from insightsim.openface_header import Layout, read_layout
from insightsim.openface_rows import Rows, Table
from insightsim.openface_text import faces
from insightsim.types import Signal

MOST_FACES = 8
"""Faces that are listed before the rest is counted."""
LOOKED_AT = 1000
"""Rows that tell what their stamps mean."""


@dataclass(slots=True)
class OpenFaceFile:
    """An open file: what is in it, and its rows."""

    source: Rows
    columns: tuple[str, ...]
    """Those asked for that are there, and `success` in any case: 0 where the row does not count."""
    unit: str
    """Whose action units: OPENFACE or LANDMARKS."""
    clock: Clock
    limit: float
    """Confidence from which a row counts."""
    seconds: float | None
    """From the first row to the last, by their stamps; None where it cannot be told yet."""
    notes: tuple[str, ...]
    """What was left out, what was assumed."""
    rows: int = field(default=0, init=False)
    """Handed out so far."""
    masked: int = field(default=0, init=False)
    """Those among them that do not count."""

    @property
    def sfreq(self) -> float:
        """Rows per second."""
        return self.clock.sfreq

    def blocks(self) -> Iterator[Signal]:
        """All rows as Signals of some thousand, (n_rows, len(columns)), NaN where they do not count.

        Times are as the file has them: they may repeat or go back. Raises DatasetError at a damaged row.
        """
        self.rows = self.masked = 0
        lost_before = np.zeros(1, bool)
        waiting: Table | None = None  # the last row of a block may have a lost one after it
        for table in self.source.tables():
            table = table if waiting is None else np.concatenate([waiting, table])
            if len(table) < 2:
                waiting = table
                continue
            lost = self.source.lost(table)
            beside = np.concatenate([lost_before, lost[:-2]]) | lost[1:]
            yield self._signal(table[:-1], beside)
            waiting, lost_before = table[-1:], lost[-2:-1]
        if waiting is not None and len(waiting):
            yield self._signal(waiting, lost_before)

    def _signal(self, table: Table, beside: NDArray[np.bool_]) -> Signal:
        """Of rows some of which are `beside` one that was lost."""
        masked = self.source.lost(table) | self.source.unsure(table, self.limit)
        if self.unit == OPENFACE:  # ours are not smoothed
            masked = masked | beside
        picks = [self.source.at.get(name, 0) for name in self.columns]
        with np.errstate(over="ignore"):  # a damaged number may be any
            data = table[:, picks].astype(np.float32)
        data[~np.isfinite(data)] = np.nan
        data[np.ix_(masked, np.array(self.columns) != "confidence")] = np.nan
        data[:, self.columns.index("success")] = ~masked
        times = self.clock(self.source.column(self.clock.column, table), self.rows, len(table))
        if not np.isfinite(times).all():
            number = self.rows + 1 + int(np.argmin(np.isfinite(times)))
            raise DatasetError(f"{self.source.path}: row {number:,} has no number in {self.clock.column}")
        self.rows += len(table)
        self.masked += int(masked.sum())
        return Signal("face", self.columns, self.unit, self.sfreq, data, times)


def open_csv(
    path: Path,
    columns: Sequence[str] = COLUMNS,
    *,
    fps: float | None = None,
    face: int | None = None,
    limit: float = CONFIDENT,
) -> OpenFaceFile:
    """Open a file to read some of its columns.

    `fps` times the rows of a file whose stamps cannot be used. `face` is the face_id to read; without it, the
    one that was tracked in most rows is. Raises DatasetError, saying what the file is instead.
    """
    layout = read_layout(path)
    followed, note = _follow(path, layout, face, limit)
    known = {*layout.names, "success"}
    there = tuple(name for name in dict.fromkeys((*columns, "success")) if name in known)
    source = Rows(path, layout, there, followed)
    head = source.head(LOOKED_AT)
    clock = _clock(source, head, fps)
    notes = [note] if note else []
    if layout.cut:
        fields = f"{layout.cut} of {len(layout.names)} fields"
        notes.append(f"the last row was cut off after {fields} and is left out")
    if not {"success", "confidence"} & {*layout.names}:
        notes.append("nothing says in which rows there was a face: all count")
    unit, seconds = whose(path, layout.names), _seconds(source, clock, head)
    return OpenFaceFile(source, there, unit, clock, limit, seconds, tuple(notes))


def _clock(source: Rows, head: Table, fps: float | None) -> Clock:
    if fps is not None:
        return by_rate(fps, source.column("frame", head))
    stamps = source.column("timestamp", head)
    if stamps is None:
        raise DatasetError(
            f"{source.path}: no column timestamp; say how many frames a second the video had: --fps 30"
        )
    return by_stamps(source.path, stamps)


def _seconds(source: Rows, clock: Clock, head: Table) -> float | None:
    """Length of the recording by its first and last row."""
    if clock.column is None:
        return None
    at = source.layout.names.index(clock.column)
    try:
        last = np.array([float(source.layout.last.split(b",")[at])])
    except (ValueError, IndexError):  # reading it will tell
        return None
    first = source.column(clock.column, head[:1])
    return max(0.0, float(clock(last, 0, 1)[0] - clock(first, 0, 1)[0]))


def _follow(path: Path, layout: Layout, face: int | None, limit: float) -> tuple[float | None, str]:
    """The face_id whose rows to read, None where there is but one; and what to say about that."""
    if "face_id" not in layout.names:
        if face is not None:
            raise DatasetError(f"{path}: no column face_id, so there is no face {face} to choose")
        return None, ""
    if len(faces(path, layout)) == 1 and face is None:
        return None, ""
    seen = _tracked(Rows(path, layout, ()), limit)
    most = [one for one, _ in seen.most_common()]
    shown = ", ".join(f"{one:g} ({seen[one]:,} rows)" for one in most[:MOST_FACES])
    shown += f" and {len(most) - MOST_FACES} more" if len(most) > MOST_FACES else ""
    if face is not None and face not in seen:
        raise DatasetError(f"{path}: there is no face {face}; its faces, with rows that count: {shown}")
    if len(seen) < 2:
        return None, ""
    chosen = most[0] if face is None else float(face)
    return chosen, f"of several faces, number {chosen:g} is read; with rows that count: {shown}"


def _tracked(source: Rows, limit: float) -> Counter[float]:
    """In how many rows each face was tracked, by face_id."""
    seen = Counter[float]()
    for table in source.tables():
        ids, lost = table[:, source.at["face_id"]], source.lost(table) | source.unsure(table, limit)
        seen.update(dict.fromkeys(ids[np.isfinite(ids)].tolist(), 0))
        seen.update(ids[np.isfinite(ids) & ~lost].tolist())
    return seen
