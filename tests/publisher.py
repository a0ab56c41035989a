"""A small LSL outlet in a process of its own, to be killed: noise on the original's four channels at 128 Hz.

Usage: python -m tests.publisher NAME SOURCE_ID
"""

from __future__ import annotations

import sys

import numpy as np

from streaming.outlet import Outlet
from streaming.pace import Pace
from streaming.sources import SourceInfo


def main(name: str, source_id: str) -> None:
    """Publish until killed."""
    outlet = Outlet(name, source_id, SourceInfo(name, ("Fp1", "F3", "Fp2", "F4"), "uV", 128.0))
    pace, rng = Pace(128.0), np.random.default_rng(0)
    print("here", flush=True)  # noqa: T201
    while True:
        if n_samples := pace.wait():
            times = pace.origin + (pace.handed + np.arange(n_samples)) / 128.0
            outlet.push(rng.normal(0, 10, (n_samples, 4)).astype(np.float32), times)
            pace.handed += n_samples


if __name__ == "__main__":
    main(*sys.argv[1:])
