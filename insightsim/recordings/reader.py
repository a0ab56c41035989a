"""A recorded file of any known format as tracks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from insightsim import files
from insightsim.errors import DatasetError
from insightsim.recordings import child
from insightsim.recordings.formats import format_of
from insightsim.recordings.track import Track
from insightsim.types import Marker, Signal

TIMEOUT = 180.0
"""Seconds. The slowest format is XDF: an hour of 32 channels at 512 Hz takes about five."""


def open_tracks(path: Path, part: str = "", raw_stamps: bool = False) -> tuple[Track, ...]:
    """The tracks of a file, in order. Parsing happens in a child process (see `child`).

    `part` names a stream of an XDF file: its name, type=EEG, or its number. `raw_stamps` leaves the clocks of
    an XDF file as they were. Samples stay in a file that has no name, and come into memory as they are used.
    Raises DatasetError.
    """
    files.check(path, folder=format_of(path).folder)
    # Where a browser of files would find it is none of anybody's business: a recording is of a person.
    with tempfile.TemporaryFile() as answer:
        code, said = _ask(path, part, raw_stamps, answer)
        if code:
            raise DatasetError(f"{path}: {sentence(code, said)}")
        try:
            return (track(answer),)
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: the process reading it gave half an answer ({error})") from error


def _ask(path: Path, part: str, raw_stamps: bool, answer: BinaryIO) -> tuple[int, str]:
    """Exit code and last words of the child, which writes its answer."""
    stamps = "recorded" if raw_stamps else "lsl"
    command = [sys.executable, "-I", child.__file__, os.fspath(path.absolute()), part, stamps]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            # Each thread of these reserves memory, which would count.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise DatasetError(f"{path}: reading it took over {TIMEOUT:g} s and was stopped; not read") from error
    return done.returncode, done.stderr.decode(errors="replace")


def sentence(code: int, said: str) -> str:
    """What a child that failed has to say, by its exit code and what it wrote to stderr."""
    lines = said.strip().splitlines()
    if code == 1 and lines:
        return lines[-1]
    return f"the process reading it ended with code {code}: it is broken, or takes too much memory; not read"


def track(answer: BinaryIO) -> Track:
    """The track in a child's answer. Raises ValueError, KeyError or TypeError when that is not whole."""
    answer.seek(0)
    line = answer.readline()
    said: dict[str, Any] = json.loads(line)
    n_samples, ch_names = int(said["n_samples"]), tuple(map(str, said["ch_names"]))
    size, expected = answer.seek(0, os.SEEK_END), len(line) + n_samples * (8 + 4 * len(ch_names))
    if size != expected:
        raise ValueError(f"{size:,} bytes, expected {expected:,}")
    samples = len(line) + 8 * n_samples
    times = np.asarray(np.memmap(answer, "<f8", "r", len(line), (n_samples,)))
    data = np.asarray(np.memmap(answer, "<f4", "r", samples, (n_samples, len(ch_names))))
    signal = Signal("eeg", ch_names, said["unit"], float(said["sfreq"]), data, times)
    markers = tuple(Marker(float(time), label, source) for time, label, source in said["markers"])
    places = None if said["places"] is None else tuple(map(int, said["places"]))
    return Track(said["name"], signal, said["reference"], markers, tuple(said["notes"]), places)
