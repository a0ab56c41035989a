"""A whole recorded subject, and one window's features, on one core and one thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from insightsim.errors import InsightSimError
from tools.bench.progress import watching
from tools.bench.report import Report, Row

STEP = 0.5
"""Seconds between two predictions."""
SIGNAL = 40 * 63.0
"""Seconds in a DEAP file."""
WARM, WHOLE, FEATURES = 1000.0, 400.0, 3.0
"""Times real time with imports done, and from start to end; times faster than mne."""
EQUAL = 1e-6
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def measure(file: Path | None = None, repeats: int = 3, model: str = "auto") -> Report:
    """Time each so many times; the fastest counts. Raises InsightSimError when one does not run."""
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder, one_core() as core:
        path = str(file or _simulated(Path(folder)))
        whole, warm = [], []
        with watching("one subject", 2 * repeats) as done:
            for i in range(repeats):
                whole.append(
                    seconds_of("tools.cli", "predict", path, "--model", model, f"--step={STEP}", "--json")
                )
                done(2 * i + 1)
                warm.append(json.loads(run("tools.bench.predicting", path, model, str(STEP))))
                done(2 * i + 2)
        with watching("one window", 1) as done:
            features = json.loads(run("tools.bench.features", model))
    best = min(warm, key=lambda run: float(run["seconds"]))
    return report(min(whole), best, features, core)


@contextmanager
def one_core() -> Iterator[int | None]:
    """One core for this process and the children it starts; yields which, or None where that cannot be."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


def _simulated(folder: Path) -> Path:
    with watching("simulating a subject", 1):
        run("tools.cli", "simulate", "deap", str(folder), "--subjects", "1", "--force")
    return folder / "s01.dat"


def seconds_of(*command: str) -> float:
    """How long a module takes, from the start of its Python to the end."""
    start = perf_counter()
    run(*command)
    return perf_counter() - start


def run(module: str, *arguments: str) -> str:
    """What a module, run in a Python of its own on one thread, prints."""
    env = os.environ | dict.fromkeys(THREADS, "1")
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise InsightSimError(f"{module} {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def report(whole: float, warm: dict[str, Any], features: dict[str, float], core: int | None) -> Report:
    """The rows; `whole` in seconds, the others as tools.bench.predicting and tools.bench.features print."""
    what, ours, theirs = "a DEAP subject from file, step 0.5 s", features["ours"] * 1e6, features["mne"] * 1e6
    where = "not pinned to a core" if core is None else f"pinned to core {core}"
    rows = (
        _speed(f"{what}, imports done", warm["seconds"], WARM),
        _speed(f"{what}, whole process", whole, WHOLE),
        Row("PSD features of one window", ours, "µs", theirs, "psd_array_welch", "ratio", "≥", FEATURES),
        Row("their largest difference from mne's", features["deviation"], "", bound="≤", target=EQUAL),
    )
    judged = f"{warm['windows']} windows, {warm['judged']} of them judged, in {warm['seconds']:.2f} s"
    notes = (
        f"throughput: {judged}; {whole:.2f} s as a whole process; one thread, {where}",
        "features: one window of 4 s × 32 channels; ours include band means and logarithms, mne's is the "
        "spectrum alone. The difference is that of the mean density of every channel and band, relative",
    )
    return Report(rows, notes)


def _speed(what: str, seconds: float, target: float) -> Row:
    return Row(what, SIGNAL / seconds, "× real time", bound="≥", target=target)
