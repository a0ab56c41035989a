"""How much of a core a monitor takes, beside a bare inlet on the same stream in the same seconds."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from streaming.lsl import clock
from tools.bench import children
from tools.bench.feed import Ages, listen_to_all
from tools.bench.looks import look, missed
from tools.bench.report import Report, Row

SFREQ = 512.0
TARGET = 10.0
"""% of a core beyond the bare inlet."""
WARM = 3.0
"""Seconds of estimates before anything counts."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a monitor and of bare inlets: % of a core, and how old the estimates were."""

    ours: float | None
    """None where the system does not tell."""
    bare: float | None
    ages: tuple[Ages, ...]
    """Of each person."""


def measure(seconds: float = 60.0, model: str = "auto") -> Report:
    """Watch both for so many seconds. Raises InsightSimError when one of them does not run."""
    return report(asyncio.run(_measure(seconds, model)))


async def _measure(seconds: float, model: str) -> Watched:
    source_id = f"insightsim-bench-{os.getpid()}"
    options = children.one(f"lsl:source_id={source_id}")
    async with children.headsets([source_id], SFREQ) as env:
        return await watch({"p1": source_id}, options, model, seconds, env)


async def watch(
    people: dict[str, str], options: tuple[str, ...], model: str, seconds: float, env: dict[str, str]
) -> Watched:
    """A monitor and bare inlets on the streams of these people (name → source_id), at the same time."""
    async with (
        children.monitor(options, model, WARM + seconds, env) as (process, address),
        children.bare([*people.values()], env) as floor,
    ):
        feeds = [f"{address}/{name}" for name in people]
        await listen_to_all(feeds, WARM, "monitor, warming up")
        start, before = clock(), [look(process.pid), look(floor.pid)]
        ages = await listen_to_all(feeds, seconds, "monitor")
        took, after = clock() - start, [look(process.pid), look(floor.pid)]
    ours, bare = (
        100 * (b.cpu - a.cpu) / took if a and b else None for a, b in zip(before, after, strict=True)
    )
    return Watched(ours, bare, tuple(ages))


def report(found: Watched) -> Report:
    """The one row, or why there is none."""
    if found.ours is None or found.bare is None:
        return missed("load")
    what = f"32 channels at {SFREQ:g} Hz, share of a core"
    rows = (Row(what, found.ours, "%", found.bare, "bare inlet", "difference", "≤", TARGET),)
    return Report(rows, (f"load: age of the estimates meanwhile: {found.ages[0]}",))
