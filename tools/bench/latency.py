"""From the stamp of a window's last sample to the estimate's arrival at a WebSocket client.

Three processes on the same LSL stream, one after another: the floor (pylsl and a WebSocket, nothing
between), the real monitor, and what the usual library does with it (mne-lsl and a spectrum). Their receiver
is the same.
"""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from typing import Literal

from tools.bench import children
from tools.bench.feed import Ages, listen
from tools.bench.report import Report, Row

MEDIAN, P99 = 4.0, 20.0
"""Milliseconds above the floor that are allowed."""


def measure(seconds: float = 60.0, model: str = "auto") -> Report:
    """Watch each for so many seconds. Raises InsightSimError when one of them does not run."""
    ages = asyncio.run(_measure(seconds, model))
    return report(*ages)


async def _measure(seconds: float, model: str) -> tuple[Ages, Ages, Ages | None]:
    source_id = f"insightsim-bench-{os.getpid()}"
    async with children.outlet(source_id) as env:
        floor = await beside("floor", source_id, seconds, env)
        options = children.one(f"lsl:source_id={source_id}")
        async with children.monitor(options, model, seconds, env) as (_, address):
            ours = await listen(f"{address}/p1", seconds, "monitor")
        usual = await beside("usual", source_id, seconds, env) if find_spec("mne_lsl") else None
    return ours, floor, usual


async def beside(module: str, source_id: str, seconds: float, env: dict[str, str]) -> Ages:
    """The ages that the program tools/bench/<module>.py leads to."""
    async with children.child("-m", f"tools.bench.{module}", source_id, env=env) as process:
        address = await children.said(process, children.ADDRESS, f"tools.bench.{module}")
        return await listen(f"ws://{address}", seconds, module)


def report(ours: Ages, floor: Ages, usual: Ages | None) -> Report:
    """Ours beside the floor, with the targets, and beside the usual library."""
    what = "sample to estimate"
    rows = [
        row(f"{what}, median", ours, floor, "floor", 50, MEDIAN),
        row(f"{what}, p99", ours, floor, "floor", 99, P99),
        row(f"{what}, max", ours, floor, "floor", 100),
    ]
    notes = [f"latency of the monitor: {ours}", f"latency of the floor: {floor}"]
    if usual is None:
        notes.append("mne-lsl is NOT measured: it is not installed (it comes with tests/requirements.lock)")
    else:
        rows += [
            row(f"{what}, {name}", ours, usual, "mne-lsl", percent)
            for name, percent in (("median", 50), ("p99", 99), ("max", 100))
        ]
        notes.append(f"latency of mne-lsl, whose result is the spectrum: {usual}")
    return Report(tuple(rows), tuple(notes))


def row(what: str, ours: Ages, other: Ages, named: str, percent: float, target: float | None = None) -> Row:
    """A percentile of ours beside the other's, and how far apart the two may be, ms."""
    bound: Literal["≤"] | None = None if target is None else "≤"
    figures = ours.percentile(percent), "ms", other.percentile(percent)
    return Row(what, *figures, named, "difference", bound, target)
