"""A small LSL outlet in a process of its own, to be killed: noise on the original's four channels at 128 Hz,
or a made-up face.

Usage: python -m tests.publisher NAME SOURCE_ID [face]
"""

from __future__ import annotations

import sys

import numpy as np

from insightsim.aus import COLUMNS, OPENFACE
from insightsim.expression import Expression
from insightsim.types import VADL
from streaming.outlet import AU, Outlet
from streaming.pace import Pace
from streaming.sources import SourceInfo

REST = VADL(0.0, 0.0, 0.0, 0.0)


def main(name: str, source_id: str, kind: str = "eeg") -> None:
    """Publish until killed."""
    rng, face = np.random.default_rng(0), Expression(0)
    if kind == "face":
        info = SourceInfo(name, COLUMNS, OPENFACE, 30.0)
    else:
        info = SourceInfo(name, ("Fp1", "F3", "Fp2", "F4"), "uV", 128.0)
    outlet = Outlet(name, source_id, info, AU if kind == "face" else "EEG")
    pace = Pace(info.sfreq)
    print("here", flush=True)  # noqa: T201
    while True:
        if n_samples := pace.wait():
            times = pace.origin + (pace.handed + np.arange(n_samples)) / info.sfreq
            noise = rng.normal(0, 10, (n_samples, len(info.ch_names))).astype(np.float32)
            outlet.push(face.rows(n_samples, REST) if kind == "face" else noise, times)
            pace.handed += n_samples


if __name__ == "__main__":
    main(*sys.argv[1:])
