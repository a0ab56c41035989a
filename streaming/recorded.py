"""A recorded file as a source: by its own stamps, faults and all, at its own pace or another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.errors import DatasetError, readable
from insightsim.gaps import RESET
from insightsim.recordings.reader import open_tracks
from insightsim.recordings.track import Track
from insightsim.types import Marker, Signal
from insightsim.vadl import DIMENSIONS
from streaming.pace import FLAT_OUT, Pace, Start
from streaming.sources import SourceInfo

PAUSE = 1.0
"""Seconds between two tracks: they were cut from different minutes, so the filter has to start anew."""
LONGEST_PAUSE = 10.0
"""Seconds for which nothing is sent at most, however long the recording paused."""
MAX_CHUNK = 8192
"""Samples a pull returns at most, so that a replay faster than its reader stays within bounds."""

Times = NDArray[np.float64]


class Recorded:
    """Any recorded file as a source, its tracks one after another.

    Samples are stamped as they were recorded, the first of a track when it is sent: gaps, bursts and steps
    back come as they were. They are sent in the order of the file when their stamps are due, see `due`.
    """

    def __init__(
        self,
        path: Path,
        part: str = "",
        speed: float = 1.0,
        loop: bool = False,
        own_stamps: bool = False,
        start: Start | None = None,
    ) -> None:
        """`part` names a stream (XDF) or trials (DEAP). `own_stamps` leaves the file's stamps as they are.

        Recordings with the same `start` begin together, and stay so when flat out (`speed` 0).
        """
        self.query = readable(f"file:{path}#{part}" if part else f"file:{path}")
        self.title = readable(path.stem)
        self.path = path
        self.part = part
        self.speed = speed
        self.loop = loop
        self.own_stamps = own_stamps
        self.start = start
        if start is not None and speed == FLAT_OUT:
            start.join(self)
        self.notes: tuple[str, ...] = ()
        """What was damaged or assumed, once the file is open."""
        self.seconds: float | None = None
        """Length of all samples; None for an endless loop, and before the file was opened."""
        self.markers: list[Marker] = []
        """Markers of the samples pulled so far; whoever takes them empties the list."""

    def open(self, within: float = 0.0) -> SourceInfo:
        """Read the file. Raises DatasetError."""
        self.tracks = tracks_of(self.path, self.part, self.own_stamps)
        self._coming = self._in_turn()
        first, signal = self.tracks[0], self.tracks[0].signal
        if not self.loop:
            self.seconds = sum(len(track.signal) / signal.sfreq for track in self.tracks)
        self.pace = Pace(signal.sfreq, self.speed, self.start, self)
        self._ahead = 0.0
        self._begin()
        self.notes = tuple(dict.fromkeys(note for track in self.tracks for note in track.notes))
        name = readable(first.name)
        return SourceInfo(name, signal.ch_names, signal.unit, signal.sfreq, first.reference, notes=self.notes)

    def _in_turn(self) -> Iterator[Track]:
        yield from self.tracks
        while self.loop:
            yield from self.tracks

    def _begin(self) -> None:
        self._track = next(self._coming, None)
        if self._track is None:
            return
        times = self._track.signal.times
        self._at = 0
        self._due = due(times)
        self._places = places_of(self._track)

    def pull(self) -> Signal | None:
        """The samples that are due; None after the last track."""
        track = self._track
        if track is None:
            return None
        start, begun = self._at, self.pace.handed / self.pace.sfreq
        now = self.pace.reach(begun + float(self._due[start])) - begun
        stop = start + int(np.searchsorted(self._due[start : start + MAX_CHUNK], now, side="right"))
        shift = 0.0 if self.own_stamps else self.pace.origin + begun - float(track.signal.times[0])
        chunk = track.signal[start:stop]
        chunk = replace(chunk, times=chunk.times + shift)
        first, last = np.searchsorted(self._places, [start, stop])
        self.markers += [replace(marker, time=marker.time + shift) for marker in track.markers[first:last]]
        if stop > start:
            self._ahead = float(chunk.times[-1]) - (self.pace.origin + begun + float(self._due[stop - 1]))
        self._at = stop
        if stop == len(track.signal):
            self.pace.handed += (float(self._due[-1]) + PAUSE) * self.pace.sfreq + 1
            self._begin()
        return chunk

    def lag(self, time: float) -> float:
        """Seconds from the moment the sample with this stamp was due until now."""
        return self.pace.lag(time - self._ahead)

    def close(self) -> None:
        """Let go of the recording."""
        if self.start is not None:
            self.start.leave(self)
        self._track = None


def due(times: Times) -> Times:
    """When each sample is to be sent, s after the first, (n_samples,): with its stamp, but in order.

    A stamp behind another waits for nothing. The clock set back by more than `RESET` takes no time, and a
    pause no more than LONGEST_PAUSE.
    """
    with np.errstate(over="ignore"):  # a damaged stamp may be any number
        steps = np.diff(times, prepend=times[:1])
    steps = np.where(steps < -RESET, 0.0, np.minimum(steps, LONGEST_PAUSE))
    return np.maximum.accumulate(np.cumsum(steps))


def places_of(track: Track) -> NDArray[np.int64]:
    """The sample that each marker is sent with, (n_markers,), in order: as the file states it, else by stamp.

    By stamp, that is the first sample that is later, or the last one of all.
    """
    times = track.signal.times
    places = np.array(track.places or (), np.int64)
    if track.places is None:
        marked = np.array([marker.time for marker in track.markers])
        places = np.searchsorted(np.maximum.accumulate(times), marked)
    return np.maximum.accumulate(np.minimum(places, len(times) - 1))


def tracks_of(path: Path, part: str = "", raw_stamps: bool = False) -> tuple[Track, ...]:
    """What there is to play: the trials of a DEAP file, or the one stream of another. Raises DatasetError."""
    if not is_deap(path):
        return open_tracks(path, part, raw_stamps)
    if not re.fullmatch(r"(\d{1,4}(,\d{1,4})*)?", part):
        raise DatasetError(f"{path}: there is no part {part!r}; expected a trial's number, such as 5 or 5,7")
    trials = [int(number) for number in part.split(",")] if part else None
    return tuple(map(_trial, deap.read(path, trials)))


def is_deap(path: Path) -> bool:
    """Whether a file is one of DEAP's, by its name: those have trials."""
    return path.suffix.lower() in (".dat", ".mat")


def video_after(path: Path) -> float:
    """Seconds from the start of a recording to that of its video: DEAP's trials begin with a baseline."""
    return deap.BASELINE if is_deap(path) else 0.0


def _trial(trial: Recording) -> Track:
    """A trial with markers where it and its video start and where it ends."""
    told = {"subject": trial.subject, "trial": trial.trial, "video": trial.video}
    ratings = dict(zip(DIMENSIONS, trial.ratings, strict=True))
    times = trial.signal.times
    moments = {"trial start": times[0], "video start": trial.baseline, "trial end": times[-1]}
    markers = tuple(
        Marker(float(time), json.dumps({"event": event} | told | ratings), trial.subject)
        for event, time in moments.items()
    )
    return Track(trial.subject, trial.signal, "average", markers)
