"""The most memory that an EEG-only monitor, with one reader, had resident."""

from __future__ import annotations

import asyncio
import os

from tools.bench import children
from tools.bench.feed import listen
from tools.bench.looks import look, missed
from tools.bench.report import Report, Row

TARGET = 300.0
"""MB."""


def measure(seconds: float = 20.0, model: str = "auto") -> Report:
    """Watch a monitor for so many seconds. Raises InsightSimError when it does not run."""
    return report(asyncio.run(_measure(seconds, model)))


async def _measure(seconds: float, model: str) -> float | None:
    source_id = f"insightsim-bench-{os.getpid()}"
    options = children.one(f"lsl:source_id={source_id}")
    async with (
        children.outlet(source_id) as env,
        children.monitor(options, model, seconds, env) as (process, address),
    ):
        await listen(f"{address}/p1", seconds, "monitor")
        found = look(process.pid)
        return None if found is None else found.peak


def report(found: float | None) -> Report:
    """The one row, or why there is none."""
    if found is None:
        return missed("memory")
    return Report((Row("EEG-only monitor, most memory resident", found, "MB", bound="≤", target=TARGET),))
