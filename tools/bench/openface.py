"""An OpenFace CSV of 714 columns, from file to predictions, beside pandas' reader and the same features."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bench.looks import missed
from tools.bench.progress import watching
from tools.bench.report import Report, Row
from tools.bench.throughput import run

SPEED, GROWTH = 3.0, 20.0
"""Times faster than pandas; MB more for all rows than for a tenth of them."""
SFREQ = 25.0
MADE = 5_000
"""Rows that are simulated; the rest repeat them under stamps of their own."""


def measure(n_rows: int = 100_000, repeats: int = 3) -> Report:
    """Read so many rows this way and that; the fastest counts. Raises InsightSimError."""
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        whole, tenth = Path(folder) / "whole.csv", Path(folder) / "tenth.csv"
        with watching(f"making {n_rows:,} rows", 1):
            write(whole, n_rows)
            write(tenth, n_rows // 10)
        small = _read("ours", tenth)
        ours, beside = [], []
        with watching(f"reading {n_rows:,} rows", 2 * repeats) as done:
            for i in range(repeats):
                ours.append(_read("ours", whole))
                done(2 * i + 1)
                beside.append(_read("pandas", whole))
                done(2 * i + 2)
        size = whole.stat().st_size / 1e6
    return report(ours, beside, small, n_rows, size)


def _read(how: str, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("tools.bench.openface_read", how, str(path)))
    return found


def write(path: Path, n_rows: int) -> None:
    """A made-up face in OpenFace's full layout."""
    from insightsim import openface_write
    from insightsim.expression import Expression
    from streaming.synthetic import feeling

    face = Expression(1, sfreq=SFREQ)
    openface_write.write(path, face.traits, face.rows(min(n_rows, MADE), feeling(0.0)), SFREQ)
    header, *lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    rests = [line.split(",", 3)[3] for line in lines]
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(header)
        file.writelines(f"{i + 1},0,{i / SFREQ:.3f},{rests[i % len(rests)]}" for i in range(n_rows))


def report(
    ours: Sequence[dict[str, Any]],
    beside: Sequence[dict[str, Any]],
    small: dict[str, Any],
    n_rows: int,
    size: float,
) -> Report:
    """The rows, of what tools.bench.openface_read prints."""
    best, other = (min(runs, key=lambda found: float(found["seconds"])) for runs in (ours, beside))
    what = f"OpenFace CSV, {n_rows:,} rows × 714 columns"
    named = "pandas.read_csv and the same features"
    rows: tuple[Row, ...] = (
        Row(f"{what}, to predictions", best["seconds"], "s", other["seconds"], named, "ratio", "≥", SPEED),
    )
    if small["peak"] is None:
        return Report(rows) + missed("openface")
    peaks = [max(found["peak"] for found in runs) for runs in (ours, beside)]
    rows += (
        Row(
            f"{what}: most memory",
            peaks[0],
            "MB",
            small["peak"],
            "a tenth of them",
            "difference",
            "≤",
            GROWTH,
        ),
        Row(f"{what}: most memory of pandas", peaks[1], "MB"),
    )
    windows = f"{best['windows']} windows, pandas' way {other['windows']}"
    return Report(rows, (f"openface: {size:.0f} MB; {windows}; without imports; {best['model']}",))
