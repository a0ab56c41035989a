"""A long recording: a made-up brain as a BrainVision file, which is quick to write and quick to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from insightsim.brain import Brain
from insightsim.datasets.deap import CH_NAMES
from streaming.synthetic import feeling
from tools.bench.progress import watching

SFREQ = 256.0
"""Hz; not the models' own, so that resampling takes part."""
RESOLUTION = 0.1
"""µV of one step of the 16-bit figures."""
BLOCK = 60
"""Seconds made at a time."""

HEADER = """\
Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile={stem}.eeg
MarkerFile={stem}.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={n_channels}
SamplingInterval={interval}
[Binary Infos]
BinaryFormat=INT_16
[Channel Infos]
"""
MARKERS = """\
Brain Vision Data Exchange Marker File, Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile={stem}.eeg
[Marker Infos]
"""


def write(folder: Path, seconds: float) -> Path:
    """Write at least so many seconds of 32 channels; the path of the header, which is the one to open."""
    header = folder / "hour.vhdr"
    told = {"stem": header.stem, "n_channels": len(CH_NAMES), "interval": 1e6 / SFREQ}
    channels = "".join(f"Ch{i}={name},,{RESOLUTION},µV\n" for i, name in enumerate(CH_NAMES, 1))
    header.write_text(HEADER.format(**told) + channels, encoding="utf-8")
    header.with_suffix(".vmrk").write_text(MARKERS.format(**told), encoding="utf-8")
    brain = Brain(1, 1.0, CH_NAMES, SFREQ)
    with header.with_suffix(".eeg").open("wb") as file, watching("making a recording", seconds) as done:
        for at in np.arange(0.0, seconds, BLOCK):
            microvolts = brain.samples(round(BLOCK * SFREQ), feeling(at))
            figures = np.clip(np.rint(microvolts / RESOLUTION), -32768, 32767)
            file.write(figures.astype("<i2").tobytes())
            done(at)
    return header
