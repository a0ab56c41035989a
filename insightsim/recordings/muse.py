"""CSV files of the Muse headbands, as muse-lsl records them: stamp, electrodes in µV, marker."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from insightsim.errors import DatasetError
from insightsim.recordings.content import Content, rate_of, single
from insightsim.recordings.rows import lines_of, numbers
from insightsim.types import Marker

SFREQ = 256.0
"""Of the Muse of 2016 and later; the first one had 220."""
ELECTRODES = {"TP9", "AF7", "AF8", "TP10"}


def read(path: Path, part: str, raw_stamps: bool) -> Content:
    """All electrodes, "Right AUX" included; markers other than 0 as such. Stamps as recorded."""
    if part:
        raise DatasetError(f"there is no part {part!r}; only XDF files have streams to choose from")
    lines, ended = lines_of(path)
    header = [name.strip() for name in lines[0].split(",")] if lines else [""]
    if header[0] != "timestamps" or not set(header) >= ELECTRODES:
        raise DatasetError(
            f"its first line is {','.join(header)!r:.80}; known is the header of muse-lsl, "
            "'timestamps,TP9,AF7,AF8,TP10,Right AUX' with or without 'Marker' behind it"
        )
    signs = [i for i, name in enumerate(header) if name.startswith("Marker")]
    picks = [i for i in range(1, len(header)) if i not in signs]
    table, notes = numbers(lines[1:], 2, len(header), [0, *picks, *signs], ended)
    times, data = table[:, 0], single(table[:, 1 : 1 + len(picks)])
    places, columns = np.nonzero(table[:, 1 + len(picks) :])
    markers = tuple(
        Marker(float(times[i]), f"{table[i, 1 + len(picks) + column]:g}", header[signs[column]])
        for i, column in zip(places, columns, strict=True)
    )
    return Content(
        path.stem,
        tuple(header[i] for i in picks),
        "uV",
        _rate(times),
        times,
        [data],
        markers=markers,
        notes=notes,
        places=tuple(places.tolist()),
    )


def _rate(times: np.ndarray) -> float:
    """The nominal rate, unless the stamps tell another: then theirs, in whole Hz."""
    rate = rate_of(times)
    return float(round(rate)) if math.isfinite(rate) and abs(rate / SFREQ - 1) > 0.05 else SFREQ
