"""The most memory that an EEG-only monitor, with one reader, had resident."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tools.bench import children
from tools.bench.feed import listen
from tools.bench.report import Report, Row

TARGET = 300.0
"""MB."""


def measure(seconds: float = 20.0, model: str = "auto") -> Report:
    """Watch a monitor for so many seconds. Raises InsightSimError when it does not run."""
    return report(asyncio.run(_measure(seconds, model)))


async def _measure(seconds: float, model: str) -> float | None:
    source_id = f"insightsim-bench-{os.getpid()}"
    async with (
        children.outlet(source_id) as env,
        children.monitor(source_id, model, seconds, env) as (process, address),
    ):
        await listen(address, seconds, "monitor")
        return peak(process.pid)


def peak(pid: int) -> float | None:
    """The most a process has had resident so far, MB (10⁶ bytes); None where the system has no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return None if match is None else int(match[1]) * 1024 / 1e6


def report(found: float | None) -> Report:
    """The one row, or why there is none."""
    if found is None:
        note = "memory is NOT measured: this system does not say it under /proc, as Linux does"
        return Report((), (note,))
    return Report((Row("EEG-only monitor, most memory resident", found, "MB", bound="≤", target=TARGET),))
