"""A CSV file of OpenFace, or of `insightsim aus`, as a source: by its stamps, at its own pace or another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from insightsim.aus import COLUMNS, CONFIDENT
from insightsim.errors import SettingsError, readable
from insightsim.openface import open_csv
from insightsim.types import Marker, Signal
from streaming.pace import FLAT_OUT, Pace, Start
from streaming.queries import file_of
from streaming.recorded import PAUSE, due
from streaming.sources import SourceInfo


def face_of(text: str) -> tuple[Path, int | None]:
    """Path and face in "PATH" or "PATH#FACE", the face by its face_id. Raises SettingsError."""
    path, part = file_of(text)
    if part and not re.fullmatch(r"\d{1,6}", part, re.ASCII):
        raise SettingsError(f"{text}: expected the number of a face (column face_id) behind the #")
    return path, int(part) if part else None


class OpenFace:
    """The rows of a file, which stays on disk: they are read as they are played.

    Rows are stamped as they were recorded, the first when it is sent, as `Recorded` stamps samples.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str] = COLUMNS,
        speed: float = 1.0,
        loop: bool = False,
        own_stamps: bool = False,
        *,
        fps: float | None = None,
        face: int | None = None,
        limit: float = CONFIDENT,
        start: Start | None = None,
        delay: float = 0.0,
    ) -> None:
        """`fps`, `face` and `limit`: see `open_csv`. The first row is due `delay` s after the `start`."""
        self.query = readable(f"openface:{path}")
        self.title = readable(path.stem)
        self.speed = speed
        self.seconds: float | None = None
        """Length of the recording; None for an endless loop, before it is opened, or where nothing tells."""
        self.notes: tuple[str, ...] = ()
        """What was left out or assumed, once the file is open."""
        self.markers: list[Marker] = []
        """A file has none."""
        self._open = partial(open_csv, path, columns, fps=fps, face=face, limit=limit)
        self._blocks: Iterator[Signal] = iter(())
        self._loop = loop
        self._own_stamps = own_stamps
        self._start = start
        if start is not None and speed == FLAT_OUT:
            start.join(self)
        self._delay = delay

    def open(self, within: float = 0.0) -> SourceInfo:
        """Open the file and see what is in it. Raises DatasetError."""
        self._file = file = self._open()
        self.seconds = None if self._loop else file.seconds
        self.notes = file.notes
        self.pace = Pace(file.sfreq, self.speed, self._start, self)
        self._ahead = 0.0
        self._begin()
        return SourceInfo(self.title, file.columns, file.unit, file.sfreq, notes=file.notes)

    def _begin(self) -> None:
        """From the first row on."""
        self._blocks = self._file.blocks()
        self._first = self._last = np.nan
        self._last_due = 0.0
        self._fetch()

    def _fetch(self) -> None:
        """The next block, and when its rows are to be sent."""
        self._block: Signal | None = next(self._blocks, None)
        if self._block is None:
            return
        times = self._block.times
        if math.isnan(self._first):
            self._first = self._last = float(times[0])
        self._due = self._last_due + due(np.concatenate([[self._last], times]))[1:]
        self._last, self._last_due = float(times[-1]), float(self._due[-1])
        self._at = 0

    def pull(self) -> Signal | None:
        """The rows that are due; None after the last."""
        if self._block is None:
            return None
        begun = self._delay + self.pace.handed / self.pace.sfreq
        now = self.pace.reach(begun + float(self._due[self._at])) - begun
        stop = max(self._at, int(np.searchsorted(self._due, now, side="right")))
        chunk = self._block[self._at : stop]
        if not self._own_stamps:
            chunk = replace(chunk, times=chunk.times + (self.pace.origin + begun - self._first))
        if stop > self._at:
            self._ahead = float(chunk.times[-1]) - (self.pace.origin + begun + float(self._due[stop - 1]))
        self._at = stop
        if stop == len(self._block):
            self._fetch()
            if self._block is None and self._loop:
                self.pace.handed += (self._last_due + PAUSE) * self.pace.sfreq + 1
                self._begin()
        return chunk

    def lag(self, time: float) -> float:
        """Seconds from the moment the row with this stamp was due until now."""
        return self.pace.lag(time - self._ahead)

    def close(self) -> None:
        """Let go of the file."""
        if self._start is not None:
            self._start.leave(self)
        self._block = None
        self._blocks = iter(())
