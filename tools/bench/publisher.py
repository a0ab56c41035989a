"""Headsets for benchmarks: made-up brains, computed in advance, pushed into LSL sample by sample.

Run as python -m tools.bench.publisher PARENT SFREQ SOURCE_ID….

All of them in this one process, and as cheaply as single samples can be pushed, so that what listens has the
cores. Ends when the process PARENT is no longer its parent.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
from numpy.typing import NDArray

from insightsim.brain import Brain
from insightsim.datasets.deap import CH_NAMES
from insightsim.types import VADL
from streaming.lsl import clock
from streaming.outlet import Outlet
from streaming.sources import SourceInfo

MADE = 30
"""Seconds of signal; played forwards and backwards in turn, so that it goes on for ever without a jump."""
CALM = VADL(0.0, 0.0, 0.0, 0.0)


def brain(sfreq: float) -> NDArray[np.float32]:
    """A minute that may be repeated: (n_samples, 32 channels), µV."""
    forwards = Brain(1, 1.0, CH_NAMES, sfreq).samples(round(MADE * sfreq), CALM)
    return np.concatenate([forwards, forwards[::-1]])


def main(parent: int, sfreq: float, source_ids: list[str]) -> None:
    """Push until the parent is gone. All headsets send the same signal with the same stamps."""
    signal = brain(sfreq)
    outlets = [Outlet(name, name, SourceInfo(name, CH_NAMES, "uV", sfreq, "average")) for name in source_ids]
    sys.stdout.write("Publishing\n")
    sys.stdout.flush()
    origin, sent = clock(), 0
    while os.getppid() == parent:
        stamp = origin + sent / sfreq
        time.sleep(max(0.0, stamp - clock()))
        sample = signal[sent % len(signal)][None]
        for outlet in outlets:
            outlet.push(sample, (stamp,))
        sent += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
